// SPDX-License-Identifier: MIT
//
// state.hpp - finished work kept in files, under names that say what it depends on.
// Floor 8 (construct); host subset.
#ifndef EENN_CONSTRUCT_STATE_HPP
#define EENN_CONSTRUCT_STATE_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/safetensors.hpp>

#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief A 64-bit hash of everything some work depends on, so that kept work is found by another run of the same
/// question and by no other. FNV-1a (Fowler, Noll, Vo).
class fingerprint {
public:
    template <class T>
    requires std::is_arithmetic_v<T> fingerprint& add(T value) { return add(std::span<const T>{&value, 1}); }
    template <class T>
    fingerprint& add(std::span<const T> values) {
        static_assert(std::is_arithmetic_v<T>);
        const auto bytes = std::as_bytes(values);
        // Words of eight bytes, since data sets are large.
        std::size_t i = 0;
        for (; i + 8 <= bytes.size(); i += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, bytes.data() + i, 8);
            mix(word);
        }
        for (; i < bytes.size(); ++i) mix(static_cast<std::uint64_t>(bytes[i]));
        mix(bytes.size());
        return *this;
    }
    fingerprint& add(std::string_view text) { return add(std::span<const char>{text.data(), text.size()}); }

    /// Sixteen hexadecimal digits.
    [[nodiscard]] std::string text() const {
        static constexpr char digits[] = "0123456789abcdef";
        std::string hex;
        for (int shift = 60; shift >= 0; shift -= 4) hex += digits[(value_ >> shift) & 15U];
        return hex;
    }

private:
    void mix(std::uint64_t word) {
        value_ = (value_ ^ word) * 0x100000001b3U;
        value_ ^= value_ >> 29;
    }
    std::uint64_t value_ = 0xcbf29ce484222325U;
};

/// @brief Writes named vectors; the file appears whole or not at all.
inline void write_vectors(const std::filesystem::path& path,
                          const std::vector<std::pair<std::string, std::span<const float>>>& vectors) {
    std::filesystem::create_directories(path.parent_path());
    std::vector<io::tensor_view> views;
    for (const auto& [name, values] : vectors)
        views.push_back(io::make_tensor_view<float>(name, {static_cast<std::int64_t>(values.size())}, values));
    io::write_safetensors(path, views, {});
}

/// @brief Reads what write_vectors() wrote, in any order; false, and nothing changed, if the file is not there.
/// @par Errors  eenn::error if it is there and damaged.
template <class... Vectors>
[[nodiscard]] bool read_vectors(const std::filesystem::path& path, std::pair<const char*, Vectors*>... targets) {
    if (!std::filesystem::exists(path)) return false;
    const auto file = io::read_safetensors(path);
    const auto read = [&](const char* name, auto* into) {
        const auto* view = file.find(name);
        if (view == nullptr) raise(path.string(), std::string{"no '"} + name + "' in it", "delete the file");
        std::remove_pointer_t<decltype(into)> values(view->bytes.size() / sizeof(float));
        std::memcpy(values.data(), view->bytes.data(), values.size() * sizeof(float));
        *into = std::move(values);
    };
    (read(targets.first, targets.second), ...);
    return true;
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

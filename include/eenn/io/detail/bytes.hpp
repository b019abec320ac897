// SPDX-License-Identifier: MIT
//
// detail/bytes.hpp - numbers in files: byte order and checked sizes.
// Floor 6 (io). Tested by tests/io/npy.cpp.
#ifndef EENN_IO_DETAIL_BYTES_HPP
#define EENN_IO_DETAIL_BYTES_HPP

#include <eenn/core/isa.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace eenn::io {
inline namespace EENN_ISA {

/// @brief Loads a number of type T from the sizeof(T) bytes at `from`, in the given byte order. `from` need not be
/// aligned.
template <class T>
requires std::is_trivially_copyable_v<T>
[[nodiscard]] T load(const std::byte* from, std::endian order) noexcept {
    std::byte bytes[sizeof(T)];
    std::memcpy(bytes, from, sizeof(T));
    if (order != std::endian::native) std::reverse(bytes, bytes + sizeof(T));
    T value;
    std::memcpy(&value, bytes, sizeof(T));
    return value;
}

/// @brief Stores sizeof(T) bytes at `to`, in the given byte order. `to` need not be aligned.
template <class T>
requires std::is_trivially_copyable_v<T>
void store(std::byte* to, T value, std::endian order) noexcept {
    std::memcpy(to, &value, sizeof(T));
    if (order != std::endian::native) std::reverse(to, to + sizeof(T));
}

/// @brief Reverses every run of `width` bytes in place, which converts between big and little endian.
inline void swap_byte_order(std::span<std::byte> bytes, std::size_t width) noexcept {
    if (width < 2) return;
    for (std::size_t at = 0; at + width <= bytes.size(); at += width) std::reverse(&bytes[at], &bytes[at] + width);
}

/// @brief A text as bytes, without a copy.
[[nodiscard]] inline std::span<const std::byte> as_bytes(std::string_view text) noexcept {
    return std::as_bytes(std::span{text.data(), text.size()});
}

/// @brief Bytes as text, without a copy.
[[nodiscard]] inline std::string_view as_text(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// @brief Product of the dims (1 for none) times `width` bytes; empty if a dim is negative or the product overflows.
///
/// A zero dim makes the product zero, but every other dim must still be a valid size.
[[nodiscard]] inline std::optional<std::size_t> checked_product(std::span<const std::int64_t> dims,
                                                                std::size_t width = 1) noexcept {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max() / 2;
    std::size_t product = width;
    bool empty = false;
    for (const std::int64_t dim : dims) {
        if (dim < 0) return std::nullopt;
        if (dim == 0) {
            empty = true;
            continue;
        }
        const auto size = static_cast<std::size_t>(dim);
        if (size > most / product) return std::nullopt;
        product *= size;
    }
    return empty ? 0 : product;
}

/// @brief Dims as text: "[16, 3, 32, 32]".
[[nodiscard]] inline std::string to_string(std::span<const std::int64_t> dims) {
    std::string text = "[";
    for (const std::int64_t dim : dims) text += (text.size() > 1 ? ", " : "") + std::to_string(dim);
    return text + "]";
}

/// @brief Makes text from a file printable: control and non-ASCII bytes become '?', and at most 64 characters are kept.
[[nodiscard]] inline std::string printable(std::string_view text) {
    std::string shown;
    for (const char c : text.substr(0, 64)) shown += c >= 0x20 && c < 0x7f ? c : '?';
    return text.size() > 64 ? shown + "..." : shown;
}

}  // namespace EENN_ISA
}  // namespace eenn::io

#endif

// SPDX-License-Identifier: MIT
//
// detail/kept_work.hpp - stores finished work in a folder, keyed by everything it depends on, and checkpoints of running
// trainings.
// Floor 8 (construct); host subset.
#ifndef EENN_CONSTRUCT_DETAIL_KEPT_WORK_HPP
#define EENN_CONSTRUCT_DETAIL_KEPT_WORK_HPP

#include <eenn/core/detail/fingerprint.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/core/version.hpp>
#include <eenn/io/detail/journal.hpp>
#include <eenn/network/detail/compiled.hpp>
#include <eenn/training/checkpoint.hpp>

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace eenn::construct {
inline namespace EENN_ISA {

namespace detail {

/// Identifies the program and version that wrote the folder.
inline constexpr digest kept_by = digest_of("eenn construct", version);

/// The instruction set that networks run on. The compiled library, if linked, selects it at run time.
[[nodiscard]] inline std::string instruction_set() {
#if defined(EENN_COMPILED)
    return std::string{"compiled_"} + compiled::kernel_sets().front()->isa;
#else
#define EENN_TEXT_OF(name) #name
#define EENN_NAME_OF(macro) EENN_TEXT_OF(macro)
    return EENN_NAME_OF(EENN_ISA);
#undef EENN_NAME_OF
#undef EENN_TEXT_OF
#endif
}

}  // namespace detail

/// @brief The finished stages of constructions: vectors of numbers in one journal.
///
/// Keys are digests of everything that a stage reads, so a run with other inputs never finds them. They include the
/// instruction set, since training results differ in their bits between instruction sets.
///
/// @par Threads  Thread-safe; one process at a time.
/// @par Errors   eenn::error naming the file to delete, if it is damaged, of another version, or holds a vector of
///               unexpected size; also if the folder is not writable.
class kept_work {
public:
    /// @param folder  created if missing; empty: nothing is stored.
    explicit kept_work(const std::filesystem::path& folder) : folder_{folder} {
        if (folder.empty()) return;
        std::error_code failed;
        std::filesystem::create_directories(folder, failed);
        if (failed) raise("construct", "folder " + folder.string() + " cannot be created: " + failed.message());
        journal_ = std::make_unique<io::journal>((folder / "kept.journal").string(), detail::kept_by);
    }

    /// Bytes of a record that was cut off when the last run ended; its work will be repeated.
    [[nodiscard]] std::uint64_t dropped_bytes() const noexcept { return journal_ ? journal_->dropped_bytes() : 0; }

    /// The key of work derived from these inputs.
    /// @par Cost  one pass over the inputs, data sets included; free if nothing is stored.
    template <class... T>
    [[nodiscard]] digest key_of(const T&... inputs) const {
        return journal_ ? digest_of(detail::instruction_set(), inputs...) : digest{};
    }

    /// Reads the vectors of a key, each of the wanted size. Returns false and changes nothing if they are not stored.
    template <class... Vectors>
    [[nodiscard]] bool read(const digest& key, std::pair<Vectors*, std::size_t>... wanted) const {
        if (!journal_) return false;
        std::tuple<Vectors...> read;
        const bool found = journal_->read(key, [&](io::journal::payload& from) {
            std::apply([&](auto&... vector) { (read_vector(from, vector, wanted.second), ...); }, read);
        });
        if (!found) return false;
        std::apply([&](auto&... vector) { ((*wanted.first = std::move(vector)), ...); }, read);
        under_way(key).remove();  // left if a run ended right after writing its result
        return true;
    }

    /// Stores vectors under a key.
    void write(const digest& key, std::initializer_list<std::span<const float>> vectors) const {
        if (!journal_) return;
        std::vector<std::array<std::byte, 8>> sizes(vectors.size());
        std::vector<std::span<const std::byte>> pieces;
        std::size_t k = 0;
        for (const auto vector : vectors) {
            io::store(sizes[k].data(), std::uint64_t{vector.size()}, std::endian::little);
            pieces.emplace_back(sizes[k++]);
            pieces.push_back(std::as_bytes(vector));
        }
        journal_->append(key, pieces);
    }

    /// The checkpoint of the training that produces the work of a key.
    [[nodiscard]] checkpoint_file under_way(const digest& key) const {
        return journal_ ? checkpoint_file{(folder_ / (key.text() + ".training")).string(), key} : checkpoint_file{};
    }

private:
    static_assert(std::endian::native == std::endian::little, "kept_work.hpp writes floats as they lie in memory");

    template <class Vector>
    void read_vector(io::journal::payload& from, Vector& vector, std::size_t wanted) const {
        std::array<std::byte, 8> bytes{};
        from.read(bytes);
        const auto size = io::load<std::uint64_t>(bytes.data(), std::endian::little);
        if (size != wanted) {
            raise(journal_->path(),
                  "a vector has " + std::to_string(size) + " numbers where " + std::to_string(wanted) + " are wanted",
                  "delete the file");
        }
        vector.resize(wanted);
        from.read(std::as_writable_bytes(std::span{vector}));
    }

    std::filesystem::path folder_;
    std::unique_ptr<io::journal> journal_;
};

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

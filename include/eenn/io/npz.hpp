// SPDX-License-Identifier: MIT
//
// npz.hpp - several NumPy arrays in one zip file.
// Floor 6 (io); host subset.
#ifndef EENN_IO_NPZ_HPP
#define EENN_IO_NPZ_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <eenn/core/aligned.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/array.hpp>
#include <eenn/io/detail/bytes.hpp>
#include <eenn/io/file.hpp>
#include <eenn/io/npy.hpp>

namespace eenn::io {
inline namespace EENN_ISA {

/// @brief Decompresses raw deflate data so that it fills `output` exactly, or raises naming `where`.
///
/// eenn::io::inflate in <eenn/interop/zlib.hpp> is one. Without one, only uncompressed npz files can be read.
using inflate_function =
    std::function<void(std::span<const std::byte> deflated, std::span<std::byte> output, const std::string& where)>;

/// @brief Arrays by name, without the ".npy" suffix that the zip file adds.
struct array_map {
    std::map<std::string, array> arrays;

    /// Raises if there is no array of that name, and lists the names that exist.
    [[nodiscard]] const array& at(const std::string& name) const {
        const auto found = arrays.find(name);
        if (found == arrays.end()) {
            std::string names;
            for (const auto& [key, value] : arrays) names += " '" + printable(key) + "'";
            raise("array_map", "there is no array '" + printable(name) + "'",
                  "there are" + (names.empty() ? " none" : names));
        }
        return found->second;
    }
};

/// @brief CRC-32 as used by zip and gzip. Cost: about 2 ns a byte.
///
/// @par Source  ISO 3309, polynomial 0xedb88320 (reflected), one table of 256 words.
[[nodiscard]] inline std::uint32_t crc32(std::span<const std::byte> bytes) noexcept {
    static constexpr auto table = [] {
        std::array<std::uint32_t, 256> made{};
        for (std::uint32_t i = 0; i < 256; ++i) {
            std::uint32_t word = i;
            for (int bit = 0; bit < 8; ++bit) word = (word >> 1) ^ ((word & 1) != 0 ? 0xedb88320u : 0u);
            made[i] = word;
        }
        return made;
    }();
    std::uint32_t state = ~0u;
    for (const std::byte b : bytes) state = table[(state ^ std::to_integer<std::uint32_t>(b)) & 255] ^ (state >> 8);
    return ~state;
}

namespace detail {

// One row of the central directory, and the location of its data.
struct zip_entry {
    std::string name;
    int method = 0;
    std::uint32_t crc = 0;
    std::size_t packed = 0;    // bytes in the file
    std::size_t unpacked = 0;  // bytes after decompression
    std::size_t header = 0;    // offset of the local header
    std::size_t data = 0;
};

template <class T>
[[nodiscard]] T zip_field(std::span<const std::byte> bytes, std::size_t at) noexcept {
    return load<T>(&bytes[at], std::endian::little);
}

// The rows of a zip file, each checked against the file's size, its local header and its neighbours.
[[nodiscard]] inline std::vector<zip_entry> zip_entries(std::span<const std::byte> bytes, const std::string& where) {
    const auto refuse = [&](const std::string& what) { raise(where, what, "the file is damaged or no npz file"); };
    constexpr std::size_t end_size = 22, row_size = 46, local_size = 30;
    // A comment of at most 65,535 bytes follows the end record; its length must lead exactly to the end of the file.
    std::size_t end = bytes.size();
    for (std::size_t back = end_size; back <= bytes.size() && back <= end_size + 65535; ++back) {
        const std::size_t at = bytes.size() - back;
        if (zip_field<std::uint32_t>(bytes, at) == 0x06054b50u &&
            zip_field<std::uint16_t>(bytes, at + 20) == back - end_size) {
            end = at;
            break;
        }
    }
    if (end == bytes.size()) refuse("has no end record of a zip file");
    const std::size_t count = zip_field<std::uint16_t>(bytes, end + 10);
    const std::size_t directory = zip_field<std::uint32_t>(bytes, end + 16);
    const std::size_t directory_size = zip_field<std::uint32_t>(bytes, end + 12);
    if (count == 0xffff || directory == 0xffffffffu)
        raise(where, "is a zip64 file of 65,535 entries or 4 GiB and more", "split it");
    if (zip_field<std::uint32_t>(bytes, end + 4) != 0 || zip_field<std::uint16_t>(bytes, end + 8) != count)
        refuse("is spread over several files");
    if (directory > end || directory_size > end - directory) refuse("has a directory beyond its end");

    std::vector<zip_entry> entries;
    std::size_t at = directory;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string row = "row " + std::to_string(i) + " of its directory ";
        if (end - at < row_size || zip_field<std::uint32_t>(bytes, at) != 0x02014b50u) refuse(row + "is missing");
        const std::size_t name_size = zip_field<std::uint16_t>(bytes, at + 28);
        std::size_t rest = zip_field<std::uint16_t>(bytes, at + 30);
        rest += zip_field<std::uint16_t>(bytes, at + 32);
        if (end - at - row_size < name_size + rest) refuse(row + "goes beyond its end");
        zip_entry e;
        e.name = as_text(bytes.subspan(at + row_size, name_size));
        e.method = zip_field<std::uint16_t>(bytes, at + 10);
        e.crc = zip_field<std::uint32_t>(bytes, at + 16);
        e.packed = zip_field<std::uint32_t>(bytes, at + 20);
        e.unpacked = zip_field<std::uint32_t>(bytes, at + 24);
        e.header = zip_field<std::uint32_t>(bytes, at + 42);
        const std::string shown = "entry '" + printable(e.name) + "' ";
        if ((zip_field<std::uint16_t>(bytes, at + 8) & 1) != 0) raise(where, shown + "is encrypted");
        if (e.packed == 0xffffffffu || e.unpacked == 0xffffffffu || e.header == 0xffffffffu)
            raise(where, shown + "has 4 GiB or more (zip64)", "split it");
        if (e.header > directory || directory - e.header < local_size ||
            zip_field<std::uint32_t>(bytes, e.header) != 0x04034b50u)
            refuse(shown + "has no header");
        const std::size_t local_name = zip_field<std::uint16_t>(bytes, e.header + 26);
        e.data = e.header + local_size + local_name + zip_field<std::uint16_t>(bytes, e.header + 28);
        if (e.data > directory || e.packed > directory - e.data) refuse(shown + "goes beyond its end");
        if (as_text(bytes.subspan(e.header + local_size, local_name)) != e.name)
            refuse(shown + "has another name in its header");
        at += row_size + name_size + rest;
        entries.push_back(std::move(e));
    }
    if (at != directory + directory_size) refuse("has a directory of another size than it says");
    // Overlapping entries would let a small file unpack to any size (a zip bomb).
    std::sort(entries.begin(), entries.end(),
              [](const zip_entry& a, const zip_entry& b) { return a.header < b.header; });
    for (std::size_t i = 1; i < entries.size(); ++i) {
        if (entries[i].header < entries[i - 1].data + entries[i - 1].packed)
            refuse("entry '" + printable(entries[i].name) + "' overlaps the entry before");
    }
    return entries;
}

}  // namespace detail

/// @brief Parses the arrays of an npz file and verifies each entry's checksum.
///
/// @par Memory   the arrays, plus a second copy of the largest entry. Deflate cannot expand more than 1,032 times;
///               entries that claim more are refused before anything is stored.
/// @par Errors   eenn::error naming `where`, the entry and the reason. Files of 4 GiB and more (zip64) are refused.
/// @par Source   PKWARE, APPNOTE.TXT 6.3.3, section 4.3.
[[nodiscard]] inline array_map parse_npz(std::span<const std::byte> bytes, const inflate_function& inflate = {},
                                         const std::string& where = "npz") {
    array_map read;
    for (const auto& entry : detail::zip_entries(bytes, where)) {
        const std::string here = where + "(" + printable(entry.name) + ")";
        if (!entry.name.ends_with(".npy")) raise(here, "is no .npy entry");
        const auto packed = bytes.subspan(entry.data, entry.packed);
        aligned_vector<std::byte> unpacked;
        std::span<const std::byte> content = packed;
        if (entry.method == 8) {
            if (!inflate) raise(here, "is compressed", "pass eenn::io::inflate of <eenn/interop/zlib.hpp>");
            if (entry.unpacked / 1032 > entry.packed)
                raise(here,
                      "promises " + std::to_string(entry.unpacked) + " bytes from " + std::to_string(entry.packed),
                      "the file is damaged");
            unpacked.resize(entry.unpacked);
            inflate(packed, unpacked, here);
            content = unpacked;
        } else if (entry.method != 0) {
            raise(here, "is compressed by method " + std::to_string(entry.method),
                  "methods 0 (stored) and 8 (deflate) are read");
        } else if (entry.packed != entry.unpacked) {
            raise(here, "is stored but has two sizes", "the file is damaged");
        }
        if (crc32(content) != entry.crc) raise(here, "has a wrong checksum", "the file is damaged");
        const std::string name = entry.name.substr(0, entry.name.size() - 4);
        if (!read.arrays.emplace(name, parse_npy(content, here)).second) raise(here, "is there twice");
    }
    return read;
}

/// @brief Reads and parses an npz file. Errors as read_file() and parse_npz().
[[nodiscard]] inline array_map read_npz(const std::string& path, const inflate_function& inflate = {}) {
    return parse_npz(read_file(path), inflate, path);
}

/// @brief Serializes arrays as an npz file, uncompressed. Equal arrays give equal bytes.
///
/// Raises as npy_bytes(), for 65,535 or more arrays, names of 65,531 bytes or more, and files of 4 GiB or more.
[[nodiscard]] inline aligned_vector<std::byte> npz_bytes(const std::map<std::string, array>& arrays) {
    if (arrays.size() >= 0xffff)
        raise("npz_bytes", std::to_string(arrays.size()) + " arrays are too many for one file");
    aligned_vector<std::byte> bytes, directory;
    const auto put = [](aligned_vector<std::byte>& to, auto value) {
        to.resize(to.size() + sizeof(value));
        store(&to[to.size() - sizeof(value)], value, std::endian::little);
    };
    const auto put16 = [&](aligned_vector<std::byte>& to, std::initializer_list<std::uint16_t> values) {
        for (const std::uint16_t value : values) put(to, value);
    };
    const auto put32 = [&](aligned_vector<std::byte>& to, std::initializer_list<std::uint32_t> values) {
        for (const std::uint32_t value : values) put(to, value);
    };
    const auto append = [](aligned_vector<std::byte>& to, std::span<const std::byte> from) {
        to.insert(to.end(), from.begin(), from.end());
    };
    for (const auto& [key, value] : arrays) {
        const std::string name = key + ".npy";
        const auto content = npy_bytes(value);
        if (name.size() > 0xffff || content.size() + bytes.size() + directory.size() + 3 * name.size() >= 0xfffff000u) {
            raise("npz_bytes", "array '" + printable(key) + "' makes the file too large for zip: 4 GiB");
        }
        const auto offset = static_cast<std::uint32_t>(bytes.size());
        const auto size = static_cast<std::uint32_t>(content.size());
        const auto name_size = static_cast<std::uint16_t>(name.size());
        const auto common = [&](aligned_vector<std::byte>& to) {
            put16(to, {20, 0x0800, 0, 0, 0x21});  // version 2.0; names are UTF-8; stored; midnight of 1980-01-01
            put32(to, {crc32(content), size, size});
            put16(to, {name_size, 0});
        };
        put32(bytes, {0x04034b50});
        common(bytes);
        append(bytes, as_bytes(name));
        append(bytes, content);
        put32(directory, {0x02014b50});
        put16(directory, {20});
        common(directory);
        put16(directory, {0, 0, 0});  // comment, disk, attributes
        put32(directory, {0, offset});
        append(directory, as_bytes(name));
    }
    const auto count = static_cast<std::uint16_t>(arrays.size());
    const auto start = static_cast<std::uint32_t>(bytes.size());
    const auto size = static_cast<std::uint32_t>(directory.size());
    append(bytes, directory);
    put32(bytes, {0x06054b50, 0});
    put16(bytes, {count, count});
    put32(bytes, {size, start});
    put16(bytes, {0});
    return bytes;
}

/// @brief Writes npz_bytes() with write_file(): the old file or the whole new one.
inline void write_npz(const std::string& path, const std::map<std::string, array>& arrays) {
    write_file(path, npz_bytes(arrays));
}

}  // namespace EENN_ISA
}  // namespace eenn::io

#endif

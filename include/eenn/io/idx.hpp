// SPDX-License-Identifier: MIT
//
// idx.hpp - the IDX format of MNIST and Fashion-MNIST.
// Floor 6 (io). Letters: N = samples, H = height, W = width.
#ifndef EENN_IO_IDX_HPP
#define EENN_IO_IDX_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/array.hpp>
#include <eenn/io/detail/bytes.hpp>
#include <eenn/io/file.hpp>

namespace eenn::io {
inline namespace EENN_ISA {

/// @brief Parses an IDX file: images (N,H,W) of u8, labels (N) of u8, or any other IDX array.
///
/// @par Memory  one copy of the elements, never more than the bytes given.
/// @par Errors  eenn::error naming `where` and the reason: wrong magic, unknown type, sizes that do not match the
///              length.
/// @par Source  Y. LeCun, C. Cortes, C. Burges, "The MNIST database", section "the IDX file format": two zero bytes,
///              type, number of dims, dims as 32-bit big-endian integers, elements in big-endian order.
[[nodiscard]] inline array parse_idx(std::span<const std::byte> bytes, const std::string& where = "idx") {
    if (bytes.size() < 4)
        raise(where, "ends after " + std::to_string(bytes.size()) + " bytes, within the 4-byte magic");
    if (bytes[0] != std::byte{0} || bytes[1] != std::byte{0}) {
        const bool gzip = bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
        raise(where, gzip ? "is compressed by gzip" : "does not start with two zero bytes",
              gzip ? "read it with read_gzip()" : "it is no IDX file");
    }
    array read;
    const int code = std::to_integer<int>(bytes[2]);
    switch (code) {
        case 0x08: read.type = element_type::u8; break;
        case 0x09: read.type = element_type::i8; break;
        case 0x0b: read.type = element_type::i16; break;
        case 0x0c: read.type = element_type::i32; break;
        case 0x0d: read.type = element_type::f32; break;
        case 0x0e: read.type = element_type::f64; break;
        default: raise(where, "has the unknown element type " + std::to_string(code));
    }
    const auto rank = std::to_integer<std::size_t>(bytes[3]);
    const std::size_t start = 4 + 4 * rank;
    if (rank == 0) raise(where, "has no dims");
    if (bytes.size() < start) raise(where, "ends within its " + std::to_string(rank) + " dims");
    for (std::size_t i = 0; i < rank; ++i) {
        read.dims.push_back(load<std::uint32_t>(&bytes[4 + 4 * i], std::endian::big));
    }
    const auto size = checked_product(read.dims, size_bytes(read.type));
    if (!size || *size != bytes.size() - start) {
        raise(where,
              "has " + std::to_string(bytes.size() - start) + " bytes of elements where dims " + to_string(read.dims) +
                  " of " + to_string(read.type) + " need " + (size ? std::to_string(*size) : "more than memory holds"),
              "the file is cut or damaged");
    }
    const auto elements = bytes.subspan(start);
    read.bytes.assign(elements.begin(), elements.end());
    if constexpr (std::endian::native == std::endian::little) swap_byte_order(read.bytes, size_bytes(read.type));
    return read;
}

/// @brief parse_idx() of an uncompressed file.
[[nodiscard]] inline array read_idx(const std::string& path) { return parse_idx(read_file(path), path); }

/// @brief Serializes an array as an IDX file. Raises if IDX does not support its type, rank (1 to 255) or dims (32
/// bits).
[[nodiscard]] inline aligned_vector<std::byte> idx_bytes(const array& written) {
    std::byte code{};
    switch (written.type) {
        case element_type::u8: code = std::byte{0x08}; break;
        case element_type::i8: code = std::byte{0x09}; break;
        case element_type::i16: code = std::byte{0x0b}; break;
        case element_type::i32: code = std::byte{0x0c}; break;
        case element_type::f32: code = std::byte{0x0d}; break;
        case element_type::f64: code = std::byte{0x0e}; break;
        default: raise("idx_bytes", std::string{"IDX has no element type "} + to_string(written.type));
    }
    const std::size_t rank = written.dims.size();
    const auto size = checked_product(written.dims, size_bytes(written.type));
    if (rank == 0 || rank > 255 || !size || *size != written.bytes.size()) {
        raise("idx_bytes", "dims " + to_string(written.dims) + " do not describe " +
                               std::to_string(written.bytes.size()) + " bytes");
    }
    aligned_vector<std::byte> bytes(4 + 4 * rank);
    bytes[2] = code;
    bytes[3] = static_cast<std::byte>(rank);
    for (std::size_t i = 0; i < rank; ++i) {
        if (written.dims[i] > std::numeric_limits<std::uint32_t>::max())
            raise("idx_bytes", "dim " + std::to_string(i) + " needs more than 32 bits");
        store(&bytes[4 + 4 * i], static_cast<std::uint32_t>(written.dims[i]), std::endian::big);
    }
    const std::size_t start = bytes.size();
    bytes.insert(bytes.end(), written.bytes.begin(), written.bytes.end());
    if constexpr (std::endian::native == std::endian::little)
        swap_byte_order(std::span{bytes}.subspan(start), size_bytes(written.type));
    return bytes;
}

}  // namespace EENN_ISA
}  // namespace eenn::io

#endif

// SPDX-License-Identifier: MIT
//
// npy.hpp - single NumPy arrays as files.
// Floor 6 (io); host subset.
#ifndef EENN_IO_NPY_HPP
#define EENN_IO_NPY_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/core/detail/flow.hpp>
#include <eenn/io/array.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace eenn::io {
inline namespace EENN_HOST {

/// @brief Parses an npy file: version 1, 2 or 3, either byte order, row- or column-major. The result is row-major.
///
/// @par Memory   one copy of the elements (two if column-major), never more than the bytes given.
/// @par Errors   eenn::error naming `where` and the reason: a damaged header, a non-numeric type, a size that does not
///               match.
/// @par Source   NumPy, numpy.lib.format, "Format Version 1.0" to "3.0".
[[nodiscard]] EENN_FLOW array parse_npy(std::span<const std::byte> bytes, const std::string& where = "npy");

/// @brief Reads and parses an npy file. Errors as read_file() and parse_npy().
[[nodiscard]] EENN_FLOW array read_npy(const std::string& path);

/// @brief Serializes an array as an npy file, version 1.0, row-major, in native byte order. The elements start at a
/// multiple of 64 bytes.
///
/// Raises if dims and bytes disagree, if there are more than 64 dims, or if NumPy lacks the type (bf16).
[[nodiscard]] EENN_FLOW aligned_vector<std::byte> npy_bytes(const array& written);

/// @brief Writes npy_bytes() with write_file(): the old file or the whole new one.
EENN_FLOW void write_npy(const std::string& path, const array& written);

}  // namespace EENN_HOST
}  // namespace eenn::io

#if !defined(EENN_COMPILED)
#include <eenn/io/detail/npy.hpp>
#endif

#endif

// SPDX-License-Identifier: MIT
//
// file.hpp - reads whole files, and replaces files atomically.
// Floor 6 (io); host subset.
#ifndef EENN_IO_FILE_HPP
#define EENN_IO_FILE_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/core/detail/flow.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace eenn::io {
inline namespace EENN_HOST {

/// @brief Reads all bytes of a file into storage aligned to 64 bytes.
///
/// @par Memory  the file's size. A file larger than `most_bytes` is refused before anything is stored.
/// @par Errors  eenn::error naming the path and the reason.
[[nodiscard]] EENN_FLOW aligned_vector<std::byte> read_file(const std::string& path,
                                                            std::uint64_t most_bytes = 1ULL << 32);

/// @brief Writes bytes to `path` atomically: readers see the old file or the whole new one, even after a crash.
///
/// The bytes go to a temporary file in the same folder, which is synced, then renamed. A symbolic link at `path` is
/// replaced, not followed.
/// @param pieces  the file's content, concatenated in order.
/// @par Threads  safe from many threads and processes; the last rename wins.
/// @par Errors   eenn::error naming the path and the reason. The old file stays untouched and the temporary is removed.
EENN_FLOW void write_file(const std::string& path, std::span<const std::span<const std::byte>> pieces);

EENN_FLOW void write_file(const std::string& path, std::span<const std::byte> bytes);

}  // namespace EENN_HOST
}  // namespace eenn::io

#if !defined(EENN_COMPILED)
#include <eenn/io/detail/file.hpp>
#endif

#endif

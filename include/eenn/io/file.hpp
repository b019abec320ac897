// SPDX-License-Identifier: MIT
//
// file.hpp - a whole file into memory, and bytes into a file that is either the old one or the new one.
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

/// @brief All bytes of a file, in storage aligned to 64 bytes.
///
/// @par Memory  the file's size; a file of more than `most_bytes` is refused before it is stored.
/// @par Errors  eenn::error naming the path and the reason.
[[nodiscard]] EENN_FLOW aligned_vector<std::byte> read_file(const std::string& path,
                                                            std::uint64_t most_bytes = 1ULL << 32);

/// @brief Puts the bytes at `path`: whoever opens it sees the old file or the whole new one, also after a crash.
///
/// Written to a temporary file beside it, synced, then renamed. A symbolic link at `path` is replaced, not followed.
/// @param pieces  of the file, one after another.
/// @par Threads  safe from many threads and processes; the last rename wins.
/// @par Errors   eenn::error naming the path and the reason; the old file stands untouched and no temporary is left.
EENN_FLOW void write_file(const std::string& path, std::span<const std::span<const std::byte>> pieces);

EENN_FLOW void write_file(const std::string& path, std::span<const std::byte> bytes);

}  // namespace EENN_HOST
}  // namespace eenn::io

#if !defined(EENN_COMPILED)
#include <eenn/io/detail/file.hpp>
#endif

#endif

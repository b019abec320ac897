// SPDX-License-Identifier: MIT
//
// detail/file.hpp - read_file() and write_file() for this operating system.
// Floor 6 (io); host subset. Tested by tests/io/file.cpp.
#ifndef EENN_IO_DETAIL_FILE_HPP
#define EENN_IO_DETAIL_FILE_HPP

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

#include <eenn/core/aligned.hpp>
#include <eenn/core/detail/flow.hpp>
#include <eenn/core/error.hpp>
#include <eenn/io/detail/system_file.hpp>
#include <eenn/io/file.hpp>

namespace eenn::io {
inline namespace EENN_HOST {

EENN_FLOW aligned_vector<std::byte> read_file(const std::string& path, std::uint64_t most_bytes) {
    const auto fail = [&](const std::string& reason, const char* remedy = "") {
        raise("read_file(" + path + ")", reason, remedy);
    };
    errno = 0;
    const detail::file_handle file{std::fopen(path.c_str(), "rb")};
    if (!file) fail(detail::system_reason(errno, "cannot be opened"));

    // The size is only a hint: a pipe has none, and a file may grow during the read. One extra byte detects the end
    // without a second pass.
    const std::uint64_t hint = detail::size_of(file.get());
    if (hint > most_bytes)
        fail("holds " + std::to_string(hint) + " bytes, more than the " + std::to_string(most_bytes) + " allowed",
             "raise most_bytes");

    aligned_vector<std::byte> bytes(static_cast<std::size_t>(std::max<std::uint64_t>(hint + 1, 4096)));
    std::size_t used = 0;
    for (;;) {
        used += std::fread(bytes.data() + used, 1, bytes.size() - used, file.get());
        if (std::ferror(file.get())) fail(detail::system_reason(errno, "cannot be read"));
        if (used > most_bytes)
            fail("holds more than the " + std::to_string(most_bytes) + " bytes allowed", "raise most_bytes");
        if (used < bytes.size()) break;
        bytes.resize(bytes.size() * 2);
    }
    bytes.resize(used);
    return bytes;
}

EENN_FLOW void write_file(const std::string& path, std::span<const std::span<const std::byte>> pieces) {
    const auto fail = [&](const std::string& reason) {
        raise("write_file(" + path + ")", reason, "the file is as it was before");
    };
    static std::atomic<unsigned> counter{0};
    for (int attempt = 0;; ++attempt) {
        std::string beside = path;
        std::uint64_t mark = counter.fetch_add(1);
#if defined(__unix__) || defined(__APPLE__)
        mark |= static_cast<std::uint64_t>(::getpid()) << 32;
#endif
        beside += "." + std::to_string(mark) + ".part";
        errno = 0;
        detail::file_handle file{std::fopen(beside.c_str(), "wbx")};  // x: fails if the file exists
        if (!file) {
            if (errno == EEXIST && attempt < 100) continue;  // left by a killed process
            fail(detail::system_reason(errno, "its folder takes no file"));
        }
        detail::temporary_file temporary{beside};
        const bool stored = std::all_of(pieces.begin(), pieces.end(), [&](std::span<const std::byte> piece) {
            return piece.empty() || std::fwrite(piece.data(), 1, piece.size(), file.get()) == piece.size();
        });
        if (!stored || !detail::flush_to_disk(file.get()) || std::fclose(file.release()) != 0) {
            fail(detail::system_reason(errno, "cannot be written"));
        }
        if (const auto failed = detail::replace(beside, path); failed) fail(failed.message());
        temporary.kept = true;
        detail::flush_folder(path);
        return;
    }
}

EENN_FLOW void write_file(const std::string& path, std::span<const std::byte> bytes) {
    write_file(path, std::span<const std::span<const std::byte>>{&bytes, 1});
}

}  // namespace EENN_HOST
}  // namespace eenn::io

#endif

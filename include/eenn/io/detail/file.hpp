// SPDX-License-Identifier: MIT
//
// detail/file.hpp - read_file() and write_file() of this system.
// Floor 6 (io); host subset. tests/io/file.cpp reaches it.
#ifndef EENN_IO_DETAIL_FILE_HPP
#define EENN_IO_DETAIL_FILE_HPP

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#else
#include <filesystem>
#endif

#include <eenn/core/aligned.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/flow.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/file.hpp>

namespace eenn::io {
inline namespace EENN_ISA {

namespace detail {

struct file_closer {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using file_handle = std::unique_ptr<std::FILE, file_closer>;

// Removes the file at `path` unless told to keep it.
struct temporary_file {
    std::string path;
    bool kept = false;

    explicit temporary_file(std::string at) : path{std::move(at)} {}
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;
    ~temporary_file() {
        if (!kept) std::remove(path.c_str());
    }
};

// The operating system's last reason; `fallback` where it gave none.
[[nodiscard]] inline std::string system_reason(int code, const char* fallback) {
    return code != 0 ? std::generic_category().message(code) : std::string{fallback};
}

inline bool flush_to_disk([[maybe_unused]] std::FILE* file) noexcept {
    if (std::fflush(file) != 0) return false;
#if defined(__unix__) || defined(__APPLE__)
    return ::fsync(::fileno(file)) == 0;
#else
    return true;
#endif
}

// Bytes of an ordinary file; 0 of anything else, and where nobody says.
[[nodiscard]] inline std::uint64_t size_of([[maybe_unused]] std::FILE* file) noexcept {
#if defined(__unix__) || defined(__APPLE__)
    struct ::stat about {};
    if (::fstat(::fileno(file), &about) == 0 && S_ISREG(about.st_mode))
        return static_cast<std::uint64_t>(about.st_size);
#endif
    return 0;
}

// Puts `from` in the place of `to`: on POSIX without <filesystem>, which is long to compile.
[[nodiscard]] inline std::error_code replace(const std::string& from, const std::string& to) {
    std::error_code failed;
#if defined(__unix__) || defined(__APPLE__)
    if (std::rename(from.c_str(), to.c_str()) != 0) failed = {errno, std::generic_category()};
#else
    std::filesystem::rename(from, to, failed);
#endif
    return failed;
}

// A rename survives a power cut once the folder of `path` is on disk. Some file systems refuse to sync a folder; nothing
// can be done then.
inline void flush_folder([[maybe_unused]] const std::string& path) {
#if defined(__unix__) || defined(__APPLE__)
    const std::size_t name = path.rfind('/') + 1;
    const std::string folder = name == 0 ? "." : path.substr(0, name);
    const int descriptor = ::open(folder.c_str(), O_RDONLY);
    if (descriptor < 0) return;
    [[maybe_unused]] const int flushed = ::fsync(descriptor);
    ::close(descriptor);
#endif
}

}  // namespace detail

}  // namespace EENN_ISA
inline namespace EENN_HOST {

EENN_FLOW aligned_vector<std::byte> read_file(const std::string& path, std::uint64_t most_bytes) {
    const auto fail = [&](const std::string& reason, const char* remedy = "") {
        raise("read_file(" + path + ")", reason, remedy);
    };
    errno = 0;
    const detail::file_handle file{std::fopen(path.c_str(), "rb")};
    if (!file) fail(detail::system_reason(errno, "cannot be opened"));

    // The size is a hint: a pipe has none, and a file may grow while it is read. One byte more finds the end without a
    // second pass.
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
        detail::file_handle file{std::fopen(beside.c_str(), "wbx")};  // x: fails where the file exists
        if (!file) {
            if (errno == EEXIST && attempt < 100) continue;  // left by a process that was killed
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

// SPDX-License-Identifier: MIT
//
// detail/system_file.hpp - operating system calls for files: handles, sizes, renames, syncing to disk.
// Floor 6 (io); host subset. Tested by tests/io/file.cpp and tests/io/journal.cpp.
#ifndef EENN_IO_DETAIL_SYSTEM_FILE_HPP
#define EENN_IO_DETAIL_SYSTEM_FILE_HPP

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
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

#include <eenn/core/isa.hpp>

namespace eenn::io {
inline namespace EENN_ISA {

namespace detail {

struct file_closer {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using file_handle = std::unique_ptr<std::FILE, file_closer>;

// Removes the file at `path` on destruction unless told to keep it.
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

// The operating system's error message; `fallback` if there is none.
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

// Size of an ordinary file; 0 for anything else, or if unknown.
[[nodiscard]] inline std::uint64_t size_of([[maybe_unused]] std::FILE* file) noexcept {
#if defined(__unix__) || defined(__APPLE__)
    struct ::stat about {};
    if (::fstat(::fileno(file), &about) == 0 && S_ISREG(about.st_mode))
        return static_cast<std::uint64_t>(about.st_size);
#endif
    return 0;
}

// Renames `from` to `to`, replacing it. POSIX avoids <filesystem>, which is slow to compile.
[[nodiscard]] inline std::error_code replace(const std::string& from, const std::string& to) {
    std::error_code failed;
#if defined(__unix__) || defined(__APPLE__)
    if (std::rename(from.c_str(), to.c_str()) != 0) failed = {errno, std::generic_category()};
#else
    std::filesystem::rename(from, to, failed);
#endif
    return failed;
}

// A rename survives a power failure only once the folder of `path` is on disk. Some file systems refuse to sync a
// folder; that error is ignored.
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
}  // namespace eenn::io

#endif

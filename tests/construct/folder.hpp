// SPDX-License-Identifier: MIT
//
// folder.hpp - a folder that lives as long as a test, and damage to the files in it.
#ifndef EENN_TESTS_CONSTRUCT_FOLDER_HPP
#define EENN_TESTS_CONSTRUCT_FOLDER_HPP

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace eenn::test {

struct scratch_folder {
    std::filesystem::path path;

    scratch_folder() {
        static std::atomic<int> count{0};
        path = std::filesystem::temp_directory_path() /
               ("eenn_construct_" + std::to_string(::getpid()) + "_" + std::to_string(++count));
        std::filesystem::remove_all(path);
        std::filesystem::create_directories(path);
    }
    scratch_folder(const scratch_folder&) = delete;
    scratch_folder& operator=(const scratch_folder&) = delete;
    ~scratch_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }

    [[nodiscard]] std::ptrdiff_t files() const {
        return std::distance(std::filesystem::directory_iterator{path}, std::filesystem::directory_iterator{});
    }
};

/// Changes one byte of a file; twice, and it is as it was.
inline void flip_byte(const std::filesystem::path& path, std::uintmax_t at) {
    std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
    file.seekg(static_cast<std::streamoff>(at));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ 0x11));
}

}  // namespace eenn::test

#endif

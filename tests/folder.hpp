// SPDX-License-Identifier: MIT
//
// folder.hpp - a folder that lives as long as a test.
#ifndef EENN_TESTS_FOLDER_HPP
#define EENN_TESTS_FOLDER_HPP

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>

struct scratch_folder {
    std::filesystem::path path;

    scratch_folder() {
        static std::atomic<int> count{0};
        const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
        path = std::filesystem::temp_directory_path() /
               ("eenn-test-" + std::to_string(now) + "-" + std::to_string(++count));
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

#endif

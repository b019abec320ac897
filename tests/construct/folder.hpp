// SPDX-License-Identifier: MIT
//
// folder.hpp - a folder that lives as long as a test, and damage to the files in it.
#ifndef EENN_TESTS_CONSTRUCT_FOLDER_HPP
#define EENN_TESTS_CONSTRUCT_FOLDER_HPP

#include <cstdint>
#include <filesystem>
#include <fstream>

#include "../folder.hpp"

namespace eenn::test {

using ::scratch_folder;

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

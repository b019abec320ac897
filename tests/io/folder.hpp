// SPDX-License-Identifier: MIT
//
// folder.hpp - what the tests of files share: a folder, what a call raised, and the folder of development data.
#ifndef EENN_TESTS_IO_FOLDER_HPP
#define EENN_TESTS_IO_FOLDER_HPP

#include <cstdlib>
#include <string>

#include "../folder.hpp"
#include "../raised.hpp"

// The folder of development data, or "" where EENN_DATA is unset.
inline std::string development_data() {
    const char* folder = std::getenv("EENN_DATA");
    return folder != nullptr ? folder : "";
}

#endif

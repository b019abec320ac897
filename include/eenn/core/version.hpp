// SPDX-License-Identifier: MIT
//
// version.hpp - the version of the library, for code and for the build.
// Floor 0 (core). Tested by tests/core/values.cpp.
#ifndef EENN_CORE_VERSION_HPP
#define EENN_CORE_VERSION_HPP

namespace eenn {

/// @brief Semantic version of the headers in use.
struct version_number {
    int major;
    int minor;
    int patch;
};

inline constexpr version_number version{0, 1, 0};

}  // namespace eenn

#endif

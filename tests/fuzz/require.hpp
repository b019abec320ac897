// SPDX-License-Identifier: MIT
//
// require.hpp - what a fuzz target says when a property does not hold.
#ifndef EENN_TESTS_FUZZ_REQUIRE_HPP
#define EENN_TESTS_FUZZ_REQUIRE_HPP

#include <cstdio>
#include <cstdlib>

#define REQUIRE(condition)                                                                       \
    do {                                                                                         \
        if (!(condition)) {                                                                      \
            std::fprintf(stderr, "%s:%d: REQUIRE(%s) failed\n", __FILE__, __LINE__, #condition); \
            std::abort();                                                                        \
        }                                                                                        \
    } while (false)

#endif

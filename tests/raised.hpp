// SPDX-License-Identifier: MIT
//
// raised.hpp - what a call raised, for tests of messages.
#ifndef EENN_TESTS_RAISED_HPP
#define EENN_TESTS_RAISED_HPP

#include <eenn/core/error.hpp>

#include <string>

// What eenn::error said, or "" if nothing was raised.
template <class F>
std::string raised(F&& call) {
    try {
        call();
    } catch (const eenn::error& e) {
        return e.what();
    }
    return {};
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

#endif

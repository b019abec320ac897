// SPDX-License-Identifier: MIT
//
// messages.hpp - what a call throws, as text.
#ifndef EENN_TESTS_PLATFORM_MESSAGES_HPP
#define EENN_TESTS_PLATFORM_MESSAGES_HPP

#include <eenn/core/error.hpp>
#include <string>

namespace eenn_tests {

template <class F>
std::string message_of(F&& call) {
    try {
        call();
    } catch (const eenn::error& e) {
        return e.what();
    }
    return "nothing was thrown";
}

}  // namespace eenn_tests

#endif

// SPDX-License-Identifier: MIT
//
// error.hpp - the exception of the host subset, and the function that raises it.
// Floor 0 (core). Tested by tests/core/values.cpp.
#ifndef EENN_CORE_ERROR_HPP
#define EENN_CORE_ERROR_HPP

#include <eenn/core/isa.hpp>

#include <stdexcept>
#include <string>

namespace eenn {

/// @brief Says in one message what went wrong, where (argument, file or layer), and what to do about it.
///
/// Every failure that a caller can cause has this type. The message reads "where: what; remedy".
class error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

inline namespace EENN_ISA {

/// @brief Throws eenn::error{"where: what; remedy"}; the remedy may be empty.
///
/// Traps if exceptions are disabled (device builds). The device subset checks at compile time and never calls it.
[[noreturn, gnu::cold]] inline void raise([[maybe_unused]] const std::string& where,
                                          [[maybe_unused]] const std::string& what,
                                          [[maybe_unused]] const std::string& remedy = {}) {
#if defined(__cpp_exceptions)
    std::string text = where;
    text.append(": ").append(what);
    if (!remedy.empty()) text.append("; ").append(remedy);
    throw error{text};
#else
    __builtin_trap();
#endif
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

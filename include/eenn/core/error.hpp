// SPDX-License-Identifier: MIT
//
// error.hpp - the one exception of the host subset, and the one way to raise it.
// Floor 0 (core). tests/core/values.cpp reaches it.
#ifndef EENN_CORE_ERROR_HPP
#define EENN_CORE_ERROR_HPP

#include <eenn/core/isa.hpp>

#include <stdexcept>
#include <string>

namespace eenn {

/// @brief What went wrong, where (argument, file or layer) and what to do about it, in one message.
///
/// Every failure that a caller can cause surfaces as this type; the text reads "where: what; remedy".
class error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

inline namespace EENN_ISA {

/// @brief Throws eenn::error{"where: what; remedy"}; the remedy may be empty.
///
/// Without exceptions (device builds) it traps: the device subset checks at compile time and never calls it.
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

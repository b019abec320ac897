// SPDX-License-Identifier: MIT
//
// augmentation_text.hpp - a construction's result as a short table for the terminal.
// Floor 8 (construct); host subset.
#ifndef EENN_CONSTRUCT_REPORT_AUGMENTATION_TEXT_HPP
#define EENN_CONSTRUCT_REPORT_AUGMENTATION_TEXT_HPP

#include <eenn/construct/detail/result.hpp>
#include <eenn/core/detail/flow.hpp>

#include <string>

namespace eenn::report {
inline namespace EENN_HOST {

/// @brief The verdict, what is gained and lost, and a row an exit: UTF-8, at most some twenty lines.
[[nodiscard]] EENN_FLOW std::string augmentation_text(const construct::result& r);

}  // namespace EENN_HOST
}  // namespace eenn::report

#if !defined(EENN_COMPILED)
#include <eenn/construct/report/detail/augmentation_text.hpp>
#endif

#endif

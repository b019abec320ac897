// SPDX-License-Identifier: MIT
//
// augmentation.hpp - the report of a construction: a page for people, a table for the terminal, JSON for programs.
// Floor 8 (construct); host subset.
#ifndef EENN_CONSTRUCT_REPORT_AUGMENTATION_HPP
#define EENN_CONSTRUCT_REPORT_AUGMENTATION_HPP

#include <eenn/construct/detail/result.hpp>
#include <eenn/core/detail/flow.hpp>

#include <filesystem>
#include <string>

namespace eenn::report {
inline namespace EENN_HOST {

/// @brief The report as a page: the verdict first, then what was built, then how it was found. Well-formed XML but for
/// its first line; every text from outside is escaped.
///
/// Parts that have nothing to show are left out.
[[nodiscard]] EENN_FLOW std::string augmentation_html(const construct::result& r);

/// @brief The verdict, what is gained and lost, and a row an exit: UTF-8, at most some twenty lines.
[[nodiscard]] EENN_FLOW std::string augmentation_text(const construct::result& r);

/// @brief The result as one JSON object: every number of the report, shares and accuracies as fractions.
///
/// Infinite numbers (a closed exit's threshold, a gap without a bound) are null. Keys stay what they are between
/// releases.
[[nodiscard]] EENN_FLOW std::string augmentation_json(const construct::result& r);

/// @brief Writes report.html, the page, and summary.json into `folder`, which is made if it is missing.
///
/// Each is written beside its place and renamed: a reader never sees half a file.
/// @par Errors  eenn::error naming the path; a file that could not be written is as it was.
EENN_FLOW void write_augmentation(const std::filesystem::path& folder, const construct::result& r);

}  // namespace EENN_HOST
}  // namespace eenn::report

#if !defined(EENN_COMPILED)
#include <eenn/construct/report/detail/augmentation.hpp>
#endif

#endif

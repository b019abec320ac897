// SPDX-License-Identifier: MIT
//
// augmentation.hpp - the report of a construction: an HTML page, a table for the terminal, JSON for programs.
// Floor 8 (construct); host subset.
#ifndef EENN_CONSTRUCT_REPORT_AUGMENTATION_HPP
#define EENN_CONSTRUCT_REPORT_AUGMENTATION_HPP

#include <eenn/construct/detail/result.hpp>
#include <eenn/core/detail/flow.hpp>

#include <filesystem>
#include <string>

namespace eenn::report {
inline namespace EENN_HOST {

/// @brief The report as a page: first the verdict, then the network that was built, then the search. Well-formed XML
/// except for its first line; all external text is escaped.
///
/// Empty sections are omitted.
[[nodiscard]] EENN_FLOW std::string augmentation_html(const construct::result& r);

/// @brief The verdict, gains and losses, and one row per exit: UTF-8, about twenty lines at most.
[[nodiscard]] EENN_FLOW std::string augmentation_text(const construct::result& r);

/// @brief The result as one JSON object with every number of the report. Shares and accuracies are fractions.
///
/// Infinite numbers (the threshold of a closed exit, an unbounded gap) become null. Keys are stable across releases.
[[nodiscard]] EENN_FLOW std::string augmentation_json(const construct::result& r);

/// @brief Writes report.html (the page) and summary.json into `folder`, which is created if missing.
///
/// Each file is written under a temporary name and renamed, so readers never see a partial file.
/// @par Errors  eenn::error naming the path; a file that could not be written is left unchanged.
EENN_FLOW void write_augmentation(const std::filesystem::path& folder, const construct::result& r);

}  // namespace EENN_HOST
}  // namespace eenn::report

#if !defined(EENN_COMPILED)
#include <eenn/construct/report/detail/augmentation.hpp>
#endif

#endif

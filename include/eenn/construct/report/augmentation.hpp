// SPDX-License-Identifier: MIT
//
// augmentation.hpp - the report of a construction: report.html for people, summary.json for programs.
// Floor 8 (construct); host subset.
#ifndef EENN_CONSTRUCT_REPORT_AUGMENTATION_HPP
#define EENN_CONSTRUCT_REPORT_AUGMENTATION_HPP

#include <eenn/construct/detail/result.hpp>
#include <eenn/construct/report/augmentation_json.hpp>
#include <eenn/construct/report/augmentation_page.hpp>
#include <eenn/construct/report/augmentation_text.hpp>
#include <eenn/core/detail/flow.hpp>

#include <filesystem>

namespace eenn::report {
inline namespace EENN_HOST {

/// @brief Writes report.html and summary.json into `folder`, which is made if it is missing.
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

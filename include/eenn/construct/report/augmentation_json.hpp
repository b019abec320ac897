// SPDX-License-Identifier: MIT
//
// augmentation_json.hpp - a construction's result as JSON, for programs that compare runs.
// Floor 8 (construct); host subset.
#ifndef EENN_CONSTRUCT_REPORT_AUGMENTATION_JSON_HPP
#define EENN_CONSTRUCT_REPORT_AUGMENTATION_JSON_HPP

#include <eenn/construct/detail/result.hpp>
#include <eenn/core/detail/flow.hpp>

#include <string>

namespace eenn::report {
inline namespace EENN_HOST {

/// @brief The result as one JSON object: every number of the report, shares and accuracies as fractions.
///
/// Infinite numbers (a closed exit's threshold, a gap without a bound) are null. Keys stay what they are between
/// releases.
[[nodiscard]] EENN_FLOW std::string augmentation_json(const construct::result& r);

}  // namespace EENN_HOST
}  // namespace eenn::report

#if !defined(EENN_COMPILED)
#include <eenn/construct/report/detail/augmentation_json.hpp>
#endif

#endif

// SPDX-License-Identifier: MIT
//
// detail/terms.hpp - thresholds as text, and the optimality gap of a certificate.
// Floor 8 (construct); host subset. Tested by tests/construct/report/augmentation_json.cpp.
#ifndef EENN_CONSTRUCT_REPORT_DETAIL_TERMS_HPP
#define EENN_CONSTRUCT_REPORT_DETAIL_TERMS_HPP

#include <eenn/construct/detail/result.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/text/detail/numbers.hpp>

#include <algorithm>
#include <cmath>
#include <string>

namespace eenn::report {
inline namespace EENN_ISA {

/// @brief A threshold as text: "closed" if no sample can leave, "takes all" at the last exit.
[[nodiscard]] inline std::string threshold_text(double threshold, bool last) {
    if (last) return "takes all";
    return std::isfinite(threshold) ? text::fixed_text(threshold, 4) : threshold > 0 ? "closed" : "open";
}

/// @brief The gap between a setting and the bound of its certificate: in shares of the base network's cost, or of the
/// samples if cost is limited and accuracy is the objective. 0 if proven, infinity without a useful bound.
[[nodiscard]] inline double certified_gap(const construct::setting_summary& s) {
    if (s.proven) return 0;
    if (s.accuracy_bound > 0) return std::max(0.0, s.accuracy_bound - s.validation_accuracy);
    const double gap = s.validation_cost - s.bound;
    return gap >= -1e-9 ? std::max(gap, 0.0) : INFINITY;
}

}  // namespace EENN_ISA
}  // namespace eenn::report

#endif

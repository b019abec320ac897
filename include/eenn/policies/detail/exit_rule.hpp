// SPDX-License-Identifier: MIT
//
// detail/exit_rule.hpp - the threshold and temperature of one exit.
// Floor 3 (policies); device subset. Tested by tests/network/model.cpp and tests/policies/threshold_rules.cpp.
#ifndef EENN_POLICIES_DETAIL_EXIT_RULE_HPP
#define EENN_POLICIES_DETAIL_EXIT_RULE_HPP

namespace eenn {

/// @brief A sample leaves if confidence >= threshold. A run-time value, one per exit; the last exit accepts every sample.
struct exit_rule {
    float threshold = 0;
    float temperature = 1;  ///< divides the logits before the policy sees them (calibration)

    friend constexpr bool operator==(const exit_rule&, const exit_rule&) = default;
};

}  // namespace eenn

#endif

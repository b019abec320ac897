// SPDX-License-Identifier: MIT
//
// detail/exit_rule.hpp - when a sample leaves at an exit, as two numbers.
// Floor 3 (policies); device subset. tests/network/model.cpp and tests/policies/threshold_rules.cpp use it.
#ifndef EENN_POLICIES_DETAIL_EXIT_RULE_HPP
#define EENN_POLICIES_DETAIL_EXIT_RULE_HPP

namespace eenn {

/// @brief When a sample leaves at an exit: confidence >= threshold. A run-time value, one an exit; the last exit takes all.
struct exit_rule {
    float threshold = 0;
    float temperature = 1;  ///< divides the logits before the policy sees them (calibration)

    friend constexpr bool operator==(const exit_rule&, const exit_rule&) = default;
};

}  // namespace eenn

#endif

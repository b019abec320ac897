// SPDX-License-Identifier: MIT
//
// detail/check_rules.hpp - rejects exit rules that do not match a network.
// Floor 4 (network); host subset. Tested by tests/exits/infer_batch.cpp.
#ifndef EENN_NETWORK_DETAIL_CHECK_RULES_HPP
#define EENN_NETWORK_DETAIL_CHECK_RULES_HPP

#include <eenn/core/error.hpp>
#include <eenn/network/plan.hpp>
#include <eenn/policies/deciders.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Raises eenn::error unless each exit has one rule, with a threshold in its policy's range and a positive temperature.
///
/// A patience threshold may exceed the number of exits, since an earlier part of the network may have counted some.
inline void check_rules(const plan_view& plan, std::span<const exit_rule> rules, const std::string& where) {
    if (rules.size() != plan.exits.size()) {
        raise(where, std::to_string(rules.size()) + " rules for " + std::to_string(plan.exits.size()) + " exits",
              rules.empty() ? "leave the rules out to go by the policies' own thresholds, or give one an exit"
                            : "give one an exit, the last included");
    }
    for (std::size_t e = 0; e < rules.size(); ++e) {
        const auto range = plan.exits[e].decides.thresholds(static_cast<int>(plan.exits.size()));
        const auto threshold = static_cast<double>(rules[e].threshold);
        const bool counts = plan.exits[e].decides == policy{patience{}};
        const bool inside =
            range.contains(counts ? std::min(threshold, range.high) : threshold) || rules[e].threshold == never_exit;
        if (e + 1 < rules.size() && plan.exits[e].classifies && !inside) {
            raise(where,
                  "threshold " + std::to_string(rules[e].threshold) + " of exit " + std::to_string(e) + " (" +
                      std::string{plan.exits[e].decides.name()} + ") is outside its range",
                  "choose one in [" + std::to_string(range.low) + ", " + std::to_string(range.high) + "]");
        }
        if (!(rules[e].temperature > 0) || !std::isfinite(rules[e].temperature)) {
            raise(where, "temperature " + std::to_string(rules[e].temperature) + " of exit " + std::to_string(e),
                  "temperatures are positive and finite");
        }
    }
}

/// @brief Raises if a decider has settings for fewer exits than the network has. check_rules() checks the thresholds.
template <class D>
void check_decider(const plan_view& plan, const D& decider, const std::string& where) {
    if (exit_count_of(decider) < plan.exits.size()) {
        raise(where, "a decider with settings for " + std::to_string(exit_count_of(decider)) + " exits of " +
                         std::to_string(plan.exits.size()));
    }
}
template <class Rules>
void check_decider(const plan_view& plan, const threshold_rules<Rules>& decider, const std::string& where) {
    check_rules(plan, decider.rules, where);
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

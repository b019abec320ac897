// SPDX-License-Identifier: MIT
//
// threshold_rules.hpp - the decider of thresholds: leave where the exit's policy is sure enough.
// Floor 3 (policies); device subset. Letters: E = exits.
#ifndef EENN_POLICIES_THRESHOLD_RULES_HPP
#define EENN_POLICIES_THRESHOLD_RULES_HPP

#include <eenn/policies/decider.hpp>
#include <eenn/policies/detail/exit_rule.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Leaves at the first exit whose policy's confidence reaches the threshold of its rule.
///
/// `patience` counts over exits: its count is in the state.
///
/// @tparam Rules  holds the rules, (E), the last exit's among them: a span views them, an array or a vector owns them.
template <class Rules = std::span<const exit_rule>>
struct threshold_rules {
    using state = exit_state;
    static constexpr bool sequential = false;

    Rules rules{};

    [[nodiscard]] constexpr std::size_t exit_count() const noexcept { return rules.size(); }
    constexpr void begin(state& s) const noexcept { s = {}; }
    template <class T>
    [[nodiscard]] verdict operator()(const exit_view<T>& at, state& s) const noexcept {
        const exit_rule& rule = rules[at.exit];
        const scored<T> found = at.decides.template confidence<T>(at.logits, rule.temperature, s);
        return {found.leaves(rule.threshold), found.label, static_cast<float>(found.confidence)};
    }
};
template <class Rules>
threshold_rules(Rules) -> threshold_rules<Rules>;
static_assert(Decider<threshold_rules<>> && Decider<threshold_rules<>, double>, "threshold_rules must be a decider");

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// recall.hpp - the decider that, at the end of the network, answers with the surest exit on the way.
// Floor 3 (policies); device subset.
#ifndef EENN_POLICIES_RECALL_HPP
#define EENN_POLICIES_RECALL_HPP

#include <eenn/policies/decider.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Leaves where another decider does. A sample that comes to the last exit gets the label of the exit whose
/// confidence was the largest, the later one of equals.
///
/// It needs confidences that can be compared: one policy at all exits, calibrated.
///
/// @tparam Rule  the decider that says when.
/// @par Source  Kaya, Hong, Dumitras (2019), "Shallow-deep networks: understanding and mitigating network overthinking":
///              right answers of earlier exits get lost at the end. T-Tamer (2025, arXiv 2509.22992): rules without recall
///              have no constant-factor guarantee, rules with it do. Theirs is optimal for a model of the exits; the
///              largest confidence needs none.
template <class Rule>
struct recall {
    struct state {
        typename Rule::state rule{};
        verdict surest{};
    };
    static constexpr bool sequential = Rule::sequential;

    Rule rule{};

    [[nodiscard]] constexpr std::size_t exit_count() const noexcept { return exit_count_of(rule); }
    constexpr void begin(state& s) const noexcept {
        rule.begin(s.rule);
        s.surest = {};
    }
    template <class T>
    requires Decider<Rule, T>
    [[nodiscard]] constexpr verdict operator()(const exit_view<T>& at, state& s) const noexcept {
        const verdict said = rule(at, s.rule);
        if (said.label < 0) return said;
        if (!(s.surest.confidence > said.confidence)) s.surest = said;
        return at.last ? s.surest : said;
    }
};
template <class Rule>
recall(Rule) -> recall<Rule>;

}  // namespace EENN_ISA
}  // namespace eenn

#endif

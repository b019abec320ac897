// SPDX-License-Identifier: MIT
//
// deciders.hpp - the library's deciders: thresholds, thresholds with a custom policy, an ensemble of the exits so far,
// recall of the most confident exit, and thresholds that adapt to the data.
// Floor 3 (policies); device subset. Letters: C = classes, E = exits, N = samples. One test per decider:
// tests/policies/threshold_rules.cpp, policy_rules.cpp, ensemble.cpp, recall.cpp and running_quantile.cpp.
#ifndef EENN_POLICIES_DECIDERS_HPP
#define EENN_POLICIES_DECIDERS_HPP

#include <eenn/policies/decider.hpp>
#include <eenn/policies/detail/exit_rule.hpp>

#include <array>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Leaves at the first exit whose confidence, under its own policy, reaches its rule's threshold.
///
/// `patience` counts across exits; the state holds the count.
///
/// @tparam Rules  container of the rules, (E), including the last exit's: a span views them, an array or vector owns them.
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

/// @brief threshold_rules with one policy for every exit instead of each exit's own: `policy_rules{my_policy{}, rules}`.
///
/// For custom policies, which graphs and files cannot name.
///
/// @tparam P      any ConfidencePolicy.
/// @tparam Rules  as for threshold_rules; thresholds in P's range.
template <ConfidencePolicy P, class Rules = std::span<const exit_rule>>
struct policy_rules {
    using state = exit_state;
    static constexpr bool sequential = false;

    [[no_unique_address]] P judge{};
    Rules rules{};

    [[nodiscard]] constexpr std::size_t exit_count() const noexcept { return rules.size(); }
    constexpr void begin(state& s) const noexcept { s = {}; }
    [[nodiscard]] verdict operator()(const exit_view<float>& at, state& s) const noexcept {
        const exit_rule& rule = rules[at.exit];
        const scored<float> found = judge.confidence(at.logits, rule.temperature, s);
        return {found.leaves(rule.threshold), found.label, found.confidence};
    }
};
template <class P, class Rules>
policy_rules(P, Rules) -> policy_rules<P, Rules>;
static_assert(Decider<policy_rules<max_probability>>, "policy_rules must be a decider");

/// @brief Averages softmax(z / temperature) over all exits so far and leaves where the largest entry of that mean reaches
/// the threshold.
///
/// Ignores the exits' policies. Invalid logits (NaN, or an infinite maximum) turn this mean and all later ones into NaN,
/// and so does an exit with a different number of classes.
///
/// @tparam Classes  C.
/// @tparam Rules    as for threshold_rules; thresholds in [0, 1].
/// @par Cost    three passes over C and 2 C exponentials per exit; the state takes 4 C + 4 bytes.
/// @par Source  Qendro, Campbell, Lio, Mascolo (2021), "Early exit ensembles for uncertainty quantification", where the
///              mean covers all exits. Here it covers the exits so far, so that a sample may leave.
template <std::size_t Classes, class Rules = std::span<const exit_rule>>
struct ensemble {
    struct state {
        std::array<float, Classes> sum{};  ///< of the softmax probabilities
        int exits = 0;
    };
    static constexpr bool sequential = false;

    Rules rules{};

    [[nodiscard]] constexpr std::size_t exit_count() const noexcept { return rules.size(); }
    constexpr void begin(state& s) const noexcept { s = {}; }
    template <class T>
    [[nodiscard]] verdict operator()(const exit_view<T>& at, state& s) const noexcept {
        const exit_rule& rule = rules[at.exit];
        const leading_logits<T> lead{at.logits};
        const T temperature = rule.temperature;
        ++s.exits;
        if (lead.label < 0 || at.logits.size() != Classes || !usable_temperature(temperature)) {
            s.sum.fill(std::numeric_limits<float>::quiet_NaN());
        } else {
            const T total = shifted_exponential_sum<T>(at.logits, lead.first, temperature);
            for (std::size_t c = 0; c < Classes; ++c)
                s.sum[c] += static_cast<float>(exponential((at.logits[c] - lead.first) / temperature) / total);
        }
        const leading_logits<float> best{s.sum};
        if (best.label < 0) return {};
        const float confidence = best.first / static_cast<float>(s.exits);
        return {confidence >= rule.threshold, best.label, confidence};
    }
};
static_assert(Decider<ensemble<2>> && Decider<ensemble<2>, double>, "ensemble must be a decider");

/// @brief Leaves where another decider leaves. A sample that reaches the last exit gets the label of the most confident
/// exit; ties go to the later exit.
///
/// The confidences must be comparable: one policy for all exits, calibrated.
///
/// @tparam Rule  the decider that says when to leave.
/// @par Source  Kaya, Hong, Dumitras (2019), "Shallow-deep networks: understanding and mitigating network overthinking":
///              correct answers of earlier exits get lost at the end. T-Tamer (2025, arXiv 2509.22992): rules without recall
///              have no constant-factor guarantee, rules with recall do. Its rule is optimal under a model of the exits;
///              taking the largest confidence needs no model.
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

/// @brief Leaves where the confidence reaches a running quantile of the samples that reached this exit. Mean cost stays
/// constant when the data drift; accuracy does not.
///
/// Of N samples that reach an exit, the fraction that leaves there differs from `share` by at most (r + rate) / (rate N) for
/// any data, if all confidences and the initial threshold lie in a range of length r (1 for all policies but patience).
///
/// @tparam Exits  E, including the last.
/// @par Cost    that of the policy; the state takes 8 + 4 E bytes and outlives the sample.
/// @par Source  Robbins, Monro (1951), "A stochastic approximation method", for a quantile; the bound as in Gibbs, Candes
///              (2021), "Adaptive conformal inference under distribution shift", proposition 4.1.
template <std::size_t Exits>
struct running_quantile {
    struct state {
        exit_state exits{};
        std::array<float, Exits> threshold{};  ///< starts at 0, where every sample leaves, and rises
    };
    static constexpr bool sequential = true;

    std::array<float, Exits>
        share{};  ///< target fraction of the samples reaching an exit that should leave there; the last entry is not read
    float rate = 0.01F;  ///< step size of a threshold per sample, in units of the confidence

    [[nodiscard]] static constexpr std::size_t exit_count() noexcept { return Exits; }
    constexpr void begin(state& s) const noexcept { s.exits = {}; }
    template <class T>
    [[nodiscard]] verdict operator()(const exit_view<T>& at, state& s) const noexcept {
        const scored<T> found = at.decides.template confidence<T>(at.logits, T{1}, s.exits);
        float& threshold = s.threshold[at.exit];
        const bool leaves = found.leaves(threshold);
        if (found.label >= 0 && !at.last) threshold += rate * ((leaves ? 1.0F : 0.0F) - share[at.exit]);
        return {leaves, found.label, static_cast<float>(found.confidence)};
    }
};
static_assert(Decider<running_quantile<2>>, "running_quantile must be a decider");

}  // namespace EENN_ISA
}  // namespace eenn

#endif

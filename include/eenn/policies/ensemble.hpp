// SPDX-License-Identifier: MIT
//
// ensemble.hpp - the decider that asks all exits so far: the mean of their probabilities.
// Floor 3 (policies); device subset. Letters: C = classes, E = exits.
#ifndef EENN_POLICIES_ENSEMBLE_HPP
#define EENN_POLICIES_ENSEMBLE_HPP

#include <eenn/policies/threshold_rules.hpp>

#include <array>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Leaves where the largest entry of the mean of softmax(z / temperature) over all exits so far reaches the
/// threshold.
///
/// The exits' policies play no part. Logits that are not numbers make every later mean none either, and so do exits of
/// another number of classes.
///
/// @tparam Classes  C.
/// @tparam Rules    as those of threshold_rules; thresholds in [0, 1].
/// @par Cost    three passes over C, 2 C exponentials an exit; the state has 4 C + 4 bytes.
/// @par Source  Qendro, Campbell, Lio, Mascolo (2021), "Early exit ensembles for uncertainty quantification": the mean
///              over all exits. Here it is taken over those so far, so that a sample may leave.
template <std::size_t Classes, class Rules = std::span<const exit_rule>>
struct ensemble {
    struct state {
        std::array<float, Classes> sum{};  ///< of the probabilities
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

}  // namespace EENN_ISA
}  // namespace eenn

#endif

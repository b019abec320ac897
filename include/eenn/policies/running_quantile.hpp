// SPDX-License-Identifier: MIT
//
// running_quantile.hpp - the decider whose thresholds move until a given share of the samples leaves at each exit.
// Floor 3 (policies); device subset. Letters: E = exits, N = samples.
#ifndef EENN_POLICIES_RUNNING_QUANTILE_HPP
#define EENN_POLICIES_RUNNING_QUANTILE_HPP

#include <eenn/policies/decider.hpp>

#include <array>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Leaves where the exit's policy is as sure as a share of the samples that came here before: mean cost is held
/// when the data drift, accuracy is not.
///
/// Of N samples that reach an exit, those that leave there differ from `share` by at most (r + rate) / (rate N), whatever
/// the data, where all confidences and the first threshold lie in a range of length r (1 for all policies but patience).
///
/// @tparam Exits  E, the last one included.
/// @par Cost    that of the policy; the state has 8 + 4 E bytes and outlives the sample.
/// @par Source  Robbins, Monro (1951), "A stochastic approximation method", for a quantile; the bound as in Gibbs, Candes
///              (2021), "Adaptive conformal inference under distribution shift", proposition 4.1.
template <std::size_t Exits>
struct running_quantile {
    struct state {
        exit_state exits{};
        std::array<float, Exits> threshold{};  ///< at 0 all leave, so it rises
    };
    static constexpr bool sequential = true;

    std::array<float, Exits>
        share{};         ///< of the samples that reach an exit, those that shall leave there; the last is not read
    float rate = 0.01F;  ///< what a threshold moves a sample, in the unit of the confidence

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

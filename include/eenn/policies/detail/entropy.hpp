// SPDX-License-Identifier: MIT
//
// detail/entropy.hpp - confidence is one minus the normalised entropy of the softmax.
// Floor 3 (policies); device subset. Letters: C = classes, H = entropy.
#ifndef EENN_POLICIES_DETAIL_ENTROPY_HPP
#define EENN_POLICIES_DETAIL_ENTROPY_HPP

#include <eenn/core/isa.hpp>
#include <eenn/policies/detail/confidence.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief 1 - H(p) / log C with p = softmax(z / temperature), in [0, 1]; 1 if C = 1.
///
/// H = log S - sum_c e_c d_c / S with d_c = (z_c - z_max) / temperature, e_c = exp(d_c), S = sum_c e_c. This form takes no
/// logarithm of a probability, so a zero probability needs no special case.
///
/// @par Cost    Two passes over C, C exponentials, two logarithms, no storage.
/// @par Source  Teerapittayanon, McDanel, Kung (2016), "BranchyNet", section III: leave if H is small. Here H is divided
///              by log C, as in their DDNN (2017), section III, and subtracted from one, so that larger means more
///              confident.
struct entropy {
    static constexpr std::string_view name = "entropy";
    static constexpr float default_threshold = 0.8F;
    [[nodiscard]] static constexpr threshold_range thresholds(int /*exits*/) noexcept { return {0, 1}; }

    template <std::floating_point T = float>
    [[nodiscard]] scored<T> confidence(std::span<const std::type_identity_t<T>> logits,
                                       std::type_identity_t<T> temperature, exit_state& state) const noexcept {
        const leading_logits<T> lead{logits};
        note_prediction(state, usable_temperature(temperature) ? lead.label : -1);
        if (state.last_label < 0) return {};
        if (logits.size() == 1) return {lead.label, 1};
        T sum = 0;
        T weighted = 0;
        for (const T z : logits) {
            const T d = (z - lead.first) / temperature;
            const T e = exponential(d);
            sum += e;
            if (e > 0) weighted += rounded(e * d);  // d may be -infinity: a masked class
        }
        const T h = logarithm(sum) - weighted / sum;
        const T c = 1 - h / logarithm(static_cast<T>(logits.size()));
        return {lead.label, c < 0 ? T{0} : c > 1 ? T{1} : c};  // rounding may overshoot either end
    }
    friend constexpr bool operator==(const entropy&, const entropy&) = default;
};
static_assert(ConfidencePolicy<entropy>, "entropy must be a confidence policy");

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// detail/max_probability.hpp - confidence is the largest softmax probability.
// Floor 3 (policies); device subset. Letters: C = classes.
#ifndef EENN_POLICIES_DETAIL_MAX_PROBABILITY_HPP
#define EENN_POLICIES_DETAIL_MAX_PROBABILITY_HPP

#include <eenn/core/isa.hpp>
#include <eenn/policies/detail/confidence.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief max_c p_c with p = softmax(z / temperature), in [1/C, 1].
///
/// @par Cost    Two passes over C, C exponentials, no storage.
/// @par Source  Hendrycks, Gimpel (2017), "A baseline for detecting misclassified and out-of-distribution examples".
struct max_probability {
    static constexpr std::string_view name = "max_probability";
    static constexpr float default_threshold = 0.9F;
    [[nodiscard]] static constexpr threshold_range thresholds(int /*exits*/) noexcept { return {0, 1}; }

    template <std::floating_point T = float>
    [[nodiscard]] scored<T> confidence(std::span<const std::type_identity_t<T>> logits,
                                       std::type_identity_t<T> temperature, exit_state& state) const noexcept {
        const leading_logits<T> lead{logits};
        note_prediction(state, usable_temperature(temperature) ? lead.label : -1);
        if (state.last_label < 0) return {};
        return {lead.label, 1 / shifted_exponential_sum<T>(logits, lead.first, temperature)};
    }
    friend constexpr bool operator==(const max_probability&, const max_probability&) = default;
};
static_assert(ConfidencePolicy<max_probability>, "max_probability must be a confidence policy");

}  // namespace EENN_ISA
}  // namespace eenn

#endif

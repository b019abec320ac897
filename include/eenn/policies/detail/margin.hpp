// SPDX-License-Identifier: MIT
//
// detail/margin.hpp - confidence is the difference between the two largest softmax probabilities.
// Floor 3 (policies); device subset. Letters: C = classes.
#ifndef EENN_POLICIES_DETAIL_MARGIN_HPP
#define EENN_POLICIES_DETAIL_MARGIN_HPP

#include <eenn/core/isa.hpp>
#include <eenn/policies/detail/confidence.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief p_(1) - p_(2), the difference of the two largest entries of softmax(z / temperature), in [0, 1]; 1 if C = 1.
///
/// @par Cost    Two passes over C, C + 1 exponentials, no storage.
/// @par Source  Park et al. (2015), "Big/LITTLE deep neural network for ultra low power inference"
///              (the "score margin").
struct margin {
    static constexpr std::string_view name = "margin";
    static constexpr float default_threshold = 0.8F;
    [[nodiscard]] static constexpr threshold_range thresholds(int /*exits*/) noexcept { return {0, 1}; }

    template <std::floating_point T = float>
    [[nodiscard]] scored<T> confidence(std::span<const std::type_identity_t<T>> logits,
                                       std::type_identity_t<T> temperature, exit_state& state) const noexcept {
        const leading_logits<T> lead{logits};
        note_prediction(state, usable_temperature(temperature) ? lead.label : -1);
        if (state.last_label < 0) return {};
        const T sum = shifted_exponential_sum<T>(logits, lead.first, temperature);
        return {lead.label,
                -exponential_minus_one((lead.second - lead.first) / temperature) / sum};  // C = 1: second is -infinity
    }
    friend constexpr bool operator==(const margin&, const margin&) = default;
};
static_assert(ConfidencePolicy<margin>, "margin must be a confidence policy");

}  // namespace EENN_ISA
}  // namespace eenn

#endif

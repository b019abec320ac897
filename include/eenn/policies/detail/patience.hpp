// SPDX-License-Identifier: MIT
//
// detail/patience.hpp - confidence is the number of consecutive exits that agree on a class.
// Floor 3 (policies); device subset. Letters: C = classes, E = exits.
#ifndef EENN_POLICIES_DETAIL_PATIENCE_HPP
#define EENN_POLICIES_DETAIL_PATIENCE_HPP

#include <eenn/core/isa.hpp>
#include <eenn/policies/detail/confidence.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Number of consecutive exits, including this one, that predict the same class: a whole number in [1, E].
///
/// Exits with other policies count too, because every policy records its prediction in the state. Temperature has no effect.
///
/// @par Cost    One pass over C, no exponential.
/// @par Source  Zhou et al. (2020), "BERT loses patience: fast and robust inference with early exit" (PABEE), section 3.
///              The paper counts agreements from 0: its patience P is the threshold P + 1 here.
struct patience {
    static constexpr std::string_view name = "patience";
    static constexpr float default_threshold = 2;
    [[nodiscard]] static constexpr threshold_range thresholds(int exits) noexcept { return {1, 1.0 * exits}; }

    template <std::floating_point T = float>
    [[nodiscard]] scored<T> confidence(std::span<const std::type_identity_t<T>> logits,
                                       std::type_identity_t<T> /*temperature*/, exit_state& state) const noexcept {
        note_prediction(state, leading_logits<T>{logits}.label);
        if (state.last_label < 0) return {};
        return {state.last_label, static_cast<T>(state.streak)};
    }
    friend constexpr bool operator==(const patience&, const patience&) = default;
};
static_assert(ConfidencePolicy<patience>, "patience must be a confidence policy");

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// detail/confidence.hpp - the parts that all confidence policies share: result, per-sample state, concept, softmax.
// Floor 3 (policies); device subset. Letters: C = classes, E = exits, T = floating-point type.
#ifndef EENN_POLICIES_DETAIL_CONFIDENCE_HPP
#define EENN_POLICIES_DETAIL_CONFIDENCE_HPP

#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>

#include <eenn/core/isa.hpp>
#include <eenn/tensor/detail/elementary.hpp>

namespace eenn {

/// @brief A threshold that no confidence reaches, so the exit is closed. Every policy accepts it, even outside its range.
inline constexpr float never_exit = std::numeric_limits<float>::infinity();

/// @brief The state that one sample carries from exit to exit. A fresh sample starts with exit_state{}.
struct exit_state {
    int last_label = -1;  ///< prediction of the previous exit; -1: there was none, or its logits were invalid
    int streak = 0;       ///< number of consecutive exits, including the last one, that predicted last_label
    friend constexpr bool operator==(const exit_state&, const exit_state&) = default;
};

/// @brief Prediction and confidence of one sample at one exit.
///
/// The sample leaves if `confidence >= threshold`. Invalid logits (NaN, or an infinite maximum) give label -1 and
/// confidence NaN. NaN fails the comparison for every threshold, so such a sample never leaves early, and host code
/// rejects it.
template <std::floating_point T = float>
struct scored {
    int label = -1;
    T confidence = std::numeric_limits<T>::quiet_NaN();

    [[nodiscard]] constexpr bool leaves(T threshold) const noexcept { return confidence >= threshold; }
};

/// @brief The useful values of a threshold, both ends included.
struct threshold_range {
    double low = 0;
    double high = 1;

    [[nodiscard]] constexpr bool contains(double threshold) const noexcept {
        return threshold >= low && threshold <= high;
    }
    friend constexpr bool operator==(const threshold_range&, const threshold_range&) = default;
};

inline namespace EENN_ISA {

/// @brief Turns the logits (C) of one sample at one exit into one scalar; larger means more confident.
///
/// A policy is a literal struct with a name, the range and default of its threshold (a run-time value stored elsewhere)
/// and `confidence(logits, temperature, state)`, which is noexcept, uses no heap and first divides the logits by the
/// temperature. It records its prediction in the state (see note_prediction), so policies may differ between exits.
template <class P>
concept ConfidencePolicy = std::is_empty_v<P> && std::default_initializable<P> &&
    requires(const P p, std::span<const float> logits, exit_state& state) {
    { P::name } -> std::convertible_to<std::string_view>;
    { P::default_threshold } -> std::convertible_to<float>;
    { P::thresholds(int{}) } -> std::same_as<threshold_range>;  // argument: E
    { p.confidence(logits, 1.0F, state) }
    noexcept->std::same_as<scored<float>>;
};

/// @brief Index of the largest logit (ties go to the first), the largest and the second-largest logit.
///
/// @par Cost  One pass over C. `label` is -1 if a logit is NaN, the largest is infinite, or there are no logits.
template <std::floating_point T>
struct leading_logits {
    int label = -1;
    T first = 0;
    T second = 0;  ///< meaningless if C = 1

    explicit leading_logits(std::span<const T> logits) noexcept {
        if (logits.empty()) return;
        std::size_t best = 0;
        bool number = logits[0] == logits[0];
        first = logits[0];
        second = -std::numeric_limits<T>::infinity();
        for (std::size_t c = 1; c < logits.size(); ++c) {
            const T z = logits[c];
            number = number && z == z;
            if (z > first) {
                second = first;
                first = z;
                best = c;
            } else if (z > second) {
                second = z;
            }
        }
        if (number && first <= std::numeric_limits<T>::max() && first >= std::numeric_limits<T>::lowest())
            label = static_cast<int>(best);
    }
};

/// @brief Sum over c of exp((z_c - z_max) / temperature), in order. It lies in [1, C], so it cannot overflow.
template <std::floating_point T>
[[nodiscard]] inline T shifted_exponential_sum(std::span<const T> logits, T largest, T temperature) noexcept {
    T sum = 0;
    for (const T z : logits) sum += exponential((z - largest) / temperature);
    return sum;
}

/// @brief Whether a softmax can use this temperature: positive and finite.
template <std::floating_point T>
[[nodiscard]] constexpr bool usable_temperature(T temperature) noexcept {
    return temperature > 0 && temperature <= std::numeric_limits<T>::max();
}

/// @brief Records an exit's prediction; a label of -1 breaks the streak.
constexpr void note_prediction(exit_state& state, int label) noexcept {
    state.streak = label < 0 ? 0 : label == state.last_label ? state.streak + 1 : 1;
    state.last_label = label;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

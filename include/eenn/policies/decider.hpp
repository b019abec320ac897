// SPDX-License-Identifier: MIT
//
// decider.hpp - a decider reads an exit's logits and decides whether the sample leaves, with label and confidence.
// Floor 3 (policies); device subset. Letters: C = classes.
#ifndef EENN_POLICIES_DECIDER_HPP
#define EENN_POLICIES_DECIDER_HPP

#include <eenn/core/isa.hpp>
#include <eenn/policies/policy.hpp>

#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>

namespace eenn {

/// @brief What a decider sees when a sample reaches an exit.
template <class T = float>
struct exit_view {
    std::size_t exit = 0;         ///< index, in network order
    bool last = false;            ///< the last exit: the sample leaves here whatever the decider says
    policy decides{};             ///< the exit's own policy, which a decider may use or ignore
    std::span<const T> logits{};  ///< (C)
};

/// @brief A decider's answer for one sample at one exit.
///
/// `label` may come from an earlier exit. Invalid logits (NaN, or an infinite maximum) give label -1 and confidence NaN, and
/// the sample never leaves early.
struct verdict {
    bool leave = false;
    int label = -1;
    float confidence = std::numeric_limits<float>::quiet_NaN();
};

/// @brief The predicted label, the exit it came from and its confidence. exit == E - 1 is the end of the network.
struct decision {
    int label = -1;  ///< -1: the logits were invalid, or the network ends in features and no exit has decided
    int exit = 0;
    float confidence = 0;

    friend constexpr bool operator==(const decision&, const decision&) = default;
};

/// @brief A rule that decides when a sample leaves, for logits of type T.
///
/// Single-sample inference, batch inference and trace evaluation all call the same operator(). Everything that changes
/// between calls lives in a trivially copyable `state`, so the other part of a split network can continue from a copy.
/// `begin(state)` resets the per-sample fields before the first exit. If other fields outlive the sample, `sequential` is
/// true: decisions depend on sample order, and batch inference rejects the decider. A decider with per-exit settings may
/// report their number in the optional `exit_count()`; networks and traces with more exits reject it.
template <class D, class T = float>
concept Decider = std::is_trivially_copyable_v<typename D::state> && std::default_initializable<typename D::state> &&
    requires(const D rule, typename D::state& state, const exit_view<T>& exit) {
    { rule(exit, state) }
    noexcept->std::same_as<verdict>;
    { rule.begin(state) }
    noexcept;
    {std::bool_constant<D::sequential>{}};
};

inline namespace EENN_ISA {

/// @brief Number of exits a decider has settings for; the largest std::size_t if it needs none.
template <class D>
[[nodiscard]] constexpr std::size_t exit_count_of(const D& rule) noexcept {
    if constexpr (requires { rule.exit_count(); }) {
        return rule.exit_count();
    } else {
        return std::numeric_limits<std::size_t>::max();
    }
}

/// @brief The verdict on a sample at an exit. At the last exit every sample leaves.
template <class D, class T>
requires Decider<D, T>
[[nodiscard]] constexpr verdict decide(const D& rule, const exit_view<T>& exit, typename D::state& state) noexcept {
    verdict said = rule(exit, state);
    said.leave = said.leave || exit.last;
    return said;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

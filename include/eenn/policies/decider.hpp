// SPDX-License-Identifier: MIT
//
// decider.hpp - a rule that sees an exit's logits and says leave or go on, with label and confidence.
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

/// @brief One exit as a sample reaches it.
template <class T = float>
struct exit_view {
    std::size_t exit = 0;         ///< in the order of the network
    bool last = false;            ///< nothing comes behind it: the sample leaves here, whatever the decider says
    policy decides{};             ///< the exit's own policy, which a decider may follow
    std::span<const T> logits{};  ///< (C)
};

/// @brief What a decider says of a sample at an exit.
///
/// `label` may be that of an earlier exit. Logits that are not numbers give label -1 and confidence NaN, and never leave.
struct verdict {
    bool leave = false;
    int label = -1;
    float confidence = std::numeric_limits<float>::quiet_NaN();
};

/// @brief What came out, where, and how sure. exit == E - 1 is the end of the network.
struct decision {
    int label = -1;  ///< -1: the logits were not numbers, or the network ends in features and has not decided
    int exit = 0;
    float confidence = 0;

    friend constexpr bool operator==(const decision&, const decision&) = default;
};

/// @brief A rule about when a sample leaves, for logits of type T.
///
/// Inference of one sample, of a batch and the evaluation of a trace call the same operator(). All that changes between two
/// calls lies in a `state`, which is plain bytes: another part of a network that was cut goes on from a copy of them.
/// `begin(state)` resets what belongs to one sample, before its first exit. What else the state holds outlives the sample:
/// then `sequential` is true, decisions depend on the order of the samples, and batches refuse the decider. One that has
/// settings for each exit says for how many in `exit_count()`, which is optional; networks and traces of more refuse it.
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

/// @brief For how many exits a decider has settings; the largest number there is, if it needs none.
template <class D>
[[nodiscard]] constexpr std::size_t exit_count_of(const D& rule) noexcept {
    if constexpr (requires { rule.exit_count(); }) {
        return rule.exit_count();
    } else {
        return std::numeric_limits<std::size_t>::max();
    }
}

/// @brief The verdict on a sample at an exit; at the last exit every sample leaves.
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

// SPDX-License-Identifier: MIT
//
// policy.hpp - the standard confidence policies, and one value type that holds any of them, for graphs and files.
// Floor 3 (policies); device subset. Letters: C = classes, E = exits, T = floating-point type.
#ifndef EENN_POLICIES_POLICY_HPP
#define EENN_POLICIES_POLICY_HPP

#include <cstdint>
#include <eenn/core/isa.hpp>
#include <eenn/policies/detail/confidence.hpp>
#include <eenn/policies/detail/entropy.hpp>
#include <eenn/policies/detail/margin.hpp>
#include <eenn/policies/detail/max_probability.hpp>
#include <eenn/policies/detail/patience.hpp>

namespace eenn {

/// @brief The standard policies. Files store these numbers: append only.
enum class policy_kind : std::uint8_t { max_probability = 0, margin = 1, entropy = 2, patience = 3 };

inline constexpr int policy_count = 4;

/// @brief A confidence policy chosen at run time: `policy p = max_probability{}`. Structural.
///
/// Has the members of a ConfidencePolicy, on the value instead of the type. Each call costs one switch; if the kind is a
/// constant, the compiler keeps one case.
struct policy {
    policy_kind kind = policy_kind::max_probability;

    constexpr policy() = default;
    constexpr explicit policy(policy_kind chosen) noexcept : kind{chosen} {}
    constexpr policy(max_probability) noexcept : kind{policy_kind::max_probability} {}
    constexpr policy(margin) noexcept : kind{policy_kind::margin} {}
    constexpr policy(entropy) noexcept : kind{policy_kind::entropy} {}
    constexpr policy(patience) noexcept : kind{policy_kind::patience} {}

    /// Calls f with the selected policy, f(max_probability{}) or f(margin{}) ..., and returns its result.
    template <class F>
    [[gnu::always_inline]] constexpr decltype(auto) visit(F&& f) const {
        switch (kind) {
            case policy_kind::margin: return f(margin{});
            case policy_kind::entropy: return f(entropy{});
            case policy_kind::patience: return f(patience{});
            case policy_kind::max_probability: break;
        }
        return f(max_probability{});
    }

    [[nodiscard]] constexpr std::string_view name() const noexcept {
        return visit([](auto p) { return p.name; });
    }
    /// Threshold range for a network with `exits` exits, including the final classifier.
    [[nodiscard]] constexpr threshold_range thresholds(int exits) const noexcept {
        return visit([=](auto p) { return p.thresholds(exits); });
    }
    [[nodiscard]] constexpr float default_threshold() const noexcept {
        return visit([](auto p) { return p.default_threshold; });
    }
    /// Takes logits (C), temperature > 0 and the sample's state. Use `p.confidence<double>(...)` for double. Always inlined:
    /// this type is shared by all instruction sets, so the code must become part of a caller compiled for one of them.
    template <std::floating_point T = float>
    [[nodiscard, gnu::always_inline]] scored<T> confidence(std::span<const std::type_identity_t<T>> logits,
                                                           std::type_identity_t<T> temperature,
                                                           exit_state& state) const noexcept {
        return visit([&](auto p) { return p.template confidence<T>(logits, temperature, state); });
    }
    friend constexpr bool operator==(const policy&, const policy&) = default;
};

inline namespace EENN_ISA {

/// @brief Parses a policy's name into `into`. Returns false and leaves `into` unchanged if no policy has that name.
[[nodiscard]] constexpr bool parse_policy(std::string_view name, policy& into) noexcept {
    for (int k = 0; k < policy_count; ++k) {
        const policy candidate{static_cast<policy_kind>(k)};
        if (candidate.name() == name) {
            into = candidate;
            return true;
        }
    }
    return false;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

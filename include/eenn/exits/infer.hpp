// SPDX-License-Identifier: MIT
//
// infer.hpp - one sample through an early-exit network, stopping at the exit that is sure enough.
// Floor 5 (exits); device subset.
#ifndef EENN_EXITS_INFER_HPP
#define EENN_EXITS_INFER_HPP

#include <eenn/core/isa.hpp>
#include <eenn/network/executable.hpp>
#include <eenn/policies/exit_rule.hpp>

#include <array>

namespace eenn {

/// @brief What came out, where, and how sure. exit == E - 1 is the end of the network.
struct decision {
    int label = -1;  ///< -1: the logits were not numbers
    int exit = 0;
    float confidence = 0;

    friend constexpr bool operator==(const decision&, const decision&) = default;
};

inline namespace EENN_ISA {

/// @brief The rules that the network's policies bring along.
template <std::size_t E>
[[nodiscard]] constexpr std::array<exit_rule, E> default_rules(const plan_view& plan) noexcept {
    std::array<exit_rule, E> rules{};
    for (std::size_t e = 0; e < E; ++e) rules[e].threshold = plan.exits[e].decides.default_threshold();
    return rules;
}

/// @brief Scores the logits of exit e that run_steps() left in the workspace.
template <class T>
[[nodiscard]] scored<T> score_exit(const executable<T>& net, std::size_t e, const T* workspace, float temperature,
                                   exit_state& state) noexcept {
    const exit_info& at = net.plan.exits[e];
    const T* logits = workspace + net.plan.values[static_cast<std::size_t>(at.logits)].offset;
    return at.decides.template confidence<T>({logits, static_cast<std::size_t>(at.classes)},
                                             static_cast<T>(temperature), state);
}

namespace detail {

/// Asks for one line of each page of memory, up to a megabyte: after a sleep the machine has forgotten where pages lie, and
/// so looks them up side by side instead of one by one. In warm caches it costs what can hardly be measured.
template <class T>
void look_up_pages(const T* from, std::size_t count) noexcept {
    constexpr std::size_t page = 4096 / sizeof(T);
    constexpr std::size_t most = 256 * page;
    for (std::size_t i = 0; i < count && i < most; i += page) __builtin_prefetch(from + i);
}

}  // namespace detail

/// @brief Runs the network on one sample and stops at the first exit whose confidence reaches its threshold.
///
/// @param packed     weights from pack_weights(), (net.packed_elements).
/// @param input      (H,W,C).
/// @param workspace  (workspace_elements(plan, executor.concurrency())), 64-byte aligned: plan.sizes.workspace for one thread.
///                   Its content does not matter.
/// @param rules      one an exit; the last one's threshold is not read.
/// @par Cost     The steps up to the exit, nothing behind it; a policy reads its logits twice.
/// @param executor   its threads divide the larger steps: `threads` (core/threads.hpp) is made for it. Decisions are the same
///                   bits for any.
/// @par Memory   None but the workspace. @par Threads  Safe with a workspace and an executor of one's own.
template <class T, class E = const serial>
requires Executor<std::remove_reference_t<E>>
[[nodiscard]] decision infer(const executable<T>& net, const T* packed, const T* input, T* workspace,
                             std::span<const exit_rule> rules, E&& executor = E{}) noexcept {
    detail::look_up_pages(packed, net.packed_elements);
    detail::look_up_pages(workspace, net.plan.sizes.workspace);
    detail::look_up_pages(input, net.plan.input.elements());
    exit_state state;
    int step = 0;
    for (std::size_t e = 0;; ++e) {
        const int end = net.plan.exits[e].step + 1;
        run_steps(net, step, end, packed, input, workspace, executor);
        step = end;
        const auto s = score_exit(net, e, workspace, rules[e].temperature, state);
        if (e + 1 == net.plan.exits.size() || s.leaves(static_cast<T>(rules[e].threshold))) {
            return {s.label, static_cast<int>(e), static_cast<float>(s.confidence)};
        }
    }
}

/// @brief The same for a network type: `infer<net>(weights, image, scratch, rules)`.
template <class Network>
[[nodiscard]] decision infer(const float* packed, const float* input, typename Network::workspace& scratch,
                             const std::array<exit_rule, static_cast<std::size_t>(Network::exits)>& rules =
                                 default_rules<static_cast<std::size_t>(Network::exits)>(Network::plan)) noexcept {
    return infer<float>(Network::inference(), packed, input, scratch.data.data(), rules);
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

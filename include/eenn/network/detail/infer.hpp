// SPDX-License-Identifier: MIT
//
// detail/infer.hpp - runs one sample through an early-exit network, up to the exit where a decider lets it leave.
// Floor 4 (network); device subset. Letters: E = exits.
#ifndef EENN_NETWORK_DETAIL_INFER_HPP
#define EENN_NETWORK_DETAIL_INFER_HPP

#include <eenn/core/executor.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/network/detail/packed_weights.hpp>
#include <eenn/policies/deciders.hpp>

#include <array>

namespace eenn {
inline namespace EENN_ISA {

/// @brief The default rules of the network's policies.
template <std::size_t E>
[[nodiscard]] constexpr std::array<exit_rule, E> default_rules(const plan_view& plan) noexcept {
    std::array<exit_rule, E> rules{};
    for (std::size_t e = 0; e < E; ++e) rules[e].threshold = plan.exits[e].decides.default_threshold();
    return rules;
}

/// @brief Runs steps of one sample in its workspace: `net.plan.steps.ids()`, or a subset.
///
/// @param input      (H,W,C), value 0.
/// @param workspace  (workspace_elements(plan, executor.concurrency())), 64-byte aligned, as earlier steps left it.
/// @par Threads  const; each caller brings its own workspace. The executor's threads divide the larger steps. The result
///               is bit-identical for any thread count.
template <class T, class E = const serial>
requires Executor<std::remove_reference_t<E>>
void run_steps(const executable<T>& net, id_range<step_id> steps, packed_view<std::type_identity_t<T>> packed,
               std::span<const std::type_identity_t<T>> input, std::span<std::type_identity_t<T>> workspace,
               E&& executor = E{}) noexcept {
    const auto at = [&](value_id value) -> const T* {
        return value == value_id{0} ? input.data() : workspace.data() + net.plan.values[value].offset;
    };
    const int threads = executor.concurrency();
    for (const step_id s : steps) {
        const step_info& step = net.plan.steps[s];
        const auto& op = net.forward[s];
        forward_args<T> args;
        for (std::size_t i = 0; i < step.input_count; ++i) args.in[i] = at(step.inputs[i]);
        args.out = workspace.data() + net.plan.values[step.output].offset;
        args.packed = packed.data() + op.packed;
        args.scratch = workspace.data() + step.scratch;
        if (step.residual.exists()) args.residual = at(step.residual);
        args.act = step.act;
        if (threads == 1 || !step.divides) {
            op.forward(op.self, args);
            continue;
        }
        executor.run(threads, [&](int i) {
            forward_args<T> part = args;
            part.mine = {i, threads};
            if (i > 0) part.scratch = workspace.data() + workspace_elements(net.plan, i);
            op.forward(op.self, part);
        });
    }
}

/// @brief A value other than the input that run_steps() left in the workspace: (H,W,C). Later steps may reuse its memory.
template <class Workspace>
[[nodiscard]] constexpr auto view_value(const plan_view& plan, value_id value, Workspace&& workspace) noexcept {
    return std::span{workspace}.subspan(plan.values[value].offset, plan.values[value].size.elements());
}

/// @brief A decider's view of exit e, whose logits run_steps() left in the workspace.
template <class Workspace>
[[nodiscard]] constexpr auto view_exit(const plan_view& plan, std::size_t e, Workspace&& workspace) noexcept {
    const exit_info& at = plan.exits[e];
    const auto logits = view_value(plan, at.logits, workspace);
    using value_type = typename decltype(logits)::value_type;
    return exit_view<value_type>{e, e + 1 == plan.exits.size(), at.decides, logits};
}

/// @brief Prefetches one line of each memory page, up to a megabyte. After a sleep the TLB is cold, and this lets the page
/// walks overlap instead of running one by one. With warm caches the cost is barely measurable.
template <class T>
void look_up_pages(std::span<const T> from) noexcept {
    constexpr std::size_t page = 4096 / sizeof(T);
    constexpr std::size_t most = 256 * page;
    for (std::size_t i = 0; i < from.size() && i < most; i += page) __builtin_prefetch(from.data() + i);
}

/// @brief Continues a sample that has passed the exits in an earlier part of the network; `state` is the state it left.
///
/// Otherwise like infer().
template <class T, class D, class E = const serial>
requires Decider<D, T> && Executor<std::remove_reference_t<E>>
[[nodiscard]] decision resume_inference(const executable<T>& net, packed_view<std::type_identity_t<T>> weights,
                                        std::span<const std::type_identity_t<T>> input,
                                        std::span<std::type_identity_t<T>> workspace, const D& rule,
                                        typename D::state& state, E&& executor = E{}) noexcept {
    look_up_pages<T>({weights.data(), net.packed_elements});
    look_up_pages<T>(workspace.first(net.plan.sizes.workspace));
    look_up_pages<T>(input);
    step_id first{0};
    for (std::size_t e = 0;; ++e) {
        const exit_info& at = net.plan.exits[e];
        run_steps(net, {first, at.step.next()}, weights, input, workspace, executor);
        first = at.step.next();
        if (!at.classifies && e + 1 < net.plan.exits.size()) continue;
        if (!at.classifies) return {.exit = static_cast<int>(e)};
        const verdict said = decide(rule, view_exit(net.plan, e, workspace), state);
        if (said.leave) return {said.label, static_cast<int>(e), said.confidence};
    }
}

/// @brief Runs the network on one sample and stops at the first exit where the decider lets it leave.
///
/// A session (session.hpp) holds these arguments and calls this function. A network that ends in features runs to its end
/// and gives label -1, unless the sample leaves at an earlier exit.
///
/// @param input      (H,W,C).
/// @param workspace  (workspace_elements(plan, executor.concurrency())), 64-byte aligned: plan.sizes.workspace for one thread.
///                   Its initial content does not matter.
/// @param state      of the decider; reset by begin() here.
/// @param executor   its threads divide the larger steps; `threads` (core/threads.hpp) is designed for this. Decisions are
///                   bit-identical for any executor.
/// @par Cost     The steps up to the exit and nothing after it; a policy reads its logits twice.
/// @par Memory   Only the workspace. @par Threads  Safe if each call has its own workspace, state and executor.
template <class T, class D, class E = const serial>
requires Decider<D, T> && Executor<std::remove_reference_t<E>>
[[nodiscard]] decision infer(const executable<T>& net, packed_view<std::type_identity_t<T>> weights,
                             std::span<const std::type_identity_t<T>> input,
                             std::span<std::type_identity_t<T>> workspace, const D& rule, typename D::state& state,
                             E&& executor = E{}) noexcept {
    rule.begin(state);
    return resume_inference(net, weights, input, workspace, rule, state, executor);
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

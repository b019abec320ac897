// SPDX-License-Identifier: MIT
//
// freezing.hpp - builds trainable sets from a plan: heads, norms, selected steps, all but a given set.
// Floor 7 (training).
#ifndef EENN_TRAINING_FREEZING_HPP
#define EENN_TRAINING_FREEZING_HPP

#include <eenn/core/isa.hpp>
#include <eenn/training/trainable_set.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief The steps, with their norms, for which `trained(step_info)` is true.
template <class Predicate>
[[nodiscard]] constexpr trainable_set steps_where(const plan_view& plan, Predicate&& trained) {
    trainable_set set;
    edge end{0};
    for (const step_info& step : plan.steps) end = std::max(end, step.tail);
    id_vector<edge, char> norms(end.index() + 1, 0);
    for (const step_info& step : plan.steps) {
        if (!trained(step)) continue;
        set.add(step.id);
        if (step.norm.exists() && step.norm != step.node) norms[step.norm] = 1;
    }
    edge last;
    for (const tensor_info& tensor : plan.tensors) {
        if (!norms.has(tensor.node) || norms[tensor.node] == 0 || tensor.node == last || !tensor.spec.trainable)
            continue;
        last = tensor.node;
        set.add(tensor.id);
    }
    return set;
}

/// @brief The heads of all exits but the last. The backbone and its classifier, which belong to the last exit, are frozen.
[[nodiscard]] constexpr trainable_set heads_only(const plan_view& plan) {
    const exit_id last{plan.exits.size() - 1};
    return steps_where(plan, [last](const step_info& step) { return step.owner != last; });
}

/// @brief Everything that belongs to one exit: its head, or the backbone and its classifier for the last exit.
///
/// @par Errors  eenn::error if there is no such exit.
/// @brief Scales and shifts of the batch norms. Their channels are normalised by batch statistics.
[[nodiscard]] constexpr trainable_set exit_only(const plan_view& plan, std::size_t exit) {
    if (exit >= plan.exits.size()) {
        raise("exit_only", "exit " + std::to_string(exit) + " of " + std::to_string(plan.exits.size()),
              "exits count from 0");
    }
    return steps_where(plan, [exit](const step_info& step) { return step.owner == exit_id{exit}; });
}

/// @brief Scales and shifts of batch norms; their channels are normalised by the batch.
[[nodiscard]] constexpr trainable_set norms_only(const plan_view& plan) {
    trainable_set set;
    for (const tensor_info& tensor : plan.tensors) {
        if (!tensor.spec.trainable) continue;
        for (const step_info& step : plan.steps) {
            if (step.norm == tensor.node) set.add(tensor.id, tensor.spec.name);
        }
    }
    return set;
}

/// @brief Everything in the plan except `frozen`. Layers without tensors (dropout) run in training mode unless `frozen`
/// names their node.
///
/// @par Errors  those of resolve().
[[nodiscard]] constexpr trainable_set all_but(const plan_view& plan, const trainable_set& frozen) {
    trainable_set set;
    const trained_parts parts = resolve(plan, frozen);
    for (const step_id s : plan.steps.ids()) {
        const bool tensors = plan.steps[s].weight_count > 0 || plan.steps[s].norm == plan.steps[s].node;
        if (!tensors && !parts.steps[s].named) set.add(plan.steps[s].id);
    }
    for (std::size_t t = 0; t < plan.tensors.size(); ++t) {
        const tensor_info& tensor = plan.tensors[t];
        if (!tensor.spec.trainable) continue;
        const auto chosen = parts.channels_of(t);
        const channel_range whole{0, static_cast<int>(chosen.size())};
        for (channel_range r = detail::next_range(chosen, 0, 0); r.first < r.last;
             r = detail::next_range(chosen, 0, r.last))
            set.add(tensor.id, tensor.spec.name, {r == whole ? channel_range{0, -1} : r});
    }
    return set;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

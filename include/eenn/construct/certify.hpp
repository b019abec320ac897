// SPDX-License-Identifier: MIT
//
// certify.hpp - a proof, or a tighter bound, for thresholds of more than three exits.
// Floor 6 (construct); host subset.
#ifndef EENN_CONSTRUCT_CERTIFY_HPP
#define EENN_CONSTRUCT_CERTIFY_HPP

#include <eenn/exits/thresholds.hpp>
#include <eenn/platform/joint_thresholds.hpp>

#include <algorithm>
#include <array>
#include <vector>

namespace eenn::construct {

/// @brief The choice for a least cost at a limited loss, searched again by branch and bound: better thresholds if there
/// are any, and the bound that was reached. Choices that are proven, and other objectives, come back as they are.
///
/// @param nodes  boxes of thresholds looked at, at most.
/// @par Cost     that of joint_thresholds::solve().
[[nodiscard]] inline threshold_choice certified(const exit_trace& trace, const exit_objective& objective,
                                                threshold_choice choice, std::int64_t nodes = 20000) {
    const auto exits = static_cast<std::size_t>(trace.exits);
    if (choice.proven || objective.goal != exit_objective::kind::least_cost || exits > most_placed_exits) return choice;
    const exit_ranking ranking{trace, objective};
    const double required = std::max(0.0, std::ceil(ranking.required_accuracy() * trace.samples - 1e-6));
    // Closing an exit is a set of its own; its head is computed all the same.
    std::array<double, most_placed_exits> cost{};
    std::copy(trace.cost.begin(), trace.cost.end(), cost.begin());
    const exit_set last = 1U << (exits - 1);
    std::vector<exit_costs> sets;
    for (exit_set early = 0; early < last; ++early) sets.push_back({.kept = early | last, .costs = {cost}});
    joint_thresholds search{trace};
    const joint_choice found = search.solve(sets, static_cast<int>(required), nodes);
    if (found.set < 0) return choice;
    if (found.mean_cost < choice.objective) {
        choice.thresholds = found.thresholds;
        choice.evaluation = evaluate(trace, choice.thresholds);
        choice.objective = choice.evaluation.mean_cost;
    }
    choice.bound = std::min(choice.objective, std::max(choice.bound, found.bound));
    choice.proven = found.proven;
    if (choice.proven) choice.bound = choice.objective;
    return choice;
}

}  // namespace eenn::construct

#endif

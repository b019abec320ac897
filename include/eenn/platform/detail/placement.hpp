// SPDX-License-Identifier: MIT
//
// detail/placement.hpp - place(): every set of exits on every assignment that can be optimal.
// Floor 7 (platform); host subset. Tested by tests/platform/placement.cpp. Letters: N = samples, S = segments, P = processors, E = exits.
#ifndef EENN_PLATFORM_DETAIL_PLACEMENT_HPP
#define EENN_PLATFORM_DETAIL_PLACEMENT_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <eenn/core/detail/flow.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/exits/trace.hpp>
#include <eenn/platform/detail/candidates.hpp>
#include <eenn/platform/detail/joint_thresholds.hpp>
#include <eenn/platform/placement.hpp>

namespace eenn {
inline namespace EENN_ISA {

namespace detail {

/// Derives the other members from stages, kept exits and thresholds.
inline void describe(placement& made, const placement_task& task, const platform& on, const platform& worst,
                     const placement_objective& objective, const assignment& stages) {
    made.leaving = journeys(task, on, stages, made.kept);
    made.worst_seconds = journeys(task, worst, stages, made.kept).back().seconds;
    exit_trace priced = task.trace;
    for (std::size_t e = 0; e < task.exits.size(); ++e) priced.cost[e] = objective(made.leaving[e]);
    made.evaluation = evaluate(priced, made.thresholds);
    made.objective = made.evaluation.mean_cost;
    for (std::size_t e = 0; e < task.exits.size(); ++e) {
        made.expected_seconds += made.evaluation.share[e] * made.leaving[e].seconds;
        made.expected_joules += made.evaluation.share[e] * made.leaving[e].joules;
        made.expected_price += made.evaluation.share[e] * made.leaving[e].price;
    }
    double reach = 1;
    std::size_t exit = 0;
    for (std::size_t j = 0; j < stages.size(); ++j) {
        const processor& at = on.processors[stages[j].processor];
        placed_stage stage;
        stage.where = stages[j];
        stage.processor = at.name;
        stage.memory_bytes = at.memory_bytes;
        stage.reach = reach;
        stage_demand demand;
        journey inside;
        const auto take = [&](const workload& work) {
            demand.add(work);
            stage.macs += work.total_macs();
            inside.compute(at, work);
        };
        if (stages[j].end > stages[j].first) {
            stage.from = task.segments[stages[j].first].name;
            stage.to = task.segments[stages[j].end - 1].name;
            stage.last = task.segments[stages[j].end - 1].last;
            inside.start(at);
        }
        for (std::size_t s = stages[j].first; s < stages[j].end; ++s) {
            take(task.segments[s].work);
            for (; exit < task.exits.size() && task.exits[exit].after == s; ++exit) {
                reach -= made.evaluation.share[exit];
                if (!contains(made.kept, exit)) continue;
                take(task.exits[exit].head);
                stage.exits.push_back(exit);
            }
        }
        stage.weight_bytes = demand.weights * at.bytes_per_weight;
        stage.activation_bytes = demand.activations * at.bytes_per_activation;
        stage.seconds = inside.seconds;
        if (j + 1 < stages.size()) stage.transfer_bytes = cut_bytes(task, stages[j].end);
        made.stages.push_back(std::move(stage));
    }
}

/// The most correct samples that any thresholds and sets reach, found by bisection after `required` was infeasible, and
/// whether that maximum is proven.
[[nodiscard]] inline std::pair<int, bool> most_right(joint_thresholds& search, std::span<const exit_costs> sets,
                                                     const joint_choice& missed, int required, std::int64_t nodes) {
    int reached = missed.best_right;
    int beyond = required;
    bool proven = missed.proven;
    while (beyond - reached > 1) {
        const int middle = reached + (beyond - reached) / 2;
        const joint_choice choice = search.solve(sets, middle, nodes / 10);
        reached = std::max(reached, choice.best_right);
        if (choice.set != joint_choice::none) continue;
        beyond = middle;
        proven = choice.proven;
    }
    return {reached, proven};
}

/// place() with a separate platform for the worst case.
[[nodiscard]] inline placement place(const placement_task& task, const platform& on, const platform& worst,
                                     const placement_objective& objective, const placement_limits& limits) {
    const std::size_t exits = task.exits.size();
    placement made;
    refusals refused;
    const exit_set last = 1U << (exits - 1);
    std::vector<exit_costs> sets;
    std::vector<std::vector<candidate>> candidates;
    for (exit_set early = 0; early < last; ++early) {
        candidates.push_back(
            undominated_assignments(task, on, worst, objective, limits, early | last, early == 0 ? &refused : nullptr));
        exit_costs set{.kept = early | last, .costs = {}};
        for (const auto& it : candidates.back()) set.costs.push_back(it.cost);
        made.candidates += std::ssize(set.costs);
        if (set.costs.empty()) {
            std::string names;
            for (std::size_t e = 0; e < exits; ++e) {
                if (contains(set.kept, e)) names += (names.empty() ? "" : ", ") + task.exits[e].name;
            }
            refused.add("exits {" + names + "}: no assignment keeps the limits");
        }
        sets.push_back(std::move(set));
        if (early == 0 && sets[0].costs.empty()) {  // more exits only need more
            made.refused = std::move(refused.reasons);
            made.refused.insert(
                made.refused.begin(),
                "the network does not fit the platform, not even without exits; give more memory, rates, "
                "operators or worst-case time, or cut it finer");
            return made;
        }
    }
    int right_last = 0;
    for (std::size_t at = exits - 1; at < task.trace.correct.size(); at += exits) right_last += task.trace.correct[at];
    // Counts as exit_ranking does: 0.01 of 300 samples is 3, not 2.
    const double allowed = std::floor(objective.max_accuracy_loss * task.trace.samples + 1e-9);
    const int required = static_cast<int>(std::clamp(right_last - allowed, 0.0, task.trace.samples + 1.0));
    joint_thresholds search{task.trace};
    const joint_choice choice = search.solve(sets, required, limits.nodes);
    made.nodes = choice.nodes;
    made.refused = std::move(refused.reasons);
    if (choice.set == joint_choice::none) {
        const auto [best, all] = most_right(search, sets, choice, required, limits.nodes);
        const auto accuracy = [&](double right) { return std::to_string(right / task.trace.samples); };
        made.refused.insert(made.refused.begin(), "no thresholds " + std::string{choice.proven ? "" : "found "} +
                                                      "reach accuracy " + accuracy(required) + "; the best " +
                                                      (all ? "reachable" : "found") + " is " + accuracy(best) +
                                                      ": allow a larger loss or train the exits");
        return made;
    }
    made.feasible = true;
    made.kept = sets[choice.set].kept;
    made.thresholds = choice.thresholds;
    describe(made, task, on, worst, objective, candidates[choice.set][choice.costs].stages);
    made.proven = choice.proven;
    made.bound = choice.proven ? made.objective : std::min(choice.bound, made.objective);
    return made;
}

/// Raises for input that place() does not support.
inline void check_placement(const placement_task& task, const platform& on, const placement_objective& objective,
                            const placement_limits& limits) {
    check_task(task);
    check_platform(on);
    if (task.exits.size() > most_placed_exits) {
        raise("place", std::to_string(task.exits.size()) + " exits",
              "every subset is looked at: offer at most " + std::to_string(most_placed_exits) +
                  ", the classifier included");
    }
    check_number("placement_objective.per_second", objective.per_second, true);
    check_number("placement_objective.per_joule", objective.per_joule, true);
    check_number("placement_objective.per_price", objective.per_price, true);
    if (!(objective.per_second + objective.per_joule + objective.per_price > 0)) {
        raise("placement_objective", "all weights are 0", "weigh seconds, joules or the price of MACs");
    }
    if (!std::isfinite(objective.max_accuracy_loss)) {
        raise("placement_objective.max_accuracy_loss", std::to_string(objective.max_accuracy_loss),
              "give a fraction, 0.01 for one point");
    }
    if (!(limits.worst_seconds > 0)) {
        raise("placement_limits.worst_seconds", std::to_string(limits.worst_seconds), "give a time above 0");
    }
    if (limits.nodes < 0) raise("placement_limits.nodes", std::to_string(limits.nodes), "give at least 0");
}

}  // namespace detail

}  // namespace EENN_ISA
inline namespace EENN_HOST {

EENN_FLOW placement place(const placement_task& task, const platform& on, const placement_objective& objective,
                          const placement_limits& limits) {
    detail::check_placement(task, on, objective, limits);
    return detail::place(task, on, on, objective, limits);
}

}  // namespace EENN_HOST
}  // namespace eenn

#endif

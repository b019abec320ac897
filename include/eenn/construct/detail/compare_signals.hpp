// SPDX-License-Identifier: MIT
//
// detail/compare_signals.hpp - compares exit policies and threshold solvers.
// Floor 8 (construct); host subset. Tested by tests/construct/augment.cpp.
#ifndef EENN_CONSTRUCT_DETAIL_COMPARE_SIGNALS_HPP
#define EENN_CONSTRUCT_DETAIL_COMPARE_SIGNALS_HPP

#include <eenn/construct/detail/exit_judge.hpp>
#include <eenn/construct/detail/result.hpp>
#include <eenn/construct/detail/watcher.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/policies/policy.hpp>

#include <string>
#include <utility>
#include <vector>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief Solves for the first objective with every policy, next to an oracle that knows which exits are right. Uses
/// plain traces without a margin, so that rows differ only in signal or solver.
///
/// @param validation, test  outputs of the selected heads on these data sets.
/// @param heads             heads of the first objective, as indices into the tables.
/// @param told              receives progress; once it returns false, the rows are invalid.
[[nodiscard]] inline std::vector<signal_row> compare_signals(const exit_judge& judge, const exit_objective& objective,
                                                             const exit_table& validation, const exit_table& test,
                                                             std::span<const int> heads,
                                                             const share_observer& told = {}) {
    std::vector<signal_row> rows;
    constexpr int other_solvers = 3;
    bool stopped = false;
    int made = 0;
    const double base = judge.costs.base;
    const auto row = [&](const policy& signal, const threshold_options& how) {
        if (stopped) return;
        if (told) stopped = !told(made++ / static_cast<double>(policy_count + other_solvers));
        exit_table seen = validation;
        exit_table unseen = test;
        for (auto* table : {&seen, &unseen}) {
            for (auto& head : table->heads) head.decides = signal;
        }
        const exit_trace trace = trace_of(seen, heads);
        const auto choice = try_thresholds(trace, judge.objective_on(trace, objective), how);
        if (!choice) return;
        const auto e = evaluate(trace_of(unseen, heads), choice->thresholds);
        std::string solver{to_string(how.solver)};
        if (how.solver == threshold_solver::proven && !choice->proven) solver = "best found";
        rows.push_back({std::string{signal.name()}, std::move(solver), choice->evaluation.mean_cost / base,
                        choice->evaluation.accuracy, e.mean_cost / base, e.accuracy});
    };
    for (int kind = 0; kind < policy_count; ++kind) row(policy{static_cast<policy_kind>(kind)}, {});
    for (const auto solver : {threshold_solver::descent, threshold_solver::shared, threshold_solver::published})
        row(max_probability{}, {.solver = solver});
    const auto oracle = [&](const exit_table& table) {
        const exit_trace trace = trace_of(table, heads);
        double cost = 0;
        int right = 0;
        for (int i = 0; i < trace.samples; ++i) {
            int e = 0;
            while (e + 1 < trace.exits && trace.correct[trace.at(i, e)] == 0) ++e;
            cost += trace.cost[static_cast<std::size_t>(e)];
            right += trace.correct[trace.at(i, e)];
        }
        return std::pair{cost / trace.samples / base, right / static_cast<double>(trace.samples)};
    };
    const auto [seen_cost, seen_accuracy] = oracle(validation);
    const auto [cost, accuracy] = oracle(test);
    rows.push_back({"knows the labels", "oracle", seen_cost, seen_accuracy, cost, accuracy});
    return rows;
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

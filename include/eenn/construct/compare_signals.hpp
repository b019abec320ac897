// SPDX-License-Identifier: MIT
//
// compare_signals.hpp - policies and ways to choose thresholds, beside each other.
// Floor 8 (construct); host subset.
#ifndef EENN_CONSTRUCT_COMPARE_SIGNALS_HPP
#define EENN_CONSTRUCT_COMPARE_SIGNALS_HPP

#include <eenn/construct/search_exits.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/policies/policy.hpp>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief Every policy through the solver, for the first objective, beside an oracle that knows which exits are right:
/// on plain traces without a margin, so that what differs is the signal or the solver.
template <Executor X>
void compare_signals(construction<X>& work, const exit_table& test) {
    const setting& first = work.settings[0];
    const double base = work.costs.base;
    const auto row = [&](const policy& signal, const threshold_options& how) {
        exit_table seen = work.table;
        exit_table unseen = test;
        for (auto* table : {&seen, &unseen}) {
            for (auto& head : table->heads) head.decides = signal;
        }
        const exit_trace trace = trace_of(seen, first.heads);
        const auto choice = try_thresholds(trace, objective_on(work, trace, work.options.objectives[0]), how);
        if (!choice) return;
        const auto e = evaluate(trace_of(unseen, first.heads), choice->thresholds);
        std::string solver{to_string(how.solver)};
        if (how.solver == threshold_solver::proven && !choice->proven) solver = "best found";
        work.report.signals.push_back({std::string{signal.name()}, std::move(solver),
                                       choice->evaluation.mean_cost / base, choice->evaluation.accuracy,
                                       e.mean_cost / base, e.accuracy});
    };
    for (int kind = 0; kind < policy_count; ++kind) row(policy{static_cast<policy_kind>(kind)}, {});
    for (const auto solver : {threshold_solver::descent, threshold_solver::shared, threshold_solver::published})
        row(max_probability{}, {.solver = solver});
    const auto oracle = [&](const exit_table& table) {
        const exit_trace trace = trace_of(table, first.heads);
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
    const auto [seen_cost, seen_accuracy] = oracle(work.table);
    const auto [cost, accuracy] = oracle(test);
    work.report.signals.push_back({"knows the labels", "oracle", seen_cost, seen_accuracy, cost, accuracy});
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

// SPDX-License-Identifier: MIT
//
// detail/placing.hpp - place_network(): builds the task, places it and summarises the placement.
// Floor 8 (construct); host subset. Tested by tests/construct/placing.cpp.
#ifndef EENN_CONSTRUCT_DETAIL_PLACING_HPP
#define EENN_CONSTRUCT_DETAIL_PLACING_HPP

#include <eenn/construct/detail/result.hpp>
#include <eenn/construct/placing.hpp>
#include <eenn/core/detail/flow.hpp>
#include <eenn/network/detail/lower.hpp>
#include <eenn/network/model.hpp>
#include <eenn/network/standard.hpp>
#include <eenn/platform/placement.hpp>
#include <eenn/platform/segments.hpp>
#include <eenn/policies/deciders.hpp>

#include <span>
#include <string>
#include <vector>

namespace eenn::construct {
inline namespace EENN_HOST {

EENN_FLOW placed_network place_network(const model& base, const exit_trace& validation, const platform& on,
                                       const placement_objective& objective, const placement_limits& limits) {
    const plan lowered = lower(base.network);
    const placement_task task = make_task(base.network, lowered.view(), validation);
    placed_network result{place(task, on, objective, limits), {}, base.rules, {}};
    const placement& placed = result.placed;
    if (!placed.feasible) return result;
    for (std::size_t e = 0; e < placed.thresholds.size() && e < result.rules.size(); ++e)
        result.rules[e].threshold = placed.thresholds[e];
    const auto name_of = [&](node_id id, const std::string& segment) {
        const auto named = base.names.find(id);
        return named != base.names.end() ? named->second : segment;
    };
    placement_summary& summary = result.summary;
    for (std::size_t s = 0; s < placed.stages.size(); ++s) {
        const placed_stage& stage = placed.stages[s];
        const node_id first =
            stage.to.empty() ? node_id{} : task.segments[static_cast<std::size_t>(stage.where.first)].last;
        summary.stages.push_back({stage.processor, name_of(first, stage.from), name_of(stage.last, stage.to),
                                  stage.last, static_cast<std::int64_t>(stage.macs),
                                  static_cast<std::int64_t>(stage.weight_bytes),
                                  static_cast<std::int64_t>(stage.transfer_bytes), stage.seconds, stage.reach});
        if (s + 1 < placed.stages.size() && !stage.to.empty()) result.cuts.push_back(stage.last);
    }
    summary.expected_seconds = placed.expected_seconds;
    summary.worst_seconds = placed.worst_seconds;
    summary.expected_joules = placed.expected_joules;
    summary.bound = placed.bound;
    summary.proven = placed.proven;
    summary.objective = objective.per_second > 0  ? "expected latency"
                        : objective.per_joule > 0 ? "expected energy"
                                                  : "expected price";
    return result;
}

}  // namespace EENN_HOST
}  // namespace eenn::construct

#endif

// SPDX-License-Identifier: MIT
//
// detail/bandwidth_plans.hpp - plan_bandwidths(): solves both ends of the range, then the crossings of neighbours.
// Floor 7 (platform); host subset. Tested by tests/platform/bandwidth_plans.cpp. Letters: E = exits, M = plans kept.
#ifndef EENN_PLATFORM_DETAIL_BANDWIDTH_PLANS_HPP
#define EENN_PLATFORM_DETAIL_BANDWIDTH_PLANS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <eenn/core/detail/flow.hpp>
#include <eenn/platform/bandwidth_plans.hpp>
#include <eenn/platform/detail/placement.hpp>

namespace eenn {
inline namespace EENN_HOST {

EENN_FLOW bandwidth_plans plan_bandwidths(const placement_task& task, const platform& on, std::size_t link,
                                          double slowest, double fastest, const placement_objective& objective,
                                          const placement_limits& limits, int most_solved) {
    detail::check_placement(task, on, objective, limits);
    if (link >= on.links.size()) {
        raise("plan_bandwidths", "no link " + std::to_string(link),
              "the platform has " + std::to_string(on.links.size()));
    }
    if (!(slowest > 0) || !(fastest > slowest) || !std::isfinite(fastest)) {
        raise("plan_bandwidths", std::to_string(slowest) + " to " + std::to_string(fastest) + " bytes/s",
              "give two numbers above 0, the slower first");
    }
    const auto with = [&](double inverse) {
        platform changed = on;
        changed.links[link].bytes_per_second = 1 / inverse;
        return changed;
    };
    const double low = 1 / fastest;
    const double high = 1 / slowest;
    const platform quick = with(low);
    const platform slow = with(high);
    bandwidth_plans made{.slowest = slowest, .fastest = fastest, .plans = {}, .certificates = {}, .refused = {}};
    int left = std::max(most_solved, 2);
    const auto expected = [&](const placement& p, const platform& at) {
        const auto leaving = journeys(task, at, p.stages_only(), p.kept);
        double sum = 0;
        for (std::size_t e = 0; e < leaving.size(); ++e) sum += p.evaluation.share[e] * objective(leaving[e]);
        return sum;
    };
    const auto solve = [&](double x) {
        --left;
        bandwidth_plans::plan it;
        it.solved = detail::place(task, with(x), slow, objective, limits);
        made.refused = it.solved.refused;
        if (!it.solved.feasible) return it;
        made.certificates.push_back({x, it.solved.bound});
        const double cost = expected(it.solved, quick);
        it.slope = (expected(it.solved, slow) - cost) / (high - low);
        it.fixed = cost - it.slope * low;
        return it;
    };
    const auto cost = [](const bandwidth_plans::plan& p, double x) { return p.fixed + p.slope * x; };

    std::vector<bandwidth_plans::plan> found{solve(low)};
    if (!found[0].solved.feasible) return made;
    found.push_back(solve(high));
    // Neighbours whose crossing is still unsolved, widest gap first, so that stopping early leaves no wide gap.
    std::vector<std::pair<double, double>> open{{low, high}};
    while (!open.empty() && left > 0) {
        const auto widest = std::max_element(open.begin(), open.end(), [](const auto& a, const auto& b) {
            return a.second - a.first < b.second - b.first;
        });
        const auto [from, to] = *widest;
        open.erase(widest);
        const auto cheapest = [&](double x) {
            return *std::min_element(found.begin(), found.end(),
                                     [&](const auto& a, const auto& b) { return cost(a, x) < cost(b, x); });
        };
        const auto first = cheapest(from);
        const auto last = cheapest(to);
        const double turn = first.slope - last.slope;
        const double crossing = turn > 0 ? (last.fixed - first.fixed) / turn : from;
        if (!(crossing > from && crossing < to)) continue;  // one plan is best at both ends
        const double before = std::min(cost(first, crossing), cost(last, crossing));
        found.push_back(solve(crossing));
        if (cost(found.back(), crossing) < before * (1 - 1e-9)) {
            open.push_back({from, crossing});
            open.push_back({crossing, to});
        }
    }
    std::sort(made.certificates.begin(), made.certificates.end(),
              [](const auto& a, const auto& b) { return a.inverse < b.inverse; });

    // The lower envelope, from the slowest bandwidth (smallest slope) to the fastest.
    for (double x = high;;) {
        const auto* best = &found[0];
        for (const auto& p : found) {
            const double difference = cost(p, x) - cost(*best, x);
            const double slack = 1e-12 * cost(*best, x);
            if (difference < -slack || (difference <= slack && p.slope > best->slope)) best = &p;
        }
        double next = low;
        for (const auto& p : found) {
            if (p.slope <= best->slope) continue;
            const double crossing = (best->fixed - p.fixed) / (p.slope - best->slope);
            if (crossing < x) next = std::max(next, crossing);
        }
        made.plans.push_back(*best);
        made.plans.back().slowest = 1 / x;
        made.plans.back().fastest = 1 / next;
        if (next <= low) break;
        x = next;
    }
    return made;
}

}  // namespace EENN_HOST
}  // namespace eenn

#endif

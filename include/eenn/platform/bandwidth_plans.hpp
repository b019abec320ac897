// SPDX-License-Identifier: MIT
//
// bandwidth_plans.hpp - placements for every bandwidth of a link, solved beforehand, so that a change costs a look-up.
// Floor 7 (platform); host subset; numbers alone, no Eigen. Letters: N = samples, E = exits, M = plans kept.
#ifndef EENN_PLATFORM_BANDWIDTH_PLANS_HPP
#define EENN_PLATFORM_BANDWIDTH_PLANS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <eenn/core/isa.hpp>
#include <eenn/platform/placement.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Placements between two bandwidths of one link, each with what it costs at any of them.
///
/// With x = 1 / bandwidth, a placement costs fixed + slope * x on average, and the best cost over all placements is a
/// concave function of x. So between two values of x where the best is known, no placement costs less than the chord of
/// the two; where one plan is best at both, it is best all the way between them.
struct bandwidth_plans {
    struct plan {
        placement solved;    ///< described at the bandwidth it was solved for
        double fixed = 0;    ///< of the objective
        double slope = 0;    ///< in bytes sent over the link, weighted
        double slowest = 0;  ///< bandwidth range in which it is the cheapest of the plans
        double fastest = 0;
    };
    struct certificate {
        double inverse = 0;  ///< x
        double bound = 0;    ///< no placement costs less there
    };
    struct choice {
        std::size_t plan = 0;  ///< index into plans
        double objective = 0;
        double bound = 0;     ///< no placement within the limits costs less at this bandwidth
        bool proven = false;  ///< it is the best of all placements, not of the kept ones alone
    };

    double slowest = 0;
    double fastest = 0;
    std::vector<plan> plans;                // (M), by rising bandwidth; empty if nothing fits
    std::vector<certificate> certificates;  // by rising x
    std::vector<std::string> refused;       ///< of the last solution: what does not fit and why

    /// @brief The plan for a bandwidth.
    /// @par Cost    O(M), no allocation.
    /// @par Errors  eenn::error outside of the range that was planned for, or if nothing fits.
    [[nodiscard]] choice at(double bytes_per_second) const {
        if (plans.empty()) raise("bandwidth_plans", "nothing fits the platform", "bandwidth_plans::refused says why");
        if (!(bytes_per_second >= slowest && bytes_per_second <= fastest)) {
            raise("bandwidth_plans::at", std::to_string(bytes_per_second) + " bytes/s",
                  "plans were made for " + std::to_string(slowest) + " to " + std::to_string(fastest));
        }
        const double x = 1 / bytes_per_second;
        choice made;
        for (std::size_t m = 0; m < plans.size(); ++m) {
            const double cost = plans[m].fixed + plans[m].slope * x;
            if (m > 0 && cost >= made.objective) continue;
            made.plan = m;
            made.objective = cost;
        }
        const auto above = std::find_if(certificates.begin() + 1, certificates.end() - 1,
                                        [x](const certificate& c) { return c.inverse >= x; });
        const certificate& low = *(above - 1);
        const certificate& high = *above;
        const double width = high.inverse - low.inverse;
        const double share = width > 0 ? std::clamp((x - low.inverse) / width, 0.0, 1.0) : 0;
        made.bound = std::min(made.objective, low.bound + share * (high.bound - low.bound));
        made.proven = made.bound >= made.objective * (1 - 1e-9);
        return made;
    }
};

/// @brief Solves place() for a range of bandwidths of one link.
///
/// Solved are both ends, then the crossing of two neighbouring plans' costs, again and again until no solution there is
/// cheaper than the two. If every solution is proven, at() returns the best of all placements at every bandwidth in the
/// range; else its bound still holds. The worst-case limit is kept at the slowest bandwidth, so that every plan keeps
/// it at all of them.
///
/// @param link        index into on.links; its own bandwidth is not used
/// @param most_solved solutions at most, at least 2; the bound holds whatever the number
/// @par Cost    2 M - 1 calls of place(), M = plans that are best somewhere, or most_solved.
/// @par Errors  as place(); eenn::error for no such link or no range.
/// @par Source  Eisner, Severance (1976), "Mathematical techniques for efficient record segmentation in large shared
///              databases", section 4.
[[nodiscard]] inline bandwidth_plans plan_bandwidths(const placement_task& task, const platform& on, std::size_t link,
                                                     double slowest, double fastest,
                                                     const placement_objective& objective,
                                                     const placement_limits& limits = {}, int most_solved = 40) {
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
    // Neighbours whose crossing has not been looked at; the widest first, so that a stop leaves no wide gap.
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

    // The lower envelope, from the slowest bandwidth (least slope) to the fastest.
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

}  // namespace EENN_ISA
}  // namespace eenn

#endif

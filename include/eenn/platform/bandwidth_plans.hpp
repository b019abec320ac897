// SPDX-License-Identifier: MIT
//
// bandwidth_plans.hpp - precomputed placements for every bandwidth of a link, so that a change costs only a lookup.
// Floor 7 (platform); host subset; numbers alone, no Eigen. Letters: N = samples, E = exits, M = plans kept.
#ifndef EENN_PLATFORM_BANDWIDTH_PLANS_HPP
#define EENN_PLATFORM_BANDWIDTH_PLANS_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <eenn/core/detail/flow.hpp>
#include <eenn/platform/placement.hpp>

namespace eenn {
inline namespace EENN_HOST {

/// @brief Placements for a range of bandwidths of one link, with their costs at any bandwidth in it.
///
/// With x = 1 / bandwidth, a placement costs fixed + slope * x on average, so the best cost over all placements is a
/// concave function of x. Between two values of x with known best cost, no placement costs less than the chord. If one
/// plan is best at both, it is best everywhere between them.
struct bandwidth_plans {
    struct plan {
        placement solved;    ///< evaluated at the bandwidth it was solved for
        double fixed = 0;    ///< constant part of the objective
        double slope = 0;    ///< bytes sent over the link, weighted
        double slowest = 0;  ///< bandwidth range in which it is the cheapest plan
        double fastest = 0;
    };
    struct certificate {
        double inverse = 0;  ///< x
        double bound = 0;    ///< no placement costs less at x
    };
    struct choice {
        std::size_t plan = 0;  ///< index into plans
        double objective = 0;
        double bound = 0;     ///< no placement within the limits costs less at this bandwidth
        bool proven = false;  ///< the choice is the best of all placements, not only of the kept ones
    };

    double slowest = 0;
    double fastest = 0;
    std::vector<plan> plans;                // (M), by rising bandwidth; empty if nothing fits
    std::vector<certificate> certificates;  // by rising x
    std::vector<std::string> refused;       ///< from the last solution: what does not fit and why

    /// @brief The plan for a bandwidth.
    /// @par Cost    O(M), no allocation.
    /// @par Errors  eenn::error outside the planned range, or if nothing fits.
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
/// Solves both ends, then repeatedly the crossing of two neighbouring plans' costs, until no solution there is cheaper
/// than the two. If every solution is proven, at() returns the best of all placements at every bandwidth in the range;
/// otherwise its bound still holds. The worst-case limit is enforced at the slowest bandwidth, so every plan meets it
/// throughout the range.
///
/// @param link        index into on.links; its own bandwidth is ignored
/// @param most_solved maximum number of solutions, at least 2; the bound holds for any number
/// @par Cost    2 M - 1 calls of place(), where M = plans that are best somewhere, or most_solved.
/// @par Errors  as place(); eenn::error if the link does not exist or the range is empty.
/// @par Source  Eisner, Severance (1976), "Mathematical techniques for efficient record segmentation in large shared
///              databases", section 4.
[[nodiscard]] EENN_FLOW bandwidth_plans plan_bandwidths(const placement_task& task, const platform& on,
                                                        std::size_t link, double slowest, double fastest,
                                                        const placement_objective& objective,
                                                        const placement_limits& limits = {}, int most_solved = 40);

}  // namespace EENN_HOST
}  // namespace eenn

#if !defined(EENN_COMPILED)
#include <eenn/platform/detail/bandwidth_plans.hpp>
#endif

#endif

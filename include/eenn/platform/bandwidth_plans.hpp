// SPDX-License-Identifier: MIT
//
// bandwidth_plans.hpp - placements for every bandwidth of a link, solved beforehand, so that a change costs a look-up.
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

// SPDX-License-Identifier: MIT
//
// detail/candidates.hpp - the assignments that can be optimal for some thresholds, for one set of kept exits.
// Floor 7 (platform); host subset; numbers alone, no Eigen. Tested by tests/platform/bandwidth_plans.cpp.
// Letters: S = segments, P = processors, E = exits.
#ifndef EENN_PLATFORM_DETAIL_CANDIDATES_HPP
#define EENN_PLATFORM_DETAIL_CANDIDATES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <eenn/core/detail/flow.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/platform/detail/assignment.hpp>

namespace eenn {
inline namespace EENN_HOST {

/// @brief The objective of a placement: a weighted sum of average costs for each sample.
struct placement_objective {
    double per_second = 0;
    double per_joule = 0;
    double per_price = 0;
    double max_accuracy_loss = 0;  ///< relative to the last classifier, as a fraction of the samples; 0.01 = one point

    [[nodiscard]] static constexpr placement_objective least_seconds(double max_accuracy_loss) {
        return {1, 0, 0, max_accuracy_loss};
    }
    [[nodiscard]] static constexpr placement_objective least_joules(double max_accuracy_loss) {
        return {0, 1, 0, max_accuracy_loss};
    }
    /// The fewest MACs, weighted by each processor's price_per_mac.
    [[nodiscard]] static constexpr placement_objective least_price(double max_accuracy_loss) {
        return {0, 0, 1, max_accuracy_loss};
    }
    [[nodiscard]] double operator()(const journey& sample) const noexcept {
        return per_second * sample.seconds + per_joule * sample.joules + per_price * sample.price;
    }
};

/// @brief Limits that every placement must meet.
struct placement_limits {
    double worst_seconds = std::numeric_limits<double>::infinity();  ///< all kept heads and the last classifier run
    std::int64_t nodes = 200000;  ///< threshold boxes to examine; more tightens the bound, see placement::proven
};

}  // namespace EENN_HOST
inline namespace EENN_ISA {

/// @brief An assignment and its cost at each exit.
struct candidate {
    assignment stages;
    std::array<double, most_placed_exits> cost{};  ///< (E), for kept exits, in the objective's unit; rising
    double worst_seconds = 0;
};

/// @brief Reasons why assignments were rejected, for reports; only the first `most` are kept.
struct refusals {
    std::vector<std::string> reasons;
    std::size_t most = 1000;
    void add(std::string reason) {
        if (reasons.size() < most) reasons.push_back(std::move(reason));
    }
};

/// @brief All assignments within the limits that no other assignment dominates at every kept exit.
///
/// Whatever the thresholds, the cost of a set of samples is the sum of costs at the exits where they leave. So an
/// assignment that costs no less than another at every exit is never needed. The same holds for partial assignments: of
/// two ways to bring segment s to a processor, one suffices if it is no worse at the exits passed, in cost so far, in
/// worst-case time so far and in idle power left behind. Labels are set processor by processor, upstream first.
///
/// @param worst    the platform with its links at their slowest; the worst-case limit is enforced on it
/// @param refused  receives what did not fit and why, or null
/// @par Cost    O(P S^2 L E) plus label comparisons, where L = labels kept at a processor and position, few.
/// @par Source  Label setting with dominance, Martins (1984), "On a multicriteria shortest path problem".
[[nodiscard]] inline std::vector<candidate> undominated_assignments(const placement_task& task, const platform& on,
                                                                    const platform& worst,
                                                                    const placement_objective& objective,
                                                                    const placement_limits& limits, exit_set kept,
                                                                    refusals* refused = nullptr) {
    constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
    struct label {
        std::size_t parent = none;  // index into `made`
        std::size_t processor = 0;
        std::size_t first = 0;  // start of the current stage
        std::size_t exits = 0;  // passed so far, kept or not
        journey so_far;
        journey worst;
        std::array<double, most_placed_exits> cost{};
    };
    const std::size_t segments = task.segments.size();
    const std::size_t exits = task.exits.size();
    const bool timed = limits.worst_seconds < std::numeric_limits<double>::infinity();
    const auto no_worse = [&](const label& a, const label& b, bool done) {
        for (std::size_t e = 0; e < a.exits; ++e) {
            if (contains(kept, e) && a.cost[e] > b.cost[e]) return false;
        }
        return done || (objective(a.so_far) <= objective(b.so_far) && (!timed || a.worst.seconds <= b.worst.seconds) &&
                        (objective.per_joule <= 0 || a.so_far.idle_watts <= b.so_far.idle_watts));
    };
    const auto keep = [&](std::vector<label>& among, const label& it, bool done) {
        for (const label& other : among) {
            if (no_worse(other, it, done)) return;
        }
        std::erase_if(among, [&](const label& other) { return no_worse(it, other, done); });
        among.push_back(it);
    };
    const auto place_name = [&](std::size_t position) {
        return position == 0 ? std::string{"from the input on"} : "after " + task.segments[position - 1].name;
    };

    std::vector<std::vector<label>> arrived(on.processors.size() * segments);
    const auto arrivals = [&](std::size_t p, std::size_t position) -> std::vector<label>& {
        return arrived[p * segments + position];
    };
    std::vector<label> made;  // labels that have successors
    std::vector<label> complete;
    arrivals(0, 0).push_back({});
    for (const std::size_t p : downstream_order(on)) {
        const processor& at = on.processors[p];
        struct way_on {
            std::size_t to;
            const data_link* over;
            const data_link* slow;
        };
        std::vector<way_on> ways;
        for (std::size_t q = 0; q < on.processors.size(); ++q) {
            if (const data_link* over = link_between(on, p, q)) ways.push_back({q, over, link_between(worst, p, q)});
        }
        for (std::size_t first = 0; first < segments; ++first) {
            bool told = false;
            for (const label& start : arrivals(p, first)) {
                label now = start;
                now.parent = made.size();
                made.push_back(start);
                const auto send_on = [&](std::size_t position) {
                    for (const way_on& way : ways) {
                        label next = now;
                        next.processor = way.to;
                        next.first = position;
                        next.so_far.send(at, *way.over, cut_bytes(task, position));
                        next.worst.send(at, *way.slow, cut_bytes(task, position));
                        if (next.worst.seconds > limits.worst_seconds) continue;
                        keep(arrivals(way.to, position), next, false);
                    }
                };
                const auto refuse = [&](const std::string& why) {
                    if (refused != nullptr && !told) refused->add(at.name + " " + place_name(first) + ": " + why);
                    told = true;
                };
                const auto run = [&](const workload& work) {
                    now.so_far.compute(at, work);
                    now.worst.compute(at, work);
                };
                send_on(first);
                now.so_far.start(at);
                now.worst.start(at);
                stage_demand demand;
                bool possible = true;
                const auto take = [&](const std::string& name, const workload& work) {
                    demand.add(work);
                    const std::string missing = missing_operator(at, work);
                    if (!missing.empty()) {
                        refuse("it has no " + missing + ", which " + name + " needs");
                        possible = false;
                    } else if (!demand.fits(at)) {
                        refuse("up to " + name + ", weights and activations exceed its memory, " +
                               std::to_string(demand.bytes(at)) + " > " + std::to_string(at.memory_bytes) + " bytes");
                        possible = false;
                    } else {
                        run(work);
                    }
                };
                for (std::size_t s = first; s < segments && possible; ++s) {
                    take(task.segments[s].name, task.segments[s].work);
                    for (; possible && now.exits < exits && task.exits[now.exits].after == s; ++now.exits) {
                        if (!contains(kept, now.exits)) continue;
                        take(task.exits[now.exits].name, task.exits[now.exits].head);
                        now.cost[now.exits] = objective(now.so_far);
                    }
                    if (!possible) break;
                    if (now.worst.seconds > limits.worst_seconds) {
                        refuse("the worst case takes " + std::to_string(now.worst.seconds) + " s up to " +
                               task.segments[s].name + ", more than " + std::to_string(limits.worst_seconds) + " s");
                        break;
                    }
                    if (s + 1 < segments) {
                        send_on(s + 1);
                    } else {
                        keep(complete, now, true);
                    }
                }
            }
        }
    }
    std::vector<candidate> found;
    for (const label& last : complete) {
        candidate it;
        it.cost = last.cost;
        it.worst_seconds = last.worst.seconds;
        std::size_t end = segments;
        for (std::size_t at = last.parent; at != none; at = made[at].parent) {
            const label& stage = made[at];
            it.stages.insert(it.stages.begin(), {stage.processor, stage.first, end});
            end = stage.first;
        }
        found.push_back(std::move(it));
    }
    return found;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// detail/threshold_graph.hpp - baselines for choosing thresholds: the layered graph of the literature, and a single shared
// threshold.
// Floor 5 (exits); host subset. Tested by tests/exits/thresholds.cpp.
// Letters: N = samples, E = exits, including the last classifier.
#ifndef EENN_EXITS_DETAIL_THRESHOLD_GRAPH_HPP
#define EENN_EXITS_DETAIL_THRESHOLD_GRAPH_HPP

#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include <eenn/core/isa.hpp>
#include <eenn/exits/detail/objective.hpp>
#include <eenn/exits/pareto.hpp>
#include <eenn/exits/trace.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// The candidate thresholds of the published graph.
inline constexpr std::array<float, 6> published_grid{0.6F, 0.7F, 0.8F, 0.9F, 0.95F, 0.99F};

/// @brief The published method: the shortest path through a graph with one layer per exit and one node per grid threshold.
///
/// A node has its exit's relative cost m and, with the exit judged alone on all samples, the share t that its threshold lets
/// leave and the accuracy a of those samples. Thresholds that no sample reaches are omitted. An edge carries the difference
/// of (m, t, a) between its ends, the first edge the values of its node, and weighs
/// cost_weight * m * t + error_weight * (1 - a). Uses Bellman-Ford, because differences make weights negative.
///
/// @return thresholds (E-1), or nothing if some exit has no threshold that any sample reaches.
/// @par Cost    O(G N E + G^2 E^2) for a grid of G.
/// @par Source  Sponner et al. (2024), "Efficient post-training augmentation for adaptive inference in heterogeneous and
///              distributed IoT environments", with the weights of their code. The method treats exits as independent and
///              never weights an accuracy by the number of samples that have it. It serves as a baseline. Costs are those of
///              the trace, which include earlier heads; theirs do not.
[[nodiscard]] inline std::optional<std::vector<float>> published_thresholds(
    const exit_trace& trace, double cost_weight = 0.5, double error_weight = 0.5,
    std::span<const float> grid = published_grid) {
    check_trace(trace);
    struct node {
        std::size_t exit;
        float threshold;
        double cost, termination, accuracy;
        double distance = std::numeric_limits<double>::infinity();
        const node* before = nullptr;
    };
    const std::size_t exits = trace.cost.size();
    const double samples = trace.samples;
    const double votes = trace.votes;
    std::vector<node> nodes;
    const double whole = trace.cost.back() > 0 ? trace.cost.back() : 1;
    for (std::size_t e = 0; e < exits; ++e) {
        const bool last = e + 1 == exits;
        for (const float threshold : last ? std::span<const float>{&never_exit, 1} : grid) {
            int leave = 0;
            int right = 0;
            for (std::size_t at = e; at < trace.correct.size(); at += exits) {
                if (!last && !(trace.confidence[at] >= threshold)) continue;
                ++leave;
                right += trace.correct[at];
            }
            if (leave == 0) continue;
            nodes.push_back({e, threshold, trace.cost[e] / whole, leave / samples, right / votes / leave});
        }
        if (nodes.empty() || nodes.back().exit != e) return {};
    }
    const auto weight = [&](double cost, double termination, double accuracy) {
        return cost_weight * (cost * termination) + error_weight * (1 - accuracy);
    };
    for (auto& n : nodes) {
        if (n.exit == 0) n.distance = weight(n.cost, n.termination, n.accuracy);
    }
    for (bool moved = true; moved;) {
        moved = false;
        for (std::size_t a = 0; a < nodes.size(); ++a) {
            for (std::size_t b = a + 1; b < nodes.size(); ++b) {
                const node& from = nodes[a];
                node& to = nodes[b];
                if (to.exit != from.exit + 1) continue;
                const double through = from.distance + weight(from.cost - to.cost, from.termination - to.termination,
                                                              from.accuracy - to.accuracy);
                if (!(through < to.distance)) continue;
                to.distance = through;
                to.before = &from;
                moved = true;
            }
        }
    }
    std::vector<float> thresholds(exits - 1);
    for (const node* at = nodes.back().before; at != nullptr; at = at->before) thresholds[at->exit] = at->threshold;
    return thresholds;
}

namespace detail {

inline void offer(exit_archive& archive, const exit_trace& trace, std::span<const float> thresholds) {
    const std::size_t exits = trace.cost.size();
    const std::span confidence{trace.confidence};
    double cost = 0;
    int right = 0;
    for (std::size_t row = 0; row < confidence.size(); row += exits) {
        const auto e = static_cast<std::size_t>(leaving_exit(confidence.subspan(row, exits), thresholds));
        cost += trace.cost[e];
        right += trace.correct[row + e];
    }
    archive.offer(right, cost, thresholds);
}

/// The published choices for the objective's own weights, or for a series of weights if it has a limit.
[[nodiscard]] inline exit_archive published_choices(const exit_trace& trace, const exit_objective& objective) {
    exit_archive archive{trace};
    const auto offer_for = [&](double cost, double error) {
        if (const auto t = published_thresholds(trace, cost, error)) offer(archive, trace, *t);
    };
    constexpr double steps = 20;
    if (objective.goal == exit_objective::kind::weighted_sum) {
        offer_for(objective.cost_weight, objective.error_weight);
    } else {
        for (int k = 0; k <= steps; ++k) offer_for(1 - k / steps, k / steps);
    }
    return archive;
}

/// Evaluates every value of one threshold shared by all exits. O(D N E) would be slow, but a sample's first exit only moves
/// forward as the threshold rises, so all values together cost O(N E log (N E)).
[[nodiscard]] inline exit_archive shared_choices(const exit_trace& trace) {
    exit_archive archive{trace};
    const std::size_t exits = trace.cost.size();
    const std::size_t samples = trace.correct.size() / exits;
    struct turn {
        float confidence;
        std::size_t sample;
        std::size_t exit;
    };
    std::vector<turn> turns;
    for (std::size_t i = 0; i < samples; ++i) {
        for (std::size_t e = 0; e + 1 < exits; ++e) turns.push_back({trace.confidence[i * exits + e], i, e});
    }
    std::sort(turns.begin(), turns.end(), [](const turn& a, const turn& b) {
        return a.confidence != b.confidence ? a.confidence > b.confidence
               : a.sample != b.sample       ? a.sample < b.sample
                                            : a.exit < b.exit;
    });
    std::vector<std::size_t> leaving(samples, exits - 1);
    double cost = trace.samples * trace.cost.back();
    int right = 0;
    for (std::size_t i = 0; i < samples; ++i) right += trace.correct[i * exits + exits - 1];
    std::vector<float> thresholds(exits - 1, never_exit);
    archive.offer(right, cost, thresholds);
    for (std::size_t k = 0; k < turns.size();) {
        const float threshold = turns[k].confidence;
        for (; k < turns.size() && turns[k].confidence == threshold; ++k) {
            const std::size_t sample = turns[k].sample;
            const std::size_t exit = turns[k].exit;
            std::size_t& at = leaving[sample];
            if (exit >= at) continue;
            cost += trace.cost[exit] - trace.cost[at];
            right += trace.correct[sample * exits + exit] - trace.correct[sample * exits + at];
            at = exit;
        }
        std::fill(thresholds.begin(), thresholds.end(), threshold);
        archive.offer(right, cost, thresholds);
    }
    return archive;
}

}  // namespace detail

}  // namespace EENN_ISA
}  // namespace eenn

#endif

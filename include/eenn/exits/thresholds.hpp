// SPDX-License-Identifier: MIT
//
// thresholds.hpp - the thresholds that serve an objective best on a trace.
// Floor 5 (exits); host subset.
// Letters: N = samples, E = exits, the last classifier among them, D = distinct confidences.
#ifndef EENN_EXITS_THRESHOLDS_HPP
#define EENN_EXITS_THRESHOLDS_HPP

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <eenn/core/error.hpp>
#include <eenn/exits/objective.hpp>
#include <eenn/exits/pareto.hpp>
#include <eenn/exits/trace.hpp>

namespace eenn {

/// @brief Chosen thresholds and how good they are known to be.
struct threshold_choice {
    std::vector<float> thresholds;  ///< (E-1); observed confidences, or never_exit
    exit_evaluation evaluation;     ///< on the trace they were chosen on: report accuracy on other data
    double objective = 0;           ///< least_cost: mean cost; best_accuracy: error rate; weighted_sum: the sum
    double bound = 0;               ///< no thresholds have an objective below this
    bool proven = false;  ///< true: these are best (bound == objective); false: a heuristic's, within gap() of the best

    [[nodiscard]] double gap() const noexcept { return objective - bound; }
};

/// @brief How much work a choice of thresholds may take. Up to three exits it makes no difference.
struct threshold_options {
    int restarts = 16;  ///< beyond three exits: points on the front that are descended from again, each round

    /// For comparing many traces: milliseconds each.
    [[nodiscard]] static constexpr threshold_options quick() { return {.restarts = 4}; }
};

namespace detail {

/// The best entry of an archive for an objective; `rank[0]` > 0 if it misses the limit.
struct ranked_thresholds {
    exit_archive archive;
    int best = 0;  ///< samples right
    exit_ranking::rank rank{};
    bool proven = false;
};

[[nodiscard]] inline ranked_thresholds rank_thresholds(const exit_trace& trace, const exit_ranking& ranking,
                                                       const threshold_options& how) {
    exit_search search{trace};
    const bool proven = trace.exits <= exit_search::most_exits_swept;
    if (proven) {
        search.every();
    } else {
        search.ladder();
        // From the best points met, nearest in rank first, on either side of the limit.
        const auto restarts = static_cast<std::size_t>(std::max(1, how.restarts));
        exit_ranking::rank before{};
        for (int round = 0;; ++round) {
            auto points = undominated(search.archive());
            std::stable_sort(points.begin(), points.end(), [&](const pareto_point& a, const pareto_point& b) {
                const auto rank = [&](const pareto_point& p) {
                    return ranking(p.mean_cost * trace.samples, static_cast<int>(p.accuracy * trace.samples + 0.5));
                };
                return rank(a) < rank(b);
            });
            points.resize(std::min(points.size(), restarts));
            for (auto& point : points) search.descend(point.thresholds, ranking);
            const int best = search.archive().best(ranking);
            const auto reached = ranking(search.archive().cost(best), best);
            if (round > 0 && !(reached < before)) break;
            before = reached;
        }
    }
    const int best = search.archive().best(ranking);
    return {search.archive(), best, ranking(search.archive().cost(best), best), proven};
}

[[nodiscard]] inline threshold_choice chosen(const exit_trace& trace, const exit_objective& objective,
                                             const ranked_thresholds& found) {
    threshold_choice choice;
    const auto t = found.archive.thresholds(found.best);
    choice.thresholds.assign(t.begin(), t.end());
    choice.evaluation = evaluate(trace, choice.thresholds);
    choice.objective = found.rank[1];
    choice.bound = found.proven ? found.rank[1] : std::min(found.rank[1], oracle_bound(trace, objective));
    choice.proven = found.proven;
    return choice;
}

}  // namespace detail

/// @brief Thresholds for an objective, chosen on a validation trace.
///
/// Up to three exits (two thresholds) every set of distinct thresholds is tried, so the result is optimal on the trace.
/// With more exits it is a heuristic: coordinate descent over all distinct confidences from four starts under 25
/// weightings of cost and error, then under the objective itself from the best points met; the bound is then the
/// oracle's (oracle_bound). Samples of equal confidence leave together. Deterministic: no random start, ties go to the
/// more accurate.
///
/// @par Cost    O(N log N) for E = 2, O(D N) for E = 3 (below a second for N = 10000), some hundred rounds of O(N E^2)
///              beyond. Memory O(N E).
/// @par Errors  eenn::error if the trace fails check_trace, a limit or weight is no number, or no thresholds keep the
///              limit; the message then says what can be reached.
/// @par Source  The trade-off of Sponner et al. (2024), "Efficient post-training augmentation for adaptive inference in
///              heterogeneous and distributed IoT environments", solved there as a shortest path under independent
///              exits; here on the joint trace, where each sample is counted at the exit it really leaves at.
[[nodiscard]] inline threshold_choice choose_thresholds(const exit_trace& trace, const exit_objective& objective,
                                                        const threshold_options& how = {}) {
    const exit_ranking ranking{trace, objective};
    const auto found = detail::rank_thresholds(trace, ranking, how);
    if (found.rank[0] > 0) {
        if (objective.goal == exit_objective::kind::least_cost) {
            raise("choose_thresholds", "no thresholds reach accuracy " + std::to_string(ranking.required_accuracy()),
                  "the best " + std::string{found.proven ? "reachable" : "found"} + " is " +
                      std::to_string(static_cast<double>(found.best) / trace.samples) +
                      ": allow a larger loss or train the exits");
        }
        raise("choose_thresholds", "no thresholds keep the mean cost at " + std::to_string(objective.limit),
              "the least reachable is " + std::to_string(trace.cost.front()) + ", everything out at the first exit");
    }
    return detail::chosen(trace, objective, found);
}

/// @brief The same, or nothing where no thresholds keep the limit: for those who compare many traces.
[[nodiscard]] inline std::optional<threshold_choice> try_thresholds(const exit_trace& trace,
                                                                    const exit_objective& objective,
                                                                    const threshold_options& how = {}) {
    const exit_ranking ranking{trace, objective};
    const auto found = detail::rank_thresholds(trace, ranking, how);
    if (found.rank[0] > 0) return {};
    return detail::chosen(trace, objective, found);
}

}  // namespace eenn

#endif

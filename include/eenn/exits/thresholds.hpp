// SPDX-License-Identifier: MIT
//
// thresholds.hpp - the thresholds that serve an objective best on a trace.
// Floor 5 (exits); host subset.
// Letters: N = samples, E = exits, the last classifier among them, D = distinct confidences.
#ifndef EENN_EXITS_THRESHOLDS_HPP
#define EENN_EXITS_THRESHOLDS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/exits/detail/objective.hpp>
#include <eenn/exits/detail/threshold_graph.hpp>
#include <eenn/exits/detail/threshold_proof.hpp>
#include <eenn/exits/pareto.hpp>
#include <eenn/exits/trace.hpp>
#include <eenn/policies/detail/exit_rule.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Chosen thresholds and how good they are known to be.
struct threshold_choice {
    std::vector<float> thresholds;  ///< (E-1); observed confidences, or never_exit
    exit_evaluation evaluation;     ///< on the trace they were chosen on: report accuracy on other data
    double objective = 0;           ///< least_cost: mean cost; best_accuracy: error rate; weighted_sum: the sum
    double bound = 0;               ///< no thresholds have an objective below this
    bool proven = false;  ///< true: these are best (bound == objective); false: a heuristic's, within gap() of the best

    [[nodiscard]] double gap() const noexcept { return objective - bound; }

    /// The thresholds as the rules of a session or a model, (E): `threshold_rules{choice.rules()}`.
    /// @param temperatures  (E), those of the trace that they were chosen on; empty for 1.
    [[nodiscard]] std::vector<exit_rule> rules(std::span<const float> temperatures = {}) const {
        std::vector<exit_rule> made(thresholds.size() + 1);  // the last exit takes all that is left
        if (!temperatures.empty() && temperatures.size() != made.size()) {
            raise("threshold_choice::rules",
                  std::to_string(temperatures.size()) + " temperatures for " + std::to_string(made.size()) + " exits");
        }
        for (std::size_t e = 0; e < thresholds.size(); ++e) made[e].threshold = thresholds[e];
        for (std::size_t e = 0; e < temperatures.size(); ++e) made[e].temperature = temperatures[e];
        return made;
    }
};

/// @brief How thresholds are chosen. All but `proven` are there to compare with.
enum class threshold_solver : unsigned char {
    proven,     ///< the optimum, or good ones and how far from it they can be
    descent,    ///< one coordinate descent with all exits closed at first
    shared,     ///< the best single threshold for all exits
    published,  ///< published_thresholds(); where the objective has a limit, the best of 21 weightings
};

/// @brief The name that reports use.
[[nodiscard]] constexpr std::string_view to_string(threshold_solver solver) noexcept {
    switch (solver) {
        case threshold_solver::proven: return "proven";
        case threshold_solver::descent: return "coordinate descent";
        case threshold_solver::shared: return "one shared threshold";
        case threshold_solver::published: break;
    }
    return "published graph";
}

/// @brief How much work a choice of thresholds may take. Up to three exits it makes no difference.
struct threshold_options {
    threshold_solver solver = threshold_solver::proven;
    int restarts = 16;              ///< points on the front that are descended from again, each round
    std::int64_t work = 130000000;  ///< samples that the proof may look at: five to ten seconds; 0: no proof

    /// For comparing many traces: milliseconds each, nothing proven beyond three exits.
    [[nodiscard]] static constexpr threshold_options quick() {
        return {.solver = threshold_solver::proven, .restarts = 4, .work = 0};
    }
};

namespace detail {

/// The best entry of an archive for an objective; `rank[0]` > 0 if it misses the limit.
struct ranked_thresholds {
    exit_archive archive;
    int best = 0;  ///< votes right
    exit_ranking::rank rank{};
    bool proven = false;
    double bound = 0;
};

/// The best of what one of the ways to compare with chooses.
[[nodiscard]] inline ranked_thresholds compared_thresholds(const exit_trace& trace, const exit_objective& objective,
                                                           const exit_ranking& ranking, threshold_solver solver) {
    exit_archive archive{trace};
    if (solver == threshold_solver::published) {
        archive = published_choices(trace, objective);
    } else if (solver == threshold_solver::shared) {
        archive = shared_choices(trace);
    } else {
        exit_search search{trace};
        std::vector<float> thresholds(trace.cost.size() - 1, never_exit);
        search.descend(thresholds, ranking);
        offer(archive, trace, thresholds);
    }
    const int best = archive.best(ranking);
    if (best < 0) return {std::move(archive), 0, {std::numeric_limits<double>::infinity(), 0, 0}, false, 0};
    const auto rank = ranking(archive.cost(best), best);
    return {std::move(archive), best, rank, false, std::min(rank[1], oracle_bound(trace, objective))};
}

[[nodiscard]] inline ranked_thresholds rank_thresholds(const exit_trace& trace, const exit_objective& objective,
                                                       const exit_ranking& ranking, const threshold_options& how) {
    if (how.solver != threshold_solver::proven) return compared_thresholds(trace, objective, ranking, how.solver);
    exit_search search{trace};
    bool proven = trace.exits <= exit_search::most_exits_swept;
    double bound = -std::numeric_limits<double>::infinity();
    if (proven) {
        search.every();
    } else {
        search.ladder();
        // From the best points met, nearest in rank first, on either side of the limit.
        const int restarts = std::max(1, how.restarts);
        exit_ranking::rank before{};
        for (int round = 0;; ++round) {
            auto points = undominated(search.archive());
            std::stable_sort(points.begin(), points.end(), [&](const pareto_point& a, const pareto_point& b) {
                const auto rank = [&](const pareto_point& p) {
                    return ranking(p.mean_cost * trace.samples,
                                   static_cast<int>(p.accuracy * trace.votes * trace.samples + 0.5));
                };
                return rank(a) < rank(b);
            });
            if (std::cmp_greater(points.size(), restarts)) points.erase(points.begin() + restarts, points.end());
            for (auto& point : points) search.descend(point.thresholds, ranking);
            const int best = search.archive().best(ranking);
            const auto reached = ranking(search.archive().cost(best), best);
            if (round > 0 && !(reached < before)) break;
            before = reached;
        }
    }
    int best = search.archive().best(ranking);
    const bool kept = ranking(search.archive().cost(best), best)[0] <= 0;
    if (!proven && kept) {
        bound = oracle_bound(trace, objective);
        if (how.work > 0) {
            const auto outcome = threshold_proof{trace, objective}.run(search.archive(), how.work);
            proven = outcome.proven;
            bound = std::max(bound, outcome.bound);
            best = search.archive().best(ranking);
        }
    }
    const auto rank = ranking(search.archive().cost(best), best);
    return {search.archive(), best, rank, proven, proven ? rank[1] : std::min(rank[1], bound)};
}

[[nodiscard]] inline threshold_choice chosen(const exit_trace& trace, const ranked_thresholds& found) {
    threshold_choice choice;
    const auto t = found.archive.thresholds(found.best);
    choice.thresholds.assign(t.begin(), t.end());
    choice.evaluation = evaluate(trace, choice.thresholds);
    choice.objective = found.rank[1];
    choice.bound = found.bound;
    choice.proven = found.proven;
    return choice;
}

}  // namespace detail

/// @brief Thresholds for an objective, chosen on a validation trace.
///
/// Up to three exits (two thresholds) every set of distinct thresholds is tried, so the result is optimal on the trace.
/// With more exits coordinate descents over all distinct confidences, from four starts under 25 weightings of cost and
/// error, then under the objective itself from the best points met, find good ones; branch and bound (threshold_proof)
/// finds the optimum or says how far it may be, within the work allowed. Samples of equal confidence leave together.
/// Deterministic: no random start, no clock; ties go to the more accurate.
///
/// @par Cost    O(N log N) for E = 2, O(D N) for E = 3 (below a second for N = 10000), some hundred rounds of O(N E^2)
///              and the proof's work beyond. Memory O(N E).
/// @par Errors  eenn::error if the trace fails check_trace, a limit or weight is no number, or no thresholds keep the
///              limit; the message then says what can be reached.
/// @par Source  The trade-off of Sponner et al. (2024), "Efficient post-training augmentation for adaptive inference in
///              heterogeneous and distributed IoT environments", solved there as a shortest path under independent
///              exits; here on the joint trace, where each sample is counted at the exit it really leaves at.
[[nodiscard]] inline threshold_choice choose_thresholds(const exit_trace& trace, const exit_objective& objective,
                                                        const threshold_options& how = {}) {
    const exit_ranking ranking{trace, objective};
    const auto found = detail::rank_thresholds(trace, objective, ranking, how);
    if (found.rank[0] > 0) {
        const double right = found.best;
        if (objective.goal == exit_objective::kind::least_cost) {
            raise("choose_thresholds", "no thresholds reach accuracy " + std::to_string(ranking.required_accuracy()),
                  "the best " + std::string{found.proven ? "reachable" : "found"} + " is " +
                      std::to_string(right / trace.votes / trace.samples) + ": allow a larger loss or train the exits");
        }
        raise("choose_thresholds", "no thresholds keep the mean cost at " + std::to_string(objective.limit),
              "the least reachable is " + std::to_string(trace.cost.front()) + ", everything out at the first exit");
    }
    return detail::chosen(trace, found);
}

/// @brief The same, or nothing where no thresholds keep the limit: for those who compare many traces.
[[nodiscard]] inline std::optional<threshold_choice> try_thresholds(const exit_trace& trace,
                                                                    const exit_objective& objective,
                                                                    const threshold_options& how = {}) {
    const exit_ranking ranking{trace, objective};
    const auto found = detail::rank_thresholds(trace, objective, ranking, how);
    if (found.rank[0] > 0) return {};
    return detail::chosen(trace, found);
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

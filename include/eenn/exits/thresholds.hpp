// SPDX-License-Identifier: MIT
//
// thresholds.hpp - chooses the thresholds that optimise an objective on a trace.
// Floor 5 (exits); host subset.
// Letters: N = samples, E = exits, including the last classifier, D = distinct confidences.
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

/// @brief The chosen thresholds and how close to optimal they are known to be.
struct threshold_choice {
    std::vector<float> thresholds;  ///< (E-1); observed confidences, or never_exit
    exit_evaluation evaluation;     ///< on the trace they were chosen on; report accuracy on other data
    double objective = 0;           ///< least_cost: mean cost; best_accuracy: error rate; weighted_sum: the sum
    double bound = 0;               ///< a lower bound on the objective of any thresholds
    bool proven = false;  ///< true: optimal (bound == objective); false: from a heuristic, within gap() of the optimum

    [[nodiscard]] double gap() const noexcept { return objective - bound; }

    /// The thresholds as rules for a session or a model, (E): `threshold_rules{choice.rules()}`.
    /// @param temperatures  (E), those of the trace the thresholds were chosen on; empty for 1.
    [[nodiscard]] std::vector<exit_rule> rules(std::span<const float> temperatures = {}) const {
        std::vector<exit_rule> made(thresholds.size() + 1);  // the last exit accepts every remaining sample
        if (!temperatures.empty() && temperatures.size() != made.size()) {
            raise("threshold_choice::rules",
                  std::to_string(temperatures.size()) + " temperatures for " + std::to_string(made.size()) + " exits");
        }
        for (std::size_t e = 0; e < thresholds.size(); ++e) made[e].threshold = thresholds[e];
        for (std::size_t e = 0; e < temperatures.size(); ++e) made[e].temperature = temperatures[e];
        return made;
    }
};

/// @brief How thresholds are chosen. All methods except `proven` serve as baselines.
enum class threshold_solver : unsigned char {
    proven,     ///< the optimum, or good thresholds with a bound on their gap
    descent,    ///< one coordinate descent, starting with all exits closed
    shared,     ///< the best single threshold for all exits
    published,  ///< published_thresholds(); for an objective with a limit, the best of 21 weightings
};

/// @brief The name used in reports.
[[nodiscard]] constexpr std::string_view to_string(threshold_solver solver) noexcept {
    switch (solver) {
        case threshold_solver::proven: return "proven";
        case threshold_solver::descent: return "coordinate descent";
        case threshold_solver::shared: return "one shared threshold";
        case threshold_solver::published: break;
    }
    return "published graph";
}

/// @brief The effort spent on choosing thresholds. It makes no difference for up to three exits.
struct threshold_options {
    threshold_solver solver = threshold_solver::proven;
    int restarts = 16;              ///< points of the front from which each round descends again
    std::int64_t work = 130000000;  ///< samples the proof may examine: five to ten seconds; 0: no proof

    /// For comparing many traces: milliseconds per trace, nothing proven beyond three exits.
    [[nodiscard]] static constexpr threshold_options quick() {
        return {.solver = threshold_solver::proven, .restarts = 4, .work = 0};
    }
};

namespace detail {

/// The best entry of an archive for an objective; `rank[0]` > 0 if it violates the limit.
struct ranked_thresholds {
    exit_archive archive;
    int best = 0;  ///< correct votes
    exit_ranking::rank rank{};
    bool proven = false;
    double bound = 0;
};

/// The best thresholds found by one of the baseline methods.
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
        // Descends from the best points met, closest in rank first, on either side of the limit.
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

/// @brief Chooses thresholds for an objective on a validation trace.
///
/// For up to three exits (two thresholds), it tries every set of distinct thresholds, so the result is optimal on the trace.
/// With more exits, coordinate descents over all distinct confidences find good thresholds: first from four starts under
/// 25 weightings of cost and error, then under the objective itself from the best points met. Branch and bound
/// (threshold_proof) then finds the optimum or bounds the gap, within the allowed work. Samples of equal confidence leave
/// together. Deterministic: no random starts, no clock; ties go to the higher accuracy.
///
/// @par Cost    O(N log N) for E = 2, O(D N) for E = 3 (under a second for N = 10000); beyond, several hundred rounds of
///              O(N E^2) plus the work of the proof. Memory O(N E).
/// @par Errors  eenn::error if the trace fails check_trace, a limit or weight is not a number, or no thresholds satisfy
///              the limit; the message then states the best value that can be reached.
/// @par Source  The trade-off of Sponner et al. (2024), "Efficient post-training augmentation for adaptive inference in
///              heterogeneous and distributed IoT environments", solved there as a shortest path under independent
///              exits. Here it is solved on the joint trace, which counts each sample at the exit where it leaves.
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

/// @brief Same, but returns nothing if no thresholds satisfy the limit; for comparing many traces.
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

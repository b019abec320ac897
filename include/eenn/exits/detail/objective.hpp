// SPDX-License-Identifier: MIT
//
// detail/objective.hpp - the objectives for choosing thresholds, and a lower bound on them.
// Floor 5 (exits); host subset. Letters: N = samples, E = exits, including the last classifier.
#ifndef EENN_EXITS_DETAIL_OBJECTIVE_HPP
#define EENN_EXITS_DETAIL_OBJECTIVE_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

#include <eenn/core/detail/flow.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/exits/trace.hpp>

namespace eenn {
inline namespace EENN_HOST {

/// @brief The trade-off between mean cost and accuracy that the user wants.
struct exit_objective {
    enum class kind { least_cost, best_accuracy, weighted_sum };

    kind goal = kind::least_cost;
    double limit = 0;         ///< least_cost: accuracy loss, a fraction; best_accuracy: mean cost, in the trace's unit
    double cost_weight = 0;   ///< weighted_sum
    double error_weight = 0;  ///< weighted_sum

    /// Minimises mean cost, with an accuracy at most `max_accuracy_loss` (0.01 = one point) below the last exit's.
    [[nodiscard]] static constexpr exit_objective least_cost(double max_accuracy_loss) {
        return {kind::least_cost, max_accuracy_loss, 0, 0};
    }
    /// Maximises accuracy, with a mean cost of at most `max_mean_cost`, in the trace's unit.
    [[nodiscard]] static constexpr exit_objective best_accuracy(double max_mean_cost) {
        return {kind::best_accuracy, max_mean_cost, 0, 0};
    }
    /// Minimises cost_weight * mean cost / cost of the last exit + error_weight * (1 - accuracy). Costs are relative to the
    /// last exit, so a weight means the same for MACs and for microseconds.
    [[nodiscard]] static constexpr exit_objective weighted_sum(double cost_weight, double error_weight) {
        return {kind::weighted_sum, 0, cost_weight, error_weight};
    }
};

}  // namespace EENN_HOST
inline namespace EENN_ISA {

/// @brief An objective prepared for one trace. It ranks (total cost, correct votes); smaller is better.
///
/// Compares accuracies as whole numbers of votes, and costs with a relative slack of 1e-12 for rounding errors in sums.
class exit_ranking {
public:
    /// Violation of the limit, then the objective's value, then the quantity that breaks ties.
    using rank = std::array<double, 3>;

    /// @par Errors eenn::error if the trace fails check_trace or a limit or weight of the objective is not a number.
    exit_ranking(const exit_trace& trace, const exit_objective& objective)
        : objective_{objective}, samples_{trace.samples}, votes_{1.0 * trace.votes * trace.samples} {
        check_trace(trace);
        const bool weighted = objective.goal == exit_objective::kind::weighted_sum;
        if (std::isnan(objective.limit)) raise("exit_objective::limit", "NaN", "give a finite limit");
        if (weighted &&
            (!(objective.cost_weight >= 0) || !(objective.error_weight >= 0) || !std::isfinite(objective.cost_weight) ||
             !std::isfinite(objective.error_weight) || !(objective.cost_weight + objective.error_weight > 0))) {
            raise("exit_objective",
                  "weights " + std::to_string(objective.cost_weight) + " and " + std::to_string(objective.error_weight),
                  "give weights of at least 0, not both 0");
        }
        last_cost_ = trace.cost.back();
        for (int i = 0; i < trace.samples; ++i) last_right_ += trace.correct[trace.at(i, trace.exits - 1)];
        if (objective.goal == exit_objective::kind::least_cost) {
            const double allowed = std::floor(objective.limit * votes_ + 1e-9);  // 0.01 * 300 is 3, not 2
            required_right_ = allowed >= last_right_ ? 0 : last_right_ - std::max(allowed, -votes_ - 1);
        }
    }

    [[nodiscard]] rank operator()(double total_cost, int right) const noexcept {
        const double mean_cost = total_cost / samples_;
        const double error = (votes_ - right) / votes_;
        switch (objective_.goal) {
            case exit_objective::kind::least_cost: return {std::max(0.0, required_right_ - right), mean_cost, error};
            case exit_objective::kind::best_accuracy: {
                const double over = mean_cost - objective_.limit;
                return {over > 1e-12 * std::abs(objective_.limit) ? over : 0.0, error, mean_cost};
            }
            case exit_objective::kind::weighted_sum: break;
        }
        return {0, objective_.cost_weight * relative(mean_cost) + objective_.error_weight * error, error};
    }
    /// The lowest accuracy that least_cost allows.
    [[nodiscard]] double required_accuracy() const noexcept { return required_right_ / votes_; }
    [[nodiscard]] double relative(double cost) const noexcept { return last_cost_ > 0 ? cost / last_cost_ : 0; }

private:
    exit_objective objective_;
    int samples_;
    double votes_;  // of all samples
    int last_right_ = 0;
    double last_cost_ = 0;
    double required_right_ = 0;
};

/// @brief A lower bound on the objective of any thresholds: an oracle sends every sample to its best exit.
///
/// For a weighted sum, evaluates the oracle directly. With a limit, uses the Lagrangian dual: for any price on the limited
/// quantity, the optimum including the price, minus price * limit, is a bound. Bisection on the slope finds the best price.
///
/// @par Cost    O(N E) for a weighted sum, 80 times that with a limit.
/// @par Source  Everett (1963), "Generalized Lagrange multiplier method", main theorem. The oracle sees the labels, so the
///              bound is seldom tight.
[[nodiscard]] inline double oracle_bound(const exit_trace& trace, const exit_objective& objective) {
    const exit_ranking ranking{trace, objective};
    const std::size_t exits = trace.cost.size();
    const double n = trace.samples;
    const double votes = trace.votes;
    struct totals {
        double cost;
        double error;
    };

    // Sends each sample to the exit with the least a * cost + b * error; returns the means of both.
    const auto oracle = [&](double a, double b) {
        totals sum{0, 0};
        for (std::size_t row = 0; row < trace.correct.size(); row += exits) {
            const auto wrong = [&](std::size_t e) { return 1 - trace.correct[row + e] / votes; };
            double best = std::numeric_limits<double>::infinity();
            std::size_t chosen = 0;
            for (std::size_t e = 0; e < exits; ++e) {
                const double value = a * trace.cost[e] + b * wrong(e);
                if (value < best) {
                    best = value;
                    chosen = e;
                }
            }
            sum.cost += trace.cost[chosen];
            sum.error += wrong(chosen);
        }
        return totals{sum.cost / n, sum.error / n};
    };
    if (objective.goal == exit_objective::kind::weighted_sum) {
        const double a = ranking.relative(objective.cost_weight);
        const totals t = oracle(a, objective.error_weight);
        return a * t.cost + objective.error_weight * t.error;
    }
    const bool cost_is_limited = objective.goal == exit_objective::kind::best_accuracy;
    const double limit = cost_is_limited ? objective.limit : 1 - ranking.required_accuracy();
    double gap = std::numeric_limits<double>::infinity();  // smallest difference between two costs
    for (std::size_t e = 1; e < trace.cost.size(); ++e) {
        const double step = trace.cost[e] - trace.cost[e - 1];
        if (step > 0) gap = std::min(gap, step);
    }
    // At the highest useful price, every sample minimises the limited quantity first.
    double high = cost_is_limited ? (std::isfinite(gap) ? 2 / gap : 0) : 2 * (trace.cost.back() - trace.cost.front());
    double low = 0;
    double bound = -std::numeric_limits<double>::infinity();
    for (int step = 0; step < 80; ++step) {
        const double price = step == 0 ? 0 : step == 1 ? high : 0.5 * (low + high);
        const totals t = cost_is_limited ? oracle(price, 1) : oracle(1, price);
        const double slope = (cost_is_limited ? t.cost : t.error) - limit;
        bound = std::max(bound, (cost_is_limited ? t.error : t.cost) + (price > 0 ? price * slope : 0));
        if (step < 2) continue;
        (slope > 0 ? low : high) = price;
    }
    return bound;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

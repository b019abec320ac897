// SPDX-License-Identifier: MIT
//
// detail/threshold_proof.hpp - branch and bound over thresholds: finds the optimum or bounds the gap of a choice.
// Floor 5 (exits); host subset. Tested by tests/exits/threshold_bound.cpp.
// Letters: N = samples, E = exits, including the last classifier, D = distinct confidences of an exit.
#ifndef EENN_EXITS_DETAIL_THRESHOLD_PROOF_HPP
#define EENN_EXITS_DETAIL_THRESHOLD_PROOF_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <queue>
#include <span>
#include <utility>
#include <vector>

#include <eenn/core/isa.hpp>
#include <eenn/exits/detail/objective.hpp>
#include <eenn/exits/detail/threshold_bound.hpp>
#include <eenn/exits/pareto.hpp>
#include <eenn/exits/trace.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Searches all thresholds of four or more exits for the optimum of an objective.
///
/// Prices the limit (Everett 1963): cost + price * errors - price * allowed errors never exceeds the cost of thresholds that
/// satisfy the limit. Branches on boxes of all thresholds but the last two, and expands the box with the lowest bound
/// (threshold_bound) first. A box of single thresholds is exact. If its bound is still below the best known value, it tries,
/// without prices, every pair of the last two thresholds that may close the gap. The search ends with the optimum or with
/// the lowest bound of the remaining boxes. Error bounds are rounded up to whole votes.
///
/// @par Cost     that of threshold_bound per box: several milliseconds for N = 10000 and E = 8.
/// @par Memory   O(N E), plus the prices of each box: 4 bytes per sample and exit that it leaves undecided.
/// @par Threads  Use one object per thread. The result depends on `work` alone, never on time.
class threshold_proof {
public:
    /// The trace must outlive the search and have passed check_trace; E >= 4.
    threshold_proof(const exit_trace& trace, const exit_objective& objective)
        : trace_{trace},
          ranking_{trace, objective},
          samples_{static_cast<std::uint32_t>(trace.samples)},
          exits_{trace.cost.size()},
          votes_{static_cast<std::uint32_t>(trace.votes)},
          objective_{objective},
          bound_{trace} {}

    struct outcome {
        double bound = 0;  ///< no thresholds rank below this; in the objective's unit
        bool proven = false;
    };

    /// Continues from the thresholds in an archive and offers it better ones.
    /// @param archive  with at least one entry that satisfies the limit.
    /// @param work     maximum number of samples examined, over all boxes.
    outcome run(exit_archive& archive, std::int64_t work) {
        archive_ = &archive;
        const int best = archive.best(ranking_);
        best_ = ranking_(archive.cost(best), best)[1];
        work_ = work;
        set_price();
        const auto later = [](const threshold_box& a, const threshold_box& b) { return a.least > b.least; };
        std::priority_queue<threshold_box, std::vector<threshold_box>, decltype(later)> queue{later};
        const auto assess = [&](threshold_box& box) {
            work_ -= bound_.tighten(box, enough());
            offer_chosen();
            if (promising(box)) queue.push(std::move(box));
        };
        threshold_box root = bound_.all();
        assess(root);
        while (!queue.empty() && promising(queue.top()) && work_ > 0) {
            const threshold_box at = queue.top();
            queue.pop();
            if (at.cut == threshold_box::none) {
                if (!settle(at)) {
                    queue.push(at);
                    break;
                }
                continue;
            }
            bound_.resume(at);
            std::array<threshold_box, 2> halves{at, at};
            halves[0].high[at.cut] = at.middle;
            halves[1].low[at.cut] = at.middle + 1;
            for (threshold_box& half : halves) assess(half);
        }
        const bool proven = queue.empty() || !promising(queue.top());
        return {proven ? best_ : bound_of(queue.top().least), proven};
    }

private:
    static constexpr double infinity = std::numeric_limits<double>::infinity();

    [[nodiscard]] int right(std::size_t sample, std::size_t e) const noexcept {
        return trace_.correct[sample * exits_ + e];
    }
    // Converts a sum of values to the objective's unit; the slack covers rounding of the offset.
    [[nodiscard]] double bound_of(double sum) const noexcept {
        const double least = sum - offset_ - 1e-13 * (std::abs(sum) + std::abs(offset_));
        const bool whole = objective_.goal == exit_objective::kind::best_accuracy;
        return (whole ? std::ceil(least * votes_ - 1e-6) / votes_ : least) / samples_;
    }
    // Thresholds better than the best known have a sum below this. Errors are whole votes.
    [[nodiscard]] double enough() const noexcept {
        const double sum = best_ * samples_;
        const double slack = 1e-12 * (std::abs(sum) + std::abs(offset_)) + 2 * bound_.rounding();
        const bool whole = objective_.goal == exit_objective::kind::best_accuracy;
        return sum + offset_ - slack - (whole ? (1 - 1e-6) / votes_ : 0);
    }
    [[nodiscard]] bool promising(const threshold_box& box) const noexcept { return box.least < enough(); }

    /// Offers the thresholds chosen by the last step of the bound. Each was chosen on its own, but they are often good.
    void offer_chosen() {
        const auto& leaving = bound_.chosen();
        std::vector<float> thresholds;
        for (std::size_t e = 0; e + 1 < exits_; ++e) thresholds.push_back(bound_.threshold(e, leaving[e]));
        double cost = 0;
        int correct = 0;
        for (std::size_t i = 0; i < samples_; ++i) {
            std::size_t e = 0;
            while (e + 1 < exits_ && bound_.rank(i, e) >= leaving[e]) ++e;
            cost += trace_.cost[e];
            correct += right(i, e);
        }
        offer(cost, correct, thresholds);
    }

    void offer(double cost, int correct, std::span<const float> thresholds) {
        const auto rank = ranking_(cost, correct);
        if (rank[0] > 0 || !(rank[1] < best_)) return;
        best_ = rank[1];
        archive_->offer(correct, cost, thresholds);
    }

    /// Sets the values of leaving, correct or wrong. The price is the slope, at the limit, of the archive's convex front.
    void set_price() {
        const auto points = undominated(*archive_);   // by ascending cost and accuracy
        std::vector<std::pair<double, double>> hull;  // (mean cost, error)
        for (const auto& p : points) {
            const std::pair<double, double> next{p.mean_cost, 1 - p.accuracy};
            const auto below = [&] {
                const auto& [x0, y0] = hull[hull.size() - 2];
                const auto& [x1, y1] = hull.back();
                return (x1 - x0) * (next.second - y0) <= (next.first - x0) * (y1 - y0);
            };
            while (hull.size() >= 2 && below()) hull.pop_back();
            hull.push_back(next);
        }
        const double allowed_error = 1 - ranking_.required_accuracy();
        double cost_weight = 1;
        double error_weight = 1;
        offset_ = 0;
        if (objective_.goal == exit_objective::kind::weighted_sum) {
            cost_weight = ranking_.relative(objective_.cost_weight);
            error_weight = objective_.error_weight;
        } else {
            const bool cost_is_limited = objective_.goal == exit_objective::kind::best_accuracy;
            double slope = 0;  // cost per error avoided; zero if the limit is not binding
            for (std::size_t k = 1; k < hull.size(); ++k) {
                const bool across =
                    cost_is_limited ? hull[k].first > objective_.limit : hull[k].second <= allowed_error;
                slope = (hull[k].first - hull[k - 1].first) / (hull[k - 1].second - hull[k].second);
                if (across) break;
                if (k + 1 == hull.size() && cost_is_limited) slope = infinity;
            }
            if (!cost_is_limited && !hull.empty() && hull.front().second <= allowed_error) slope = 0;
            if (cost_is_limited) {
                cost_weight = slope > 0 ? 1 / slope : 0;
                offset_ = cost_weight * objective_.limit * samples_ * (1 + 1e-12);
            } else {
                error_weight = slope;
                const double votes = 1.0 * samples_ * votes_;
                offset_ = slope * (std::round(allowed_error * votes) / votes_);
            }
        }
        const double all = votes_;
        std::vector<double> values;  // (E,votes+1)
        for (std::size_t e = 0; e < exits_; ++e) {
            for (std::uint32_t wrong = votes_ + 1; wrong-- > 0;)
                values.push_back(cost_weight * trace_.cost[e] + error_weight * (wrong / all));
        }
        bound_.set_values(values);
    }

    /// For a box without undecided places, tries the pairs of the last two thresholds that may beat the best known.
    /// Returns false if the work limit was reached.
    bool settle(const threshold_box& at) {
        const std::size_t here = bound_.outer();
        std::vector<float> thresholds(exits_ - 1, never_exit);
        for (std::size_t e = 0; e < here; ++e) thresholds[e] = bound_.threshold(e, at.low[e]);
        double gone_cost = 0;
        int gone_right = 0;
        std::vector<std::uint32_t> stayed;  // by descending confidence at the exit before the last classifier
        for (const std::uint32_t i : bound_.order(here + 1)) {
            std::size_t e = 0;
            while (e < here && bound_.rank(i, e) >= at.low[e]) ++e;
            if (e == here) {
                stayed.push_back(i);
                continue;
            }
            gone_cost += trace_.cost[e];
            gone_right += right(i, e);
        }
        bool done = true;
        bound_.visit_last_two(at, [&](std::uint32_t leaving, double least) {
            if (!(least < enough())) return;
            if (work_ <= 0) {
                done = false;
                return;
            }
            work_ -= std::ssize(stayed);
            thresholds[here] = bound_.threshold(here, leaving);
            int out = 0;  // leaving at the swept exit
            int correct = gone_right;
            int rest = 0;
            for (const std::uint32_t i : stayed) {
                const bool leaves = bound_.rank(i, here) < leaving;
                out += leaves;
                rest += !leaves;
                correct += right(i, leaves ? here : here + 2);
            }
            const double before = gone_cost + out * trace_.cost[here];
            int passed = 0;
            const auto try_last = [&](std::uint32_t leaving_next) {
                thresholds[here + 1] = bound_.threshold(here + 1, leaving_next);
                offer(before + passed * trace_.cost[here + 1] + (rest - passed) * trace_.cost[here + 2], correct,
                      thresholds);
            };
            try_last(0);
            for (std::size_t k = 0; k < stayed.size();) {
                const std::uint32_t rank = bound_.rank(stayed[k], here + 1);
                for (; k < stayed.size() && bound_.rank(stayed[k], here + 1) == rank; ++k) {
                    if (bound_.rank(stayed[k], here) < leaving) continue;
                    ++passed;
                    correct += right(stayed[k], here + 1) - right(stayed[k], here + 2);
                }
                try_last(rank + 1);
            }
        });
        return done;
    }

    const exit_trace& trace_;
    exit_ranking ranking_;
    std::uint32_t samples_;
    std::size_t exits_;
    std::uint32_t votes_;
    exit_objective objective_;
    threshold_bound bound_;
    exit_archive* archive_ = nullptr;
    double best_ = 0;
    double offset_ = 0;
    std::int64_t work_ = 0;
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif

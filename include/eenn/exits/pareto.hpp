// SPDX-License-Identifier: MIT
//
// pareto.hpp - the Pareto front of thresholds: no other thresholds are both cheaper and at least as accurate.
// Floor 5 (exits); host subset.
// Letters: N = samples, E = exits, including the last classifier, D = distinct confidences.
#ifndef EENN_EXITS_PARETO_HPP
#define EENN_EXITS_PARETO_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <eenn/core/isa.hpp>
#include <eenn/exits/detail/objective.hpp>
#include <eenn/exits/trace.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief One operating point: thresholds (E-1) and their result on the trace they were chosen on.
struct pareto_point {
    std::vector<float> thresholds;
    double mean_cost = 0;
    double accuracy = 0;
};

/// @brief Operating points by ascending cost and accuracy.
struct pareto {
    std::vector<pareto_point> points;
    bool proven = false;  ///< true: no thresholds dominate any point; false: the search found none that do
};

/// @brief The cheapest thresholds seen for each number of correct votes.
///
/// Once all thresholds have been offered, the archive contains the optimum of every objective that prefers lower cost and
/// higher accuracy.
///
/// @par Memory  (8 + 4 E) bytes per vote, N votes.
class exit_archive {
public:
    explicit exit_archive(const exit_trace& trace)
        : width_{trace.cost.size() - 1},
          samples_{trace.samples},
          votes_{trace.samples * trace.votes},
          cost_(static_cast<std::size_t>(votes_) + 1, std::numeric_limits<double>::infinity()),
          thresholds_(cost_.size() * width_) {}

    void offer(int right, double total_cost, std::span<const float> thresholds) {
        const auto r = static_cast<std::size_t>(right);
        if (!(total_cost < cost_[r])) return;
        cost_[r] = total_cost;
        std::copy(thresholds.begin(), thresholds.end(), thresholds_.data() + r * width_);
    }
    [[nodiscard]] int samples() const noexcept { return samples_; }
    /// Votes of all samples together.
    [[nodiscard]] int votes() const noexcept { return votes_; }
    /// Total cost; infinite if no thresholds with this many correct votes were offered.
    [[nodiscard]] double cost(int right) const noexcept { return cost_[static_cast<std::size_t>(right)]; }
    [[nodiscard]] std::span<const float> thresholds(int right) const noexcept {
        return std::span{thresholds_}.subspan(static_cast<std::size_t>(right) * width_, width_);
    }
    /// Number of correct votes of the best-ranked entry.
    [[nodiscard]] int best(const exit_ranking& ranking) const {
        int chosen = -1;
        exit_ranking::rank least{};
        for (int r = votes(); r >= 0; --r) {
            if (!std::isfinite(cost(r))) continue;
            const auto rank = ranking(cost(r), r);
            if (chosen < 0 || rank < least) {
                chosen = r;
                least = rank;
            }
        }
        return chosen;
    }

private:
    std::size_t width_;
    int samples_;
    int votes_;
    std::vector<double> cost_;       // (votes+1)
    std::vector<float> thresholds_;  // (votes+1,E-1)
};

/// @brief Searches the thresholds of one trace and records every result in an archive.
///
/// @par Threads  Use one object per thread.
class exit_search {
public:
    /// The trace must outlive the search.
    /// @par Errors eenn::error if the trace fails check_trace.
    explicit exit_search(const exit_trace& trace)
        : trace_{(check_trace(trace), trace)},
          exits_{trace.cost.size()},
          samples_{trace.correct.size() / exits_},
          archive_{trace},
          order_(exits_ - 1) {
        for (std::size_t k = 0; k < order_.size(); ++k) {
            order_[k].resize(samples_);
            std::iota(order_[k].begin(), order_[k].end(), 0U);
            std::sort(order_[k].begin(), order_[k].end(), [&](std::uint32_t a, std::uint32_t b) {
                const float x = confidence(a, k);
                const float y = confidence(b, k);
                return x != y ? x > y : a < b;
            });
        }
        offer_corners();
    }

    [[nodiscard]] const exit_archive& archive() const noexcept { return archive_; }
    [[nodiscard]] exit_archive& archive() noexcept { return archive_; }

    /// The largest number of exits for which every() is available.
    static constexpr int most_exits_swept = 3;

    /// Offers every distinguishable set of thresholds; E <= 3. O(N log N) for E = 2, O(D N) for E = 3.
    void every() {
        std::vector<float> thresholds(order_.size(), never_exit);
        if (trace_.exits == 2) {
            std::vector<std::uint32_t> alive = order_[0];
            sweep_before_last(alive, std::vector<char>(alive.size(), 0), 0, 0, thresholds);
        } else if (trace_.exits == 3) {
            std::vector<std::uint32_t> alive = order_[1];
            std::vector<char> gone(alive.size(), 0);
            double cost = 0;
            int right = 0;
            sweep_before_last(alive, gone, cost, right, thresholds);
            const auto& by_first = order_[0];
            for (std::size_t a = 0; a < by_first.size();) {
                thresholds[0] = confidence(by_first[a], 0);
                for (; a < by_first.size() && confidence(by_first[a], 0) == thresholds[0]; ++a) {
                    gone[by_first[a]] = 1;
                    cost += trace_.cost[0];
                    right += correct(by_first[a], 0);
                }
                sweep_before_last(alive, gone, cost, right, thresholds);
            }
        }
    }

    /// Coordinate descent: moves one threshold at a time to its best-ranked value until a full round improves nothing.
    /// Offers every value it tries to the archive. O(N E^2) per round.
    void descend(std::vector<float>& thresholds, const exit_ranking& ranking) {
        constexpr int most_rounds = 50;
        if (order_.empty()) return;
        auto best = best_value(order_.size() - 1, thresholds, ranking);
        for (int round = 0; round < most_rounds; ++round) {
            bool moved = false;
            for (std::size_t k = order_.size(); k-- > 0;) {
                const auto rank = best_value(k, thresholds, ranking);
                moved = moved || better(rank, best);
                best = rank;
            }
            if (!moved) return;
        }
    }

    /// Descends under weighted sums that range from accuracy alone to almost no weight on it. Each weight has four starts: all
    /// exits closed, all thresholds at the upper quartile, all at the median, and the solution of the previous weight.
    void ladder() {
        std::vector<float> before(order_.size(), never_exit);
        for (int step = 16; step >= -8; --step) {
            const exit_ranking ranking{trace_, exit_objective::weighted_sum(1, std::exp2(0.5 * step))};
            descend(before, ranking);
            for (const std::size_t start : {0U, 1U, 2U}) {
                std::vector<float> thresholds(order_.size(), never_exit);
                for (std::size_t k = 0; start > 0 && k < order_.size(); ++k) {
                    thresholds[k] = confidence(order_[k][samples_ * start / 4], k);
                }
                descend(thresholds, ranking);
            }
        }
    }

private:
    [[nodiscard]] float confidence(std::size_t sample, std::size_t exit) const noexcept {
        return trace_.confidence[sample * exits_ + exit];
    }
    [[nodiscard]] int correct(std::size_t sample, std::size_t exit) const noexcept {
        return trace_.correct[sample * exits_ + exit];
    }

    // Rounding errors in cost sums must not keep a descent running.
    [[nodiscard]] static bool better(const exit_ranking::rank& a, const exit_ranking::rank& b) noexcept {
        for (std::size_t j = 0; j < a.size(); ++j) {
            const double slack = 1e-12 * std::abs(b[j]);
            if (a[j] < b[j] - slack) return true;
            if (a[j] > b[j] + slack) return false;
        }
        return false;
    }

    // For each exit, lets every sample leave there.
    void offer_corners() {
        for (std::size_t e = 0; e < exits_; ++e) {
            std::vector<float> thresholds(order_.size(), never_exit);
            if (e + 1 < exits_) thresholds[e] = confidence(order_[e].back(), e);
            int right = 0;
            for (std::size_t i = 0; i < samples_; ++i) right += correct(i, e);
            archive_.offer(right, trace_.samples * trace_.cost[e], thresholds);
        }
    }

    // `alive`: samples by descending confidence at the exit before the last; drops the samples in `gone`. `cost` and `right`
    // are totals over the dropped samples.
    void sweep_before_last(std::vector<std::uint32_t>& alive, const std::vector<char>& gone, double cost, int right,
                           std::vector<float>& thresholds) {
        const std::size_t last = exits_ - 1;
        const std::size_t exit = last - 1;
        std::uint32_t kept = 0;
        for (const std::uint32_t i : alive) {
            if (gone[i]) continue;
            alive[kept++] = i;
            right += correct(i, last);
        }
        alive.resize(kept);
        const double here = trace_.cost[exit];
        const double there = trace_.cost[last];
        float& threshold = thresholds[exit];
        threshold = never_exit;
        archive_.offer(right, cost + kept * there, thresholds);
        for (std::uint32_t a = 0; a < kept;) {
            threshold = confidence(alive[a], exit);
            for (; a < kept && confidence(alive[a], exit) == threshold; ++a)
                right += correct(alive[a], exit) - correct(alive[a], last);
            archive_.offer(right, cost + a * here + (kept - a) * there, thresholds);
        }
    }

    // Tries every distinct confidence of the samples that reach exit k, sets the best one and returns its rank.
    exit_ranking::rank best_value(std::size_t k, std::vector<float>& thresholds, const exit_ranking& ranking) {
        float& threshold = thresholds[k];
        const float original = threshold;
        double cost = 0;
        int right = 0;
        reaching_.clear();
        for (const std::uint32_t i : order_[k]) {
            const auto row = std::span{trace_.confidence}.subspan(i * exits_, exits_);
            std::size_t e = 0;
            while (e < k && row[e] < thresholds[e]) ++e;
            if (e == k) {
                for (++e; e + 1 < exits_ && row[e] < thresholds[e];) ++e;
                reaching_.push_back({row[k], trace_.cost[k] - trace_.cost[e], correct(i, k) - correct(i, e)});
            }
            cost += trace_.cost[e];
            right += correct(i, e);
        }
        threshold = never_exit;
        archive_.offer(right, cost, thresholds);
        auto best = ranking(cost, right);
        float chosen = never_exit;
        for (std::size_t a = 0; a < reaching_.size();) {
            threshold = reaching_[a].confidence;
            for (; a < reaching_.size() && reaching_[a].confidence == threshold; ++a) {
                cost += reaching_[a].cost;
                right += reaching_[a].right;
            }
            archive_.offer(right, cost, thresholds);
            const auto rank = ranking(cost, right);
            if (better(rank, best)) {
                best = rank;
                chosen = threshold;
            }
        }
        threshold = reaching_.empty() ? original : chosen;
        return best;
    }

    struct move {
        float confidence;
        double cost;  // change of the total if the sample leaves at k instead of later
        int right;
    };

    const exit_trace& trace_;
    std::size_t exits_;
    std::size_t samples_;
    exit_archive archive_;
    std::vector<std::vector<std::uint32_t>> order_;  // (E-1,N), samples by descending confidence
    std::vector<move> reaching_;
};

/// @brief The points of an archive that no other point dominates.
[[nodiscard]] inline std::vector<pareto_point> undominated(const exit_archive& archive) {
    std::vector<pareto_point> points;
    double least = std::numeric_limits<double>::infinity();
    const double n = archive.samples();
    const double votes = archive.votes();
    for (int r = archive.votes(); r >= 0; --r) {
        if (!(archive.cost(r) < least)) continue;
        least = archive.cost(r);
        const auto t = archive.thresholds(r);
        points.push_back({{t.begin(), t.end()}, least / n, r / votes});
    }
    std::reverse(points.begin(), points.end());
    return points;
}

/// @brief The Pareto front of cost and accuracy over all thresholds, ready to plot.
///
/// Exact and proven for up to three exits (two thresholds). With more exits, it consists of the best points met by a series
/// of coordinate descents.
///
/// @par Cost    O(N log N) for E = 2, O(D N) for E = 3, several hundred rounds of O(N E^2) beyond. Memory O(N E).
/// @par Errors  eenn::error if the trace fails check_trace.
[[nodiscard]] inline pareto pareto_front(const exit_trace& trace) {
    exit_search search{trace};
    const bool proven = trace.exits <= exit_search::most_exits_swept;
    if (proven) {
        search.every();
    } else {
        search.ladder();
    }
    return {undominated(search.archive()), proven};
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

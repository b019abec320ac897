// SPDX-License-Identifier: MIT
//
// threshold_proof.hpp - branch and bound over thresholds: the optimum, or how far from it a choice can be.
// Floor 5 (exits); host subset.
// Letters: N = samples, E = exits, the last classifier among them, D = distinct confidences of an exit.
#ifndef EENN_EXITS_THRESHOLD_PROOF_HPP
#define EENN_EXITS_THRESHOLD_PROOF_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <queue>
#include <span>
#include <utility>
#include <vector>

#include <eenn/exits/objective.hpp>
#include <eenn/exits/pareto.hpp>
#include <eenn/exits/trace.hpp>

namespace eenn {

namespace detail {

/// Numbers in a row, one of which changes at a time, and the least sum of a prefix (the empty one too). O(log n) a change.
class prefix_minimum {
public:
    void assign(std::span<const double> numbers) {
        leaves_ = std::bit_ceil(std::max<std::size_t>(numbers.size(), 1));
        nodes_.assign(2 * leaves_, {});
        for (std::size_t i = 0; i < numbers.size(); ++i) nodes_[leaves_ + i] = leaf(numbers[i]);
        for (std::size_t n = leaves_ - 1; n > 0; --n) nodes_[n] = join(nodes_[2 * n], nodes_[2 * n + 1]);
    }
    void add(std::size_t i, double x) {
        std::size_t n = leaves_ + i;
        nodes_[n] = leaf(nodes_[n].sum + x);
        for (n /= 2; n > 0; n /= 2) nodes_[n] = join(nodes_[2 * n], nodes_[2 * n + 1]);
    }
    [[nodiscard]] double least() const noexcept { return nodes_[1].least; }

private:
    struct node {
        double sum = 0;
        double least = 0;
    };
    [[nodiscard]] static node leaf(double x) noexcept { return {x, std::min(0.0, x)}; }
    [[nodiscard]] static node join(const node& left, const node& right) noexcept {
        return {left.sum + right.sum, std::min(left.least, left.sum + right.least)};
    }

    std::size_t leaves_ = 1;
    std::vector<node> nodes_;
};

}  // namespace detail

/// @brief Searches all thresholds of four exits or more for the optimum of an objective.
///
/// A limit is priced (Everett 1963): cost + price * wrong, less price * what is allowed, never exceeds the cost of
/// thresholds that keep the limit. The search branches on boxes of all thresholds but the last two. In a box, a sample
/// that may leave at some exit or go on takes what suits it best; under that relaxation the last two thresholds are
/// chosen exactly: one is swept over all samples, the best of the other read off a tree of prefix sums. A box of single
/// thresholds is exact; if its priced bound is still below the best known, every pair of the last two thresholds that
/// may close the gap is tried without prices. So the search ends with the optimum, or with the bound of the best box left.
///
/// @par Cost     O(N (E + log D)) a box: half a millisecond for N = 10000.
/// @par Memory   O(N E), and 8 E bytes a box.
/// @par Threads  One object, one thread. The result depends on `work` alone, never on time.
class threshold_proof {
public:
    /// The trace must outlive the search and have passed check_trace; E >= 4.
    threshold_proof(const exit_trace& trace, const exit_objective& objective)
        : trace_{trace},
          ranking_{trace, objective},
          samples_{static_cast<std::size_t>(trace.samples)},
          exits_{static_cast<std::size_t>(trace.exits)},
          votes_{static_cast<std::size_t>(trace.votes)},
          rank_(exits_ - 1),
          order_(exits_ - 1),
          values_(exits_ - 1),
          objective_{objective} {
        for (std::size_t e = 0; e + 1 < exits_; ++e) {
            auto& order = order_[e];
            order.resize(samples_);
            for (std::size_t i = 0; i < samples_; ++i) order[i] = static_cast<std::uint32_t>(i);
            std::stable_sort(order.begin(), order.end(),
                             [&](std::uint32_t a, std::uint32_t b) { return confidence(a, e) > confidence(b, e); });
            rank_[e].resize(samples_);
            for (std::size_t k = 0; k < samples_; ++k) {
                if (values_[e].empty() || confidence(order[k], e) != values_[e].back())
                    values_[e].push_back(confidence(order[k], e));
                rank_[e][order[k]] = static_cast<std::uint32_t>(values_[e].size()) - 1;
            }
        }
    }

    struct outcome {
        double bound = 0;  ///< no thresholds rank below this; in the objective's unit
        bool proven = false;
    };

    /// Goes on from the thresholds in an archive, and offers it better ones.
    /// @param archive  with at least one entry that keeps the limit.
    /// @param work     samples looked at, at most, over all boxes.
    outcome run(exit_archive& archive, std::int64_t work) {
        archive_ = &archive;
        const int best = archive.best(ranking_);
        best_ = ranking_(archive.cost(best), best)[1];
        work_ = work;
        set_price();
        const auto later = [](const box& a, const box& b) { return a.bound > b.bound; };
        std::priority_queue<box, std::vector<box>, decltype(later)> queue{later};
        box root{0, none, std::vector<std::uint32_t>(outer(), 0), {}};
        for (std::size_t e = 0; e < outer(); ++e) root.high.push_back(static_cast<std::uint32_t>(values_[e].size()));
        assess(root);
        if (promising(root.bound)) queue.push(std::move(root));
        while (!queue.empty() && promising(queue.top().bound) && work_ > 0) {
            const box at = queue.top();
            queue.pop();
            if (at.cut == none) {
                if (!settle(at)) {
                    queue.push(at);
                    break;
                }
                continue;
            }
            for (box& half : halves(at)) {
                assess(half);
                if (promising(half.bound)) queue.push(std::move(half));
            }
        }
        const bool proven = queue.empty() || !promising(queue.top().bound);
        return {proven ? best_ : queue.top().bound, proven};
    }

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    static constexpr double infinity = std::numeric_limits<double>::infinity();

    // Thresholds by how many distinct confidences leave, from `low` to `high`, for each exit but the last three.
    struct box {
        double bound = 0;
        std::size_t cut = none;  // the exit to cut it at; none: all samples are settled
        std::vector<std::uint32_t> low;
        std::vector<std::uint32_t> high;
    };

    [[nodiscard]] std::size_t outer() const noexcept { return exits_ - 3; }
    [[nodiscard]] float confidence(std::size_t sample, std::size_t e) const noexcept {
        return trace_.confidence[sample * exits_ + e];
    }
    [[nodiscard]] int right(std::size_t sample, std::size_t e) const noexcept {
        return trace_.correct[sample * exits_ + e];
    }
    [[nodiscard]] double value(std::size_t sample, std::size_t e) const noexcept {
        return value_[e * (votes_ + 1) + static_cast<std::size_t>(right(sample, e))];
    }
    [[nodiscard]] bool promising(double bound) const noexcept { return bound < best_ - 1e-12 * std::abs(best_); }
    // In the objective's unit, from a sum of values; the slack covers the rounding of sums.
    [[nodiscard]] double bound_of(double sum) const noexcept {
        return (sum - offset_ - 1e-13 * (std::abs(sum) + std::abs(offset_))) / static_cast<double>(samples_);
    }

    /// What leaving costs, right or wrong, at the price of the convex front of what the archive holds, at the limit.
    void set_price() {
        const auto points = undominated(*archive_);   // by rising cost and accuracy
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
        const auto n = static_cast<double>(samples_);
        offset_ = 0;
        if (objective_.goal == exit_objective::kind::weighted_sum) {
            cost_weight = ranking_.relative(objective_.cost_weight);
            error_weight = objective_.error_weight;
        } else {
            const bool cost_is_limited = objective_.goal == exit_objective::kind::best_accuracy;
            double slope = 0;  // cost for an error less; none if the limit binds nothing
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
                offset_ = cost_weight * objective_.limit * n * (1 + 1e-12);
            } else {
                error_weight = slope;
                const double votes = n * static_cast<double>(votes_);
                offset_ = slope * (std::round(allowed_error * votes) / static_cast<double>(votes_));
            }
        }
        value_.clear();
        for (std::size_t e = 0; e < exits_; ++e) {
            for (std::size_t wrong = votes_ + 1; wrong-- > 0;)
                value_.push_back(cost_weight * trace_.cost[e] +
                                 error_weight * (static_cast<double>(wrong) / static_cast<double>(votes_)));
        }
    }

    /// Who is left for the last three exits, and what each costs there, relaxed over the box. Returns the sum over all
    /// as if everyone left takes the classifier; counts the samples that may leave at an outer exit before they must.
    double relax(const box& at) {
        undecided_.assign(outer(), 0);
        left_.assign(samples_, 1);
        last_three_.resize(3 * samples_);
        const std::size_t first = exits_ - 3;
        double sum = 0;
        for (std::size_t i = 0; i < samples_; ++i) {
            double least = infinity;
            bool gone = false;
            for (std::size_t e = 0; e < first && !gone; ++e) {
                const std::uint32_t rank = rank_[e][i];
                if (rank >= at.high[e]) continue;
                least = std::min(least, value(i, e));
                gone = rank < at.low[e];
                if (!gone) ++undecided_[e];
            }
            if (!gone) {
                left_[i] = 0;
                double* three = last_three_.data() + 3 * i;
                for (std::size_t k = 0; k < 3; ++k) three[k] = std::min(least, value(i, first + k));
                least = three[2];
            }
            sum += least;
        }
        work_ -= trace_.samples;
        return sum;
    }

    /// Walks over the thresholds of the exit before the last two: `visit(how many distinct confidences leave, least sum)`.
    template <class Visit>
    void sweep(double sum, Visit&& visit) {
        const std::size_t here = exits_ - 3;
        changes_.assign(values_[here + 1].size(), 0);
        for (std::size_t i = 0; i < samples_; ++i) {
            if (left_[i] == 0) changes_[rank_[here + 1][i]] += last_three_[3 * i + 1] - last_three_[3 * i + 2];
        }
        tree_.assign(changes_);
        visit(std::uint32_t{0}, sum + tree_.least());
        const auto& order = order_[here];
        for (std::size_t k = 0; k < samples_;) {
            const std::uint32_t rank = rank_[here][order[k]];
            bool moved = false;
            for (; k < samples_ && rank_[here][order[k]] == rank; ++k) {
                const std::uint32_t i = order[k];
                if (left_[i] != 0) continue;
                const double* three = last_three_.data() + 3 * static_cast<std::size_t>(i);
                const double change = three[2] - three[1];
                sum += three[0] - three[2];
                if (change != 0) tree_.add(rank_[here + 1][i], change);
                moved = true;
            }
            if (moved) visit(rank + 1, sum + tree_.least());
        }
    }

    void assess(box& at) {
        double least = infinity;
        sweep(relax(at), [&](std::uint32_t, double sum) { least = std::min(least, sum); });
        at.bound = std::max(at.bound, bound_of(least));
        at.cut = none;
        for (std::size_t e = 0; e < outer(); ++e) {
            if (undecided_[e] > (at.cut == none ? 0 : undecided_[at.cut])) at.cut = e;
        }
    }

    /// The two halves of a box, cut at the median rank of the samples that are undecided at its exit.
    [[nodiscard]] std::array<box, 2> halves(const box& at) {
        const std::size_t e = at.cut;
        ranks_.clear();
        for (std::size_t i = 0; i < samples_; ++i) {
            bool gone = false;
            for (std::size_t k = 0; k < e && !gone; ++k) gone = rank_[k][i] < at.low[k];
            if (!gone && rank_[e][i] >= at.low[e] && rank_[e][i] < at.high[e]) ranks_.push_back(rank_[e][i]);
        }
        const auto middle = ranks_.begin() + static_cast<std::ptrdiff_t>(ranks_.size() / 2);
        std::nth_element(ranks_.begin(), middle, ranks_.end());
        std::array<box, 2> both{at, at};
        both[0].high[e] = *middle;  // those of the median's rank stay
        both[1].low[e] = *middle + 1;
        return both;
    }

    /// A box in which nothing is undecided: tries the pairs of the last two thresholds that may be better than the best.
    /// False if the work ran out.
    bool settle(const box& at) {
        const std::size_t here = exits_ - 3;
        std::vector<float> thresholds(exits_ - 1, never_exit);
        for (std::size_t e = 0; e < outer(); ++e) {
            if (at.low[e] > 0) thresholds[e] = values_[e][at.low[e] - 1];
        }
        double gone_cost = 0;
        int gone_right = 0;
        for (std::size_t i = 0; i < samples_; ++i) {
            for (std::size_t e = 0; e < outer(); ++e) {
                if (rank_[e][i] >= at.low[e]) continue;
                gone_cost += trace_.cost[e];
                gone_right += right(i, e);
                break;
            }
        }
        const double sum = relax(at);
        std::vector<std::uint32_t> stayed;  // by falling confidence at the exit before the classifier
        for (const std::uint32_t i : order_[here + 1]) {
            if (left_[i] == 0) stayed.push_back(i);
        }
        bool done = true;
        sweep(sum, [&](std::uint32_t leaving, double least) {
            if (!promising(bound_of(least))) return;
            if (work_ <= 0) {
                done = false;
                return;
            }
            work_ -= static_cast<std::int64_t>(stayed.size());
            thresholds[here] = leaving == 0 ? never_exit : values_[here][leaving - 1];
            int out = 0;  // at the swept exit
            int correct = gone_right;
            std::size_t rest = 0;
            for (const std::uint32_t i : stayed) {
                const bool leaves = rank_[here][i] < leaving;
                out += leaves;
                rest += !leaves;
                correct += right(i, leaves ? here : here + 2);
            }
            const double before = gone_cost + out * trace_.cost[here];
            std::size_t passed = 0;
            const auto offer = [&](float threshold) {
                const double cost = before + static_cast<double>(passed) * trace_.cost[here + 1] +
                                    static_cast<double>(rest - passed) * trace_.cost[here + 2];
                const auto rank = ranking_(cost, correct);
                if (rank[0] > 0 || !(rank[1] < best_)) return;
                best_ = rank[1];
                thresholds[here + 1] = threshold;
                archive_->offer(correct, cost, thresholds);
            };
            offer(never_exit);
            for (std::size_t k = 0; k < stayed.size();) {
                const std::uint32_t rank = rank_[here + 1][stayed[k]];
                for (; k < stayed.size() && rank_[here + 1][stayed[k]] == rank; ++k) {
                    if (rank_[here][stayed[k]] < leaving) continue;
                    ++passed;
                    correct += right(stayed[k], here + 1) - right(stayed[k], here + 2);
                }
                offer(values_[here + 1][rank]);
            }
        });
        return done;
    }

    const exit_trace& trace_;
    exit_ranking ranking_;
    std::size_t samples_;
    std::size_t exits_;
    std::size_t votes_;
    std::vector<std::vector<std::uint32_t>> rank_;   // (E-1,N), 0: the highest confidence
    std::vector<std::vector<std::uint32_t>> order_;  // (E-1,N), samples by falling confidence
    std::vector<std::vector<float>> values_;         // (E-1,D), falling
    exit_objective objective_;
    exit_archive* archive_ = nullptr;
    double best_ = 0;
    std::int64_t work_ = 0;
    std::vector<double> value_;  // (E,votes+1): of leaving with so many right
    double offset_ = 0;
    // Of the box at hand.
    std::vector<std::uint32_t> undecided_;  // (E-3)
    std::vector<std::uint8_t> left_;        // (N): leaves before the last three exits for certain
    std::vector<double> last_three_;        // (N,3)
    std::vector<double> changes_;           // by rank at the exit before the classifier
    std::vector<std::uint32_t> ranks_;
    detail::prefix_minimum tree_;
};

}  // namespace eenn

#endif

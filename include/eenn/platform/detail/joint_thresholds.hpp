// SPDX-License-Identifier: MIT
//
// detail/joint_thresholds.hpp - thresholds, kept exits and one of many cost vectors, optimised jointly with a bound.
// Floor 7 (platform); host subset; numbers alone, no Eigen. Tested by tests/platform/placement.cpp.
// Letters: N = samples, E = exits, the last classifier among them, K = sets of kept exits, A = cost vectors of a set.
#ifndef EENN_PLATFORM_DETAIL_JOINT_THRESHOLDS_HPP
#define EENN_PLATFORM_DETAIL_JOINT_THRESHOLDS_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <queue>
#include <span>
#include <vector>

#include <eenn/core/isa.hpp>
#include <eenn/exits/trace.hpp>
#include <eenn/platform/detail/rank_masks.hpp>
#include <eenn/platform/detail/task.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief A set of kept exits and its possible costs: rising vectors (E); entries of closed exits are unused.
struct exit_costs {
    exit_set kept = 0;
    std::vector<std::array<double, most_placed_exits>> costs;  // (A)
};

/// @brief The best thresholds, set and cost vector found, with an optimality bound.
struct joint_choice {
    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

    std::size_t set = none;         ///< index into the given sets; none: nothing reaches the accuracy
    std::size_t costs = none;       ///< index into that set's cost vectors
    std::vector<float> thresholds;  ///< (E-1); never_exit for closed exits
    double mean_cost = 0;
    double bound = 0;        ///< no choice costs less
    int right = 0;           ///< correctly classified samples
    int best_right = 0;      ///< the most correct samples of any choice examined
    bool proven = false;     ///< bound == mean_cost; nothing cheaper reaches the accuracy
    std::int64_t nodes = 0;  ///< boxes examined
};

/// @brief Searches sets, cost vectors and thresholds for the least mean cost with at least `required` correct samples.
///
/// Branch and bound over boxes of thresholds, best bound first. In a box, each sample leaves for certain at some exit;
/// it may leave earlier, at exits whose thresholds the box leaves open. The relaxation lets each sample choose among
/// these exits independently. Its optimum is exact: all samples leave as early as possible, then as many wrong samples
/// as needed move to their next correct exit, cheapest first. These counts do not depend on the costs, so one pass over
/// the samples, 64 at a time as bits, bounds all cost vectors of a set. Beforehand, coordinate descent under a ladder
/// of prices for a wrong sample finds good thresholds.
///
/// @par Cost    O(N E^2 / 64) a box, at most `most_nodes` boxes, and K descents of about 60 rounds of O(N E).
/// @par Memory  at most E megabytes for sets of samples (rank_masks), 8 N E bytes, and 120 bytes a box.
/// @par Threads one object, one thread.
class joint_thresholds {
public:
    /// The trace must outlive the search and must have passed check_trace; E <= most_placed_exits.
    explicit joint_thresholds(const exit_trace& trace)
        : trace_{trace},
          exits_{trace.cost.size()},
          samples_{trace.correct.size() / exits_},
          right_(samples_, 0),
          words_{rank_masks::words_for(samples_)},
          everyone_(words_, 0),
          right_at_(words_ * exits_, 0),
          room_(2 * words_ * exits_),
          leaves_(samples_) {
        for (std::size_t i = 0; i < samples_; ++i) everyone_[i / 64] |= word{1} << (i % 64);
        for (std::size_t e = 0; e < exits_; ++e) {
            for (std::size_t i = 0; i < samples_; ++i) {
                const std::uint32_t right = trace.correct[i * exits_ + e];
                const word bit = right;
                right_[i] |= right << e;
                right_at_[e * words_ + i / 64] |= bit << (i % 64);
            }
            if (e + 1 == exits_) break;
            std::vector<float> values(samples_);
            for (std::size_t i = 0; i < samples_; ++i) values[i] = trace.confidence[i * exits_ + e];
            const std::vector<float> as_they_come = values;
            std::sort(values.begin(), values.end());
            values.erase(std::unique(values.begin(), values.end()), values.end());
            rank_[e].resize(samples_);
            order_[e].resize(samples_);
            std::iota(order_[e].begin(), order_[e].end(), 0U);
            for (std::size_t i = 0; i < samples_; ++i) {
                rank_[e][i] = static_cast<std::uint32_t>(
                    std::lower_bound(values.begin(), values.end(), as_they_come[i]) - values.begin());
            }
            std::stable_sort(order_[e].begin(), order_[e].end(),
                             [&](std::uint32_t a, std::uint32_t b) { return rank_[e][a] > rank_[e][b]; });
            masks_[e] = rank_masks{rank_[e], values.size()};
            values_[e] = std::move(values);
        }
    }

    [[nodiscard]] joint_choice solve(std::span<const exit_costs> sets, int required, std::int64_t most_nodes) {
        sets_ = sets;
        most_wrong_ = trace_.samples - required;
        best_ = {};
        best_total_ = infinity;
        std::priority_queue<box, std::vector<box>, later> queue;
        std::vector<box> roots;
        for (std::size_t k = 0; k < sets.size(); ++k) {
            if (sets[k].costs.empty()) continue;
            box root{.set = k};
            for (std::size_t e = 0; e + 1 < exits_; ++e) {
                if (contains(sets[k].kept, e)) root.high[e] = highest_rank(e);
            }
            assess(root);
            if (root.bound < infinity) roots.push_back(root);
        }
        std::stable_sort(roots.begin(), roots.end(), [](const box& a, const box& b) { return a.bound < b.bound; });
        for (const box& root : roots) {
            if (promising(root.bound)) descend(root.set);
        }
        for (const box& root : roots) {
            if (promising(root.bound)) queue.push(root);
        }
        while (!queue.empty() && promising(queue.top().bound) && best_.nodes < most_nodes) {
            const box at = queue.top();
            queue.pop();
            ++best_.nodes;
            for (const box& child : halves(at)) {
                if (promising(child.bound)) queue.push(child);
            }
        }
        best_.proven = queue.empty() || !promising(queue.top().bound);
        best_.mean_cost = best_total_ / trace_.samples;
        best_.bound = best_.proven ? best_.mean_cost : queue.top().bound / trace_.samples;
        return best_;
    }

private:
    using word = rank_masks::word;
    static constexpr double infinity = std::numeric_limits<double>::infinity();
    static constexpr std::size_t none = joint_choice::none;

    // Thresholds by rank, one closed interval for each kept exit. A sample leaves if its rank reaches the threshold.
    struct box {
        std::size_t set = 0;
        std::size_t cut = none;  // the exit to branch on; none: all samples are settled
        double bound = 0;
        std::array<std::uint32_t, most_placed_exits - 1> low{};
        std::array<std::uint32_t, most_placed_exits - 1> high{};
    };
    struct later {
        bool operator()(const box& a, const box& b) const noexcept { return a.bound > b.bound; }
    };
    // Number of samples by the first exit a at which they may leave, and the first of those exits that is correct:
    // [a][a] are correct at once, [a][never] nowhere.
    static constexpr std::size_t never = most_placed_exits;
    using histogram = std::array<std::array<int, most_placed_exits + 1>, most_placed_exits>;

    [[nodiscard]] bool promising(double bound) const noexcept { return bound < best_total_ * (1 - 1e-12); }
    [[nodiscard]] std::uint32_t highest_rank(std::size_t e) const noexcept { return rank_[e][order_[e].front()]; }

    // The kept exits of a box, by depth, with the samples that may leave there and those that must.
    struct way_out {
        std::size_t exit = 0;
        const word* may = nullptr;
        const word* must = nullptr;
        const word* right = nullptr;
    };
    // Returns their number, including the last classifier.
    std::size_t ways_out(const box& at) {
        std::size_t ways = 0;
        for (std::size_t e = 0; e + 1 < exits_; ++e) {
            if (!contains(sets_[at.set].kept, e)) continue;
            ways_[ways++] = {e, masks_[e].at_least(at.low[e], room_.data() + 2 * e * words_),
                             masks_[e].at_least(at.high[e], room_.data() + (2 * e + 1) * words_),
                             right_at_.data() + e * words_};
        }
        ways_[ways++] = {exits_ - 1, everyone_.data(), everyone_.data(), right_at_.data() + (exits_ - 1) * words_};
        return ways;
    }

    /// Bounds the total cost in a box from below, over the set's cost vectors (infinite if too few samples can be
    /// correct). Chooses the exit to branch on: the one where most samples may leave before they must. Offers two
    /// corners of the box as solutions: all samples leave as early as possible, and as late as possible.
    void assess(box& at) {
        const std::size_t ways = ways_out(at);
        histogram early = {};  // a sample counts at the first exit where it may leave
        histogram late = {};   // all samples leave as late as possible
        std::array<int, most_placed_exits> open{};
        std::array<word, most_placed_exits> first{};
        std::array<word, most_placed_exits> good{};
        for (std::size_t w = 0; w < words_; ++w) {
            word here = everyone_[w];  // not forced to leave before
            word fresh = here;         // unable to leave before
            for (std::size_t j = 0; j < ways; ++j) {
                const way_out& way = ways_[j];
                const word may = here & way.may[w];
                const word must = here & way.must[w];
                const word right = way.right[w];
                open[j] += std::popcount(may & ~must);
                late[j][j] += std::popcount(must & right);
                late[j][never] += std::popcount(must & ~right);
                here &= ~must;
                first[j] = fresh & may;
                good[j] = may & right;
                fresh &= ~may;
            }
            for (std::size_t a = 0; a < ways; ++a) {
                word rest = first[a];
                for (std::size_t b = a; b < ways; ++b) {
                    early[a][b] += std::popcount(rest & good[b]);
                    rest &= ~good[b];
                }
                early[a][never] += std::popcount(rest);
            }
        }
        at.cut = none;
        int most = 0;
        for (std::size_t j = 0; j < ways; ++j) {
            if (open[j] <= most) continue;
            most = open[j];
            at.cut = ways_[j].exit;
        }
        offer(at.set, ways, late, at.high);
        offer(at.set, ways, early, at.low);
        at.bound = relaxed(at.set, ways, early);
    }

    // The least cost if each sample may choose: all at their first exit, then cheapest moves to the next correct one.
    [[nodiscard]] double relaxed(std::size_t set, std::size_t ways, const histogram& counts) const {
        struct upgrade {
            std::size_t from = 0;
            std::size_t to = 0;
            int samples = 0;
            double price = 0;
        };
        std::array<upgrade, most_placed_exits * most_placed_exits / 2> upgrades;
        std::size_t kinds = 0;
        std::array<int, most_placed_exits> leaving{};
        int wrong = 0;
        int mended = 0;
        for (std::size_t a = 0; a < ways; ++a) {
            leaving[a] = counts[a][a] + counts[a][never];
            wrong += counts[a][never];
            for (std::size_t b = a + 1; b < ways; ++b) {
                if (counts[a][b] == 0) continue;
                leaving[a] += counts[a][b];
                mended += counts[a][b];
                upgrades[kinds++] = {ways_[a].exit, ways_[b].exit, counts[a][b], 0};
            }
        }
        const int excess = wrong + mended - most_wrong_;
        if (excess > mended) return infinity;
        double least = infinity;
        for (const auto& cost : sets_[set].costs) {
            double total = 0;
            for (std::size_t a = 0; a < ways; ++a) {
                if (leaving[a] > 0) total += leaving[a] * cost[ways_[a].exit];
            }
            for (std::size_t u = 0; u < kinds; ++u) upgrades[u].price = cost[upgrades[u].to] - cost[upgrades[u].from];
            std::size_t bought = 0;  // exhausted kinds come first
            for (int left = excess; left > 0 && total < least && promising(total); ++bought) {
                std::size_t cheapest = bought;
                for (std::size_t u = bought + 1; u < kinds; ++u) {
                    if (upgrades[u].price < upgrades[cheapest].price) cheapest = u;
                }
                std::swap(upgrades[bought], upgrades[cheapest]);
                const int some = std::min(left, upgrades[bought].samples);
                total += some * upgrades[bought].price;
                left -= some;
            }
            least = std::min(least, total);
        }
        return least;
    }

    // Offers thresholds by rank, with all samples at the first exit of the counts; kept if better than the best so far.
    void offer(std::size_t set, std::size_t ways, const histogram& counts, std::span<const std::uint32_t> ranks) {
        std::array<int, most_placed_exits> leaving{};
        int right = 0;
        for (std::size_t j = 0; j < ways; ++j) {
            for (const int n : counts[j]) leaving[j] += n;
            right += counts[j][j];
        }
        best_.best_right = std::max(best_.best_right, right);
        if (trace_.samples - right > most_wrong_) return;
        const auto& costs = sets_[set].costs;
        for (std::size_t a = 0; a < costs.size(); ++a) {
            double total = 0;
            for (std::size_t j = 0; j < ways; ++j) {
                if (leaving[j] > 0) total += leaving[j] * costs[a][ways_[j].exit];
            }
            if (!promising(total)) continue;
            best_total_ = total;
            best_.set = set;
            best_.costs = a;
            best_.right = right;
            best_.thresholds.assign(exits_ - 1, never_exit);
            for (std::size_t j = 0; j + 1 < ways; ++j)
                best_.thresholds[ways_[j].exit] = values_[ways_[j].exit][ranks[ways_[j].exit]];
        }
    }

    // Splits a box at its branching exit, at the median rank of the samples that may leave there before they must.
    // Returns assessed halves.
    [[nodiscard]] std::vector<box> halves(const box& at) {
        if (at.cut == none) return {};
        const std::size_t exit = at.cut;
        const std::size_t ways = ways_out(at);
        undecided_ = everyone_;
        int among = 0;
        for (std::size_t j = 0; j < ways && ways_[j].exit <= exit; ++j) {
            const bool last = ways_[j].exit == exit;
            for (std::size_t w = 0; w < words_; ++w) {
                undecided_[w] &= ~ways_[j].must[w];
                if (!last) continue;
                undecided_[w] &= ways_[j].may[w];
                among += std::popcount(undecided_[w]);
            }
        }
        const auto reaching = [&](std::uint32_t rank) {
            const word* mask = masks_[exit].at_least(rank, room_.data());
            int count = 0;
            for (std::size_t w = 0; w < words_; ++w) count += std::popcount(undecided_[w] & mask[w]);
            return count;
        };
        std::uint32_t middle = at.low[exit];
        std::uint32_t above_it = at.high[exit];  // ranks lie in [low, high), so both halves are smaller
        while (above_it - middle > 1) {
            const std::uint32_t rank = middle + (above_it - middle) / 2;
            (reaching(rank) >= among - among / 2 ? middle : above_it) = rank;
        }
        box below = at;
        box above = at;
        below.high[exit] = middle;
        above.low[exit] = middle + 1;
        assess(below);
        assess(above);
        return {below, above};
    }

    // Marks for each sample the exits whose thresholds, at.low, it reaches: leaves_.
    void mark(const box& at) {
        std::fill(leaves_.begin(), leaves_.end(), 1U << (exits_ - 1));
        for (std::size_t e = 0; e + 1 < exits_; ++e) {
            if (!contains(sets_[at.set].kept, e)) continue;
            for (std::size_t i = 0; i < samples_; ++i) {
                const std::uint32_t reached = rank_[e][i] >= at.low[e];
                leaves_[i] |= reached << e;
            }
        }
    }

    // Optimises one threshold at a time, under falling prices for a wrong sample, each from the previous solution;
    // finally under the requirement itself. Uses the cost vector that fits the thresholds best.
    void descend(std::size_t set) {
        const exit_costs& it = sets_[set];
        box at{.set = set};
        for (std::size_t e = 0; e + 1 < exits_; ++e) {
            if (contains(it.kept, e)) at.low[e] = at.high[e] = highest_rank(e);
        }
        mark(at);
        const auto* cost = &it.costs[0];
        constexpr int dearest = 10;
        constexpr int cheapest = -6;
        for (int step = dearest; step >= cheapest; --step) {
            const bool last = step == cheapest;  // the requirement itself: up to it, correct samples outweigh any cost
            const double price = (*cost)[exits_ - 1] * std::exp2(0.5 * step);
            for (int round = 0; round < 4; ++round) {
                bool moved = false;
                for (std::size_t e = exits_ - 1; e-- > 0;) {
                    if (contains(it.kept, e)) moved = sweep(at, e, *cost, price, last) || moved;
                }
                if (!moved) break;
            }
            const double before = best_total_;
            assess(at);
            if (best_total_ < before) best_ranks_ = at.low;
            cost = &cheapest_for_leavers(it);
            if (step == cheapest + 1 && best_.set == set) {  // polish the best thresholds found
                at.low = at.high = best_ranks_;
                mark(at);
                cost = &it.costs[best_.costs];
            }
        }
    }
    [[nodiscard]] const std::array<double, most_placed_exits>& cheapest_for_leavers(const exit_costs& it) const {
        std::array<int, most_placed_exits> leaving{};
        for (std::size_t i = 0; i < samples_; ++i) ++leaving[static_cast<std::size_t>(std::countr_zero(leaves_[i]))];
        std::size_t chosen = 0;
        double least = infinity;
        for (std::size_t a = 0; a < it.costs.size(); ++a) {
            double total = 0;
            for (std::size_t e = 0; e < exits_; ++e) {
                if (leaving[e] > 0) total += leaving[e] * it.costs[a][e];
            }
            if (total < least) {
                least = total;
                chosen = a;
            }
        }
        return it.costs[chosen];
    }
    // Sets the threshold of exit e to the best of all its values. Returns whether it changed.
    bool sweep(box& at, std::size_t e, const std::array<double, most_placed_exits>& cost, double price, bool required) {
        const std::uint32_t bit = 1U << e;
        double total = 0;
        int wrong = 0;
        for (std::size_t i = 0; i < samples_; ++i) {
            const std::uint32_t others = leaves_[i] & ~bit;
            const auto x = static_cast<std::size_t>(std::countr_zero(others));
            total += cost[x];
            wrong += !contains(right_[i], x);
        }
        const auto score = [&] { return total + price * (required ? std::max(0, wrong - most_wrong_) : wrong); };
        const std::uint32_t before = at.low[e];
        if (required) price = 1e3 * cost[exits_ - 1] * trace_.samples;
        double least = infinity;
        std::uint32_t chosen = before;
        for (std::size_t k = 0; k < samples_;) {
            const std::uint32_t rank = rank_[e][order_[e][k]];
            for (; k < samples_ && rank_[e][order_[e][k]] == rank; ++k) {
                const std::uint32_t i = order_[e][k];
                const std::uint32_t others = leaves_[i] & ~bit;
                if ((others & (bit - 1)) != 0) continue;
                const auto x = static_cast<std::size_t>(std::countr_zero(others));
                total += cost[e] - cost[x];
                wrong += contains(right_[i], x) - contains(right_[i], e);
            }
            const double now = score();
            if (now < least - 1e-12 * std::abs(now)) {
                least = now;
                chosen = rank;
            }
        }
        if (chosen == before) return false;
        at.low[e] = at.high[e] = chosen;
        for (std::size_t i = 0; i < samples_; ++i) {
            const std::uint32_t reached = rank_[e][i] >= chosen;
            leaves_[i] = (leaves_[i] & ~bit) | (reached << e);
        }
        return true;
    }

    const exit_trace& trace_;
    std::size_t exits_;
    std::size_t samples_;
    std::array<std::vector<float>, most_placed_exits> values_;         // distinct confidences, rising
    std::array<std::vector<std::uint32_t>, most_placed_exits> rank_;   // (N), ranks among them
    std::array<std::vector<std::uint32_t>, most_placed_exits> order_;  // (N), samples by falling confidence
    std::vector<std::uint32_t> right_;                                 // (N), one bit for each exit
    std::span<const exit_costs> sets_;
    int most_wrong_ = 0;
    joint_choice best_;
    double best_total_ = infinity;
    // Sets of samples, one bit each.
    std::size_t words_ = 0;
    std::array<rank_masks, most_placed_exits> masks_;  // by rank
    std::vector<word> everyone_;
    std::vector<word> right_at_;                   // (E, words)
    std::vector<word> room_;                       // (2 E, words)
    std::vector<word> undecided_;                  // for the box being split
    std::array<way_out, most_placed_exits> ways_;  // for the current box
    // State of the descent.
    std::vector<std::uint32_t> leaves_;  // (N), one bit for each exit
    std::array<std::uint32_t, most_placed_exits - 1> best_ranks_{};
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// joint_thresholds.hpp - thresholds, kept exits and one of many cost vectors, chosen together and with a bound.
// Floor 5 (platform); host subset; numbers alone, no Eigen.
// Letters: N = samples, E = exits, the last classifier among them, K = sets of kept exits, A = cost vectors of a set.
#ifndef EENN_PLATFORM_JOINT_THRESHOLDS_HPP
#define EENN_PLATFORM_JOINT_THRESHOLDS_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <queue>
#include <span>
#include <vector>

#include <eenn/exits/trace.hpp>
#include <eenn/platform/task.hpp>

namespace eenn {

/// @brief A set of kept exits and the costs it may come at: rising vectors (E), entries of closed exits unused.
struct exit_costs {
    exit_set kept = 0;
    std::vector<std::array<double, most_placed_exits>> costs;  // (A)
};

/// @brief The best thresholds, set and cost vector found, and how good they are known to be.
struct joint_choice {
    int set = -1;                   ///< index into the sets given; -1: nothing reaches the accuracy
    int costs = -1;                 ///< index into that set's cost vectors
    std::vector<float> thresholds;  ///< (E-1); never_exit where closed
    double mean_cost = 0;
    double bound = 0;        ///< no choice costs less
    int right = 0;           ///< samples that are right
    int best_right = 0;      ///< the most that any choice met had right
    bool proven = false;     ///< bound == mean_cost; nothing cheaper reaches the accuracy
    std::int64_t nodes = 0;  ///< boxes looked at
};

/// @brief Searches all sets, cost vectors and thresholds for the least mean cost with at least `required` samples right.
///
/// Branch and bound over boxes of thresholds, the one with the lowest bound first. In a box each sample leaves for
/// certain at some exit unless it may leave before, at exits whose threshold the box leaves open. Letting each sample
/// choose among those on its own relaxes the problem; its optimum is exact: everyone leaves as early as may be, then as
/// many wrong samples as needed go on to the next exit that is right, cheapest first. These counts do not depend on
/// the costs, so that one pass over the samples bounds all cost vectors of a set. A coordinate descent under a ladder of
/// prices for a wrong sample finds good thresholds beforehand.
///
/// @par Cost    O(N E) a box, `most_nodes` boxes at most, K descents of some 60 rounds of O(N E).
/// @par Memory  N (8 E + 16) + 120 bytes a box.
/// @par Threads One object, one thread.
class joint_thresholds {
public:
    /// The trace must outlive the search and have passed check_trace; E <= most_placed_exits.
    explicit joint_thresholds(const exit_trace& trace)
        : trace_{trace},
          samples_{static_cast<std::size_t>(trace.samples)},
          exits_{static_cast<std::size_t>(trace.exits)},
          right_(samples_, 0),
          leaves_(samples_),
          open_(samples_) {
        for (std::size_t e = 0; e < exits_; ++e) {
            for (std::size_t i = 0; i < samples_; ++i) {
                right_[i] |= static_cast<std::uint32_t>(trace.correct[i * exits_ + e]) << e;
            }
            if (e + 1 == exits_) break;
            std::vector<float> values(samples_);
            for (std::size_t i = 0; i < samples_; ++i) values[i] = trace.confidence[i * exits_ + e];
            const std::vector<float> as_they_come = values;
            std::sort(values.begin(), values.end());
            values.erase(std::unique(values.begin(), values.end()), values.end());
            rank_[e].resize(samples_);
            order_[e].resize(samples_);
            for (std::size_t i = 0; i < samples_; ++i) {
                rank_[e][i] = static_cast<std::uint32_t>(
                    std::lower_bound(values.begin(), values.end(), as_they_come[i]) - values.begin());
                order_[e][i] = static_cast<std::uint32_t>(i);
            }
            std::stable_sort(order_[e].begin(), order_[e].end(),
                             [&](std::uint32_t a, std::uint32_t b) { return rank_[e][a] > rank_[e][b]; });
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
            box root{.set = static_cast<int>(k)};
            for (std::size_t e = 0; e + 1 < exits_; ++e) {
                if (contains(sets[k].kept, e)) root.high[e] = static_cast<std::uint32_t>(values_[e].size()) - 1;
            }
            root.bound = bound_of_root(root);
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
            split_samples(at);
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
    static constexpr double infinity = std::numeric_limits<double>::infinity();

    // Thresholds by rank, one closed interval for each kept exit. A sample leaves if its rank is not below.
    struct box {
        int set = 0;
        double bound = 0;
        std::array<std::uint32_t, most_placed_exits - 1> low{};
        std::array<std::uint32_t, most_placed_exits - 1> high{};
    };
    struct later {
        bool operator()(const box& a, const box& b) const noexcept { return a.bound > b.bound; }
    };
    // How many samples, by the first exit they may leave at and the first of those that is right: [a][a] are right at
    // once, [a][never] nowhere.
    static constexpr std::size_t never = most_placed_exits;
    using histogram = std::array<std::array<int, most_placed_exits + 1>, most_placed_exits>;

    [[nodiscard]] bool promising(double bound) const noexcept { return bound < best_total_ * (1 - 1e-12); }

    // For each sample the exits where it leaves for certain and those where it may: leaves_, open_, one bit an exit.
    void mark(const box& at) {
        std::fill(leaves_.begin(), leaves_.end(), 1U << (exits_ - 1));
        std::fill(open_.begin(), open_.end(), 0U);
        for (std::size_t e = 0; e + 1 < exits_; ++e) {
            if (!contains(sets_[static_cast<std::size_t>(at.set)].kept, e)) continue;
            const std::uint32_t* rank = rank_[e].data();
            const std::uint32_t width = at.high[e] - at.low[e];
            for (std::size_t i = 0; i < samples_; ++i) {
                leaves_[i] |= static_cast<std::uint32_t>(rank[i] >= at.high[e]) << e;
                open_[i] |= static_cast<std::uint32_t>(rank[i] - at.low[e] < width) << e;  // low <= rank < high
            }
        }
    }
    // Exits where a sample may leave: open ones before the first certain one, and that.
    [[nodiscard]] static std::uint32_t options(std::uint32_t leaves, std::uint32_t open) noexcept {
        const std::uint32_t certain = leaves & (0U - leaves);
        return (open & (certain - 1)) | certain;
    }
    static void count(histogram& into, std::uint32_t may, std::uint32_t right) noexcept {
        ++into[static_cast<std::size_t>(std::countr_zero(may))]
              [static_cast<std::size_t>(std::countr_zero((may & right) | 1U << never))];
    }
    // Sets settled_ (samples with one exit left) and loose_ (the others), offers the corner where all leave late.
    void split_samples(const box& at) {
        mark(at);
        std::array<histogram, 2> late = {};  // everyone as late as may be; settled, loose
        std::size_t loose = 0;
        loose_.resize(samples_);
        may_.resize(samples_);
        for (std::size_t i = 0; i < samples_; ++i) {  // no branches: they would be mispredicted
            const std::uint32_t certain = leaves_[i] & (0U - leaves_[i]);
            const std::uint32_t may = options(leaves_[i], open_[i]);
            const std::size_t is_loose = may != certain ? 1 : 0;
            count(late[is_loose], certain, right_[i]);
            loose_[loose] = static_cast<std::uint32_t>(i);
            may_[loose] = may;
            loose += is_loose;
        }
        loose_.resize(loose);
        may_.resize(loose);
        settled_ = late[0];
        for (std::size_t e = 0; e < exits_; ++e) {
            for (std::size_t n = 0; n < late[1][e].size(); ++n) late[1][e][n] += settled_[e][n];
        }
        offer(at.set, late[1], at.high);
    }

    // A lower bound on the total cost in a box, over the set's cost vectors; infinite if too few can be right. Offers
    // the corner where all leave early.
    double bound_of(const box& at, const histogram& counts) {
        offer(at.set, counts, at.low);
        double least = infinity;
        for (const auto& cost : sets_[static_cast<std::size_t>(at.set)].costs) {
            least = std::min(least, relaxed(counts, cost));
        }
        return least;
    }
    [[nodiscard]] double bound_of_root(const box& at) {
        split_samples(at);
        histogram counts = settled_;
        for (std::size_t k = 0; k < loose_.size(); ++k) count(counts, may_[k], right_[loose_[k]]);
        return bound_of(at, counts);
    }
    [[nodiscard]] double relaxed(const histogram& counts, const std::array<double, most_placed_exits>& cost) const {
        struct upgrade {
            double price;
            int samples;
        };
        std::array<upgrade, most_placed_exits * most_placed_exits / 2> upgrades;
        std::size_t kinds = 0;
        double total = 0;
        int wrong = 0;
        for (std::size_t a = 0; a < exits_; ++a) {
            int here = counts[a][a] + counts[a][never];
            wrong += counts[a][never];
            for (std::size_t b = a + 1; b < exits_; ++b) {
                if (counts[a][b] == 0) continue;
                here += counts[a][b];
                wrong += counts[a][b];
                upgrades[kinds++] = {cost[b] - cost[a], counts[a][b]};
            }
            if (here > 0) total += here * cost[a];
        }
        int excess = wrong - most_wrong_;
        while (excess > 0) {
            std::size_t cheapest = kinds;
            for (std::size_t u = 0; u < kinds; ++u) {
                if (upgrades[u].samples > 0 && (cheapest == kinds || upgrades[u].price < upgrades[cheapest].price)) {
                    cheapest = u;
                }
            }
            if (cheapest == kinds) return infinity;
            const int bought = std::min(excess, upgrades[cheapest].samples);
            total += bought * upgrades[cheapest].price;
            excess -= bought;
            upgrades[cheapest].samples = 0;
        }
        return total;
    }

    // Thresholds by rank, with everyone at the first exit of the counts: better than the best so far?
    void offer(int set, const histogram& counts, std::span<const std::uint32_t> ranks) {
        std::array<int, most_placed_exits> leaving{};
        int right = 0;
        for (std::size_t e = 0; e < exits_; ++e) {
            for (const int n : counts[e]) leaving[e] += n;
            right += counts[e][e];
        }
        best_.best_right = std::max(best_.best_right, right);
        if (trace_.samples - right > most_wrong_) return;
        const auto& costs = sets_[static_cast<std::size_t>(set)].costs;
        for (std::size_t a = 0; a < costs.size(); ++a) {
            double total = 0;
            for (std::size_t e = 0; e < exits_; ++e) {
                if (leaving[e] > 0) total += leaving[e] * costs[a][e];
            }
            if (!promising(total)) continue;
            best_total_ = total;
            best_.set = set;
            best_.costs = static_cast<int>(a);
            best_.right = right;
            best_.thresholds.assign(exits_ - 1, never_exit);
            for (std::size_t e = 0; e + 1 < exits_; ++e) {
                if (contains(sets_[static_cast<std::size_t>(set)].kept, e)) best_.thresholds[e] = values_[e][ranks[e]];
            }
        }
    }

    // The box cut at the exit that most loose samples may leave at before they must, near the median of their ranks there.
    [[nodiscard]] std::vector<box> halves(const box& at) {
        std::size_t exit = 0;
        std::uint32_t most = 0;
        for (std::size_t e = 0; e + 1 < exits_; ++e) {
            if (at.low[e] == at.high[e]) continue;
            std::uint32_t weight = 0;
            for (std::size_t k = 0; k < may_.size(); ++k) weight += may_[k] >> e & open_[loose_[k]] >> e & 1U;
            if (weight <= most) continue;
            most = weight;
            exit = e;
        }
        if (most == 0) return {};
        const std::uint32_t bit = 1U << exit;
        const std::uint32_t* rank = rank_[exit].data();
        ranks_.clear();
        const std::size_t stride = 1 + loose_.size() / 256;  // a sample of them gives the median well enough
        for (std::size_t start = 0; ranks_.empty(); ++start) {
            for (std::size_t k = start; k < loose_.size(); k += stride) {
                if ((may_[k] & open_[loose_[k]] & bit) != 0) ranks_.push_back(rank[loose_[k]]);
            }
        }
        const auto middle = ranks_.begin() + static_cast<std::ptrdiff_t>(ranks_.size() / 2);
        std::nth_element(ranks_.begin(), middle, ranks_.end());
        box below = at;
        box above = at;
        below.high[exit] = *middle;  // open ranks lie in [low, high): both halves are smaller
        above.low[exit] = *middle + 1;
        histogram early = settled_;
        histogram late = settled_;
        for (std::size_t k = 0; k < loose_.size(); ++k) {
            const std::uint32_t i = loose_[k];
            const std::uint32_t here = open_[i] & bit;
            const bool up = rank[i] >= *middle;
            const std::uint32_t sure = up ? here : 0U;                 // leaves for certain in the lower box
            const std::uint32_t shut = rank[i] > *middle ? 0U : here;  // stays for certain in the upper
            count(early, options(leaves_[i] | sure, open_[i] & ~sure), right_[i]);
            count(late, options(leaves_[i], open_[i] & ~shut), right_[i]);
        }
        below.bound = bound_of(below, early);
        above.bound = bound_of(above, late);
        return {below, above};
    }

    // Leaving counts under thresholds given by leaves_ alone.
    void offer_thresholds(int set, std::span<const std::uint32_t> ranks) {
        histogram counts = {};
        for (std::size_t i = 0; i < samples_; ++i) count(counts, leaves_[i] & (0U - leaves_[i]), right_[i]);
        offer(set, counts, ranks);
    }

    // One threshold at a time, under prices for a wrong sample from dear to cheap, each from the solution before; then
    // under the requirement itself. The cost vector is the one that suits the thresholds best.
    void descend(int set) {
        const exit_costs& it = sets_[static_cast<std::size_t>(set)];
        box at{.set = set};
        for (std::size_t e = 0; e + 1 < exits_; ++e) {
            if (contains(it.kept, e)) at.low[e] = at.high[e] = static_cast<std::uint32_t>(values_[e].size()) - 1;
        }
        mark(at);
        const auto* cost = &it.costs[0];
        constexpr int dearest = 10;
        constexpr int cheapest = -6;
        for (int step = dearest; step >= cheapest; --step) {
            const bool last =
                step == cheapest;  // the requirement itself: a price nothing outweighs, up to what is needed
            const double price = (*cost)[exits_ - 1] * std::exp2(0.5 * step);
            for (int round = 0; round < 4; ++round) {
                bool moved = false;
                for (std::size_t e = exits_ - 1; e-- > 0;) {
                    if (contains(it.kept, e)) moved = sweep(at, e, *cost, price, last) || moved;
                }
                if (!moved) break;
            }
            const double before = best_total_;
            offer_thresholds(set, at.low);
            if (best_total_ < before) best_ranks_ = at.low;
            cost = &cheapest_for_leavers(it);
            if (step == cheapest + 1 && best_.set == set) {  // polish the best thresholds met
                at.low = at.high = best_ranks_;
                mark(at);
                cost = &it.costs[static_cast<std::size_t>(best_.costs)];
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
    // Sets the threshold of exit e to the best of all its values. True if it moved.
    bool sweep(box& at, std::size_t e, const std::array<double, most_placed_exits>& cost, double price, bool required) {
        const std::uint32_t bit = 1U << e;
        double total = 0;
        int wrong = 0;
        for (std::size_t i = 0; i < samples_; ++i) {
            const std::uint32_t others = leaves_[i] & ~bit;
            const auto x = static_cast<std::size_t>(std::countr_zero(others));
            total += cost[x];
            wrong += static_cast<int>(~right_[i] >> x & 1U);
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
                wrong += static_cast<int>(right_[i] >> x & 1U) - static_cast<int>(right_[i] >> e & 1U);
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
            leaves_[i] = (leaves_[i] & ~bit) | (static_cast<std::uint32_t>(rank_[e][i] >= chosen) << e);
        }
        return true;
    }

    const exit_trace& trace_;
    std::size_t samples_;
    std::size_t exits_;
    std::array<std::vector<float>, most_placed_exits> values_;         // distinct confidences, rising
    std::array<std::vector<std::uint32_t>, most_placed_exits> rank_;   // (N) among them
    std::array<std::vector<std::uint32_t>, most_placed_exits> order_;  // (N), samples by falling confidence
    std::vector<std::uint32_t> right_;                                 // (N), one bit an exit
    std::span<const exit_costs> sets_;
    int most_wrong_ = 0;
    joint_choice best_;
    double best_total_ = infinity;
    // Of the box at hand.
    std::vector<std::uint32_t> leaves_;
    std::vector<std::uint32_t> open_;
    histogram settled_{};
    std::vector<std::uint32_t> loose_;
    std::vector<std::uint32_t> may_;  // of loose_: exits where they may leave
    std::vector<std::uint32_t> ranks_;
    std::array<std::uint32_t, most_placed_exits - 1> best_ranks_{};
};

}  // namespace eenn

#endif

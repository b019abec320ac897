// SPDX-License-Identifier: MIT
//
// detail/threshold_bound.hpp - what no thresholds in a box of thresholds can cost less than.
// Floor 5 (exits); host subset.
// Letters: N = samples, E = exits, the last classifier among them, D = distinct confidences of an exit.
#ifndef EENN_EXITS_DETAIL_THRESHOLD_BOUND_HPP
#define EENN_EXITS_DETAIL_THRESHOLD_BOUND_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include <eenn/core/isa.hpp>
#include <eenn/exits/trace.hpp>

namespace eenn {
inline namespace EENN_ISA {

namespace detail {

/// Numbers in a row, one of which changes at a time, and the least sum of a prefix (the empty one too). O(log n) a change.
class prefix_minimum {
public:
    void assign(std::span<const std::int64_t> numbers) {
        leaves_ = std::bit_ceil(std::max<std::size_t>(numbers.size(), 1));
        nodes_.assign(2 * leaves_, {});
        for (std::size_t i = 0; i < numbers.size(); ++i) nodes_[leaves_ + i] = leaf(numbers[i]);
        for (std::size_t n = leaves_ - 1; n > 0; --n) nodes_[n] = join(nodes_[2 * n], nodes_[2 * n + 1]);
    }
    void add(std::size_t i, std::int64_t x) {
        std::size_t n = leaves_ + i;
        nodes_[n] = leaf(nodes_[n].sum + x);
        for (n /= 2; n > 0; n /= 2) nodes_[n] = join(nodes_[2 * n], nodes_[2 * n + 1]);
    }
    [[nodiscard]] std::int64_t least() const noexcept { return nodes_[1].least; }

private:
    struct node {
        std::int64_t sum = 0;
        std::int64_t least = 0;
    };
    [[nodiscard]] static node leaf(std::int64_t x) noexcept { return {x, std::min<std::int64_t>(0, x)}; }
    [[nodiscard]] static node join(const node& left, const node& right) noexcept {
        return {left.sum + right.sum, std::min(left.least, left.sum + right.least)};
    }

    std::size_t leaves_ = 1;
    std::vector<node> nodes_;
};

}  // namespace detail

/// @brief All thresholds whose first E-3 let between `low` and `high` distinct confidences leave; the last two are free.
struct threshold_box {
    std::vector<std::uint32_t> low;                           ///< (E-3)
    std::vector<std::uint32_t> high;                          ///< (E-3)
    double least = -std::numeric_limits<double>::infinity();  ///< no thresholds in it have a smaller sum of values
    std::size_t cut = none;     ///< the exit to cut the box at; none: every sample's outer exit is settled
    std::uint32_t middle = 0;   ///< those of this rank at `cut` stay in one half and leave in the other
    std::vector<float> prices;  ///< of what was undecided, for the halves to begin with

    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
};

/// @brief Bounds the sum of what samples cost where they leave, over a box of thresholds.
///
/// A sample is undecided at an exit if the box has thresholds that let it leave there and others that do not. Each such
/// place gets a price, which the threshold pays if it lets the sample leave and which the sample is paid if it does.
/// Whatever the prices, the sum of two minima is a bound: each outer threshold's, by a prefix minimum over its undecided
/// samples, and that of the samples, each free to choose among its undecided exits, with the last two thresholds common
/// to all: one is swept over all samples, the best of the other read off a tree of prefix sums. Prices move where
/// threshold and sample disagree (a subgradient step), more for a sample with more at stake. Sums are whole numbers of a
/// unit that is 2^-44 of the largest value or so (N = 10000), and thus exact.
///
/// @par Cost     O(U + N log D) a step, U = undecided places, of at most `most_steps` a box.
/// @par Memory   O(N E), and 4 U bytes a box.
/// @par Threads  One object, one thread.
/// @par Source   Lagrangian decomposition: Guignard and Kim (1987); per-factor subproblems and subgradients as Komodakis,
///               Paragios and Tziritas (2007); step length Polyak (1969).
class threshold_bound {
public:
    /// More boxes serve the gap better than more steps a box: of 8 to 64 the range from 8 to 16 did best.
    static constexpr int most_steps = 12;

    /// The trace must outlive this and have passed check_trace; E >= 4.
    explicit threshold_bound(const exit_trace& trace)
        : trace_{trace},
          samples_{static_cast<std::uint32_t>(trace.samples)},
          exits_{static_cast<std::uint32_t>(trace.exits)},
          rank_(exits_ - 1),
          order_(exits_ - 1),
          starts_(exits_ - 1),
          values_(exits_ - 1),
          kept_(trace.correct.size() / exits_ * outer()),
          place_(kept_.size()),
          undecided_(outer()),
          stops_(outer()) {
        for (std::size_t e = 0; e + 1 < exits_; ++e) {
            auto& order = order_[e];
            order.resize(samples_);
            std::iota(order.begin(), order.end(), 0U);
            std::stable_sort(order.begin(), order.end(),
                             [&](std::uint32_t a, std::uint32_t b) { return confidence(a, e) > confidence(b, e); });
            rank_[e].resize(samples_);
            std::uint32_t distinct = 0;
            for (std::size_t k = 0; k < samples_; ++k) {
                if (distinct == 0 || confidence(order[k], e) != values_[e].back()) {
                    values_[e].push_back(confidence(order[k], e));
                    starts_[e].push_back(k);
                    ++distinct;
                }
                rank_[e][order[k]] = distinct - 1;
            }
            starts_[e].push_back(samples_);
        }
    }

    [[nodiscard]] std::uint32_t outer() const noexcept { return exits_ - 3; }
    /// The place of a sample among the distinct confidences of an exit, 0 the highest.
    [[nodiscard]] std::uint32_t rank(std::size_t sample, std::size_t e) const noexcept { return rank_[e][sample]; }
    /// Samples by falling confidence at an exit.
    [[nodiscard]] const std::vector<std::uint32_t>& order(std::size_t e) const noexcept { return order_[e]; }
    /// The threshold that lets so many distinct confidences leave.
    [[nodiscard]] float threshold(std::size_t e, std::uint32_t leaving) const noexcept {
        return leaving == 0 ? never_exit : values_[e][leaving - 1];
    }
    [[nodiscard]] double rounding() const noexcept { return samples_ * unit_; }

    /// The box of all thresholds.
    [[nodiscard]] threshold_box all() const {
        threshold_box box;
        box.low.assign(outer(), 0);
        for (std::size_t e = 0; e < outer(); ++e) box.high.push_back(rank_[e][order_[e].back()] + 1);
        return box;
    }

    /// @param values  (E,votes+1), of leaving at an exit with so many votes right; at least 0
    void set_values(std::span<const double> values) {
        const double largest =
            std::max(*std::max_element(values.begin(), values.end()), std::numeric_limits<double>::min());
        // A price is at most the largest value, so no sum exceeds 2 N E of them; more than 2^48 a double would not tell.
        const double room = std::min(std::exp2(62) / (2.0 * samples_ * exits_), std::exp2(48));
        unit_ = largest / room;
        dearest_ = static_cast<float>(room);
        value_.resize(trace_.correct.size());
        const std::size_t each = values.size() / exits_;
        for (std::size_t k = 0; k < value_.size(); ++k)
            value_[k] = std::llround(values[k % exits_ * each + trace_.correct[k]] / unit_);
    }

    /// Prices that the next boxes begin with: those of a box they are part of.
    void resume(const threshold_box& box) {
        enter(box);
        for (std::size_t q = 0; q < box.prices.size(); ++q) kept_[home_[q]] = box.prices[q];
    }

    /// Raises `least` by moving prices until it is `enough` or they bring little more, and says where to cut.
    /// Returns the samples looked at.
    std::int64_t tighten(threshold_box& box, double enough) {
        enter(box);
        std::int64_t work = samples_;
        double best = -std::numeric_limits<double>::infinity();
        double before = best;
        box.prices = price_;
        for (auto& stops : stops_) stops.clear();
        for (int step = 0; step < most_steps; ++step) {
            const double sum = least_of(priced_sum());
            work += places_;
            work += survivors_;
            if (sum > best) {
                best = sum;
                box.prices = price_;
            }
            if (!(best < enough)) break;
            if (step % 8 == 0) {
                if (best - before < 0.05 * (enough - best)) break;
                before = best;
            }
            if (!move_prices((enough - sum) / unit_)) break;
        }
        box.least = std::max(box.least, best);
        set_cut(box);
        return work;
    }

    /// How many distinct confidences leave at each exit, as the thresholds of the last step had it.  // (E-1)
    [[nodiscard]] const std::vector<std::uint32_t>& chosen() const noexcept { return chosen_; }

    /// In a box in which nothing is undecided: `visit(leaving, sum)` for each number of distinct confidences that leaves
    /// at the exit before the last two, and the least sum over the thresholds of the next.
    template <class Visit>
    void visit_last_two(const threshold_box& box, Visit&& visit) {
        enter(box);
        sweep(choose_places(), [&](std::uint32_t leaving, std::int64_t sum) { visit(leaving, least_of(sum)); });
    }

private:
    static constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();

    // A sample that the box does not settle: its undecided places, and what waits behind them.
    struct open_sample {
        std::uint32_t sample;
        std::uint32_t first;     // of its places
        std::uint32_t survivor;  // its element of last_three_; nobody: an outer exit takes it for certain, at `certain`
        std::uint32_t wants;     // the place it would leave at; nobody: none
        std::int64_t certain;
        std::int64_t least;  // at that place
    };
    struct undecided_place {
        std::uint32_t place;
        bool last_of_rank;
    };
    struct swept_sample {
        std::uint32_t survivor;
        std::uint32_t leaf;
        std::uint32_t rank;
    };

    [[nodiscard]] float confidence(std::size_t sample, std::size_t e) const noexcept {
        return trace_.confidence[sample * exits_ + e];
    }
    [[nodiscard]] const std::int64_t* values_of(std::size_t sample) const noexcept {
        return value_.data() + sample * exits_;
    }
    [[nodiscard]] std::uint32_t end_of(std::size_t open) const noexcept {
        return open + 1 < open_.size() ? open_[open + 1].first : places_;
    }
    /// The least sum of values that so many units can stand for.
    [[nodiscard]] double least_of(std::int64_t units) const noexcept {
        return static_cast<double>(units) * unit_ - rounding();
    }

    /// Lays out who is open in a box, with the prices kept.
    void enter(const threshold_box& box) {
        open_.clear();
        home_.clear();
        stake_.clear();
        settled_ = 0;
        places_ = 0;
        survivors_ = 0;
        survivor_.assign(samples_, nobody);
        std::fill(place_.begin(), place_.end(), nobody);
        for (std::uint32_t i = 0; i < samples_; ++i) {
            const std::int64_t* value = values_of(i);
            const std::uint32_t first = places_;
            std::int64_t least = std::numeric_limits<std::int64_t>::max();
            std::int64_t most = 0;
            const auto may_cost = [&](std::int64_t x) {
                least = std::min(least, x);
                most = std::max(most, x);
            };
            std::uint32_t e = 0;
            for (; e < outer() && rank_[e][i] >= box.low[e]; ++e) {
                if (rank_[e][i] >= box.high[e]) continue;
                home_.push_back(i * outer() + e);
                place_[home_.back()] = places_++;
                may_cost(value[e]);
            }
            const bool gone = e < outer();
            if (gone && places_ == first) {
                settled_ += value[e];
                continue;
            }
            open_.push_back({i, first, gone ? nobody : survivors_, nobody, value[e], 0});
            if (!gone) survivor_[i] = survivors_++;
            for (std::size_t last = e; last < (gone ? e + 1 : exits_); ++last) may_cost(value[last]);
            stake_.resize(places_, static_cast<float>(most - least));
        }
        last_three_.resize(survivors_);
        price_.resize(places_);
        for (std::size_t q = 0; q < places_; ++q) price_[q] = kept_[home_[q]];
        direction_.assign(places_, 0);
        leaves_.resize(places_);
        for (std::size_t e = 0; e < outer(); ++e) {
            undecided_[e].clear();
            for (std::uint32_t r = box.low[e]; r < box.high[e]; ++r) {
                const std::size_t before = undecided_[e].size();
                for (std::size_t k = starts_[e][r]; k < starts_[e][r + 1]; ++k) {
                    const std::uint32_t q = place_[order_[e][k] * outer() + e];
                    if (q != nobody) undecided_[e].push_back({q, false});
                }
                if (undecided_[e].size() > before) undecided_[e].back().last_of_rank = true;
            }
        }
        lay_out_sweep();
        chosen_ = box.low;
        chosen_.resize(exits_ - 1, 0);
    }

    /// The survivors by rank at the exit before the last two, and a leaf of the tree for each rank they have at the next.
    void lay_out_sweep() {
        const std::size_t here = outer();
        std::uint32_t leaves = 0;
        leaf_.resize(survivors_);
        leaf_rank_.clear();
        for (const std::uint32_t i : order_[here + 1]) {
            if (survivor_[i] == nobody) continue;
            const std::uint32_t rank = rank_[here + 1][i];
            if (leaves == 0 || leaf_rank_.back() != rank) {
                leaf_rank_.push_back(rank);
                ++leaves;
            }
            leaf_[survivor_[i]] = leaves - 1;
        }
        swept_.clear();
        for (const std::uint32_t i : order_[here]) {
            if (survivor_[i] != nobody) swept_.push_back({survivor_[i], leaf_[survivor_[i]], rank_[here][i]});
        }
    }

    /// The least sum of outer thresholds, which pay, and samples, which are paid. Leaves what either chose behind.
    [[nodiscard]] std::int64_t priced_sum() {
        std::int64_t paid = 0;
        for (std::size_t e = 0; e < outer(); ++e) paid += choose_threshold(e);
        std::int64_t least = std::numeric_limits<std::int64_t>::max();
        sweep(choose_places(), [&](std::uint32_t leaving, std::int64_t sum) {
            if (sum >= least) return;
            least = sum;
            chosen_[outer()] = leaving;
        });
        choose_last();
        return paid + least;
    }

    [[nodiscard]] std::int64_t choose_threshold(std::size_t e) {
        const auto& places = undecided_[e];
        std::int64_t sum = 0;
        std::int64_t least = 0;
        std::size_t stop = 0;
        for (std::size_t k = 0; k < places.size(); ++k) {
            sum += static_cast<std::int64_t>(price_[places[k].place]);
            if (!places[k].last_of_rank || sum >= least) continue;
            least = sum;
            stop = k + 1;
        }
        for (std::size_t k = 0; k < places.size(); ++k) leaves_[places[k].place] = k < stop;
        if (stop > 0) chosen_[e] = rank_[e][home_[places[stop - 1].place] / outer()] + 1;
        stops_[e].push_back(stop);
        return least;
    }

    /// What each open sample wants of its places, and what each survivor then costs at the last three exits. Returns the
    /// sum over all, as if every survivor went on to the classifier.
    [[nodiscard]] std::int64_t choose_places() {
        std::int64_t total = settled_;
        for (std::size_t o = 0; o < open_.size(); ++o) {
            open_sample& open = open_[o];
            const std::int64_t* value = values_of(open.sample);
            open.least = std::numeric_limits<std::int64_t>::max();
            open.wants = nobody;
            std::int64_t later = 0;  // once gone, it takes what places behind it pay
            for (std::uint32_t q = end_of(o); q-- > open.first;) {
                const auto price = static_cast<std::int64_t>(price_[q]);
                const std::int64_t x = value[home_[q] % outer()] - price - later;
                if (x < open.least) {
                    open.least = x;
                    open.wants = q;
                }
                later += std::max<std::int64_t>(0, price);
            }
            if (open.survivor == nobody) {
                if (open.certain <= open.least) open.wants = nobody;
                total += std::min(open.certain, open.least);
                continue;
            }
            auto& three = last_three_[open.survivor];
            for (std::size_t k = 0; k < 3; ++k) three[k] = std::min(open.least, value[outer() + k]);
            total += three[2];
        }
        return total;
    }

    /// Walks over the thresholds of the exit before the last two: `visit(how many distinct confidences leave, least sum)`.
    template <class Visit>
    void sweep(std::int64_t sum, Visit&& visit) {
        changes_.assign(leaf_rank_.size(), 0);
        for (std::size_t s = 0; s < survivors_; ++s) changes_[leaf_[s]] += last_three_[s][1] - last_three_[s][2];
        tree_.assign(changes_);
        visit(0U, sum + tree_.least());
        for (std::size_t k = 0; k < swept_.size();) {
            const std::uint32_t rank = swept_[k].rank;
            for (; k < swept_.size() && swept_[k].rank == rank; ++k) {
                const auto& three = last_three_[swept_[k].survivor];
                sum += three[0] - three[2];
                if (three[2] != three[1]) tree_.add(swept_[k].leaf, three[2] - three[1]);
            }
            visit(rank + 1, sum + tree_.least());
        }
    }

    /// The last threshold that goes with the one swept, and which survivors leave at their places all the same.
    void choose_last() {
        const std::size_t here = outer();
        changes_.assign(leaf_rank_.size(), 0);
        for (const swept_sample& s : swept_) {
            const auto& three = last_three_[s.survivor];
            if (s.rank >= chosen_[here]) changes_[s.leaf] += three[1] - three[2];
        }
        std::int64_t sum = 0;
        std::int64_t least = 0;
        chosen_[here + 1] = 0;
        for (std::size_t k = 0; k < changes_.size(); ++k) {
            sum += changes_[k];
            if (sum >= least) continue;
            least = sum;
            chosen_[here + 1] = leaf_rank_[k] + 1;
        }
        for (open_sample& open : open_) {
            if (open.survivor == nobody || open.wants == nobody) continue;
            const std::size_t i = open.sample;
            const std::size_t k = rank_[here][i] < chosen_[here] ? 0 : rank_[here + 1][i] < chosen_[here + 1] ? 1 : 2;
            if (values_of(i)[here + k] <= open.least) open.wants = nobody;
        }
    }

    /// A step towards agreement. False if all agree: the bound is then a sum that thresholds have.
    [[nodiscard]] bool move_prices(double missing) {
        double square = 0;
        for (std::size_t o = 0; o < open_.size(); ++o) {
            const std::uint32_t wants = open_[o].wants;
            for (std::uint32_t q = open_[o].first; q < end_of(o); ++q) {
                const float wanted = q == wants || (wants != nobody && q > wants && price_[q] > 0);
                direction_[q] = momentum * direction_[q] + (leaves_[q] - wanted);
                square += stake_[q] * direction_[q] * direction_[q];
            }
        }
        if (!(square > 0)) return false;
        const auto step = static_cast<float>(missing / square);
        for (std::size_t q = 0; q < price_.size(); ++q)
            price_[q] = std::clamp(price_[q] + step * stake_[q] * direction_[q], -dearest_, dearest_);
        return true;
    }

    /// At the exit whose threshold wavered most in the later steps, by the stakes of the samples between; else, where
    /// most are undecided.
    void set_cut(threshold_box& box) {
        box.cut = threshold_box::none;
        double most = 0;
        for (std::size_t e = 0; e < outer(); ++e) {
            const auto& places = undecided_[e];
            const std::span<const std::size_t> later = std::span{stops_[e]}.subspan(stops_[e].size() / 2);
            wavering_.assign(places.size() + 1, 0);
            for (const std::size_t stop : later) wavering_[stop] += 1 / static_cast<double>(later.size());
            double stays = 0;
            double sum = 0;
            for (std::size_t k = 0; k < places.size(); ++k) {
                stays += wavering_[k];
                sum += stays * (1 - stays) * stake_[places[k].place];
                wavering_[k] = sum;
            }
            if (!(sum > most)) continue;
            most = sum;
            box.cut = e;
            const auto middle = std::lower_bound(wavering_.begin(), wavering_.end() - 1, 0.5 * sum) - wavering_.begin();
            box.middle = rank_[e][home_[std::next(places.begin(), middle)->place] / outer()];
        }
        if (box.cut != threshold_box::none) return;
        std::size_t count = 0;
        for (std::size_t e = 0; e < outer(); ++e) {
            if (undecided_[e].size() <= count) continue;
            count = undecided_[e].size();
            box.cut = e;
            box.middle = rank_[e][home_[undecided_[e][count / 2].place] / outer()];
        }
    }

    // On traces of eight exits, by the gap after equal work: without it the gap was twice as wide or more, and steps
    // longer than Polyak's lose in wide boxes.
    static constexpr float momentum = 0.5F;

    const exit_trace& trace_;
    std::uint32_t samples_;
    std::uint32_t exits_;
    std::vector<std::vector<std::uint32_t>> rank_;   // (E-1,N), 0: the highest confidence
    std::vector<std::vector<std::uint32_t>> order_;  // (E-1,N), samples by falling confidence
    std::vector<std::vector<std::size_t>> starts_;   // (E-1,D+1), where a rank begins in order_
    std::vector<std::vector<float>> values_;         // (E-1,D), falling
    std::vector<std::int64_t> value_;                // (N,E), of leaving, in units
    double unit_ = 1;
    float dearest_ = 0;
    std::vector<float> kept_;  // (N,E-3), prices to begin with
    // Of the box at hand; U places, S survivors of the outer exits.
    std::int64_t settled_ = 0;     // sum over the samples that leave at a known outer exit
    std::uint32_t places_ = 0;     // U
    std::uint32_t survivors_ = 0;  // S
    std::vector<open_sample> open_;
    std::vector<std::uint32_t> place_;                     // (N,E-3)
    std::vector<std::uint32_t> home_;                      // (U), where kept_ has its price
    std::vector<float> price_;                             // (U), in units; what is behind the point does not count
    std::vector<float> stake_;                             // (U), what the sample's exit makes a difference of
    std::vector<float> direction_;                         // (U)
    std::vector<std::int8_t> leaves_;                      // (U), by the threshold's choice
    std::vector<std::vector<undecided_place>> undecided_;  // (E-3), by rank
    std::vector<std::vector<std::size_t>> stops_;          // (E-3), how many places left, step by step
    std::vector<double> wavering_;
    std::vector<std::uint32_t> survivor_;                  // (N)
    std::vector<std::uint32_t> leaf_;                      // (S)
    std::vector<std::uint32_t> leaf_rank_;                 // at the exit before the classifier
    std::vector<swept_sample> swept_;                      // (S)
    std::vector<std::array<std::int64_t, 3>> last_three_;  // (S)
    std::vector<std::int64_t> changes_;
    std::vector<std::uint32_t> chosen_;  // (E-1)
    detail::prefix_minimum tree_;
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// detail/threshold_bound.hpp - a lower bound on the objective over a box of thresholds.
// Floor 5 (exits); host subset.
// Letters: N = samples, E = exits, including the last classifier, D = distinct confidences of an exit.
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

/// A sequence of numbers, changed one at a time, and the least sum of any prefix, including the empty one. O(log n) per change.
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

/// @brief All thresholds of which each of the first E-3 lets `low` to `high` distinct confidences leave; the last two are free.
struct threshold_box {
    std::vector<std::uint32_t> low;                           ///< (E-3)
    std::vector<std::uint32_t> high;                          ///< (E-3)
    double least = -std::numeric_limits<double>::infinity();  ///< lower bound on the sum of values over the box
    std::size_t cut = none;     ///< the exit to split the box at; none: the outer exit of every sample is known
    std::uint32_t middle = 0;   ///< samples of this rank at `cut` stay in one half and leave in the other
    std::vector<float> prices;  ///< of the undecided places, as initial values for the halves

    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
};

/// @brief Bounds the sum of each sample's value at the exit where it leaves, over a box of thresholds.
///
/// A sample is undecided at an exit if some thresholds in the box let it leave there and others do not. Each such place has
/// a price, charged to the threshold that lets the sample leave and credited to the sample that leaves. For any prices, the
/// sum of two minima is a bound. The first is over the outer thresholds, each a prefix minimum over its undecided samples.
/// The second is over the samples, each free to choose among its undecided exits, while all share the last two thresholds:
/// one of these is swept over all samples, and a tree of prefix sums gives the best value of the other. A subgradient step
/// moves prices where threshold and sample disagree, further for samples with more at stake. Sums are whole multiples of a
/// unit, about 2^-44 of the largest value (for N = 10000), and thus exact.
///
/// @par Cost     O(U + N log D) per step, U = undecided places, with at most `most_steps` per box.
/// @par Memory   O(N E), and 4 U bytes per box.
/// @par Threads  Use one object per thread.
/// @par Source   Lagrangian decomposition: Guignard and Kim (1987); per-factor subproblems and subgradients as Komodakis,
///               Paragios and Tziritas (2007); step length Polyak (1969).
class threshold_bound {
public:
    /// More boxes reduce the gap better than more steps per box: of 8 to 64 steps, 8 to 16 did best.
    static constexpr int most_steps = 12;

    /// The trace must outlive this object and have passed check_trace; E >= 4.
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
    /// Rank of a sample among the distinct confidences of an exit; 0 is the highest.
    [[nodiscard]] std::uint32_t rank(std::size_t sample, std::size_t e) const noexcept { return rank_[e][sample]; }
    /// Samples by descending confidence at an exit.
    [[nodiscard]] const std::vector<std::uint32_t>& order(std::size_t e) const noexcept { return order_[e]; }
    /// The threshold that lets this many distinct confidences leave.
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

    /// @param values  (E,votes+1), of leaving at an exit with this many correct votes; at least 0
    void set_values(std::span<const double> values) {
        const double largest =
            std::max(*std::max_element(values.begin(), values.end()), std::numeric_limits<double>::min());
        // A price is at most the largest value, so no sum exceeds 2 N E of them. Beyond 2^48, a double would lose precision.
        const double room = std::min(std::exp2(62) / (2.0 * samples_ * exits_), std::exp2(48));
        unit_ = largest / room;
        dearest_ = static_cast<float>(room);
        value_.resize(trace_.correct.size());
        const std::size_t each = values.size() / exits_;
        for (std::size_t k = 0; k < value_.size(); ++k)
            value_[k] = std::llround(values[k % exits_ * each + trace_.correct[k]] / unit_);
    }

    /// Sets the initial prices for the following boxes: those of a box that contains them.
    void resume(const threshold_box& box) {
        enter(box);
        for (std::size_t q = 0; q < box.prices.size(); ++q) kept_[home_[q]] = box.prices[q];
    }

    /// Moves prices to raise `least` until it reaches `enough` or gains little more, and chooses where to split.
    /// Returns the number of samples examined.
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

    /// Number of distinct confidences that leave at each exit under the thresholds of the last step.  // (E-1)
    [[nodiscard]] const std::vector<std::uint32_t>& chosen() const noexcept { return chosen_; }

    /// For a box without undecided places: calls `visit(leaving, sum)` for each number of distinct confidences that can leave
    /// at the first of the last three exits, with the least sum over the next exit's thresholds.
    template <class Visit>
    void visit_last_two(const threshold_box& box, Visit&& visit) {
        enter(box);
        sweep(choose_places(), [&](std::uint32_t leaving, std::int64_t sum) { visit(leaving, least_of(sum)); });
    }

private:
    static constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();

    // A sample that the box leaves open: its undecided places, and what follows them.
    struct open_sample {
        std::uint32_t sample;
        std::uint32_t first;     // of its places
        std::uint32_t survivor;  // index into last_three_; nobody: leaves at an outer exit for certain, at `certain`
        std::uint32_t wants;     // the place where it would leave; nobody: none
        std::int64_t certain;
        std::int64_t least;  // value at that place
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
    /// The smallest sum of values that this many units can represent.
    [[nodiscard]] double least_of(std::int64_t units) const noexcept {
        return static_cast<double>(units) * unit_ - rounding();
    }

    /// Lists the open samples of a box, with the stored prices.
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

    /// Sorts the survivors by rank at the first of the last three exits, and makes a tree leaf for each of their ranks at the
    /// next.
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

    /// The least sum over outer thresholds, which pay prices, and samples, which receive them. Stores both choices.
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

    /// Chooses the place that each open sample prefers, and computes each survivor's value at the last three exits. Returns the
    /// sum over all samples, as if every survivor went on to the last classifier.
    [[nodiscard]] std::int64_t choose_places() {
        std::int64_t total = settled_;
        for (std::size_t o = 0; o < open_.size(); ++o) {
            open_sample& open = open_[o];
            const std::int64_t* value = values_of(open.sample);
            open.least = std::numeric_limits<std::int64_t>::max();
            open.wants = nobody;
            std::int64_t later = 0;  // a sample that has left also receives the prices of its later places
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

    /// Sweeps the threshold of the first of the last three exits and calls
    /// `visit(number of distinct confidences that leave, least sum)`.
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

    /// Finds the last threshold that matches the swept one, and which survivors still prefer to leave at their places.
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

    /// Moves prices towards agreement. Returns false if all agree: some thresholds then attain the bound.
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

    /// Splits at the exit whose threshold wavered most in the later steps, weighted by the stakes of the samples in between. If
    /// none wavered, splits at the exit with the most undecided samples.
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

    // Chosen by the gap after equal work on traces with eight exits: without momentum the gap was at least twice as wide, and
    // steps longer than Polyak's do worse in wide boxes.
    static constexpr float momentum = 0.5F;

    const exit_trace& trace_;
    std::uint32_t samples_;
    std::uint32_t exits_;
    std::vector<std::vector<std::uint32_t>> rank_;   // (E-1,N), 0: the highest confidence
    std::vector<std::vector<std::uint32_t>> order_;  // (E-1,N), samples by descending confidence
    std::vector<std::vector<std::size_t>> starts_;   // (E-1,D+1), start of each rank in order_
    std::vector<std::vector<float>> values_;         // (E-1,D), descending
    std::vector<std::int64_t> value_;                // (N,E), of leaving, in units
    double unit_ = 1;
    float dearest_ = 0;
    std::vector<float> kept_;  // (N,E-3), initial prices
    // State of the current box; U places, S survivors of the outer exits.
    std::int64_t settled_ = 0;     // sum over the samples that leave at a known outer exit
    std::uint32_t places_ = 0;     // U
    std::uint32_t survivors_ = 0;  // S
    std::vector<open_sample> open_;
    std::vector<std::uint32_t> place_;                     // (N,E-3)
    std::vector<std::uint32_t> home_;                      // (U), index of its price in kept_
    std::vector<float> price_;                             // (U), in units; the fractional part is ignored
    std::vector<float> stake_;                             // (U), range of the values that the sample can still take
    std::vector<float> direction_;                         // (U)
    std::vector<std::int8_t> leaves_;                      // (U), whether the threshold lets the sample leave
    std::vector<std::vector<undecided_place>> undecided_;  // (E-3), by rank
    std::vector<std::vector<std::size_t>> stops_;          // (E-3), number of places that left, per step
    std::vector<double> wavering_;
    std::vector<std::uint32_t> survivor_;                  // (N)
    std::vector<std::uint32_t> leaf_;                      // (S)
    std::vector<std::uint32_t> leaf_rank_;                 // at the exit before the last classifier
    std::vector<swept_sample> swept_;                      // (S)
    std::vector<std::array<std::int64_t, 3>> last_three_;  // (S)
    std::vector<std::int64_t> changes_;
    std::vector<std::uint32_t> chosen_;  // (E-1)
    detail::prefix_minimum tree_;
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif

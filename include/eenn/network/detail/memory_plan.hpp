// SPDX-License-Identifier: MIT
//
// detail/memory_plan.hpp - assigns offsets in one arena to buffers, so that buffers alive together never overlap.
// Floor 4 (network). Letters: B = buffers.
#ifndef EENN_NETWORK_DETAIL_MEMORY_PLAN_HPP
#define EENN_NETWORK_DETAIL_MEMORY_PLAN_HPP

#include <eenn/core/detail/checked.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

/// @brief A buffer of `size` units, at least one, alive from step `first` through step `last`.
struct buffer_request {
    std::size_t size = 0;
    int first = 0;
    int last = 0;
};

/// @brief The buffers' offsets, in input order, with the arena size and its bound.
struct memory_plan {
    std::vector<std::size_t> offsets;
    std::size_t total = 0;        ///< arena size in units
    std::size_t lower_bound = 0;  ///< the largest live set of any step; no plan is smaller
    bool proven = false;          ///< total is proven to be minimal
};

namespace detail {

/// Sorts buffers by descending key; ties keep their order. One function for all keys: each further sort costs 0.1 s of
/// compile time.
[[nodiscard, gnu::cold]] constexpr std::vector<std::size_t> order_of(const std::vector<std::ptrdiff_t>& keys) {
    std::vector<std::size_t> order(keys.size(), 0);
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    const std::ptrdiff_t* const key = keys.data();
    std::sort(order.begin(), order.end(),
              [key](std::size_t a, std::size_t b) { return key[a] != key[b] ? key[a] > key[b] : a < b; });
    return order;
}

template <class Key>
[[nodiscard]] constexpr std::vector<std::size_t> order_by(std::span<const buffer_request> buffers, Key key) {
    std::vector<std::ptrdiff_t> keys(buffers.size(), 0);
    for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = key(buffers[i]);
    return order_of(keys);
}

/// The buffers alive together with each buffer, as one flat list: those of b are at [begin[b], begin[b + 1]).
struct conflict_list {
    std::vector<std::size_t> begin;
    std::vector<std::size_t> others;
};

[[nodiscard, gnu::cold]] constexpr conflict_list conflicts_of(std::span<const buffer_request> buffers,
                                                              std::size_t& lower_bound) {
    const auto count = buffers.size();
    std::vector<std::size_t> pairs;
    std::vector<std::size_t> alive;
    lower_bound = 0;
    for (const std::size_t b : order_by(buffers, [](const buffer_request& r) { return -r.first; })) {
        const auto& now = buffers[b];
        std::erase_if(alive, [&](std::size_t a) { return buffers[a].last < now.first; });
        std::size_t sum = now.size;
        for (const std::size_t a : alive) {
            sum += buffers[a].size;
            pairs.push_back(a);
            pairs.push_back(b);
        }
        alive.push_back(b);
        lower_bound = std::max(lower_bound, sum);
    }
    conflict_list list;
    list.begin.assign(count + 1, 0);
    list.others.assign(pairs.size(), 0);
    for (const std::size_t b : pairs) ++list.begin[b + 1];
    for (std::size_t i = 0; i < count; ++i) list.begin[i + 1] += list.begin[i];
    std::vector<std::size_t> next(list.begin.begin(), list.begin.end() - 1);
    for (std::size_t i = 0; i < pairs.size(); i += 2) {
        const std::size_t a = pairs[i];
        const std::size_t b = pairs[i + 1];
        list.others[next[a]++] = b;
        list.others[next[b]++] = a;
    }
    return list;
}

/// Places buffers one at a time at the lowest offset not taken by placed neighbours.
class packer {
public:
    constexpr packer(std::span<const buffer_request> buffers, const conflict_list& conflicts)
        : buffers_{buffers}, conflicts_{conflicts}, offsets_(buffers.size(), 0), ends_(buffers.size(), 0) {}
    packer(const packer&) = delete;
    packer& operator=(const packer&) = delete;

    /// The lowest free offset for buffer b: every overlapping placed neighbour moves it past that neighbour's end.
    [[nodiscard]] constexpr std::size_t lowest(std::size_t b) const {
        // Raw pointers: in a constant expression, every call of operator[] costs evaluation steps.
        const std::size_t* const first = conflicts_.others.data() + conflicts_.begin[b];
        const std::size_t* const last = conflicts_.others.data() + conflicts_.begin[b + 1];
        const std::size_t size = buffers_[b].size;
        std::size_t offset = 0;
        for (bool moved = true; moved;) {
            moved = false;
            for (const std::size_t* other = first; other != last; ++other) {
                if (offset < end_[*other] && offset + size > start_[*other]) {
                    offset = end_[*other];
                    moved = true;
                }
            }
        }
        return offset;
    }
    constexpr void put(std::size_t b, std::size_t offset) {
        offsets_[b] = offset;
        ends_[b] = offset + buffers_[b].size;
    }
    constexpr void take_back(std::size_t b) { ends_[b] = 0; }
    [[nodiscard]] constexpr bool placed(std::size_t b) const { return end_[b] != 0; }
    [[nodiscard]] constexpr std::size_t end(std::size_t b) const { return end_[b]; }
    [[nodiscard]] constexpr const std::vector<std::size_t>& offsets() const { return offsets_; }

private:
    std::span<const buffer_request> buffers_;
    const conflict_list& conflicts_;
    std::vector<std::size_t> offsets_;
    std::vector<std::size_t> ends_;  // 0: not placed
    const std::size_t* start_ = offsets_.data();
    const std::size_t* end_ = ends_.data();
};

/// Branch and bound over placement orders. In an optimal plan read by ascending offset, every buffer can be moved to its
/// lowest place (by induction over the order), so searching orders of ascending offset suffices; ties go by index.
class exact_packer {
public:
    constexpr exact_packer(std::span<const buffer_request> buffers, const conflict_list& conflicts, memory_plan& best,
                           std::ptrdiff_t budget)
        : buffers_{buffers},
          conflicts_{conflicts},
          place_{buffers, conflicts},
          rises_(buffers.size(), 0),
          best_{best},
          budget_{budget} {
        search(0, 0, 0, 0);
        best_.proven = best_.proven || budget_ > 0;
    }

private:
    [[gnu::cold]] constexpr void search(std::size_t depth, std::size_t floor, std::size_t previous, std::size_t top) {
        if (budget_ <= 0 || best_.total == best_.lower_bound) return;
        if (depth == buffers_.size()) {
            best_.total = top;
            best_.offsets = place_.offsets();
            return;
        }
        for (std::size_t b = 0; b < buffers_.size(); ++b) {
            if (place_.placed(b)) continue;
            const auto offset = place_.lowest(b);
            budget_ -= 4;  // approximate cost of this node
            if (offset < floor || (offset == floor && b < previous)) continue;
            const auto end = std::max(top, offset + buffers_[b].size);
            if (end >= best_.total) continue;
            place_.put(b, offset);
            if (rest_fits(offset)) search(depth + 1, offset, b, end);
            place_.take_back(b);
        }
    }

    /// Prunes: all remaining buffers lie at `floor` or above, so at each buffer's start the live sizes above `floor` must fit.
    [[nodiscard, gnu::cold]] constexpr bool rest_fits(std::size_t floor) {
        const std::size_t count = buffers_.size();
        const buffer_request* const buffer = buffers_.data();
        std::size_t* const rise = rises_.data();
        for (std::size_t b = 0; b < count; ++b) {
            const std::size_t end = place_.end(b);
            rise[b] = end == 0 ? buffer[b].size : end > floor ? end - floor : 0;
        }
        for (std::size_t b = 0; b < count; ++b) {
            std::size_t sum = floor + rise[b];
            const std::size_t* const last = conflicts_.others.data() + conflicts_.begin[b + 1];
            const std::size_t* other = conflicts_.others.data() + conflicts_.begin[b];
            budget_ -= last - other;
            for (; other != last; ++other) {
                if (buffer[*other].first <= buffer[b].first) sum += rise[*other];
            }
            if (sum >= best_.total) return false;
        }
        return true;
    }

    std::span<const buffer_request> buffers_;
    const conflict_list& conflicts_;
    packer place_;
    std::vector<std::size_t> rises_;
    memory_plan& best_;
    std::ptrdiff_t budget_;
};

}  // namespace detail

/// @brief Comparisons that the branch and bound may spend after the heuristics. Enough for nine buffers, and within the
/// million steps that clang allows in a constant expression.
inline constexpr int memory_plan_budget = 20000;

/// @brief Plans an arena. Both phases use this function, so they get the same offsets.
///
/// Places buffers greedily by descending size, by start and by descending lifetime. If no result meets the lower bound (the
/// largest live set), searches by branch and bound within a fixed budget. `proven` says that the total is optimal.
///
/// @par Errors  eenn::error if the sum of all sizes exceeds a std::ptrdiff_t; no offset exceeds that sum.
/// @par Cost    O(B A log A) with A buffers alive at once, plus the budget.
/// @par Source  Greedy by size: Pisarchyk and Lee (2020), "Efficient memory management for deep neural net inference",
///              section 5. The exact search is an addition.
[[nodiscard, gnu::cold]] constexpr memory_plan plan_memory(std::span<const buffer_request> buffers,
                                                           int budget = memory_plan_budget) {
    std::size_t all = 0;
    for (const auto& buffer : buffers) all = saturated_sum(all, buffer.size);
    if (all > std::size_t{std::numeric_limits<std::ptrdiff_t>::max()})
        raise("plan_memory", "the buffers together are too large", "make fewer or smaller ones");
    memory_plan best;
    const auto count = buffers.size();
    const auto conflicts = detail::conflicts_of(buffers, best.lower_bound);
    best.total = std::numeric_limits<std::size_t>::max();
    const auto try_order = [&](const std::vector<std::size_t>& order) {
        detail::packer place{buffers, conflicts};
        std::size_t top = 0;
        for (const std::size_t b : order) {
            const auto offset = place.lowest(b);
            place.put(b, offset);
            top = std::max(top, offset + buffers[b].size);
        }
        if (top < best.total) {
            best.total = top;
            best.offsets = place.offsets();
        }
        return best.total == best.lower_bound;
    };
    using request = buffer_request;
    best.proven =
        try_order(detail::order_by(buffers, [](const request& r) { return static_cast<std::ptrdiff_t>(r.size); })) ||
        try_order(detail::order_by(buffers, [](const request& r) { return -r.first; })) ||
        try_order(detail::order_by(buffers, [](const request& r) { return r.last - r.first; }));
    constexpr std::size_t most_searched = 32;  // with more buffers, the budget would end long before the search
    if (!best.proven && count <= most_searched) detail::exact_packer{buffers, conflicts, best, budget};
    best.proven = best.proven || best.total == best.lower_bound;
    return best;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

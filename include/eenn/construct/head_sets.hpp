// SPDX-License-Identifier: MIT
//
// head_sets.hpp - which exits to keep: sets of trained heads, judged.
// Floor 6 (construct); host subset.
#ifndef EENN_CONSTRUCT_HEAD_SETS_HPP
#define EENN_CONSTRUCT_HEAD_SETS_HPP

#include <eenn/construct/exit_table.hpp>

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace eenn::construct {

/// @brief Sets of heads, judged: `judge(heads)` returns the rank of a set (smaller is better), or nothing if it cannot
/// reach the objective. Returns the best set, empty if there is none.
///
/// All sets of one and two heads are judged; larger ones grow from the `beam` best of one head fewer, by every head of
/// another site. Fewer exits win ties: an exit has to earn its place.
///
/// @param most  heads in a set, 1 at least.
[[nodiscard]] inline std::vector<int> search_head_sets(
    const exit_table& table, int most, const std::function<std::optional<double>(std::span<const int>)>& judge,
    int beam = 12) {
    struct judged {
        double rank;
        std::vector<int> heads;
    };
    const auto site_of = [&](int h) { return table.heads[static_cast<std::size_t>(h)].site; };
    std::vector<int> best;
    double best_rank = std::numeric_limits<double>::infinity();
    std::vector<judged> level{{0, {}}};
    for (int size = 1; size <= most && !level.empty(); ++size) {
        std::vector<judged> next;
        for (const judged& smaller : level) {
            for (int h = 0; h < static_cast<int>(table.heads.size()); ++h) {
                std::vector<int> heads = smaller.heads;
                if (std::any_of(heads.begin(), heads.end(), [&](int other) { return site_of(other) == site_of(h); }))
                    continue;
                heads.insert(std::upper_bound(heads.begin(), heads.end(), h), h);
                if (std::any_of(next.begin(), next.end(), [&](const judged& j) { return j.heads == heads; })) continue;
                const auto rank = judge(heads);
                next.push_back({rank.value_or(std::numeric_limits<double>::infinity()), std::move(heads)});
            }
        }
        std::stable_sort(next.begin(), next.end(), [](const judged& a, const judged& b) { return a.rank < b.rank; });
        if (!next.empty() && next.front().rank < best_rank * (1 - 1e-9)) {
            best_rank = next.front().rank;
            best = next.front().heads;
        }
        if (size >= 2 && next.size() > static_cast<std::size_t>(beam)) next.resize(static_cast<std::size_t>(beam));
        level = std::move(next);
    }
    return best;
}

}  // namespace eenn::construct

#endif

// SPDX-License-Identifier: MIT
//
// detail/head_sets.hpp - searches for the best set of trained heads.
// Floor 8 (construct); host subset.
#ifndef EENN_CONSTRUCT_DETAIL_HEAD_SETS_HPP
#define EENN_CONSTRUCT_DETAIL_HEAD_SETS_HPP

#include <eenn/construct/detail/exit_table.hpp>
#include <eenn/construct/detail/watcher.hpp>
#include <eenn/core/executor.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/exits/thresholds.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief Chooses thresholds for a set of heads; nothing if it cannot reach the objective.
using head_set_judge = std::function<std::optional<threshold_choice>(std::span<const int> heads)>;
/// @brief Receives every set of heads that was evaluated.
using head_set_observer =
    std::function<void(std::span<const int> heads, const std::optional<threshold_choice>& choice)>;

/// @brief The best set of heads; empty if none is feasible.
///
/// Evaluates all sets of one and two heads. Larger sets grow from the `beam` best sets with one head fewer, by each
/// head of another site. Ties go to fewer exits: an exit has to earn its place.
///
/// @param most   maximum number of heads in a set, at least 1.
/// @param judge  called from several threads.
/// @param watch  called in an order that does not depend on threads; may be empty.
/// @param told   receives progress; once it returns false, the result is invalid.
[[nodiscard]] inline std::vector<int> search_head_sets(const exit_table& table, int most, executor_ref executor,
                                                       const head_set_judge& judge, const head_set_observer& watch = {},
                                                       const share_observer& told = {}, int beam = 12) {
    struct judged {
        double rank;
        std::vector<int> heads;
    };
    const auto site_of = [&](int h) { return table.heads[static_cast<std::size_t>(h)].site; };
    std::vector<int> best;
    double best_rank = std::numeric_limits<double>::infinity();
    std::vector<judged> level{{0, {}}};
    std::atomic<bool> stopped{false};
    for (int size = 1; size <= most && !level.empty(); ++size) {
        std::vector<judged> next;
        for (const judged& smaller : level) {
            for (int h = 0; h < static_cast<int>(table.heads.size()); ++h) {
                std::vector<int> heads = smaller.heads;
                if (std::any_of(heads.begin(), heads.end(), [&](int other) { return site_of(other) == site_of(h); }))
                    continue;
                heads.insert(std::upper_bound(heads.begin(), heads.end(), h), h);
                if (std::any_of(next.begin(), next.end(), [&](const judged& j) { return j.heads == heads; })) continue;
                next.push_back({0, std::move(heads)});
            }
        }
        std::vector<std::optional<threshold_choice>> choices(next.size());
        std::atomic<std::size_t> turn{0};
        std::atomic<std::size_t> judged_ones{0};
        executor.run(std::min(executor.concurrency(), static_cast<int>(next.size())), [&](int) {
            for (std::size_t k = turn++; k < next.size() && !stopped; k = turn++) {
                choices[k] = judge(std::span{next[k].heads});
                const double level_share = static_cast<double>(++judged_ones) / static_cast<double>(next.size());
                if (told && !told((size - 1 + level_share) / most)) stopped = true;
            }
        });
        if (stopped) return {};
        for (std::size_t k = 0; k < next.size(); ++k) {
            next[k].rank = choices[k] ? choices[k]->objective : std::numeric_limits<double>::infinity();
            if (watch) watch(std::span{next[k].heads}, choices[k]);
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

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

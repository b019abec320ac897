// SPDX-License-Identifier: MIT
//
// detail/search_exits.hpp - selects trained heads for each objective.
// Floor 8 (construct); host subset. Tested by tests/construct/augment.cpp. Letters: N = samples, C = classes.
#ifndef EENN_CONSTRUCT_DETAIL_SEARCH_EXITS_HPP
#define EENN_CONSTRUCT_DETAIL_SEARCH_EXITS_HPP

#include <eenn/construct/detail/exit_judge.hpp>
#include <eenn/construct/detail/result.hpp>
#include <eenn/construct/detail/train_heads.hpp>
#include <eenn/construct/detail/watcher.hpp>
#include <eenn/core/isa.hpp>

#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief The selected heads.
struct chosen_heads {
    std::vector<std::size_t> heads;                   ///< indices into the candidates, by depth; may be empty
    std::vector<architecture_summary> architectures;  ///< the sets evaluated for the first objective
};

/// @brief Selects heads for every objective, from their outputs on validation data.
///
/// @param trained        by candidate.
/// @param classifier     logits of the base network on validation data, (N,C).
/// @param trained_longer  whether selected heads are retrained, for longer.
/// @return               nothing if the observer stopped it.
[[nodiscard]] inline std::optional<chosen_heads> search_exits(
    const exit_judge& judge, std::span<const candidate> candidates, std::span<const trained_head> trained,
    const std::vector<float>& classifier, std::span<const exit_objective> objectives, bool trained_longer,
    executor_ref executor, watcher& watch) {
    chosen_heads found;
    std::vector<std::size_t> every(candidates.size());
    std::iota(every.begin(), every.end(), std::size_t{0});
    std::vector<std::vector<float>> logits;
    for (const trained_head& head : trained) logits.push_back(head.logits);
    logits.push_back(classifier);
    const exit_table table = judge.table_of(candidates, every, std::move(logits));
    const auto record = [&](std::span<const int> heads, const std::optional<threshold_choice>& choice) {
        architecture_summary summary;
        for (const int h : heads) summary.heads.push_back(candidates[static_cast<std::size_t>(h)].summary);
        summary.feasible = choice.has_value();
        if (choice) {
            summary.cost = choice->evaluation.mean_cost / judge.costs.base;
            summary.accuracy = choice->evaluation.accuracy;
        }
        found.architectures.push_back(std::move(summary));
    };
    std::vector<char> wanted(candidates.size(), 0);
    stage_share stage{watch, "search"};
    const auto count = static_cast<double>(objectives.size());
    for (std::size_t o = 0; o < objectives.size(); ++o) {
        const auto before = static_cast<double>(o);
        if (!stage.reach(before / count)) return {};
        const setting best =
            judge.best_setting(table, objectives[o], executor, o == 0 ? head_set_observer{record} : head_set_observer{},
                               stage.part(before / count, (before + 1) / count));
        if (!stage.reach((before + 1) / count)) return {};
        for (const int h : best.heads) wanted[static_cast<std::size_t>(h)] = 1;
    }
    // Replaces each selected small or medium head by the next larger one. Larger heads converge more slowly, but after
    // full training they were the better exits in nearly all settings of three ResNets.
    for (std::size_t c = candidates.size() - 1; trained_longer && c > 0; --c) {
        const candidate& larger = candidates[c];
        if (!wanted[c - 1] || larger.site != candidates[c - 1].site || !is_separable(larger.form)) continue;
        wanted[c] = 1;
        wanted[c - 1] = 0;
    }
    for (std::size_t c = 0; c < candidates.size(); ++c) {
        if (wanted[c]) found.heads.push_back(c);
    }
    return found;
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

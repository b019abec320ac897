// SPDX-License-Identifier: MIT
//
// detail/assemble.hpp - the base network with heads attached: all selected ones, then only those that are kept.
// Floor 8 (construct); host subset. Tested by tests/construct/with_heads.cpp. Letters: N = samples, C = classes.
#ifndef EENN_CONSTRUCT_DETAIL_ASSEMBLE_HPP
#define EENN_CONSTRUCT_DETAIL_ASSEMBLE_HPP

#include <eenn/construct/augmented.hpp>
#include <eenn/construct/detail/exit_judge.hpp>
#include <eenn/construct/detail/frozen_backbone.hpp>
#include <eenn/construct/detail/with_heads.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/exits/collect_trace.hpp>
#include <eenn/network/detail/transfer.hpp>
#include <eenn/network/model.hpp>

#include <span>
#include <vector>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief One network with all selected heads, their outputs on validation data, and the best of them for each
/// objective.
struct assembled_network {
    std::vector<std::size_t> heads;  ///< indices into the candidates, by depth; at least one
    graph network;
    aligned_vector<float> parameters;
    exit_table table;               ///< by element of `heads`
    std::vector<setting> settings;  ///< by objective; heads are indices into the table
};

/// The base network with heads attached at their sites.
[[nodiscard]] inline graph with_candidates(const frozen_backbone& base, std::span<const candidate> candidates,
                                           std::span<const std::size_t> heads) {
    std::vector<placed_head> placed;
    for (const std::size_t h : heads)
        placed.push_back({base.site_at(candidates[h].site).id, candidates[h].network, max_probability{}});
    return with_heads(base.network(), placed);
}

/// @brief Attaches the selected heads to the base network, with their trained parameters.
///
/// @param heads    indices into the candidates, by depth; at least one.
/// @param trained  by element of `heads`.
/// @param told     receives progress; once it returns false, the result is invalid.
[[nodiscard]] inline assembled_network assemble_heads(
    const frozen_backbone& base, std::span<const candidate> candidates, std::vector<std::size_t> heads,
    std::span<const trained_head> trained, const exit_judge& judge, std::span<const exit_objective> objectives,
    const data_set& validation, executor_ref executor, const share_observer& told = {}) {
    assembled_network made{std::move(heads), graph{base.network().input()}, {}, {}, {}};
    made.network = with_candidates(base, candidates, made.heads);
    runtime_network<float, graph> net{made.network};
    made.parameters.assign(net.plan().parameter_elements(), 0.0F);
    const std::span<float> whole{made.parameters};
    transfer(base.net.plan(), base.parameters(), net.plan(), whole);
    for (std::size_t k = 0; k < made.heads.size(); ++k) {
        const plan alone = lower(candidates[made.heads[k]].network);
        transfer(alone.view(), trained[k].parameters, net.plan(), whole);
    }
    made.table = judge.table_of(candidates, made.heads,
                                collect_logits(net.inference(), made.parameters, validation, executor,
                                               samples_of(part_of(told, 0, 0.3), validation.labels.size())));
    made.settings = judge.settings_of(made.table, objectives, executor, part_of(told, 0.3, 1));
    return made;
}

/// @brief Keeps only the exits of the first objective, and sets their rules.
///
/// @param first  the setting of the first objective; it must be feasible.
inline void keep_exits(const frozen_backbone& base, std::span<const candidate> candidates, const assembled_network& all,
                       const setting& first, augmented& out) {
    std::vector<std::size_t> heads;
    for (const int k : first.heads) heads.push_back(all.heads[static_cast<std::size_t>(k)]);
    out.model.network = with_candidates(base, candidates, heads);
    const plan whole = lower(all.network);
    const plan part = lower(out.model.network);
    out.model.parameters.assign(part.view().parameter_elements(), 0.0F);
    transfer(whole.view(), all.parameters, part.view(), out.model.parameters);
    for (std::size_t k = 0; k < heads.size(); ++k) {
        out.model.rules.push_back(
            {first.choice.thresholds[k], all.table.heads[static_cast<std::size_t>(first.heads[k])].temperature});
        out.sites.push_back(base.site_at(candidates[heads[k]].site).id);
    }
    out.model.rules.push_back({never_exit, all.table.classifier.temperature});
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

// SPDX-License-Identifier: MIT
//
// assemble.hpp - the base network with heads: all that were chosen, and those that are kept.
// Floor 8 (construct); host subset. Letters: N = samples, C = classes.
#ifndef EENN_CONSTRUCT_ASSEMBLE_HPP
#define EENN_CONSTRUCT_ASSEMBLE_HPP

#include <eenn/construct/search_exits.hpp>
#include <eenn/construct/with_heads.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/exits/collect_trace.hpp>
#include <eenn/network/transfer.hpp>

namespace eenn::construct {
inline namespace EENN_ISA {

/// Chosen heads where they belong in the base network.
/// @param which  indices into construction::chosen
template <Executor X>
[[nodiscard]] std::vector<placed_head> placed_heads(const construction<X>& work, std::span<const int> which) {
    std::vector<placed_head> heads;
    for (const int k : which) {
        const candidate& who = work.candidates[work.chosen[static_cast<std::size_t>(k)]];
        heads.push_back({work.site_of(who).id, who.network, max_probability{}});
    }
    return heads;
}

/// The table of the chosen heads in a network that has them all, on validation data.
template <Executor X>
[[nodiscard]] exit_table table_of(const construction<X>& work, const basic_logit_trace<float>& logits) {
    return table_of(
        work, work.chosen, [&](std::size_t k) { return logits.of_exit(k); }, logits.of_exit(work.chosen.size()));
}

/// The best set of the chosen heads, with thresholds, for each objective.
template <Executor X>
[[nodiscard]] std::vector<setting> settings_of(construction<X>& work, const exit_table& table) {
    std::vector<setting> all;
    for (const auto& objective : work.options.objectives) all.push_back(best_setting(work, table, objective, false));
    return all;
}

/// Points of a trade-off, into the report.
template <Executor X>
void add_curve(construction<X>& work, std::string name, std::span<const pareto_point> points) {
    trade_off_curve curve{std::move(name), {}};
    for (const auto& point : points) curve.points.push_back({point.mean_cost / work.costs.base, point.accuracy});
    work.report.curves.push_back(std::move(curve));
}

/// @brief One network with all chosen heads, as they were trained; what they say on validation data, and the best setting
/// of them for each objective.
template <Executor X>
void assemble_heads(construction<X>& work) {
    if (work.chosen.empty()) return;
    std::vector<int> all(work.chosen.size());
    std::iota(all.begin(), all.end(), 0);
    work.whole = with_heads(work.base, placed_heads(work, all));
    runtime_network<float, graph> net{*work.whole};
    work.whole_parameters.assign(net.plan().parameter_elements(), 0.0F);
    const std::span<float> whole{work.whole_parameters};
    transfer(work.net.plan(), work.parameters, net.plan(), whole);
    for (const std::size_t c : work.chosen) {
        const plan alone = lower(work.candidates[c].network);
        transfer(alone.view(), work.candidates[c].trained.parameters, net.plan(), whole);
    }
    work.table = table_of(work, collect_logits(net.inference(), work.whole_parameters, work.validation, work.executor));
    work.settings = settings_of(work, work.table);
    if (work.settings[0].feasible)
        add_curve(work, "before fine-tuning", pareto_front(trace_of(work.table, work.settings[0].heads)).points);
}

/// @brief What comes out: the early-exit network of the first objective, ready to infer, and the account of it all.
struct augmented {
    bool finished = false;         ///< false: the observer stopped it; the state folder has what was done
    eenn::model model{};           ///< with the exits that were kept and their rules; the base network if none pays off
    std::vector<node_id> sites{};  ///< by kept exit but the last: the node it comes after
    exit_trace validation{};       ///< of the model
    exit_trace test{};
    result report{};
};

/// @brief The base network with the exits of the first objective; the base network alone if none pays off.
template <Executor X>
[[nodiscard]] augmented keep_exits(construction<X>& work) {
    augmented out{.model = work.start};
    result& r = work.report;
    const bool feasible = !work.settings.empty() && work.settings[0].feasible;
    const double cost = feasible ? work.settings[0].choice.evaluation.mean_cost / work.costs.base : 1;
    r.pays_off = feasible && cost < 1;
    char line[160];
    if (!r.pays_off) {
        out.model.rules = {{never_exit, 1}};
        r.verdict = "No exit pays off here: " +
                    std::string{feasible ? "none is cheaper than the base network" : "none reaches the objective"} +
                    " (" + text_of(work.options.objectives[0], r.cost_unit) +
                    "). The table of heads says what each can do.";
        return out;
    }
    const setting& first = work.settings[0];
    out.model.network = with_heads(work.base, placed_heads(work, first.heads));
    const plan whole = lower(*work.whole);
    const plan part = lower(out.model.network);
    out.model.parameters.assign(part.view().parameter_elements(), 0.0F);
    transfer(whole.view(), work.whole_parameters, part.view(), out.model.parameters);
    for (std::size_t k = 0; k < first.heads.size(); ++k) {
        const auto h = static_cast<std::size_t>(first.heads[k]);
        out.model.rules.push_back({first.choice.thresholds[k], work.table.heads[h].temperature});
        out.sites.push_back(work.site_of(work.candidates[work.chosen[h]]).id);
    }
    out.model.rules.push_back({never_exit, work.table.classifier.temperature});
    const setting_summary& s = r.settings[0];
    r.accuracy = s.test_accuracy;
    std::snprintf(
        line, sizeof line, "%.1f %% of the %s, %+.2f points of accuracy, with %zu exit%s before the classifier.",
        100 * s.test_cost, r.cost_unit.c_str(), -100 * s.loss, first.heads.size(), first.heads.size() == 1 ? "" : "s");
    r.verdict = line;
    return out;
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

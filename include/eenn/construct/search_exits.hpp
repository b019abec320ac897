// SPDX-License-Identifier: MIT
//
// search_exits.hpp - which of the trained heads to keep, for each objective.
// Floor 8 (construct); host subset. Letters: N = samples, C = classes.
#ifndef EENN_CONSTRUCT_SEARCH_EXITS_HPP
#define EENN_CONSTRUCT_SEARCH_EXITS_HPP

#include <eenn/construct/construction.hpp>
#include <eenn/construct/evaluate.hpp>
#include <eenn/construct/head_sets.hpp>
#include <eenn/construct/part_costs.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/exits/calibration.hpp>
#include <eenn/exits/smoothing.hpp>

#include <cmath>

namespace eenn::construct {
inline namespace EENN_ISA {

/// An objective in words.
[[nodiscard]] inline std::string text_of(const exit_objective& objective, std::string_view unit) {
    char line[80];
    if (objective.goal == exit_objective::kind::least_cost) {
        std::snprintf(line, sizeof line, "at most %.2f points of loss", 100 * objective.limit);
    } else if (objective.goal == exit_objective::kind::best_accuracy) {
        std::snprintf(line, sizeof line, "at most %.1f %% of the %.*s", 100 * objective.limit,
                      static_cast<int>(unit.size()), unit.data());
    } else {
        std::snprintf(line, sizeof line, "%g x cost + %g x error", objective.cost_weight, objective.error_weight);
    }
    return line;
}

/// The words of an exit, calibrated on validation data.
template <Executor X>
[[nodiscard]] exit_words words_of(const construction<X>& work, std::vector<float> logits, double reach,
                                  double head_cost, int site) {
    exit_words words{std::move(logits), 1, max_probability{}, reach, head_cost, site};
    words.temperature = static_cast<float>(fit_temperature(words.logits, work.validation.labels).temperature);
    return words;
}

/// What some heads, by depth, and the classifier say on validation data.
/// @param logits_of  logits_of(k) -> those of the k-th of the heads, (N,C)
template <Executor X, class LogitsOf>
[[nodiscard]] exit_table table_of(const construction<X>& work, std::span<const std::size_t> heads, LogitsOf&& logits_of,
                                  const std::vector<float>& classifier) {
    exit_table table;
    table.labels.assign(work.validation.labels.begin(), work.validation.labels.end());
    for (std::size_t k = 0; k < heads.size(); ++k) {
        const candidate& who = work.candidates[heads[k]];
        table.heads.push_back(words_of(work, logits_of(k), work.costs.reach[static_cast<std::size_t>(who.site)],
                                       work.costs.heads[heads[k]], who.site));
    }
    table.classifier = words_of(work, classifier, work.costs.base, 0, -1);
    return table;
}

/// An objective in the units of a trace: a limit on cost is given as a share of the base network's, a limit on loss
/// is counted from the base network's accuracy, whatever fine-tuning does to the classifier.
template <Executor X>
[[nodiscard]] exit_objective objective_on(const construction<X>& work, const exit_trace& trace,
                                          exit_objective objective) {
    if (objective.goal == exit_objective::kind::best_accuracy) objective.limit *= work.costs.base;
    if (objective.goal == exit_objective::kind::least_cost)
        objective.limit += lone_accuracy(trace, trace.exits - 1) - work.report.base_validation_accuracy;
    return objective;
}

/// One standard error of the loss against the classifier on other samples; a sample and its mirror image count as one.
template <Executor X>
[[nodiscard]] double loss_error(const construction<X>& work, const exit_trace& trace,
                                std::span<const float> thresholds) {
    std::vector<std::uint8_t> classifier(static_cast<std::size_t>(trace.samples));
    for (int i = 0; i < trace.samples; ++i)
        classifier[static_cast<std::size_t>(i)] = trace.correct[trace.at(i, trace.exits - 1)];
    const double copies = trace.samples / static_cast<double>(work.report.validation_samples);
    return compare(trace, thresholds, classifier).error * std::sqrt(copies);
}

/// Thresholds for an objective, chosen on the smoothed trace and evaluated on the trace itself. Against luck a limit on loss
/// is kept with the margin asked for, which is that of the thresholds without it; the best accuracy is looked for with
/// gains halved.
template <Executor X>
[[nodiscard]] std::optional<threshold_choice> solve(const construction<X>& work, const exit_trace& trace,
                                                    exit_objective objective, double margin,
                                                    const threshold_options& how = {}) {
    objective = objective_on(work, trace, objective);
    const bool seeks_accuracy = objective.goal == exit_objective::kind::best_accuracy;
    const exit_trace counted = smoothed(trace, seeks_accuracy ? gains::halved : gains::whole);
    auto choice = try_thresholds(counted, objective, how);
    if (choice && margin > 0 && objective.goal == exit_objective::kind::least_cost) {
        objective.limit -= margin * loss_error(work, trace, choice->thresholds);
        choice = try_thresholds(counted, objective, how);
    }
    if (choice) choice->evaluation = evaluate(trace, choice->thresholds);
    return choice;
}

/// The best set of heads of a table for one objective.
template <Executor X>
[[nodiscard]] setting best_setting(construction<X>& work, const exit_table& table, const exit_objective& objective,
                                   bool record) {
    double margin = work.options.loss_margin;
    const auto judge = [&](std::span<const int> heads) -> std::optional<threshold_choice> {
        return solve(work, trace_of(table, heads), objective, margin, threshold_options::quick());
    };
    const auto watch = [&](std::span<const int> heads, const std::optional<threshold_choice>& choice) {
        if (!record) return;
        architecture_summary summary;
        summary.heads.assign(heads.begin(), heads.end());
        summary.feasible = choice.has_value();
        if (choice) {
            summary.cost = choice->evaluation.mean_cost / work.costs.base;
            summary.accuracy = choice->evaluation.accuracy;
        }
        work.report.architectures.push_back(summary);
    };
    const auto search = [&] { return search_head_sets(table, work.options.most_exits, work.executor, judge, watch); };
    setting best{search(), {}, false};
    if (best.heads.empty() && margin > 0 && objective.goal == exit_objective::kind::least_cost) {
        margin = 0;  // what is left: the limit on validation data alone
        best.heads = search();
    }
    if (best.heads.empty()) return best;
    if (const auto proven = solve(work, trace_of(table, best.heads), objective, margin)) {
        best.choice = *proven;
        best.feasible = true;
    }
    return best;
}

/// @brief Chooses heads for every objective, from what they say on validation data. False if the observer stopped it.
template <Executor X>
[[nodiscard]] bool search_exits(construction<X>& work) {
    work.report.base_validation_accuracy = mean_of(right_answers(work.base_validation, work.validation.labels));
    price_parts(work);
    std::vector<std::size_t> every(work.candidates.size());
    std::iota(every.begin(), every.end(), std::size_t{0});
    const exit_table table = table_of(
        work, every, [&](std::size_t k) { return work.candidates[k].trained.logits; }, work.base_validation);
    std::vector<char> wanted(work.candidates.size(), 0);
    for (std::size_t o = 0; o < work.options.objectives.size(); ++o) {
        if (!work.tell("search", static_cast<std::int64_t>(o),
                       static_cast<std::int64_t>(work.options.objectives.size())))
            return false;
        const setting found = best_setting(work, table, work.options.objectives[o], o == 0);
        for (const int h : found.heads) wanted[static_cast<std::size_t>(h)] = 1;
    }
    for (auto& architecture : work.report.architectures) {
        for (int& h : architecture.heads) h = work.candidates[static_cast<std::size_t>(h)].summary;
    }
    // The next larger head stands in for a small or medium one that was chosen: larger ones take longer to show what they
    // can, and trained out they were the better exits in nearly all settings of three ResNets.
    if (work.options.heads.final_epochs > work.options.heads.epochs) {
        for (std::size_t c = work.candidates.size() - 1; c > 0; --c) {
            const candidate& larger = work.candidates[c];
            if (!wanted[c - 1] || larger.site != work.candidates[c - 1].site || !is_separable(larger.form)) continue;
            wanted[c] = 1;
            wanted[c - 1] = 0;
        }
    }
    for (std::size_t c = 0; c < work.candidates.size(); ++c) {
        if (!wanted[c]) continue;
        work.chosen.push_back(c);
        work.report.heads[static_cast<std::size_t>(work.candidates[c].summary)].chosen = true;
    }
    return true;
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

// SPDX-License-Identifier: MIT
//
// detail/exit_judge.hpp - chooses thresholds for an objective, and the exits worth having, on validation data.
// Floor 8 (construct); host subset. Tested by tests/construct/augment.cpp. Letters: N = samples, C = classes.
#ifndef EENN_CONSTRUCT_DETAIL_EXIT_JUDGE_HPP
#define EENN_CONSTRUCT_DETAIL_EXIT_JUDGE_HPP

#include <eenn/construct/detail/evaluate.hpp>
#include <eenn/construct/detail/exit_table.hpp>
#include <eenn/construct/detail/head_sets.hpp>
#include <eenn/construct/detail/part_costs.hpp>
#include <eenn/construct/detail/propose_heads.hpp>
#include <eenn/core/executor.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/exits/calibration.hpp>
#include <eenn/exits/collect_trace.hpp>
#include <eenn/exits/detail/objective.hpp>
#include <eenn/exits/smoothing.hpp>
#include <eenn/exits/thresholds.hpp>

#include <cmath>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eenn::construct {
inline namespace EENN_ISA {

/// An objective as text.
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

/// @brief The heads and thresholds chosen for one objective.
struct setting {
    std::vector<int> heads;  ///< indices into the table that they were chosen from
    threshold_choice choice;
    bool feasible = false;
};

/// @brief The data and limits that exits are judged by.
struct exit_judge {
    std::span<const int> labels;  ///< of the validation samples
    int samples = 0;              ///< number of these, without mirror images
    double base_accuracy = 0;     ///< of the base network on these samples
    part_costs costs{};
    double loss_margin = 1;  ///< augment_options::loss_margin
    int most_exits = 3;      ///< augment_options::most_exits

    /// The outputs of heads and classifier, each calibrated on validation data.
    ///
    /// @param heads   by depth, indices into the candidates.
    /// @param logits  by element of `heads`, then the classifier's; (N,C) each.
    [[nodiscard]] exit_table table_of(std::span<const candidate> candidates, std::span<const std::size_t> heads,
                                      std::vector<std::vector<float>> logits) const {
        exit_table table;
        table.labels.assign(labels.begin(), labels.end());
        for (std::size_t k = 0; k < heads.size(); ++k) {
            const int site = candidates[heads[k]].site;
            table.heads.push_back(calibrated(std::move(logits[k]), costs.reach[static_cast<std::size_t>(site)],
                                             costs.heads[heads[k]], site));
        }
        table.classifier = calibrated(std::move(logits.back()), costs.base, 0, -1);
        return table;
    }

    /// The same for a network that has these heads as its exits.
    [[nodiscard]] exit_table table_of(std::span<const candidate> candidates, std::span<const std::size_t> heads,
                                      const basic_logit_trace<float>& trace) const {
        std::vector<std::vector<float>> logits;
        for (std::size_t e = 0; e < trace.exits; ++e) logits.push_back(trace.of_exit(e));
        return table_of(candidates, heads, std::move(logits));
    }

    /// Converts an objective to the units of a trace. A cost limit is a share of the base network's cost. A loss limit
    /// counts from the base network's accuracy, even if fine-tuning changed the classifier.
    [[nodiscard]] exit_objective objective_on(const exit_trace& trace, exit_objective objective) const {
        if (objective.goal == exit_objective::kind::best_accuracy) objective.limit *= costs.base;
        if (objective.goal == exit_objective::kind::least_cost)
            objective.limit += lone_accuracy(trace, trace.exits - 1) - base_accuracy;
        return objective;
    }

    /// Chooses thresholds for an objective on the smoothed trace and evaluates them on the original trace. To guard against
    /// chance, a loss limit is tightened by `margin` standard errors, estimated at the thresholds found without it; the
    /// best accuracy is sought with gains halved.
    [[nodiscard]] std::optional<threshold_choice> solve(const exit_trace& trace, exit_objective objective,
                                                        double margin, const threshold_options& how = {}) const {
        objective = objective_on(trace, objective);
        const bool seeks_accuracy = objective.goal == exit_objective::kind::best_accuracy;
        const exit_trace counted = smoothed(trace, seeks_accuracy ? gains::halved : gains::whole);
        auto choice = try_thresholds(counted, objective, how);
        if (choice && margin > 0 && objective.goal == exit_objective::kind::least_cost) {
            objective.limit -= margin * loss_error(trace, choice->thresholds);
            choice = try_thresholds(counted, objective, how);
        }
        if (choice) choice->evaluation = evaluate(trace, choice->thresholds);
        return choice;
    }

    /// The best set of heads of a table for one objective.
    ///
    /// @param watch  receives every evaluated set of heads; may be empty.
    /// @param told   receives progress; once it returns false, the result is invalid.
    [[nodiscard]] setting best_setting(const exit_table& table, const exit_objective& objective, executor_ref executor,
                                       const head_set_observer& watch = {}, const share_observer& told = {}) const {
        double margin = loss_margin;
        const auto judge = [&](std::span<const int> heads) -> std::optional<threshold_choice> {
            return solve(trace_of(table, heads), objective, margin, threshold_options::quick());
        };
        const auto search = [&](double first, double last) {
            return search_head_sets(table, most_exits, executor, judge, watch, part_of(told, first, last));
        };
        setting best{search(0, 0.6), {}, false};
        if (best.heads.empty() && margin > 0 && objective.goal == exit_objective::kind::least_cost) {
            margin = 0;  // fall back to the limit without a margin
            best.heads = search(0.6, 0.8);
        }
        if (best.heads.empty()) {
            if (told) (void)told(1);
            return best;
        }
        if (const auto proven = solve(trace_of(table, best.heads), objective, margin)) {
            best.choice = *proven;
            best.feasible = true;
        }
        if (told) (void)told(1);
        return best;
    }

    /// The best set of heads of a table and its thresholds, for each objective.
    [[nodiscard]] std::vector<setting> settings_of(const exit_table& table, std::span<const exit_objective> objectives,
                                                   executor_ref executor, const share_observer& told = {}) const {
        std::vector<setting> all;
        const auto count = static_cast<double>(objectives.size());
        for (std::size_t o = 0; o < objectives.size(); ++o) {
            const auto before = static_cast<double>(o);
            const share_observer part = part_of(told, before / count, (before + 1) / count);
            all.push_back(best_setting(table, objectives[o], executor, {}, part));
        }
        return all;
    }

private:
    [[nodiscard]] exit_words calibrated(std::vector<float> logits, double reach, double head_cost, int site) const {
        exit_words words{std::move(logits), 1, max_probability{}, reach, head_cost, site};
        words.temperature = static_cast<float>(fit_temperature(words.logits, labels).temperature);
        return words;
    }

    /// Standard error of the loss against the classifier on new samples. A sample and its mirror image count as one.
    [[nodiscard]] double loss_error(const exit_trace& trace, std::span<const float> thresholds) const {
        std::vector<std::uint8_t> classifier(static_cast<std::size_t>(trace.samples));
        for (int i = 0; i < trace.samples; ++i)
            classifier[static_cast<std::size_t>(i)] = trace.correct[trace.at(i, trace.exits - 1)];
        const double copies = trace.samples / static_cast<double>(samples);
        return compare(trace, thresholds, classifier).error * std::sqrt(copies);
    }
};

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

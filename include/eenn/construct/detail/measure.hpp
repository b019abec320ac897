// SPDX-License-Identifier: MIT
//
// detail/measure.hpp - measures the kept network on test data, which influenced no choice.
// Floor 8 (construct); host subset. Letters: N = samples, E = exits.
#ifndef EENN_CONSTRUCT_DETAIL_MEASURE_HPP
#define EENN_CONSTRUCT_DETAIL_MEASURE_HPP

#include <eenn/construct/detail/assemble.hpp>
#include <eenn/construct/detail/compare_signals.hpp>
#include <eenn/construct/detail/evaluate.hpp>
#include <eenn/construct/detail/timing.hpp>
#include <eenn/construct/detail/watcher.hpp>
#include <eenn/construct/options.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/exits/pareto.hpp>

#include <cmath>
#include <cstdio>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief What to measure, and the base network that all shares refer to.
struct measured_exits {
    const frozen_backbone& base;
    std::span<const candidate> candidates;
    const assembled_network* made = nullptr;  ///< null if no heads were chosen
    const exit_judge& judge;
    std::span<const exit_objective> objectives;
    const data_set& test;
};

/// Points of a trade-off, with costs as shares of the base network's.
[[nodiscard]] inline trade_off_curve curve_of(std::string name, std::span<const pareto_point> points, double base) {
    trade_off_curve curve{std::move(name), {}};
    for (const auto& point : points) curve.points.push_back({point.mean_cost / base, point.accuracy});
    return curve;
}

namespace detail {

[[nodiscard]] inline setting_summary summarise(const measured_exits& what, const std::string& unit,
                                               const exit_objective& objective, const setting& s,
                                               const exit_table& test, std::span<const std::uint8_t> base_right) {
    const double base = what.judge.costs.base;
    setting_summary out;
    out.objective = text_of(objective, unit);
    if (what.made != nullptr) {
        out.thresholds.assign(what.made->heads.size(), never_exit);
        for (const std::size_t c : what.made->heads) {
            const candidate& who = what.candidates[c];
            out.heads.push_back(what.base.name_of(what.base.site_at(who.site).node) + ", " +
                                std::string{to_string(who.form)});
        }
    }
    if (!s.feasible) {
        out.objective += " (out of reach: the base network)";
        out.validation_cost = out.test_cost = out.bound = 1;
        out.validation_accuracy = what.judge.base_accuracy;
        out.test_accuracy = mean_of(base_right);
        return out;
    }
    for (std::size_t k = 0; k < s.heads.size(); ++k)
        out.thresholds[static_cast<std::size_t>(s.heads[k])] = s.choice.thresholds[k];
    const bool cost_is_objective = objective.goal == exit_objective::kind::least_cost;
    out.validation_cost = s.choice.evaluation.mean_cost / base;
    out.validation_accuracy = s.choice.evaluation.accuracy;
    out.bound = cost_is_objective ? s.choice.bound / base
                : s.choice.proven ? out.validation_cost
                                  : std::numeric_limits<double>::infinity();
    if (objective.goal == exit_objective::kind::best_accuracy)
        out.accuracy_bound = out.validation_accuracy + s.choice.gap();
    out.proven = s.choice.proven;
    const exit_trace trace = trace_of(test, s.heads);
    const exit_evaluation e = evaluate(trace, s.choice.thresholds);
    const paired_loss loss = compare(trace, s.choice.thresholds, base_right);
    out.test_cost = e.mean_cost / base;
    out.test_accuracy = e.accuracy;
    out.loss = loss.loss;
    out.loss_low = loss.low;
    out.loss_high = loss.high;
    return out;
}

inline void describe_exits(const measured_exits& what, const setting& first, const exit_trace& test, result& r) {
    const assembled_network& made = *what.made;
    const exit_evaluation e = evaluate(test, first.choice.thresholds);
    std::int64_t of_heads = 0;
    r.mean_macs_share = 0;
    std::vector<std::int32_t> answers(static_cast<std::size_t>(test.samples));
    std::vector<std::vector<std::uint8_t>> here(static_cast<std::size_t>(test.exits),
                                                std::vector<std::uint8_t>(answers.size(), 0));
    for (int i = 0; i < test.samples; ++i) {
        const int left = leaving_exit({test.confidence.data() + test.at(i, 0), static_cast<std::size_t>(test.exits)},
                                      first.choice.thresholds);
        answers[static_cast<std::size_t>(i)] = test.prediction[test.at(i, left)];
        here[static_cast<std::size_t>(left)][static_cast<std::size_t>(i)] = 1;
    }
    r.classes = score_classes(answers, what.test.labels, what.test.classes);
    for (int k = 0; k < test.exits; ++k) {
        const auto x = static_cast<std::size_t>(k);
        const bool last = k + 1 == test.exits;
        const exit_words& words =
            last ? made.table.classifier : made.table.heads[static_cast<std::size_t>(first.heads[x])];
        exit_summary out;
        out.policy = std::string{words.decides.name()};
        out.temperature = static_cast<double>(words.temperature);
        out.share = e.share[x];
        out.accuracy = e.exit_accuracy[x];
        out.lone_accuracy = lone_accuracy(test, k);
        out.share_by_class = by_class(here[x], what.test.labels, what.test.classes);
        if (last) {
            out.site = what.base.name_of(what.base.network().here());
            out.form = "classifier";
            out.threshold = never_exit;
            out.macs = what.base.layout.macs + of_heads;
        } else {
            const candidate& who = what.candidates[made.heads[static_cast<std::size_t>(first.heads[x])]];
            out.site = what.base.name_of(what.base.site_at(who.site).node);
            out.form = std::string{to_string(who.form)};
            out.head = who.summary;
            out.threshold = first.choice.thresholds[x];
            of_heads += who.macs;
            out.macs = what.base.site_at(who.site).macs + of_heads;
        }
        r.mean_macs_share += out.share * static_cast<double>(out.macs) / static_cast<double>(what.base.layout.macs);
        const auto bins = [&](float temperature, std::vector<double>& confidence, std::vector<double>& accuracy,
                              std::vector<double>& weight) {
            const reliability table = reliability_of(words.logits, made.table.labels, temperature);
            for (const auto& bin : table.bins) {
                confidence.push_back(bin.confidence);
                accuracy.push_back(bin.accuracy);
                weight.push_back(bin.count / static_cast<double>(made.table.labels.size()));
            }
            return table.error;
        };
        out.error_before = bins(1.0F, out.confidence_before, out.accuracy_before, out.weight_before);
        out.error_after = bins(words.temperature, out.confidence_after, out.accuracy_after, out.weight_after);
        r.exits.push_back(std::move(out));
    }
}

/// Warns if accuracy is higher on validation than on test data by more than chance: the network may have been trained on
/// the validation data.
inline void doubt_validation(int validation_samples, result& r) {
    const double seen = validation_samples;
    const double unseen = r.test_samples;
    const double mean = (seen * r.base_validation_accuracy + unseen * r.base_accuracy) / (seen + unseen);
    const double error = std::sqrt(mean * (1 - mean) * (1 / seen + 1 / unseen));
    constexpr double most_errors = 3;
    if (!(r.base_validation_accuracy - r.base_accuracy > most_errors * error)) return;
    char line[320];
    std::snprintf(line, sizeof line,
                  "The base network has %.2f %% right on validation data and %.2f %% on test data, more apart than "
                  "chance explains. If it was trained on the validation data, its confidences there are too high and "
                  "the exits chosen by them lose more accuracy than promised.",
                  100 * r.base_validation_accuracy, 100 * r.base_accuracy);
    r.warnings.emplace_back(line);
}

/// Adds a sentence to the verdict if exits save no time.
inline void judge_time(result& r) {
    if (r.mean_time_share < 1) return;
    char line[200];
    std::snprintf(line, sizeof line, " On this machine it saves no time: %.1f %% of the base network's, one by one. %s",
                  100 * r.mean_time_share,
                  r.cost_unit == to_string(cost_unit::time)
                      ? "Allow fewer exits."
                      : "Choose exits by what they save in time instead of MACs, or allow fewer.");
    r.verdict += line;
}

/// Returns false if the observer stopped it.
[[nodiscard]] inline bool measure_times(const measured_exits& what, augmented& out, const share_observer& told) {
    result& r = out.report;
    runtime_network<float, graph> early{out.model.network};
    const auto timed = time_exits(what.base.net.inference(), what.base.parameters(), early.inference(),
                                  out.model.parameters, out.model.rules, what.test, 2500, told);
    if (!timed) return false;
    const exit_times& t = *timed;
    r.base_microseconds = t.base;
    r.mean_microseconds = t.early;
    r.mean_time_share = t.early / t.base;
    r.batch_time_share = t.batch_base > 0 ? t.batch_early / t.batch_base : r.mean_time_share;
    r.decision_overhead = t.decision / t.base;
    for (std::size_t e = 0; e < r.exits.size(); ++e) r.exits[e].microseconds = t.at_exit[e];
    return true;
}

}  // namespace detail

/// @brief Builds the network of the first objective and measures every number of the report on test data. Returns false
/// if the observer stopped it.
[[nodiscard]] inline bool measure_exits(const measured_exits& what, executor_ref executor, watcher& watch,
                                        augmented& out) {
    result& r = out.report;
    const data_set& set = what.test;
    const double base_cost = what.judge.costs.base;
    stage_share stage{watch, "test"};
    const auto samples = [&](double from, double to) { return samples_of(stage.part(from, to), set.labels.size()); };
    const auto base_logits =
        collect_logits(what.base.net.inference(), what.base.parameters(), set, executor, samples(0, 0.25)).logits;
    const auto base_right = right_answers(base_logits, set.labels);
    r.base_accuracy = mean_of(base_right);
    r.base_classes = score_classes(answers_of(base_logits, set.labels.size()), set.labels, set.classes);
    r.accuracy = r.base_accuracy;
    r.classes = r.base_classes;

    exit_table test;
    if (what.made != nullptr) {
        runtime_network<float, graph> net{what.made->network};
        const auto logits = collect_logits(net.inference(), what.made->parameters, set, executor, samples(0.25, 0.5));
        test = what.made->table;
        test.labels.assign(set.labels.begin(), set.labels.end());
        for (std::size_t k = 0; k < test.heads.size(); ++k) test.heads[k].logits = logits.of_exit(k);
        test.classifier.logits = logits.of_exit(test.heads.size());
    }
    if (!stage.reach(0.5)) return false;
    detail::doubt_validation(what.judge.samples, r);
    for (std::size_t o = 0; o < what.objectives.size(); ++o) {
        r.settings.push_back(detail::summarise(what, r.cost_unit, what.objectives[o],
                                               what.made != nullptr ? what.made->settings[o] : setting{}, test,
                                               base_right));
    }
    const bool feasible = what.made != nullptr && what.made->settings[0].feasible;
    r.pays_off = feasible && what.made->settings[0].choice.evaluation.mean_cost / base_cost < 1;
    if (!r.pays_off) {
        out.model = what.base.start;
        out.model.rules = {{never_exit, 1}};
        r.verdict = "No exit pays off here: " +
                    std::string{feasible ? "none is cheaper than the base network" : "none reaches the objective"} +
                    " (" + text_of(what.objectives[0], r.cost_unit) + "). The table of heads says what each can do.";
        return stage.reach(1);
    }
    const setting& first = what.made->settings[0];
    keep_exits(what.base, what.candidates, *what.made, first, out);
    r.accuracy = r.settings[0].test_accuracy;
    char line[160];
    std::snprintf(line, sizeof line,
                  "%.1f %% of the %s, %+.2f points of accuracy, with %zu exit%s before the classifier.",
                  100 * r.settings[0].test_cost, r.cost_unit.c_str(), -100 * r.settings[0].loss, first.heads.size(),
                  first.heads.size() == 1 ? "" : "s");
    r.verdict = line;

    // The kept network's own traces; everything below is derived from them.
    out.validation = trace_of(what.made->table, first.heads);
    out.test = trace_of(test, first.heads);
    pareto front = pareto_front(out.validation);
    r.curves.push_back(curve_of("validation", front.points, base_cost));
    r.curves.push_back(
        curve_of("test (thresholds chosen there: not reachable)", pareto_front(out.test).points, base_cost));
    for (auto& point : front.points) {  // same thresholds on test data: what a user gets
        const exit_evaluation e = evaluate(out.test, point.thresholds);
        point.mean_cost = e.mean_cost;
        point.accuracy = e.accuracy;
    }
    r.curves.push_back(curve_of("test", front.points, base_cost));
    detail::describe_exits(what, first, out.test, r);
    if (!stage.reach(0.7)) return false;
    r.signals =
        compare_signals(what.judge, what.objectives[0], what.made->table, test, first.heads, stage.part(0.7, 1));
    if (!stage.reach(1)) return false;
    stage_share timing{watch, "time"};
    if (!detail::measure_times(what, out, timing.part(0, 1))) return false;
    detail::judge_time(r);
    return timing.reach(1);
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

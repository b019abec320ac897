// SPDX-License-Identifier: MIT
//
// measure.hpp - what the kept network does on test data, which chose nothing.
// Floor 8 (construct); host subset. Letters: N = samples, E = exits.
#ifndef EENN_CONSTRUCT_MEASURE_HPP
#define EENN_CONSTRUCT_MEASURE_HPP

#include <eenn/construct/assemble.hpp>
#include <eenn/construct/compare_signals.hpp>
#include <eenn/construct/evaluate.hpp>
#include <eenn/construct/timing.hpp>
#include <eenn/core/isa.hpp>

namespace eenn::construct {
inline namespace EENN_ISA {

namespace detail {

template <Executor X>
[[nodiscard]] setting_summary summarise(const construction<X>& work, const exit_objective& objective, const setting& s,
                                        const exit_table& test, std::span<const std::uint8_t> base_right) {
    const double base = work.costs.base;
    setting_summary out;
    out.objective = text_of(objective, work.report.cost_unit);
    out.thresholds.assign(work.chosen.size(), never_exit);
    for (const std::size_t c : work.chosen) {
        const candidate& who = work.candidates[c];
        out.heads.push_back(work.name_of(work.site_of(who).node) + ", " + std::string{to_string(who.form)});
    }
    if (!s.feasible) {
        out.objective += " (out of reach: the base network)";
        out.validation_cost = out.test_cost = out.bound = 1;
        out.validation_accuracy = work.report.base_validation_accuracy;
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

template <Executor X>
void describe_exits(construction<X>& work, const setting& first, const exit_trace& test) {
    result& r = work.report;
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
    r.classes = score_classes(answers, work.test.labels, work.test.classes);
    for (int k = 0; k < test.exits; ++k) {
        const auto x = static_cast<std::size_t>(k);
        const bool last = k + 1 == test.exits;
        const exit_words& words =
            last ? work.table.classifier : work.table.heads[static_cast<std::size_t>(first.heads[x])];
        exit_summary out;
        out.policy = std::string{words.decides.name()};
        out.temperature = static_cast<double>(words.temperature);
        out.share = e.share[x];
        out.accuracy = e.exit_accuracy[x];
        out.lone_accuracy = lone_accuracy(test, k);
        out.share_by_class = by_class(here[x], work.test.labels, work.test.classes);
        if (last) {
            out.site = work.name_of(work.base.here().node);
            out.form = "classifier";
            out.threshold = never_exit;
            out.macs = work.layout.macs + of_heads;
        } else {
            const candidate& who = work.candidates[work.chosen[static_cast<std::size_t>(first.heads[x])]];
            out.site = work.name_of(work.site_of(who).node);
            out.form = std::string{to_string(who.form)};
            out.head = who.summary;
            out.threshold = first.choice.thresholds[x];
            of_heads += who.macs;
            out.macs = work.site_of(who).macs + of_heads;
        }
        r.mean_macs_share += out.share * static_cast<double>(out.macs) / static_cast<double>(work.layout.macs);
        const auto bins = [&](float temperature, std::vector<double>& confidence, std::vector<double>& accuracy,
                              std::vector<double>& weight) {
            const reliability table = reliability_of(words.logits, work.table.labels, temperature);
            for (const auto& bin : table.bins) {
                confidence.push_back(bin.confidence);
                accuracy.push_back(bin.accuracy);
                weight.push_back(bin.count / static_cast<double>(work.table.labels.size()));
            }
            return table.error;
        };
        out.error_before = bins(1.0F, out.confidence_before, out.accuracy_before, out.weight_before);
        out.error_after = bins(words.temperature, out.confidence_after, out.accuracy_after, out.weight_after);
        r.exits.push_back(std::move(out));
    }
}

template <Executor X>
[[nodiscard]] bool measure_times(construction<X>& work, const augmented& out) {
    if (!work.tell("time", 0, 1)) return false;
    result& r = work.report;
    runtime_network<float, graph> early{out.model.network};
    const exit_times t = time_exits(work.net.inference(), work.parameters, early.inference(), out.model.parameters,
                                    out.model.rules, work.test);
    r.base_microseconds = t.base;
    r.mean_microseconds = t.early;
    r.mean_time_share = t.early / t.base;
    r.batch_time_share = t.batch_base > 0 ? t.batch_early / t.batch_base : r.mean_time_share;
    r.decision_overhead = t.decision / t.base;
    for (std::size_t e = 0; e < r.exits.size(); ++e) r.exits[e].microseconds = t.at_exit[e];
    return true;
}

}  // namespace detail

/// @brief The network of the first objective, and every number of the report on test data. False if the observer stopped
/// it.
template <Executor X>
[[nodiscard]] bool measure_exits(construction<X>& work, augmented& out) {
    result& r = work.report;
    const auto base_logits = collect_logits(work.net.inference(), work.parameters, work.test, work.executor).logits;
    const auto base_right = right_answers(base_logits, work.test.labels);
    r.base_accuracy = mean_of(base_right);
    r.base_classes =
        score_classes(answers_of(base_logits, work.test.labels.size()), work.test.labels, work.test.classes);
    r.accuracy = r.base_accuracy;
    r.classes = r.base_classes;

    exit_table test;
    if (!work.chosen.empty()) {
        if (!work.tell("test", 0, 1)) return false;
        runtime_network<float, graph> net{*work.whole};
        const auto logits = collect_logits(net.inference(), work.whole_parameters, work.test, work.executor);
        test = work.table;
        test.labels.assign(work.test.labels.begin(), work.test.labels.end());
        for (std::size_t k = 0; k < work.chosen.size(); ++k) test.heads[k].logits = logits.of_exit(k);
        test.classifier.logits = logits.of_exit(work.chosen.size());
    }
    for (std::size_t o = 0; o < work.options.objectives.size(); ++o) {
        r.settings.push_back(detail::summarise(work, work.options.objectives[o],
                                               o < work.settings.size() ? work.settings[o] : setting{}, test,
                                               base_right));
    }
    out = keep_exits(work);
    if (!r.pays_off) return true;

    // The kept network's own traces: everything else follows from them.
    const setting& first = work.settings[0];
    out.validation = trace_of(work.table, first.heads);
    out.test = trace_of(test, first.heads);
    pareto front = pareto_front(out.validation);
    add_curve(work, "validation", front.points);
    add_curve(work, "test (thresholds chosen there: not reachable)", pareto_front(out.test).points);
    for (auto& point : front.points) {  // the same thresholds on test data: what a user gets
        const exit_evaluation e = evaluate(out.test, point.thresholds);
        point.mean_cost = e.mean_cost;
        point.accuracy = e.accuracy;
    }
    add_curve(work, "test", front.points);
    detail::describe_exits(work, first, out.test);
    compare_signals(work, test);
    return detail::measure_times(work, out);
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

// SPDX-License-Identifier: MIT
//
// detail/augment.hpp - augment(), stage by stage.
// Floor 8 (construct); host subset. Tested by tests/construct/augment.cpp. Letters: N = samples, C = classes.
#ifndef EENN_CONSTRUCT_DETAIL_AUGMENT_HPP
#define EENN_CONSTRUCT_DETAIL_AUGMENT_HPP

#include <eenn/construct/augment.hpp>
#include <eenn/construct/detail/fine_tune.hpp>
#include <eenn/construct/detail/frozen_backbone.hpp>
#include <eenn/construct/detail/head_lessons.hpp>
#include <eenn/construct/detail/kept_work.hpp>
#include <eenn/construct/detail/measure.hpp>
#include <eenn/construct/detail/propose_heads.hpp>
#include <eenn/construct/detail/renormalise.hpp>
#include <eenn/construct/detail/search_exits.hpp>
#include <eenn/construct/detail/watcher.hpp>
#include <eenn/construct/options.hpp>
#include <eenn/core/executor.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/data/data_set.hpp>
#include <eenn/data/detail/mirror.hpp>
#include <eenn/network/model.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace eenn::construct {
inline namespace EENN_ISA {

namespace detail {

inline void check_construction(const backbone& layout, shape input, const samples& data,
                               const augment_options& options) {
    const auto check_set = [&](const data_set& set, const char* what, int least) {
        if (!(set.sample == input)) {
            raise("construct", std::string{what} + " samples are " + to_string(set.sample) + ", the network takes " +
                                   to_string(input));
        }
        if (set.classes != layout.classes) {
            raise("construct",
                  std::string{what} + " labels are of " + std::to_string(set.classes) + " classes, the network has " +
                      std::to_string(layout.classes) + " logits",
                  "give the data that the network was trained for");
        }
        if (set.size() < least) {
            raise("construct", std::to_string(set.size()) + " " + what + " samples are too few to choose exits by",
                  "give at least " + std::to_string(least));
        }
    };
    check_set(data.train, "training", 2);
    check_set(data.validation, "validation", std::max(50, 2 * layout.classes));
    check_set(data.test, "test", 1);
    if (options.objectives.empty()) raise("construct", "there is no objective", "give at least one");
    if (options.most_exits < 1 || options.most_sites < 1)
        raise("construct", "no exits are allowed", "allow at least one exit and one site");
}

/// The part of the report that is known before the search.
[[nodiscard]] inline result describe_construction(const frozen_backbone& base, const samples& data, int mirrored,
                                                  const augment_options& options) {
    result r;
    r.seed = options.seed;
    r.train_samples = data.train.size();
    r.validation_samples = data.validation.size();
    r.notes.emplace_back(
        "Assumed",
        "The base network was not trained on the validation data, nor on the test data: confidences on "
        "samples that it has seen are too high to choose thresholds by. The library cannot know this.");
    if (mirrored > 0) {
        r.notes.emplace_back("Validation",
                             "Exits and thresholds were chosen on the validation samples and their mirror images, " +
                                 std::to_string(mirrored) + " in all.");
    }
    std::string choices =
        "On validation data an answer counts half as it was and half as isotonic regression on its confidence "
        "promises; certificates are of that count, accuracies are plain.";
    const bool limits_loss = std::any_of(options.objectives.begin(), options.objectives.end(),
                                         [](const auto& o) { return o.goal == exit_objective::kind::least_cost; });
    if (limits_loss && options.loss_margin > 0)
        choices += " Limits on loss are kept with a margin in standard errors where the heads allow it.";
    if (options.cost == cost_unit::time)
        choices += " Costs are times of one sample on one thread of this machine, measured part by part.";
    r.notes.emplace_back("Choices", std::move(choices));
    r.test_samples = data.test.size();
    r.base_macs = base.layout.macs;
    r.cost_unit = to_string(options.cost);
    r.base_parameters = base.layout.parameters;
    for (const site& s : base.layout.sites) {
        r.sites.push_back({base.name_of(s.node), s.id, s.features, s.macs, static_cast<std::int64_t>(s.bytes)});
    }
    return r;
}

/// Adds a head's accuracy on validation data to the report.
inline void report_head(head_summary& summary, const trained_head& head, std::span<const int> labels) {
    summary.trained = true;
    summary.accuracy = mean_of(right_answers(head.logits, labels));
}

/// Runs stages and records their times.
struct stage_clock {
    std::vector<std::pair<std::string, double>>& seconds;

    template <class Stage>
    auto operator()(const char* name, Stage&& run) const {
        using clock = std::chrono::steady_clock;
        const auto start = clock::now();
        auto found = run();
        seconds.emplace_back(name, std::chrono::duration<double>(clock::now() - start).count());
        return found;
    }
};

}  // namespace detail

}  // namespace EENN_ISA
inline namespace EENN_HOST {

EENN_FLOW augmented augment(const model& base, const samples& data, const augment_options& options,
                            executor_ref executor) {
    check(base, "construct");
    const renormalised normal = renormalise(base.network, base.parameters, data.train, executor);
    const frozen_backbone frozen{with_parameters(base, normal)};
    detail::check_construction(frozen.layout, base.network.input(), data, options);
    // Choices vary less if they are also made on mirror images, provided that mirroring preserves the labels.
    const data_set mirrored = options.tune.augment.flip ? with_mirror_images(data.validation) : data_set{};
    const data_set& judged = options.tune.augment.flip ? mirrored : data.validation;
    watcher watch{options.observer};
    const kept_work kept{options.state};

    augmented made{.model = frozen.start};
    result& report = made.report;
    report = detail::describe_construction(frozen, data, mirrored.size(), options);
    if (!normal.norms.empty()) {
        report.notes.emplace_back("Batch norms", std::to_string(normal.norms.size()) +
                                                     " were put back behind convolutions without one for training; "
                                                     "they fold into the convolutions again for inference.");
    }
    if (kept.dropped_bytes() > 0 &&
        !watch.tell("kept work", 1, 1, "dropped " + std::to_string(kept.dropped_bytes()) + " bytes, cut short"))
        return made;
    const detail::stage_clock timed{report.seconds};
    const auto report_head = [&](const candidate& who, const trained_head& head) {
        detail::report_head(report.heads[static_cast<std::size_t>(who.summary)], head, judged.labels);
    };

    proposed_heads proposed = propose_heads(frozen.network(), frozen.layout, options);
    const std::span<const candidate> candidates{proposed.candidates};
    report.heads = std::move(proposed.summaries);

    head_lessons lessons{{frozen, data.train, judged, options.head_samples, options.tune.augment, options.seed},
                         options.feature_memory,
                         kept,
                         executor,
                         watch};
    std::vector<float> classifier;  // of the base network on validation data, (N,C)
    const auto trained = timed("backbone and heads", [&] {
        classifier = collect_logits(frozen.net.inference(), frozen.parameters(), judged, executor).logits;
        return lessons(candidates, options.heads, "heads", false);
    });
    if (!trained) return made;
    for (std::size_t c = 0; c < candidates.size(); ++c) report_head(candidates[c], (*trained)[c]);

    const bool longer = options.heads.final_epochs > options.heads.epochs;
    report.base_validation_accuracy = mean_of(right_answers(classifier, judged.labels));
    auto searched = timed("search", [&]() -> std::optional<std::pair<exit_judge, chosen_heads>> {
        exit_judge judge{judged.labels,
                         data.validation.size(),
                         report.base_validation_accuracy,
                         price_parts(frozen, candidates, *trained, judged, options.cost, kept),
                         options.loss_margin,
                         options.most_exits};
        auto found = search_exits(judge, candidates, *trained, classifier, options.objectives, longer, executor, watch);
        if (!found) return {};
        return std::pair{std::move(judge), std::move(*found)};
    });
    if (!searched) return made;
    const exit_judge& judge = searched->first;
    const chosen_heads& chosen = searched->second;
    report.architectures = std::move(searched->second.architectures);
    std::vector<candidate> winners;
    for (const std::size_t c : chosen.heads) {
        winners.push_back(candidates[c]);
        report.heads[static_cast<std::size_t>(candidates[c].summary)].chosen = true;
    }

    const auto finished = timed("chosen heads", [&]() -> std::optional<std::vector<trained_head>> {
        if (longer) {
            head_training how = options.heads;
            how.epochs = how.final_epochs;
            return lessons(winners, how, "chosen heads", true);
        }
        std::vector<trained_head> as_they_are;
        for (const std::size_t c : chosen.heads) as_they_are.push_back((*trained)[c]);
        return as_they_are;
    });
    lessons.forget_features();
    if (!finished) return made;
    for (std::size_t k = 0; k < winners.size(); ++k) report_head(winners[k], (*finished)[k]);

    std::optional<assembled_network> whole;
    const bool tuned = timed("fine-tuning", [&] {
        if (winners.empty()) return true;
        stage_share chosen_thresholds{watch, "thresholds"};
        whole = assemble_heads(frozen, candidates, chosen.heads, *finished, judge, options.objectives, judged, executor,
                               chosen_thresholds.part(0, 1));
        if (!chosen_thresholds.reach(1)) return false;
        if (whole->settings[0].feasible) {
            report.curves.push_back(curve_of("before fine-tuning",
                                             pareto_front(trace_of(whole->table, whole->settings[0].heads)).points,
                                             judge.costs.base));
        }
        if (options.tune.epochs <= 0) {
            report.fine_tuning = "not asked for";
            return true;
        }
        auto after = fine_tune({whole->network, whole->parameters, data.train, judged, options.tune, options.seed},
                               kept, executor, watch);
        if (!after) return false;
        stage_share tuned_thresholds{watch, "thresholds, tuned"};
        tuning_verdict verdict = take_if_better(*whole, std::move(*after), candidates, judge, options.objectives,
                                                judged, report.cost_unit, executor, tuned_thresholds.part(0, 1));
        if (!tuned_thresholds.reach(1)) return false;
        report.fine_tuned = verdict.better;
        report.fine_tuning = std::move(verdict.account);
        return true;
    });
    if (!tuned) return made;

    made.finished = timed("test", [&] {
        const measured_exits what{frozen, candidates, whole ? &*whole : nullptr, judge, options.objectives, data.test};
        return measure_exits(what, executor, watch, made);
    });
    return made;
}

}  // namespace EENN_HOST
}  // namespace eenn::construct

#endif

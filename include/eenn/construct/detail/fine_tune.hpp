// SPDX-License-Identifier: MIT
//
// detail/fine_tune.hpp - fine-tunes the whole early-exit network.
// Floor 8 (construct); host subset. Tested by tests/construct/augment.cpp.
#ifndef EENN_CONSTRUCT_DETAIL_FINE_TUNE_HPP
#define EENN_CONSTRUCT_DETAIL_FINE_TUNE_HPP

#include <eenn/construct/detail/assemble.hpp>
#include <eenn/construct/detail/kept_work.hpp>
#include <eenn/construct/detail/watcher.hpp>
#include <eenn/construct/options.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/data/batches.hpp>
#include <eenn/training/trainer.hpp>

#include <cmath>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace eenn::construct {
inline namespace EENN_ISA {

namespace detail {

/// A power of two near the root mean square of the samples, if only convolutions and dense layers read the input. Raw
/// pixels of 0 to 255 would make the gradients of these layers 255^2 times too large. Dividing the samples by the scale
/// and multiplying the weights by it preserves every bit of the outputs.
[[nodiscard]] inline float input_scale(const graph& network, const data_set& train) {
    for (const auto& node : network.nodes()) {
        const bool reads = node.input_count > 0 && node.inputs[0] == edge{0};
        if (reads && !std::holds_alternative<conv2d>(node.what) && !std::holds_alternative<dense>(node.what)) return 1;
    }
    double sum = 0;
    const std::size_t count = std::min<std::size_t>(train.pixels.size(), 1 << 22);
    for (std::size_t i = 0; i < count; ++i)
        sum += static_cast<double>(train.pixels[i]) * static_cast<double>(train.pixels[i]);
    const double rms = std::sqrt(sum / static_cast<double>(count));
    return rms > 0 ? static_cast<float>(std::exp2(std::round(std::log2(rms)))) : 1.0F;
}

/// Multiplies the weights that are applied to the input.
inline void scale_input_weights(const plan_view& plan, const graph& network, float scale, std::span<float> parameters) {
    for (const auto& tensor : plan.tensors) {
        const auto& node = network.nodes()[tensor.node];
        if (node.inputs[0] != edge{0} || tensor.spec.name != "weight") continue;
        for (float& w : parameters.subspan(tensor.offset, tensor.spec.elements())) w *= scale;
    }
}

}  // namespace detail

/// @brief Everything that fine-tuning depends on.
struct tuning_inputs {
    const graph& network;  ///< with exits
    const aligned_vector<float>& parameters;
    const data_set& train;
    const data_set& validation;  ///< monitored only; influences no choice here
    const fine_tuning& how;      ///< at least one epoch
    std::uint64_t seed = 1;
};

/// @brief Returns the fine-tuned parameters, or nothing if the observer stopped it. Resumes from the last saved epoch.
[[nodiscard]] inline std::optional<aligned_vector<float>> fine_tune(const tuning_inputs& given, const kept_work& kept,
                                                                    executor_ref executor, watcher& watch) {
    runtime_network<float, graph> net{given.network};
    const digest key = kept.key_of("fine-tuned", given);
    aligned_vector<float> tuned;
    if (kept.read(key, std::pair{&tuned, net.plan().parameter_elements()})) return tuned;
    const checkpoint_file under_way = kept.under_way(key);
    training_options how;
    how.epochs = given.how.epochs;
    how.seed = given.seed;
    how.learning_rate = one_cycle{.peak = given.how.rate};
    how.hooks.loss = given.how.criterion;
    how.exit_weights.assign(net.plan().exits.size(), 1.0);
    how.exit_weights.back() = given.how.last_weight;
    how.average_decay = given.how.average_decay;
    how.clip_norm = given.how.clip_norm;
    how.checkpoint = under_way;
    how.observer = [&](const training_progress& p) {
        return watch.tell("fine-tune", static_cast<std::int64_t>(p.epoch) * p.steps + p.step,
                          static_cast<std::int64_t>(p.epochs) * p.steps, "loss " + std::to_string(p.loss).substr(0, 5));
    };
    const float scale = detail::input_scale(given.network, given.train);
    aligned_vector<float> start = given.parameters;
    detail::scale_input_weights(net.plan(), given.network, scale, start);
    data_set scaled_validation = given.validation;
    for (float& x : scaled_validation.pixels) x /= scale;
    trainer training{net.training(), sgd{.momentum = 0.9, .weight_decay = given.how.weight_decay, .nesterov = true},
                     std::move(start), how};
    under_way.resume(training);
    batch_options loading{.size = given.how.batch, .seed = given.seed, .drop_last = true, .augment = given.how.augment};
    if (scale != 1) {
        loading.transform = [scale](std::span<float> pixels, random_stream) {
            for (float& x : pixels) x /= scale;
        };
    }
    batch_loader batches{given.train, loading};
    if (!training.run(batches, scaled_validation, executor)) return {};
    tuned = training.parameters();
    detail::scale_input_weights(net.plan(), given.network, 1 / scale, tuned);
    kept.write(key, {tuned});
    under_way.remove();
    return tuned;
}

/// @brief The outcome of fine-tuning.
struct tuning_verdict {
    bool better = false;
    std::string account;  ///< "kept: on validation data 61.0 % of the MACs at 91.20 % before, ..."
};

/// @brief Adopts the fine-tuned parameters if they serve the first objective better on validation data.
///
/// @param unit  unit of cost, for the account.
/// @param told  receives progress; once it returns false, the verdict is invalid.
[[nodiscard]] inline tuning_verdict take_if_better(assembled_network& made, aligned_vector<float> tuned,
                                                   std::span<const candidate> candidates, const exit_judge& judge,
                                                   std::span<const exit_objective> objectives,
                                                   const data_set& validation, std::string_view unit,
                                                   executor_ref executor, const share_observer& told = {}) {
    runtime_network<float, graph> net{made.network};
    exit_table table = judge.table_of(candidates, made.heads,
                                      collect_logits(net.inference(), tuned, validation, executor,
                                                     samples_of(part_of(told, 0, 0.3), validation.labels.size())));
    auto settings = judge.settings_of(table, objectives, executor, part_of(told, 0.3, 1));
    const setting& before = made.settings[0];
    const setting& after = settings[0];
    tuning_verdict verdict;
    verdict.better = after.feasible && (!before.feasible || after.choice.objective < before.choice.objective);
    const auto text = [&](const setting& s) {
        if (!s.feasible) return std::string{"out of reach"};
        char line[96];
        std::snprintf(line, sizeof line, "%.1f %% of the %.*s at %.2f %%",
                      100 * s.choice.evaluation.mean_cost / judge.costs.base, static_cast<int>(unit.size()),
                      unit.data(), 100 * s.choice.evaluation.accuracy);
        return std::string{line};
    };
    verdict.account = std::string{verdict.better ? "kept" : "dropped"} + ": on validation data " + text(before) +
                      " before, " + text(after) + " after";
    if (verdict.better) {
        made.parameters = std::move(tuned);
        made.table = std::move(table);
        made.settings = std::move(settings);
    }
    return verdict;
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

// SPDX-License-Identifier: MIT
//
// fine_tune.hpp - the whole early-exit network, trained on.
// Floor 8 (construct); host subset.
#ifndef EENN_CONSTRUCT_FINE_TUNE_HPP
#define EENN_CONSTRUCT_FINE_TUNE_HPP

#include <eenn/construct/assemble.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/data/batches.hpp>
#include <eenn/training/checkpoint.hpp>
#include <eenn/training/trainer.hpp>

#include <filesystem>

namespace eenn::construct {
inline namespace EENN_ISA {

namespace detail {

/// A power of two near the root mean square of the samples, where only convolutions and dense layers read them: raw
/// pixels of 0 to 255 would make their gradients 255^2 times too large. Dividing the samples and multiplying the
/// weights by it changes no bit of any answer.
[[nodiscard]] inline float input_scale(const graph& base, const data_set& train) {
    for (const auto& node : base.nodes()) {
        const bool reads = node.input_count > 0 && node.inputs[0] == 0;
        if (reads && !std::holds_alternative<conv2d>(node.what) && !std::holds_alternative<dense>(node.what)) return 1;
    }
    double sum = 0;
    const std::size_t count = std::min<std::size_t>(train.pixels.size(), 1 << 22);
    for (std::size_t i = 0; i < count; ++i)
        sum += static_cast<double>(train.pixels[i]) * static_cast<double>(train.pixels[i]);
    const double rms = std::sqrt(sum / static_cast<double>(count));
    return rms > 0 ? static_cast<float>(std::exp2(std::round(std::log2(rms)))) : 1.0F;
}

/// Multiplies the weights that read the input.
inline void scale_input_weights(const plan_view& plan, const graph& network, float scale, std::span<float> parameters) {
    for (const auto& tensor : plan.tensors) {
        const auto& node = network.nodes()[static_cast<std::size_t>(tensor.node)];
        if (node.inputs[0] != 0 || tensor.spec.name != "weight") continue;
        for (float& w : parameters.subspan(tensor.offset, tensor.spec.elements())) w *= scale;
    }
}

}  // namespace detail

/// @brief Trains the assembled network on, and keeps what comes of it where validation data says it helped. False if the
/// observer stopped it.
template <Executor X>
[[nodiscard]] bool fine_tune(construction<X>& work) {
    if (work.chosen.empty()) return true;
    runtime_network<float, graph> net{*work.whole};
    if (work.options.tune.epochs <= 0) {
        work.report.fine_tuning = "not asked for";
        return true;
    }
    training_options how;
    how.epochs = work.options.tune.epochs;
    how.seed = work.options.seed;
    how.learning_rate = one_cycle{.peak = work.options.tune.rate};
    how.hooks.loss = work.options.tune.criterion;
    how.exit_weights.assign(work.chosen.size() + 1, 1.0);
    how.exit_weights.back() = work.options.tune.last_weight;
    how.average_decay = work.options.tune.average_decay;
    how.clip_norm = work.options.tune.clip_norm;
    how.observer = [&](const training_progress& p) {
        return work.tell("fine-tune", static_cast<std::int64_t>(p.epoch) * p.steps + p.step,
                         static_cast<std::int64_t>(p.epochs) * p.steps, "loss " + std::to_string(p.loss).substr(0, 5));
    };
    std::filesystem::path checkpoint;
    if (!work.options.state.empty()) {
        fingerprint print;
        for (const std::size_t c : work.chosen) print.add(std::string_view{work.candidates[c].print.text()});
        print.add(work.options.tune.epochs).add(work.options.tune.batch).add(work.options.tune.rate);
        print.add(work.options.tune.weight_decay)
            .add(work.options.tune.last_weight)
            .add(work.options.tune.average_decay);
        print.add(work.options.tune.criterion.share).add(work.options.tune.criterion.temperature);
        print.add(work.options.tune.augment.crop_padding).add(work.options.tune.augment.flip);
        print.add(work.options.tune.augment.cutout).add(work.options.tune.augment.mix_up);
        checkpoint = work.options.state / ("tuning_" + print.text() + ".safetensors");
        how.checkpoint = checkpoint_file(checkpoint);
    }
    const float scale = detail::input_scale(work.base, work.train);
    detail::scale_input_weights(net.plan(), *work.whole, scale, work.whole_parameters);
    data_set scaled_validation = work.validation;
    for (float& x : scaled_validation.pixels) x /= scale;
    trainer training{net.training(),
                     sgd{.momentum = 0.9, .weight_decay = work.options.tune.weight_decay, .nesterov = true},
                     work.whole_parameters, how};
    if (!checkpoint.empty() && std::filesystem::exists(checkpoint)) training.resume(read_checkpoint(checkpoint));
    batch_options loading{.size = work.options.tune.batch,
                          .seed = work.options.seed,
                          .drop_last = true,
                          .augment = work.options.tune.augment};
    if (scale != 1) {
        loading.transform = [scale](std::span<float> pixels, random_stream) {
            for (float& x : pixels) x /= scale;
        };
    }
    batch_loader batches{work.train, loading};
    if (!training.run(batches, scaled_validation, work.executor)) return false;
    aligned_vector<float> result = training.parameters();
    detail::scale_input_weights(net.plan(), *work.whole, 1 / scale, work.whole_parameters);
    detail::scale_input_weights(net.plan(), *work.whole, 1 / scale, result);
    const exit_table tuned = table_of(work, collect_logits(net.inference(), result, work.validation, work.executor));
    const auto after = settings_of(work, tuned);
    const bool better = after[0].feasible &&
                        (!work.settings[0].feasible || after[0].choice.objective < work.settings[0].choice.objective);
    work.report.fine_tuned = better;
    const auto text = [&](const setting& s) {
        if (!s.feasible) return std::string{"out of reach"};
        char line[96];
        std::snprintf(line, sizeof line, "%.1f %% of the %s at %.2f %%",
                      100 * s.choice.evaluation.mean_cost / work.costs.base, work.report.cost_unit.c_str(),
                      100 * s.choice.evaluation.accuracy);
        return std::string{line};
    };
    work.report.fine_tuning = std::string{better ? "kept" : "dropped"} + ": on validation data " +
                              text(work.settings[0]) + " before, " + text(after[0]) + " after";
    if (better) {
        work.whole_parameters = std::move(result);
        work.table = tuned;
        work.settings = after;
    }
    return true;
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

// SPDX-License-Identifier: MIT
//
// train_heads.hpp - heads trained side by side on kept features of a frozen backbone.
// Floor 6 (construct); host subset. Letters: N = samples, C = classes.
#ifndef EENN_CONSTRUCT_TRAIN_HEADS_HPP
#define EENN_CONSTRUCT_TRAIN_HEADS_HPP

#include <eenn/construct/features.hpp>
#include <eenn/construct/heads.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/training/teaching.hpp>

#include <optional>

namespace eenn::construct {

/// @brief How heads are trained. The defaults suit image classifiers of tens of thousands of samples.
struct head_training {
    int epochs = 5;
    int batch = 64;
    double rate = 0.1;  ///< peak of one cycle
    double weight_decay = 5e-4;
    teaching criterion{};  ///< the backbone's classifier is the teacher
};

/// @brief A head, trained.
struct trained_head {
    aligned_vector<float> parameters;  ///< of head_network()
    std::vector<float> logits;         ///< on the validation features, (N,C)
};

/// @brief Trains one head on one thread. The result depends on the arguments alone.
///
/// @param train, labels, teacher           features (N,H,W,C), labels (N) and the classifier's logits (N,C) there.
/// @param validation, validation_labels    what the returned logits are of; they choose nothing.
/// @param observer                         after every step, with the steps done of all; false stops training.
/// @return                                 nothing if the observer stopped it.
[[nodiscard]] inline std::optional<trained_head> train_head(
    const head& what, const site_features& train, std::span<const int> labels, std::span<const float> teacher,
    const site_features& validation, std::span<const int> validation_labels, const head_training& how,
    std::uint64_t seed, const std::function<bool(std::int64_t step, std::int64_t steps)>& observer = {}) {
    runtime_network<float, graph> net{head_network(what, train.size)};
    data_set samples{train.size, what.classes, {}, {validation_labels.begin(), validation_labels.end()}, {}};
    samples.pixels.resize(validation_labels.size() * train.size.elements());
    for (std::size_t i = 0; i < validation_labels.size(); ++i) {
        validation.read(i, samples.pixels.data() + i * train.size.elements());
    }
    training_options options;
    options.epochs = how.epochs;
    options.seed = seed;
    options.learning_rate = one_cycle{.peak = how.rate};
    options.criterion = how.criterion;
    options.observer = [&](const training_progress& p) {
        return !observer || observer(static_cast<std::int64_t>(p.epoch) * p.steps + p.step,
                                     static_cast<std::int64_t>(p.epochs) * p.steps);
    };
    trainer training{net.training(), sgd{.momentum = 0.9, .weight_decay = how.weight_decay, .nesterov = true},
                     initialize(net.plan(), seed), options};
    feature_batches batches{train, labels, teacher, how.batch, seed};
    serial here;
    if (!training.run(batches, samples, here)) return {};
    trained_head made{training.parameters(), {}};
    made.logits = collect_logits(net.inference(), made.parameters, samples, here)[0];
    return made;
}

}  // namespace eenn::construct

#endif

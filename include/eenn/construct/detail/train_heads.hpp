// SPDX-License-Identifier: MIT
//
// detail/train_heads.hpp - trains heads on stored features of a frozen backbone.
// Floor 8 (construct); host subset. Tested by tests/construct/augment.cpp. Letters: N = samples, C = classes.
#ifndef EENN_CONSTRUCT_DETAIL_TRAIN_HEADS_HPP
#define EENN_CONSTRUCT_DETAIL_TRAIN_HEADS_HPP

#include <eenn/construct/detail/features.hpp>
#include <eenn/construct/detail/heads.hpp>
#include <eenn/construct/detail/kept_work.hpp>
#include <eenn/construct/options.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/network/detail/transfer.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/training/freezing.hpp>
#include <eenn/training/teaching.hpp>
#include <eenn/training/trainer.hpp>

#include <functional>
#include <optional>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief A trained head.
struct trained_head {
    aligned_vector<float> parameters;  ///< of head_network()
    std::vector<float> logits;         ///< on the validation features, (N,C)
};

/// @brief Called after every training step of a head with the steps done and their total. Returning false stops
/// training.
using head_observer = std::function<bool(std::int64_t step, std::int64_t steps)>;

namespace detail {

[[nodiscard]] inline training_options head_options(const head_training& how, std::uint64_t seed,
                                                   const head_observer& observer) {
    training_options options;
    options.epochs = how.epochs;
    options.seed = seed;
    options.learning_rate = one_cycle{.peak = how.rate};
    options.hooks.loss = how.criterion;
    options.observer = [observer](const training_progress& p) {
        return !observer || observer(static_cast<std::int64_t>(p.epoch) * p.steps + p.step,
                                     static_cast<std::int64_t>(p.epochs) * p.steps);
    };
    return options;
}

[[nodiscard]] inline sgd head_optimizer(const head_training& how) {
    return {.momentum = 0.9, .weight_decay = how.weight_decay, .nesterov = true};
}

}  // namespace detail

/// @brief Trains a head on stored features. The result does not depend on the thread count.
///
/// @param what                             the head alone, with these features as input.
/// @param train, labels, teacher           features (N,H,W,C), labels (N) and the classifier's logits (N,C) to train
///               on.
/// @param validation, validation_labels    the data for the returned logits; they influence no choice.
/// @param under_way                        the checkpoint that interrupted training resumes from.
/// @param observer                         called after every step with the steps done and their total; false stops
///                                         training.
/// @return                                 nothing if the observer stopped it.
[[nodiscard]] inline std::optional<trained_head> train_head(
    const graph& what, const site_features& train, std::span<const int> labels, std::span<const float> teacher,
    const site_features& validation, std::span<const int> validation_labels, const head_training& how,
    std::uint64_t seed, executor_ref executor, const checkpoint_file& under_way = {},
    const head_observer& observer = {}) {
    runtime_network<float, graph> net{what};
    data_set samples{
        train.size, what.shape_of(what.here()).c, {}, {validation_labels.begin(), validation_labels.end()}, {}};
    samples.pixels.resize(validation_labels.size() * train.size.elements());
    for (std::size_t i = 0; i < validation_labels.size(); ++i) {
        validation.read(i, samples.pixels.data() + i * train.size.elements());
    }
    training_options options = detail::head_options(how, seed, observer);
    options.checkpoint = under_way;
    trainer training{net.training(), detail::head_optimizer(how), initialize(net.plan(), seed), options};
    under_way.resume(training);
    feature_batches batches{train, labels, teacher, how.batch, seed};
    if (!training.run(batches, samples, executor)) return {};
    trained_head made{training.parameters(), {}};
    made.logits = collect_logits(net.inference(), made.parameters, samples, executor).logits;
    return made;
}

/// @brief Training data of a head whose samples are augmented afresh in every epoch.
struct fresh_samples {
    const data_set& train;
    std::span<const int> indices;    ///< of train: the samples to train on
    std::span<const float> teacher;  ///< the classifier's logits on the original samples, (indices,C)
    const data_set& validation;
    const augmentation& changes;
};

/// @brief Trains a head on samples augmented afresh in every epoch. The backbone up to the site runs again for each, so
/// this suits early sites, where that is cheap. The result does not depend on the thread count.
///
/// @param what              the head alone, with ids that the base network does not use.
/// @param base, parameters  the whole network; only the part before `site` runs.
/// @param under_way         the checkpoint that interrupted training resumes from.
[[nodiscard]] inline std::optional<trained_head> train_head_afresh(
    const graph& what, const graph& base, std::span<const float> parameters, node_id site, const fresh_samples& samples,
    const head_training& how, std::uint64_t seed, executor_ref executor, const checkpoint_file& under_way = {},
    const head_observer& observer = {}) {
    // The backbone up to the site, followed by the head.
    const graph chain = insert_after(up_to(base, site), site, what);
    runtime_network<float, graph> net{chain};
    const plan whole = lower(base);
    auto start = initialize(net.plan(), seed);
    transfer(whole.view(), parameters, net.plan(), start);

    training_options options = detail::head_options(how, seed, observer);
    options.checkpoint = under_way;
    options.trained = steps_where(net.plan(), [&](const step_info& step) { return !base.place_of(step.id).exists(); });
    // The teacher's logits belong to the original sample.
    const auto classes = what.shape_of(what.here()).elements();
    std::vector<std::size_t> row(static_cast<std::size_t>(samples.train.size()), 0);
    for (std::size_t i = 0; i < samples.indices.size(); ++i) row[static_cast<std::size_t>(samples.indices[i])] = i;
    std::vector<float> words;
    options.hooks.loss = [&](const batch& seen, std::span<const exit_output> exits) {
        words.clear();
        for (int i = 0; i < seen.size; ++i) {
            const float* from = samples.teacher.data() + row[static_cast<std::size_t>(seen.indices[i])] * classes;
            words.insert(words.end(), from, from + classes);
        }
        batch taught = seen;
        taught.teacher = words.data();
        return how.criterion(taught, exits);
    };
    trainer training{net.training(), detail::head_optimizer(how), start, options};
    under_way.resume(training);
    batch_loader batches{samples.train,
                         samples.indices,
                         {.size = how.batch, .seed = seed, .drop_last = true, .augment = samples.changes, .ahead = 0}};
    if (!training.run(batches, samples.validation, executor)) return {};
    const plan part = lower(what);
    trained_head made{aligned_vector<float>(part.view().parameter_elements()), {}};
    transfer(net.plan(), training.parameters(), part.view(), made.parameters);
    made.logits = collect_logits(net.inference(), training.parameters(), samples.validation, executor).logits;
    return made;
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

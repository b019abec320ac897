// SPDX-License-Identifier: MIT
//
// trainer.hpp - mini-batch training of every exit together, or of heads alone on a frozen backbone.
// Floor 7 (training); host subset. Letters: N = samples, E = exits, B = batch.
#ifndef EENN_TRAINING_TRAINER_HPP
#define EENN_TRAINING_TRAINER_HPP

#include <eenn/core/isa.hpp>
#include <eenn/data/data_set.hpp>
#include <eenn/data/detail/batch.hpp>
#include <eenn/exits/collect_trace.hpp>
#include <eenn/training/detail/check_options.hpp>
#include <eenn/training/schedules.hpp>
#include <eenn/training/step.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Progress of a training run, as reported to an observer. The library itself prints nothing.
struct training_progress {
    int epoch = 0;  ///< from 0
    int epochs = 0;
    int step = 0;     ///< within the epoch, from 1
    int steps = 0;    ///< per epoch; 0: unknown
    double loss = 0;  ///< mean over the epoch so far, all exits weighted
    double learning_rate = 0;
    double seconds = 0;       ///< since the call of run()
    double seconds_left = 0;  ///< extrapolated; 0 if the number of steps is unknown
    /// Accuracy of each exit (E) at the end of an epoch; empty before that, and if unknown.
    std::vector<double> validation;
};

/// @brief Options of a training run. The defaults suit small image classifiers.
struct training_options : step_options {
    int epochs = 10;
    std::uint64_t seed = 0;
    /// A schedule. `total` is no_total if the batch source does not know its number of steps.
    std::function<double(std::int64_t step, std::int64_t total)> learning_rate = one_cycle{.peak = 0.1};
    int patience = 0;  ///< > 0: stop after this many epochs without better validation accuracy, keep the best
    /// Called after every step and, with `validation` if available, after every epoch. Returning false stops training cleanly.
    std::function<bool(const training_progress&)> observer{};
    /// Called with the state after every epoch. checkpoint_file{"run.safetensors"} of checkpoint.hpp writes it to a file.
    std::function<void(const training_state&)> checkpoint{};
};

/// @brief Trains a network on a data set. Bit-reproducible from the seed, with any executor and across resume.
///
/// A loop over training_step: forward through every exit, the sum of the exit losses, backward, clipping, the optimizer at the
/// scheduled rate, the moving average. Joint training with per-exit weights follows Teerapittayanon et al. (2016, BranchyNet),
/// eq. 1.
///
/// @tparam O  The optimizer.
/// @par Memory  backpropagation<float> for one batch, the parameters and their state.
template <Optimizer O>
class trainer {
public:
    /// @param parameters  the initial parameters, (plan.parameter_elements()); initialize(plan, seed) for a fresh network.
    /// @par Errors  eenn::error if the options do not fit the network, or an option, a hyperparameter of the optimizer or a
    ///              parameter is out of range; the message names it.
    trainer(const trainable<float>& net, O optimizer, aligned_vector<float> parameters, training_options options = {})
        : trainer{net, optimizer, training_state{.parameters = std::move(parameters)}, std::move(options)} {}

    /// @param state  the initial state, with extra vectors and moments of earlier training. Its seed is replaced by that of the
    ///               options.
    trainer(const trainable<float>& net, O optimizer, training_state state, training_options options = {})
        : options_{std::move(options)}, step_{net, optimizer, seeded(std::move(state), options_.seed), options_} {
        check_options("trainer", options_);
    }

    /// Trains on `batches` until the last epoch, until the observer stops it, or until `patience` runs out. parameters() then
    /// holds the result.
    ///
    /// @param validation  decides when to stop and which parameters to keep; the observer receives its accuracy. With a loss
    ///                    hook, accuracy is unknown if any output does not classify the set's classes.
    /// @return whether training ran to its end. False: the observer stopped it, and resume() can continue from a checkpoint.
    /// @par Errors  eenn::error if the data does not fit the network, or patience is on and accuracy is unknown.
    template <BatchSource S>
    bool run(S& batches, const data_set& validation, executor_ref executor) {
        check_data(validation);
        return train(batches, classifies(validation) ? &validation : nullptr, executor);
    }
    /// The same without validation.
    template <BatchSource S>
    bool run(S& batches, executor_ref executor) {
        return train(batches, nullptr, executor);
    }

    /// The result so far: the best by validation if `patience` is on, otherwise the moving average or the last parameters.
    [[nodiscard]] const aligned_vector<float>& parameters() const {
        return options_.patience > 0 && !state().best.empty() ? state().best : averaged();
    }
    [[nodiscard]] int epoch() const noexcept { return state().epoch; }

    /// The state that checkpoint.hpp writes to a file.
    [[nodiscard]] const training_state& state() const noexcept { return step_.state(); }

    /// The step applied to every batch, for hooks that read and write extra vectors.
    [[nodiscard]] training_step<O>& step() noexcept { return step_; }

    /// Resumes from a state of the same network, options and extra vectors. The result is bit-identical to an uninterrupted
    /// run.
    ///
    /// @par Errors  eenn::error if the state has another network, seed or set of extra vectors; this object is then unchanged.
    void resume(training_state from) { step_.resume(std::move(from)); }

private:
    [[nodiscard]] static training_state seeded(training_state state, std::uint64_t seed) {
        state.seed = seed;
        return state;
    }
    [[nodiscard]] const plan_view& plan() const noexcept { return step_.plan(); }

    [[nodiscard]] bool classifies(const data_set& set) const {
        return std::all_of(plan().exits.begin(), plan().exits.end(),
                           [&](const exit_info& exit) { return exit.classifies && exit.classes == set.classes; });
    }

    void check_data(const data_set& set) const {
        if (!(set.sample == plan().input)) {
            raise("trainer",
                  "validation samples are " + to_string(set.sample) + ", the network takes " + to_string(plan().input));
        }
        if (step_.options().hooks.loss) return;
        for (const auto& exit : plan().exits) {
            if (exit.classifies && exit.classes != set.classes) {
                raise("trainer", "the data has " + std::to_string(set.classes) + " classes, an exit " +
                                     std::to_string(exit.classes) + " logits");
            }
        }
    }

    template <BatchSource S>
    bool train(S& batches, const data_set* validation, executor_ref executor) {
        if (options_.patience > 0 && validation == nullptr) {
            raise("trainer",
                  "patience is " + std::to_string(options_.patience) + " and no validation accuracy is known",
                  "give validation data of the classes that the exits tell apart, or no patience");
        }
        training_state& now = step_.state_;
        const int steps = batches.steps_per_epoch();
        const std::int64_t total = steps > 0 ? static_cast<std::int64_t>(options_.epochs) * steps : no_total;
        step_.reserve(batches.batch_size());

        const auto start = std::chrono::steady_clock::now();
        const std::int64_t first = static_cast<std::int64_t>(now.epoch) * steps;
        training_progress progress;
        progress.epochs = options_.epochs;
        progress.steps = steps;
        while (now.epoch < options_.epochs) {
            if (options_.patience > 0 && now.epochs_without_gain >= options_.patience) break;
            batches.start(now.epoch);
            double loss_sum = 0;
            progress.epoch = now.epoch;
            progress.validation.clear();
            while (const batch* b = batches.next()) {
                const std::int64_t done =
                    steps > 0 ? static_cast<std::int64_t>(now.epoch) * steps + b->step : now.optimizer.steps;
                progress.learning_rate = options_.learning_rate(done, total);
                loss_sum += step_(*b, progress.learning_rate, executor);
                progress.step = b->step + 1;
                progress.loss = loss_sum / progress.step;
                progress.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
                if (steps > 0) {
                    progress.seconds_left = progress.seconds / static_cast<double>(done + 1 - first) *
                                            static_cast<double>(total - done - 1);
                }
                if (options_.observer && !options_.observer(progress)) return false;
            }
            if (validation != nullptr) {
                const exit_trace trace = collect_trace(step_.net_, averaged(), *validation, {}, executor);
                for (int e = 0; e < trace.exits; ++e) progress.validation.push_back(lone_accuracy(trace, e));
                keep_best(weighted(progress.validation));
            }
            ++now.epoch;
            if (options_.checkpoint) options_.checkpoint(now);
            if (validation != nullptr && options_.observer && !options_.observer(progress)) return false;
        }
        return true;
    }

    [[nodiscard]] const aligned_vector<float>& averaged() const {
        return state().average.empty() ? state().parameters : state().average;
    }

    [[nodiscard]] double weighted(const std::vector<double>& accuracy) const {
        const std::vector<double>& weights = step_.options().exit_weights;
        double sum = 0;
        double all = 0;
        for (std::size_t e = 0; e < accuracy.size(); ++e) {
            sum += weights[e] * accuracy[e];
            all += weights[e];
        }
        return sum / all;
    }

    void keep_best(double accuracy) {
        if (options_.patience <= 0) return;
        training_state& now = step_.state_;
        if (accuracy > now.best_accuracy) {
            now.best_accuracy = accuracy;
            now.best = averaged();
            now.epochs_without_gain = 0;
        } else {
            ++now.epochs_without_gain;
        }
    }

    training_options options_;
    training_step<O> step_;
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// trainer.hpp - mini-batch training of every exit together, or of heads alone on a frozen backbone.
// Floor 7 (training); host subset. Letters: N = samples, E = exits, B = batch.
#ifndef EENN_TRAINING_TRAINER_HPP
#define EENN_TRAINING_TRAINER_HPP

#include <eenn/core/isa.hpp>
#include <eenn/data/batch.hpp>
#include <eenn/data/data_set.hpp>
#include <eenn/exits/collect_trace.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/training/averaging.hpp>
#include <eenn/training/backpropagation.hpp>
#include <eenn/training/clipping.hpp>
#include <eenn/training/losses.hpp>
#include <eenn/training/optimizers.hpp>
#include <eenn/training/schedules.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Where a training run stands, for an observer. The library itself prints nothing.
struct training_progress {
    int epoch = 0;  ///< from 0
    int epochs = 0;
    int step = 0;  ///< of the epoch, from 1
    int steps = 0;
    double loss = 0;  ///< mean of the epoch so far, all exits weighted
    double learning_rate = 0;
    double seconds = 0;              ///< since run() began
    double seconds_left = 0;         ///< at the rate so far
    std::vector<double> validation;  ///< accuracy of each exit, (E), at the end of an epoch; empty before
};

/// @brief All that a run depends on beside its network, options and data.
struct training_state {
    aligned_vector<float> parameters;  ///< (plan.parameter_elements())
    optimizer_state<float> optimizer{};
    aligned_vector<float> average{};  ///< of the parameters, where average_decay is on
    aligned_vector<float> best{};     ///< parameters by validation, where patience is on
    int epoch = 0;                    ///< epochs that are done
    int epochs_without_gain = 0;
    double best_accuracy = -1;
    std::uint64_t seed = 0;
};

namespace detail {

/// visit(name, vector) for all vectors of a state.
template <class State, class F>
void each_vector(State& state, F&& visit) {
    visit("parameters", state.parameters);
    visit("first_moment", state.optimizer.first);
    visit("second_moment", state.optimizer.second);
    visit("average", state.average);
    visit("best", state.best);
}

}  // namespace detail

/// @brief What a training_options::criterion sees of one exit. Logits are (B,C).
struct exit_batch {
    const batch& samples;
    std::size_t exit = 0;
    std::span<const float> logits;
    std::span<const float> last;  ///< of the last exit
    loss_part part{};             ///< the exit's weight
};

/// @brief How to train. The defaults suit small image classifiers.
struct training_options {
    int epochs = 10;
    std::uint64_t seed = 0;
    std::function<double(std::int64_t step, std::int64_t total)> learning_rate = one_cycle{.peak = 0.1};
    cross_entropy loss{};
    /// What an exit learns instead of `loss` on the labels, if given: returns the loss, writes the gradient.
    std::function<double(const exit_batch&, std::span<float> gradient)> criterion{};
    std::vector<double> exit_weights{};  ///< (E) of the sum of losses; empty: 1 for each. 0 leaves an exit out
    double clip_norm = 0;                ///< > 0: largest norm of the gradient
    double average_decay = 0;  ///< > 0: exponential moving average of the weights, used for validation and result
    int patience = 0;          ///< > 0: stop after so many epochs without a better validation accuracy, keep the best
    std::function<bool(const step_info&)>
        trained{};  ///< empty: everything; else the steps that are trained, the rest is frozen
    /// Called after every step and, with `validation`, after every epoch; returning false stops training cleanly.
    std::function<bool(const training_progress&)> observer{};
    /// Called with the state after every epoch: checkpoint_file("run.safetensors") of checkpoint.hpp writes it.
    std::function<void(const training_state&)> checkpoint{};
};

/// @brief Trains a network on a data set. The same seed gives the same bits, for any executor, resumed or not.
///
/// Each step: forward with every exit, the sum of the exits' losses, backward, clipping, the optimizer at the scheduled
/// rate, the moving average. Joint training with per-exit weights after Teerapittayanon et al. (2016, BranchyNet), eq. 1.
///
/// @tparam O  The optimizer.
/// @par Memory  backpropagation<float> for a batch, the parameters and their state.
template <Optimizer O>
class trainer {
public:
    /// @param parameters  where to start from, (plan.parameter_elements()); initialize(plan, seed) for a fresh network.
    /// @par Errors  eenn::error if the data does not fit the network, named.
    trainer(const trainable<float>& net, O optimizer, aligned_vector<float> parameters, training_options options = {})
        : net_{net}, optimizer_{optimizer}, options_{std::move(options)} {
        if (parameters.size() != net.plan.parameter_elements()) {
            raise("trainer", std::to_string(parameters.size()) + " parameters for a network of " +
                                 std::to_string(net.plan.parameter_elements()));
        }
        if (options_.epochs < 1)
            raise("trainer", "epochs is " + std::to_string(options_.epochs), "train for at least one");
        if (options_.exit_weights.empty()) options_.exit_weights.assign(net.plan.exits.size(), 1.0);
        if (options_.exit_weights.size() != net.plan.exits.size()) {
            raise("trainer", std::to_string(options_.exit_weights.size()) + " exit weights for " +
                                 std::to_string(net.plan.exits.size()) + " exits");
        }
        state_.parameters = std::move(parameters);
        state_.seed = options_.seed;
        for (const auto& tensor : net.plan.tensors) {
            if (tensor.spec.trainable && is_trained(tensor.node))
                ranges_.push_back({tensor.offset, tensor.spec.elements(), tensor.spec.decay});
        }
    }

    /// Trains on `batches` until the last epoch, the observer's stop, or `patience`; afterwards parameters() is the result.
    ///
    /// @param validation  chooses when to stop and what to keep; its accuracy goes to the observer.
    /// @return whether training came to its end (false: the observer stopped it; resume() goes on from a checkpoint).
    template <BatchSource S, Executor E>
    bool run(S& batches, const data_set& validation, E& executor) {
        check_data(validation);
        const int steps = batches.steps_per_epoch();
        const std::int64_t total = static_cast<std::int64_t>(options_.epochs) * steps;
        backpropagation<float> batch_state{net_, batches.batch_size()};
        if (options_.trained) batch_state.train_only(options_.trained);
        const std::unique_ptr<bool[]> wanted{new bool[net_.plan.exits.size()]};
        for (std::size_t e = 0; e < net_.plan.exits.size(); ++e) wanted[e] = options_.exit_weights[e] > 0;
        const std::span<const bool> exits{wanted.get(), net_.plan.exits.size()};
        gradients_.resize(net_.plan.sizes.parameters);

        const auto start = std::chrono::steady_clock::now();
        const std::int64_t first = static_cast<std::int64_t>(state_.epoch) * steps;
        training_progress progress;
        progress.epochs = options_.epochs;
        progress.steps = steps;
        for (; state_.epoch < options_.epochs; ++state_.epoch) {
            if (options_.patience > 0 && state_.epochs_without_gain >= options_.patience) break;
            batches.start(state_.epoch);
            double loss_sum = 0;
            progress.epoch = state_.epoch;
            progress.validation.clear();
            while (const batch* b = batches.next()) {
                if (!(b->sample == net_.plan.input)) {
                    raise("trainer",
                          "samples are " + to_string(b->sample) + ", the network takes " + to_string(net_.plan.input));
                }
                const std::int64_t done = static_cast<std::int64_t>(state_.epoch) * steps + b->step;
                progress.learning_rate = options_.learning_rate(done, total);
                loss_sum +=
                    step(batch_state, *b, exits, progress.learning_rate, static_cast<std::uint64_t>(done), executor);
                progress.step = b->step + 1;
                progress.loss = loss_sum / progress.step;
                time(progress, start, done + 1 - first, total - first);
                if (options_.observer && !options_.observer(progress)) return false;
            }
            const exit_trace trace = collect_trace(net_, averaged(), validation, {}, executor);
            progress.validation.clear();
            for (int e = 0; e < trace.exits; ++e) progress.validation.push_back(lone_accuracy(trace, e));
            keep_best(weighted(progress.validation));
            ++state_.epoch;
            if (options_.checkpoint) options_.checkpoint(state_);
            --state_.epoch;
            if (options_.observer && !options_.observer(progress)) {
                ++state_.epoch;
                return false;
            }
        }
        return true;
    }

    /// The result so far: the best by validation where `patience` is on, else the moving average or the last parameters.
    [[nodiscard]] const aligned_vector<float>& parameters() const {
        return options_.patience > 0 && !state_.best.empty() ? state_.best : averaged();
    }
    [[nodiscard]] int epoch() const noexcept { return state_.epoch; }

    /// What checkpoint.hpp writes to a file.
    [[nodiscard]] const training_state& state() const noexcept { return state_; }

    /// Goes on from a state of the same network and options; bits are those of a run without a break.
    ///
    /// @par Errors  eenn::error if the state is of another network or seed; this object is then as it was.
    void resume(training_state from) {
        const std::size_t all = net_.plan.parameter_elements();
        detail::each_vector(from, [&](const char* name, const aligned_vector<float>& values) {
            const bool others = values.empty() || values.size() == net_.plan.sizes.parameters;
            if (values.size() == all || (others && &values != &from.parameters)) return;
            raise("trainer::resume",
                  std::string{"'"} + name + "' of the state has " + std::to_string(values.size()) +
                      " elements, the network " + std::to_string(all) + " parameters",
                  "resume with the network that it was written for");
        });
        if (from.seed != options_.seed) {
            raise("trainer::resume", "the state is of seed " + std::to_string(from.seed) + ", the options say " +
                                         std::to_string(options_.seed));
        }
        state_ = std::move(from);
    }

private:
    [[nodiscard]] bool is_trained(int node) const {
        if (!options_.trained) return true;
        for (const auto& step : net_.plan.steps) {
            if (node == step.node || node == step.norm) return options_.trained(step);
        }
        return false;
    }

    void check_data(const data_set& set) const {
        if (!(set.sample == net_.plan.input)) {
            raise("trainer", "validation samples are " + to_string(set.sample) + ", the network takes " +
                                 to_string(net_.plan.input));
        }
        for (const auto& exit : net_.plan.exits) {
            if (exit.classes != set.classes) {
                raise("trainer", "the data has " + std::to_string(set.classes) + " classes, an exit " +
                                     std::to_string(exit.classes) + " logits");
            }
        }
    }

    double step(backpropagation<float>& batch_state, const batch& b, std::span<const bool> exits, double rate,
                std::uint64_t pass, executor_ref executor) {
        const auto size = static_cast<std::size_t>(b.size);
        batch_state.forward(state_.parameters.data(), b.pixels, b.size, options_.seed, pass, executor);
        double sum = 0;
        for (std::size_t e = 0; e < exits.size(); ++e) {
            if (!exits[e]) continue;
            const auto count = size * static_cast<std::size_t>(net_.plan.exits[e].classes);
            const std::span<const float> logits{batch_state.logits(e), count};
            const std::span<float> gradient{batch_state.logits_gradient(e), count};
            const loss_part part{.weight = options_.exit_weights[e]};
            const std::span<const int> labels{b.labels, size};
            if (options_.criterion) {
                const std::span<const float> last{batch_state.logits(exits.size() - 1),
                                                  size * static_cast<std::size_t>(net_.plan.classes())};
                sum += options_.criterion({b, e, logits, last, part}, gradient);
            } else if (b.mixed_labels == nullptr) {
                sum += options_.loss(logits, labels, gradient, part);
            } else {
                const mixed_labels mixed{labels, {b.mixed_labels, size}, {b.label_weight, size}};
                sum += options_.loss(logits, mixed, gradient, part);
            }
        }
        if (!std::isfinite(sum)) {
            raise("trainer",
                  "the loss is not a number in epoch " + std::to_string(b.epoch) + ", step " + std::to_string(b.step),
                  "lower the learning rate or clip the gradient");
        }
        batch_state.backward(state_.parameters.data(), gradients_.data(), exits, executor);
        if (options_.clip_norm > 0) (void)clip_gradient(std::span<float>{gradients_}, ranges_, options_.clip_norm);
        optimizer_.step(std::span<float>{state_.parameters}.first(gradients_.size()), gradients_, state_.optimizer,
                        ranges_, rate);
        if (options_.average_decay > 0) {
            state_.average.resize(state_.parameters.size());
            average_weights(state_.average, state_.parameters, options_.average_decay, state_.optimizer.steps);
        }
        return sum;
    }

    [[nodiscard]] const aligned_vector<float>& averaged() const {
        return state_.average.empty() ? state_.parameters : state_.average;
    }

    [[nodiscard]] double weighted(const std::vector<double>& accuracy) const {
        double sum = 0;
        double weights = 0;
        for (std::size_t e = 0; e < accuracy.size(); ++e) {
            sum += options_.exit_weights[e] * accuracy[e];
            weights += options_.exit_weights[e];
        }
        return sum / weights;
    }

    void keep_best(double accuracy) {
        if (options_.patience <= 0) return;
        if (accuracy > state_.best_accuracy) {
            state_.best_accuracy = accuracy;
            state_.best = averaged();
            state_.epochs_without_gain = 0;
        } else {
            ++state_.epochs_without_gain;
        }
    }

    static void time(training_progress& progress, std::chrono::steady_clock::time_point start, std::int64_t done,
                     std::int64_t total) {
        progress.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        progress.seconds_left = progress.seconds / static_cast<double>(done) * static_cast<double>(total - done);
    }

    trainable<float> net_;
    O optimizer_;
    training_options options_;
    std::vector<parameter_range> ranges_;
    training_state state_;
    aligned_vector<float> gradients_;
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// step.hpp - one training step on one batch, split into parts and open to hooks.
// Floor 7 (training); host subset. Letters: B = batch, C = outputs of an exit, P = plan.sizes.parameters.
#ifndef EENN_TRAINING_STEP_HPP
#define EENN_TRAINING_STEP_HPP

#include <eenn/core/isa.hpp>
#include <eenn/data/detail/batch.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/training/detail/averaging.hpp>
#include <eenn/training/detail/backpropagation.hpp>
#include <eenn/training/detail/check_options.hpp>
#include <eenn/training/detail/clipping.hpp>
#include <eenn/training/detail/training_state.hpp>
#include <eenn/training/losses.hpp>

#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace eenn {
inline namespace EENN_ISA {

/// @brief One exit, as a loss sees it.
struct exit_output {
    std::size_t exit = 0;
    std::span<const float> logits;  ///< (B,C)
    std::span<float> gradient;  ///< (B,C) d loss / d logits, zero before the loss is called; empty: exit not trained
    double weight = 1;          ///< weight of this exit in the total loss
};

/// @brief Hooks into a training step, in the order in which they run. All are optional.
struct step_hooks {
    /// Modifies a copy of the parameters (P), on which the batch then runs: weight noise, fake quantization. Gradients are
    /// taken at the copy. Running statistics are not part of it and are updated as usual.
    std::function<void(std::span<float> parameters)> before_forward{};
    /// Replaces the loss on labels: returns one loss over all exits and writes its gradients with respect to the logits.
    std::function<double(const batch& samples, std::span<const exit_output> exits)> loss{};
    /// Modifies the gradients (P), given the original parameters (P): L1, a proximal term, projections. Frozen parameters stay
    /// frozen. Runs before clipping.
    std::function<void(std::span<const float> parameters, std::span<float> gradients)> after_backward{};
};

/// @brief Options of a training step.
struct step_options {
    trainable_set trained = everything();
    step_hooks hooks{};
    cross_entropy loss{};                ///< on the labels, unless hooks.loss is set
    std::vector<double> exit_weights{};  ///< (E) weights in the total loss; empty: all 1. 0 skips an exit
    double clip_norm = 0;                ///< > 0: maximum norm of the gradient
    double average_decay = 0;            ///< > 0: keeps an exponential moving average of the weights
};

/// @brief Trains a network batch by batch: forward through every exit, loss, backward, optimizer.
///
/// @code
/// training_step step{net.training(), sgd{.momentum = 0.9}, {.parameters = initialize(net.plan(), 1), .seed = 1}};
/// while (const batch* b = batches.next()) double loss = step(*b, 0.05, pool);
/// @endcode
///
/// The parts can also be called separately, in the order forward(), loss(), backward(), update(). Two networks that learn from
/// each other then both run forward() before either runs backward(). Instead of calling loss(), the caller may write the
/// gradients in outputs().
///
/// The same state and batches give the same bits with any executor.
///
/// @tparam O  The optimizer.
/// @par Memory  backpropagation<float> for the largest batch, the state, gradients (P), and with before_forward a copy of the
///              parameters.
template <Optimizer O>
class training_step {
public:
    /// @param state  the initial state. The network behind the view must outlive this object.
    /// @par Errors   eenn::error if the state does not fit the network or has non-finite parameters, or if an option does not
    ///               fit the network or is out of range; the message names it.
    training_step(const trainable<float>& net, O optimizer, training_state state, step_options options = {})
        : net_{net},
          optimizer_{optimizer},
          options_{std::move(options)},
          state_{std::move(state)},
          wanted_{new bool[net.plan.exits.size()]} {
        check_optimizer(optimizer_);
        check_options("training_step", options_);
        detail::check_state(net.plan, state_, "training_step");
        check_parameters("training_step", state_.parameters, net.plan);
        const std::size_t exits = net.plan.exits.size();
        if (options_.exit_weights.empty()) options_.exit_weights.assign(exits, 1.0);
        if (options_.exit_weights.size() != exits) {
            raise("training_step", std::to_string(options_.exit_weights.size()) + " exit weights for " +
                                       std::to_string(exits) + " exits");
        }
        for (std::size_t e = 0; e < exits; ++e) wanted_[e] = options_.exit_weights[e] > 0;
        parts_ = resolve(net.plan, options_.trained);
        moving_ = parts_.ranges;
        moving_.insert(moving_.end(), parts_.statistics.begin(), parts_.statistics.end());
    }

    /// Forward, loss, backward and update. Returns the weighted loss over all exits before the update.
    ///
    /// @par Errors  eenn::error if the batch does not fit the network or the loss is not finite. The message names the tensor,
    ///              hook or exit at fault; only the running statistics of the state have then changed.
    double operator()(const batch& samples, double rate, executor_ref executor) {
        forward(samples, executor);
        const double sum = loss();
        backward(executor);
        update(rate);
        return sum;
    }

    /// Allocates for batches of up to `samples`. A larger batch reallocates.
    void reserve(int samples) {
        if (!passes_ || passes_->capacity() < samples) passes_.emplace(net_, samples, options_.trained);
    }

    /// Runs all exits on a batch. The batch must stay in memory until backward() returns.
    ///
    /// The dropout mask depends only on the state's seed and on the number of updates made.
    void forward(const batch& samples, executor_ref executor) {
        if (!(samples.sample == net_.plan.input)) {
            raise("training_step",
                  "samples are " + to_string(samples.sample) + ", the network takes " + to_string(net_.plan.input));
        }
        reserve(samples.size);
        samples_ = samples;
        stage_ = stage::start;
        const auto pass = static_cast<std::uint64_t>(state_.optimizer.steps);
        if (options_.hooks.before_forward) {
            changed_ = state_.parameters;
            options_.hooks.before_forward(std::span<float>{changed_}.first(net_.plan.sizes.parameters));
            passes_->forward(changed_.data(), samples.pixels, samples.size, state_.seed, pass, executor);
            const auto statistics = static_cast<std::ptrdiff_t>(net_.plan.sizes.parameters);
            std::copy(changed_.begin() + statistics, changed_.end(), state_.parameters.begin() + statistics);
        } else {
            passes_->forward(state_.parameters.data(), samples.pixels, samples.size, state_.seed, pass, executor);
        }
        outputs_.clear();
        for (std::size_t e = 0; e < net_.plan.exits.size(); ++e) {
            const auto count =
                static_cast<std::size_t>(samples.size) * static_cast<std::size_t>(net_.plan.exits[e].classes);
            outputs_.push_back({.exit = e,
                                .logits = {passes_->logits(e), count},
                                .gradient = {passes_->logits_gradient(e), wanted_[e] ? count : 0},
                                .weight = options_.exit_weights[e]});
            std::fill(outputs_.back().gradient.begin(), outputs_.back().gradient.end(), 0.0F);
        }
        stage_ = stage::forward;
    }

    /// Logits and gradients of every exit after forward(). Exits on the same node share one gradient.
    [[nodiscard]] std::span<const exit_output> outputs() const noexcept { return outputs_; }

    /// Computes the loss of the batch, by the hook or on the labels, and writes its gradients to outputs().
    double loss() {
        expect(stage::forward, "loss", "forward");
        if (options_.hooks.loss) {
            const double sum = options_.hooks.loss(samples_, outputs_);
            if (!std::isfinite(sum)) refuse("the hook 'loss' returned " + std::to_string(sum));
            return sum;
        }
        if (samples_.labels == nullptr)
            raise("training_step", "the batch has no labels",
                  "give labels, or a loss that needs none: step_hooks::loss");
        double sum = 0;
        for (const exit_output& exit : outputs_) {
            if (exit.gradient.empty() || !net_.plan.exits[exit.exit].classifies) continue;
            const auto size = static_cast<std::size_t>(samples_.size);
            const auto shares = [&](const exit_output& other) { return other.gradient.data() == exit.gradient.data(); };
            const auto first = std::find_if(outputs_.begin(), outputs_.end(), shares);  // exits on one node share it
            const loss_part part{.weight = exit.weight, .accumulate = &*first != &exit};
            const std::span<const int> labels{samples_.labels, size};
            if (samples_.mixed_labels == nullptr) {
                sum += options_.loss(exit.logits, labels, exit.gradient, part);
            } else {
                const mixed_labels mixed{labels, {samples_.mixed_labels, size}, {samples_.label_weight, size}};
                sum += options_.loss(exit.logits, mixed, exit.gradient, part);
            }
            if (!std::isfinite(sum)) refuse("that of exit " + std::to_string(exit.exit) + " is " + std::to_string(sum));
        }
        return sum;
    }

    /// Propagates the gradients in outputs() to the parameters.
    void backward(executor_ref executor) {
        expect(stage::forward, "backward", "forward");
        gradients_.resize(net_.plan.sizes.parameters);
        const std::span<const bool> exits{wanted_.get(), outputs_.size()};
        passes_->backward(used().data(), gradients_.data(), exits, executor);
        if (options_.hooks.after_backward) {
            const std::span<const float> parameters{state_.parameters};
            options_.hooks.after_backward(parameters.first(gradients_.size()), gradients_);
            for (const parameter_range& range : parts_.ranges) {
                if (const tensor_info* t = not_finite(gradients_, range.offset, range.count)) {
                    raise("training_step", "after the hook 'after_backward' the gradient of " + tensor_name(*t) +
                                               " is not finite" + where());
                }
            }
        }
        stage_ = stage::backward;
    }

    /// d loss / d parameters, (P), after backward() and as update() reads them. Zero where frozen, unless a hook wrote there.
    [[nodiscard]] std::span<float> gradients() noexcept { return gradients_; }

    /// Clips the gradient, then updates the trained parameters and their average.
    void update(double rate) {
        expect(stage::backward, "update", "backward");
        if (options_.clip_norm > 0)
            (void)clip_gradient(std::span<float>{gradients_}, parts_.ranges, options_.clip_norm);
        optimizer_.step(std::span<float>{state_.parameters}.first(gradients_.size()), gradients_, state_.optimizer,
                        parts_.ranges, rate);
        if (options_.average_decay > 0) {
            if (state_.average.empty()) state_.average = state_.parameters;
            average_weights(state_.average, state_.parameters, moving_, options_.average_decay, state_.optimizer.steps);
        }
        stage_ = stage::start;
    }

    [[nodiscard]] const training_state& state() const noexcept { return state_; }
    [[nodiscard]] const plan_view& plan() const noexcept { return net_.plan; }
    [[nodiscard]] const step_options& options() const noexcept { return options_; }
    /// The trained ranges, and the mode of each step of the plan.
    [[nodiscard]] const trained_parts& trained() const noexcept { return parts_; }

    /// An extra vector of the state, for hooks to read and write. Its size is fixed.
    ///
    /// @par Errors  eenn::error if the state has no vector of this name.
    [[nodiscard]] std::span<float> extra(std::string_view name) {
        const auto found = state_.extra.find(name);
        if (found == state_.extra.end()) {
            raise("training_step", "the state has no extra vector '" + std::string{name} + "'",
                  "put it into the training_state that the run starts from");
        }
        return found->second.values;
    }
    /// Sets the hooks after construction. Hooks that call extra() need this object first.
    void set_hooks(step_hooks hooks) {
        options_.hooks = std::move(hooks);
        stage_ = stage::start;
    }

    /// Resumes from a state of the same network and hooks.
    ///
    /// @par Errors  eenn::error if the state has another network, seed or set of extra vectors; this object is then unchanged.
    void resume(training_state from) {
        detail::check_state(net_.plan, from, "training_step::resume");
        check_parameters("training_step::resume", from.parameters, net_.plan);
        detail::check_extra(state_, from, "training_step::resume");
        if (from.seed != state_.seed) {
            raise("training_step::resume",
                  "the state is of seed " + std::to_string(from.seed) + ", the run of " + std::to_string(state_.seed));
        }
        state_ = std::move(from);
        stage_ = stage::start;
    }

private:
    template <Optimizer>
    friend class trainer;

    enum class stage { start, forward, backward };

    void expect(stage wanted, const char* part, const char* before) const {
        if (stage_ != wanted)
            raise("training_step::" + std::string{part}, "there was no " + std::string{before} + "() before it");
    }

    [[nodiscard]] const aligned_vector<float>& used() const noexcept {
        return options_.hooks.before_forward ? changed_ : state_.parameters;
    }

    [[nodiscard]] std::string where() const {
        return " in epoch " + std::to_string(samples_.epoch) + ", step " + std::to_string(samples_.step);
    }

    /// The first tensor with a non-finite element in a range of parameters, or null.
    [[nodiscard, gnu::cold]] const tensor_info* not_finite(std::span<const float> values, std::size_t offset,
                                                           std::size_t count) const {
        for (std::size_t i = offset; i < offset + count; ++i) {
            if (!std::isfinite(values[i])) return tensor_at(net_.plan, i);
        }
        return nullptr;
    }

    /// Reports the source of a non-finite loss; blames `loss` if everything before it was finite.
    [[noreturn, gnu::cold]] void refuse(const std::string& loss) const {
        const std::string what = "the loss is not a number" + where() + ": ";
        if (const tensor_info* t = not_finite(state_.parameters, 0, state_.parameters.size())) {
            raise("training_step", what + tensor_name(*t) + " has a number that is not finite",
                  "lower the learning rate or clip the gradient");
        }
        if (const tensor_info* t = not_finite(used(), 0, used().size()))
            raise("training_step", what + "the hook 'before_forward' made " + tensor_name(*t) + " not finite");
        for (const exit_output& exit : outputs_) {
            if (std::all_of(exit.logits.begin(), exit.logits.end(), [](float z) { return std::isfinite(z); })) continue;
            raise("training_step", what + "the logits of exit " + std::to_string(exit.exit) + " are not finite",
                  "look for samples that are not, lower the learning rate or clip the gradient");
        }
        raise("training_step", what + loss, "lower the learning rate or clip the gradient");
    }

    trainable<float> net_;
    O optimizer_;
    step_options options_;
    training_state state_;
    std::unique_ptr<bool[]> wanted_;  // by exit
    trained_parts parts_;
    std::vector<parameter_range> moving_;  // trained parameters and running statistics
    std::optional<backpropagation<float>> passes_;
    aligned_vector<float> changed_;  // copy that before_forward modified
    aligned_vector<float> gradients_;
    std::vector<exit_output> outputs_;
    batch samples_{};
    stage stage_ = stage::start;
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif

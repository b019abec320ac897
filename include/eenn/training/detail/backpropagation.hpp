// SPDX-License-Identifier: MIT
//
// detail/backpropagation.hpp - forward pass of one batch that keeps activations, and backward pass to the gradients.
// Floor 7 (training); host subset. Letters: B = samples of the batch, C = channels, K = chunks of samples.
#ifndef EENN_TRAINING_DETAIL_BACKPROPAGATION_HPP
#define EENN_TRAINING_DETAIL_BACKPROPAGATION_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/core/detail/slots.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/executor.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/core/random.hpp>
#include <eenn/network/detail/executable.hpp>
#include <eenn/training/detail/backward_plan.hpp>

#include <algorithm>
#include <cstring>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

/// @brief The activations and gradients of one batch, and the two passes over them.
///
/// backward_plan.hpp documents which values are kept between the passes and which are recomputed; trainable_set.hpp defines
/// frozen tensors and channels. The backward pass stops where nothing below is trained.
///
/// @par Memory   backward_plan::bytes(), the packed weights of the largest step, and a few vectors by channel. The first batch
///               allocates the scratch of each thread.
/// @par Threads  The executor distributes the work; results do not depend on the thread count.
template <class T>
class backpropagation {
public:
    /// Buffers for batches of up to `capacity` samples. The network behind the view must outlive this.
    backpropagation(const trainable<T>& net, int capacity, const trainable_set& trained = everything())
        : net_{net}, capacity_{capacity} {
        if (capacity < 1)
            raise("backpropagation", "capacity is " + std::to_string(capacity), "a batch has at least one sample");
        train(trained);
    }

    /// Trains this set from now on and freezes the rest.
    ///
    /// @par Errors  those of resolve(); the previous set then remains in force.
    void train(const trainable_set& trained) {
        lay_out(plan_backward(net_.plan, trained, capacity_, want_input_));
        set_ = trained;
    }

    /// Which values are kept, which gradients flow, and where both are stored.
    [[nodiscard]] const backward_plan& layout() const noexcept { return layout_; }
    [[nodiscard]] int capacity() const noexcept { return capacity_; }

    /// Forward for training: keeps what backward() needs and updates the running statistics in `parameters`.
    ///
    /// @param parameters  (plan.parameter_elements()), trainable first.
    /// @param input       (B,H,W,C), must stay in place until backward() returns.
    /// @param pass        selects the dropout mask; the same (seed, pass) gives the same bits.
    void forward(T* parameters, const T* input, int samples, std::uint64_t seed, std::uint64_t pass,
                 executor_ref executor) {
        if (samples < 1 || samples > capacity_) {
            raise("backpropagation::forward", "batch of " + std::to_string(samples) + " samples",
                  "give between 1 and the capacity, " + std::to_string(capacity_));
        }
        input_ = input;
        samples_ = samples;
        seed_ = random_bits(seed, 0x5eed, pass);
        for (const step_id s : net_.plan.steps.ids()) forward_step(s, parameters, executor);
    }

    /// The logits of exit e after forward(): (B, classes).
    [[nodiscard]] const T* logits(std::size_t e) const { return at(net_.plan.exits[e].logits); }
    /// The buffer for the gradient of the loss with respect to the logits of exit e, (B, classes). Fill it before backward().
    [[nodiscard]] T* logits_gradient(std::size_t e) { return gradient(net_.plan.exits[e].logits); }

    /// Backward from the gradients of the exits in `exits`: writes d loss / d parameters, zero where frozen.
    ///
    /// @param gradients  (plan.sizes.parameters).
    void backward(const T* parameters, T* gradients, std::span<const bool> exits, executor_ref executor) {
        std::memset(gradients, 0, net_.plan.sizes.parameters * sizeof(T));
        written_.assign(net_.plan.values.size(), 0);
        for (std::size_t e = 0; e < net_.plan.exits.size(); ++e) {
            if (exits[e]) written_[net_.plan.exits[e].logits] = 1;
        }
        for (step_id s = net_.plan.steps.end_id(); s > step_id{0};) backward_step(--s, parameters, gradients, executor);
        for (const parameter_range& r : layout_.trained.cleared) std::fill_n(gradients + r.offset, r.count, T{0});
    }

    /// Whether backward() also computes the gradient of the loss with respect to the input, (B,H,W,C).
    void want_input_gradient(bool wanted) {
        want_input_ = wanted;
        train(set_);
    }
    [[nodiscard]] const T* input_gradient() const { return gradients_.data() + layout_.gradient_at.front(); }

    /// Bytes that this object holds: layout().bytes() for the threads used so far, plus the packed weights.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return (values_.size() + gradients_.size() + packed_.size() + partial_.size() + scratch_.size() +
                layout_.statistics) *
               sizeof(T);
    }

private:
    using real_sum = double;  // statistics are summed in double

    struct range {  // of samples
        int first;
        int count;

        /// Elements of a value before this range, and in it; `each` = elements per sample.
        [[nodiscard]] std::size_t offset(std::size_t each) const { return static_cast<std::size_t>(first) * each; }
        [[nodiscard]] std::size_t size(std::size_t each) const { return static_cast<std::size_t>(count) * each; }
    };
    [[nodiscard]] int chunks() const { return backward_plan::chunks(samples_); }
    [[nodiscard]] range chunk(int k) const {
        const int first = static_cast<int>(static_cast<std::int64_t>(samples_) * k / chunks());
        return {first, static_cast<int>(static_cast<std::int64_t>(samples_) * (k + 1) / chunks()) - first};
    }
    /// Calls work(chunk, scratch) for all chunks. A running task borrows its scratch, so each thread finds its own in cache.
    /// Passes alternate in direction: each starts with the chunk that the last one left in cache.
    template <class Work>
    void each_chunk(executor_ref executor, Work&& work) {
        const int lent = std::clamp(executor.concurrency(), 1, chunks());
        scratch_.resize(std::max(scratch_.size(), static_cast<std::size_t>(lent) * layout_.scratch));
        slots free{lent};
        upward_ = !upward_;
        executor.run(chunks(), [&](int i) {
            const slots::lease mine{free};
            work(upward_ ? i : chunks() - 1 - i,
                 scratch_.data() + static_cast<std::size_t>(mine.slot()) * layout_.scratch);
        });
    }
    [[nodiscard]] const value_info& value(value_id v) const { return net_.plan.values[v]; }
    [[nodiscard]] std::size_t elements(value_id v) const { return value(v).size.elements(); }
    [[nodiscard]] const T* at(value_id v) const {
        return v == value_id{0} ? input_ : values_.data() + layout_.value_at[v];
    }
    [[nodiscard]] T* gradient(value_id v) { return gradients_.data() + layout_.gradient_at[v]; }

    [[nodiscard]] bool normalises(step_id s) const { return layout_.normalises(s); }
    [[nodiscard]] bool recomputed(value_id v) const { return layout_.recomputed(v); }
    [[nodiscard]] bool value_needed(value_id v) const { return layout_.value_needed[v] != 0; }
    /// The input of the batch norm: a kept copy, or the input of an identity step.
    [[nodiscard]] const T* norm_input(step_id s) const {
        const auto& step = net_.plan.steps[s];
        return step.carrier ? at(step.inputs[0]) : values_.data() + layout_.norm_at[s];
    }

    /// Value v of the samples r: the kept copy, or recomputed into `spare`, which then advances past it.
    [[nodiscard]] const T* value_at(value_id v, range r, T*& spare) const {
        const std::size_t start = r.offset(elements(v));
        if (!recomputed(v)) return at(v) + start;
        const step_id s = layout_.maker[v];
        T* const y = spare;
        spare += block_size(v, r);
        net_.passes->affine(r.count * value(v).size.pixels(), value(v).size.c, norm_input(s) + start, scale_of(s),
                            shift_of(s), nullptr, net_.plan.steps[s].act, y);
        return y;
    }
    [[nodiscard]] std::size_t block_size(value_id v, range r) const {
        return round_up(r.size(elements(v)), workspace_grain);
    }

    /// Calls work(range) for blocks of a chunk that fit the cache, so that successive passes over a block hit it.
    template <class Work>
    void in_blocks(step_id s, int k, Work&& work) const {
        const range all = chunk(k);
        const int most = layout_.block_samples[s];
        for (int i = 0; i < all.count; i += most) work(range{all.first + i, std::min(most, all.count - i)});
    }

    // Statistics of a normalising step, per channel.
    [[nodiscard]] T* mean_of(step_id s) { return statistics_[s].data(); }
    [[nodiscard]] T* istd_of(step_id s) { return statistics_[s].data() + statistics_[s].size() / 4; }
    [[nodiscard]] const T* scale_of(step_id s) const { return statistics_[s].data() + statistics_[s].size() / 4 * 2; }
    [[nodiscard]] const T* shift_of(step_id s) const { return statistics_[s].data() + statistics_[s].size() / 4 * 3; }

    /// Two sums per channel of a step, over chunk k.
    [[nodiscard]] real_sum* sums_of(int k, std::size_t wide) {
        return sums_.data() + static_cast<std::size_t>(k) * 2 * wide;
    }
    /// The weight gradients of chunk k.
    [[nodiscard]] T* partial_of(int k, const step_info& step) {
        return partial_.data() + static_cast<std::size_t>(k) * step.weight_count;
    }

    [[gnu::cold]] void lay_out(backward_plan planned) {
        layout_ = std::move(planned);
        values_.resize(layout_.kept);
        gradients_.resize(layout_.gradients);
        packed_.resize(std::max(largest<forward_operation<T>>(net_.forward, net_.packed_elements),
                                largest<backward_operation<T>>(net_.backward, net_.packed_gradient_elements)));
        partial_.resize(layout_.partial);
        sums_.resize(static_cast<std::size_t>(backward_plan::chunks(capacity_)) * 2 * layout_.widest);
        statistics_.assign(net_.plan.steps.size(), {});
        for (const step_id s : net_.plan.steps.ids()) {
            if (normalises(s)) statistics_[s].resize(4 * value(net_.plan.steps[s].output).size.channels());
        }
        coefficients_.resize(3 * layout_.widest);
    }

    /// Packed elements of the largest operation. Each step packs its weights just before it runs.
    template <class Operation>
    [[nodiscard]] static std::size_t largest(std::span<const Operation> operations, std::size_t total) {
        std::size_t most = 0;
        for (std::size_t s = 0; s < operations.size(); ++s) {
            const std::size_t end = s + 1 < operations.size() ? operations[s + 1].packed : total;
            most = std::max(most, end - operations[s].packed);
        }
        return most;
    }

    [[nodiscard]] forward_args<T> arguments(step_id s, range r, T*& spare) const {
        const auto& step = net_.plan.steps[s];
        forward_args<T> args;
        args.samples = r.count;
        args.first_sample = r.first;
        for (std::size_t i = 0; i < step.input_count; ++i) args.in[i] = value_at(step.inputs[i], r, spare);
        args.packed = packed_.data();
        args.training = layout_.trained.steps[s].named;
        args.seed = seed_;
        args.stream = s.index();
        return args;
    }

    void forward_step(step_id s, T* parameters, executor_ref executor) {
        const auto& step = net_.plan.steps[s];
        const auto& op = net_.forward[s];
        const std::size_t each = elements(step.output);
        const int channels = value(step.output).size.c;
        const std::size_t wide = value(step.output).size.channels();
        const int pixels = value(step.output).size.pixels();
        T* packed = packed_.data();
        if (step.norm.exists() && !normalises(s)) {
            T* const scale = coefficients_.data();
            fold_norm(step, wide, parameters, scale, scale + wide);
            op.pack(op.self, parameters + step.weights, scale, scale + wide, packed);
        } else {
            op.pack(op.self, parameters + step.weights, nullptr, nullptr, packed);
        }
        const bool norm = normalises(s);
        const bool kept = layout_.keeps_input(s);
        T* const y = recomputed(step.output) ? nullptr : values_.data() + layout_.value_at[step.output];
        T* const u = kept ? values_.data() + layout_.input_at[s] : y;
        const auto residual_of = [&](range r, T*& spare) {
            return step.residual.exists() ? value_at(step.residual, r, spare) : nullptr;
        };
        each_chunk(executor, [&](int k, T* scratch) {
            real_sum* sums = sums_of(k, wide);
            std::fill(sums, sums + 2 * wide, 0.0);
            in_blocks(s, k, [&](range r) {
                const std::size_t start = r.offset(each);
                if (!norm || !step.carrier) {
                    T* spare = scratch + layout_.kernel_scratch;
                    auto args = arguments(s, r, spare);
                    args.scratch = scratch;
                    args.out = (norm ? values_.data() + layout_.norm_at[s] : u) + start;
                    if (!norm) args.residual = residual_of(r, spare);
                    if (!norm && !kept) args.act = step.act;
                    op.forward(op.self, args);
                }
                if (norm) net_.passes->moments(r.count * pixels, channels, norm_input(s) + start, sums, sums + wide);
            });
        });
        if (norm) batch_statistics(s, parameters, static_cast<double>(samples_) * pixels);
        if ((!norm && !kept) || recomputed(step.output)) return;
        each_chunk(executor, [&](int k, T* scratch) {
            in_blocks(s, k, [&](range r) {
                const std::size_t start = r.offset(each);
                if (norm) {
                    T* spare = scratch + layout_.kernel_scratch;
                    net_.passes->affine(r.count * pixels, channels, norm_input(s) + start, scale_of(s), shift_of(s),
                                        residual_of(r, spare), kept ? activation{} : step.act, u + start);
                }
                if (kept) {
                    constexpr const T* none = nullptr;
                    net_.passes->affine(r.count * pixels, channels, u + start, none, none, none, step.act, y + start);
                }
            });
        });
    }

    /// Computes mean and 1 / sqrt(var + epsilon) of the batch with the resulting scale and shift, and updates the running
    /// statistics. Frozen channels use the running statistics instead, as fold_norm() does.
    void batch_statistics(step_id s, T* parameters, double count) {
        const auto& step = net_.plan.steps[s];
        const std::size_t wide = value(step.output).size.channels();
        T* const kept = statistics_[s].data();  // mean, istd, scale, shift
        const double momentum = float{step.momentum};
        const std::span<const char> trained = layout_.trained.norm_of(s, wide);
        for (std::size_t c = 0; c < wide; ++c) {
            if (trained[c] == 0) {
                const T deviation =
                    std::sqrt(parameters[step.norm_state + wide + c] + static_cast<T>(float{step.epsilon}));
                kept[c] = parameters[step.norm_state + c];
                kept[wide + c] = 1 / deviation;
                kept[2 * wide + c] = parameters[step.norm_weights + c] / deviation;
                kept[3 * wide + c] = parameters[step.norm_weights + wide + c] - kept[c] * kept[2 * wide + c];
                continue;
            }
            double sum = 0;
            double squares = 0;
            for (int k = 0; k < chunks(); ++k) {
                const real_sum* sums = sums_of(k, wide);
                sum += sums[c];
                squares += sums[wide + c];
            }
            const double mean = sum / count;
            const double var = std::max(squares / count - mean * mean, 0.0);
            const double istd = 1 / std::sqrt(var + static_cast<double>(float{step.epsilon}));
            const T scale = parameters[step.norm_weights + c] * static_cast<T>(istd);
            kept[c] = static_cast<T>(mean);
            kept[wide + c] = static_cast<T>(istd);
            kept[2 * wide + c] = scale;
            kept[3 * wide + c] = parameters[step.norm_weights + wide + c] - static_cast<T>(mean) * scale;
            T& running_mean = parameters[step.norm_state + c];
            T& running_var = parameters[step.norm_state + wide + c];
            const double unbiased = count > 1 ? var * count / (count - 1) : var;
            running_mean = static_cast<T>((1 - momentum) * static_cast<double>(running_mean) + momentum * mean);
            running_var = static_cast<T>((1 - momentum) * static_cast<double>(running_var) + momentum * unbiased);
        }
    }

    void backward_step(step_id s, const T* parameters, T* gradients, executor_ref executor) {
        const auto& step = net_.plan.steps[s];
        if (layout_.step_needed[s] == 0 || written_[step.output] == 0) return;
        const auto& op = net_.backward[s];
        const std::size_t each = elements(step.output);
        const int channels = value(step.output).size.c;
        const std::size_t wide = value(step.output).size.channels();
        const int pixels = value(step.output).size.pixels();
        T* const dy = gradient(step.output);
        const bool anew = recomputed(step.output);
        const T* const y = anew ? nullptr : at(step.output);
        const bool norm = normalises(s);
        const T* const u = layout_.keeps_input(s) ? values_.data() + layout_.input_at[s] : nullptr;
        const T* const z = norm ? norm_input(s) : nullptr;

        // Passes the gradient through the activation, to the residual, and into the sums of the batch norm. du overwrites dy,
        // or is written directly where the residual's gradient starts. If the output is recomputed, so is du.
        const bool to_residual = step.residual.exists() && value_needed(step.residual);
        const bool residual_written = to_residual && written_[step.residual] != 0;
        T* const du = norm && to_residual && !residual_written ? gradient(step.residual) : dy;
        each_chunk(executor, [&](int k, T*) {
            real_sum* sums = sums_of(k, wide);
            std::fill(sums, sums + 2 * wide, 0.0);
            in_blocks(s, k, [&](range r) {
                const std::size_t start = r.offset(each);
                const std::size_t count = r.size(each);
                const T* input = u == nullptr ? nullptr : u + start;
                if (anew) {
                    net_.passes->recomputed_gradient_sums(r.count * pixels, channels, dy + start, z + start,
                                                          scale_of(s), shift_of(s), step.act, mean_of(s), istd_of(s),
                                                          sums, sums + wide);
                } else if (norm) {
                    net_.passes->activation_gradient_sums(r.count * pixels, channels, dy + start, y + start, input,
                                                          step.act, du + start, z + start, mean_of(s), istd_of(s), sums,
                                                          sums + wide);
                } else if (step.act.kind != activation_kind::none) {
                    net_.passes->activation_gradient(count, dy + start, y + start, input, step.act, dy + start);
                }
                if (!to_residual) return;
                T* const d = gradient(step.residual) + start;
                if (residual_written) {
                    net_.passes->accumulate(count, dy + start, d);
                } else if (!norm) {
                    std::copy_n(dy + start, count, d);
                }
            });
        });
        if (to_residual) written_[step.residual] = 1;
        if (norm) {
            norm_gradients(s, parameters, gradients, static_cast<double>(samples_) * pixels);
        } else if (step.norm.exists()) {  // frozen: a constant scale
            fold_norm(step, wide, parameters, coefficients_.data(), coefficients_.data() + wide);
            std::fill_n(coefficients_.data() + wide, 2 * wide, T{0});
        }

        const bool has_weights = layout_.trained.steps[s].weights && step.weight_count > 0;
        bool goes_on = has_weights;
        std::array<T*, max_inputs> din{};
        std::array<bool, max_inputs> accumulate{};
        for (std::size_t i = 0; i < step.input_count; ++i) {
            const value_id v = step.inputs[i];
            if (!value_needed(v)) continue;
            goes_on = true;
            din[i] = gradient(v);
            accumulate[i] = written_[v] != 0;
            written_[v] = 1;
        }
        if (!goes_on) return;  // only the norm is trained, and nothing before it
        if (step.weight_count > 0) op.pack(op.self, parameters + step.weights, packed_.data());
        each_chunk(executor, [&](int k, T* scratch) {
            T* const dweights = has_weights ? partial_of(k, step) : nullptr;
            if (has_weights) std::memset(dweights, 0, step.weight_count * sizeof(T));
            in_blocks(s, k, [&](range r) {
                const std::size_t start = r.offset(each);
                T* spare = scratch + layout_.kernel_scratch;
                const T* dz = dy + start;
                if (step.norm.exists()) {
                    const T* const a = coefficients_.data();
                    T* const made = spare;
                    spare += block_size(step.output, r);
                    if (anew) {
                        net_.passes->recomputed_input_gradient(r.count * pixels, channels, dy + start, z + start,
                                                               scale_of(s), shift_of(s), step.act, a, a + wide,
                                                               a + 2 * wide, made);
                    } else {
                        net_.passes->input_gradient(r.count * pixels, channels, du + start,
                                                    norm ? z + start : du + start, a, a + wide, a + 2 * wide, made);
                    }
                    dz = made;
                }
                backward_args<T> args;
                args.samples = r.count;
                args.first_sample = r.first;
                for (std::size_t i = 0; i < step.input_count; ++i) {
                    args.in[i] = value_at(step.inputs[i], r, spare);
                    if (din[i] != nullptr) args.din[i] = din[i] + r.offset(elements(step.inputs[i]));
                }
                args.accumulate = accumulate;
                args.out = anew ? nullptr : y + start;
                args.dout = dz;
                args.packed_gradient = packed_.data();
                args.dweights = dweights;
                args.scratch = scratch;
                args.training = layout_.trained.steps[s].named;
                args.seed = seed_;
                args.stream = s.index();
                op.backward(op.self, args);
            });
        });
        if (has_weights) {
            for (int k = 0; k < chunks(); ++k)
                net_.passes->accumulate(step.weight_count, partial_of(k, step), gradients + step.weights);
        }
    }

    /// Gradients of gamma and beta, and the coefficients of dz = a du + b z + c. Frozen channels are only scaled.
    void norm_gradients(step_id s, const T* parameters, T* gradients, double count) {
        const auto& step = net_.plan.steps[s];
        const std::size_t wide = value(step.output).size.channels();
        const std::span<const char> trained = layout_.trained.norm_of(s, wide);
        for (std::size_t c = 0; c < wide; ++c) {
            if (trained[c] == 0) {
                coefficients_[c] = scale_of(s)[c];
                coefficients_[wide + c] = 0;
                coefficients_[2 * wide + c] = 0;
                continue;
            }
            double beta = 0;
            double gamma = 0;
            for (int k = 0; k < chunks(); ++k) {
                const real_sum* sums = sums_of(k, wide);
                beta += sums[c];
                gamma += sums[wide + c];
            }
            gradients[step.norm_weights + c] = static_cast<T>(gamma);
            gradients[step.norm_weights + wide + c] = static_cast<T>(beta);
            const auto mean = static_cast<double>(statistics_[s][c]);
            const auto istd = static_cast<double>(statistics_[s][wide + c]);
            const double a = static_cast<double>(parameters[step.norm_weights + c]) * istd;
            const double b = -a * istd * gamma / count;
            coefficients_[c] = static_cast<T>(a);
            coefficients_[wide + c] = static_cast<T>(b);
            coefficients_[2 * wide + c] = static_cast<T>(-a * beta / count - b * mean);
        }
    }

    trainable<T> net_;
    int capacity_;
    trainable_set set_;
    backward_plan layout_;
    bool want_input_ = false;
    const T* input_ = nullptr;
    int samples_ = 0;
    std::uint64_t seed_ = 0;
    bool upward_ = false;  // direction of the last pass over the chunks
    id_vector<value_id, char> written_;
    aligned_vector<T> values_;
    aligned_vector<T> gradients_;
    aligned_vector<T> packed_;  // weights of the running step
    aligned_vector<T> partial_;
    aligned_vector<T> scratch_;  // one slot per running task
    std::vector<real_sum> sums_;
    id_vector<step_id, std::vector<T>> statistics_;  // mean, 1 / std, scale, shift
    aligned_vector<T> coefficients_;
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif

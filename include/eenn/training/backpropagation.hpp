// SPDX-License-Identifier: MIT
//
// backpropagation.hpp - one batch forward with everything kept, and backward to the gradients of the parameters.
// Floor 7 (training); host subset. Letters: B = samples of the batch, C = channels, K = chunks of samples.
#ifndef EENN_TRAINING_BACKPROPAGATION_HPP
#define EENN_TRAINING_BACKPROPAGATION_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/executor.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/core/random.hpp>
#include <eenn/core/slots.hpp>
#include <eenn/kernels/elementwise.hpp>
#include <eenn/kernels/normalization.hpp>
#include <eenn/network/executable.hpp>
#include <eenn/network/memory_plan.hpp>

#include <algorithm>
#include <cstring>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

/// @brief A batch is cut into at most this many chunks, whatever the number of threads; sums over samples go chunk by
/// chunk in order, so the result does not depend on who computed them. Eight keep up to eight threads busy.
inline constexpr int batch_chunks = 8;

/// @brief The activations and gradients of one batch, and the two passes over them.
///
/// A step whose parameters are not trained (see `train_only`) runs as in inference, with its batch norm folded, and the
/// backward pass stops where nothing below is trained. Steps that are trained normalise by the batch.
///
/// What a batch norm and a clamp (none, relu, relu6) made is not kept: its readers make it anew, some samples at a time, from
/// what went into the norm.
///
/// @par Memory   B times every step's output, or what went into its batch norm; both where the norm is followed by a residual
///               or another activation; once more where hard_swish needs its input. Gradients lie in an arena planned by
///               liveness; K = min(B, 8) times the largest step's parameters; for each thread, but no more than K, the scratch
///               of one block of samples, which the first batch allocates.
/// @par Threads  Work is spread by the executor; the bits do not depend on it.
template <class T>
class backpropagation {
public:
    /// Buffers for batches of up to `capacity` samples. The network behind the view must outlive this.
    backpropagation(const trainable<T>& net, int capacity) : net_{net}, capacity_{capacity} {
        if (capacity < 1)
            raise("backpropagation", "capacity is " + std::to_string(capacity), "a batch has at least one sample");
        train_all();
    }

    /// Every parameter is trained.
    void train_all() { choose(std::vector<bool>(net_.plan.steps.size(), true)); }
    /// Only the steps for which `trained(step_info)` holds are trained; the others are frozen.
    template <class Predicate>
    void train_only(Predicate&& trained) {
        std::vector<bool> chosen;
        for (const auto& step : net_.plan.steps) chosen.push_back(trained(step));
        choose(chosen);
    }

    /// Forward for training: keeps what backward() needs and updates the running statistics in `parameters`.
    ///
    /// @param parameters  (plan.parameter_elements()), trainable first.
    /// @param input       (B,H,W,C), must stay in place until backward() is done.
    /// @param pass        changes the dropout mask; the same (seed, pass) gives the same bits.
    void forward(T* parameters, const T* input, int samples, std::uint64_t seed, std::uint64_t pass,
                 executor_ref executor) {
        if (samples < 1 || samples > capacity_) {
            raise("backpropagation::forward", "batch of " + std::to_string(samples) + " samples",
                  "give between 1 and the capacity, " + std::to_string(capacity_));
        }
        input_ = input;
        samples_ = samples;
        seed_ = random_bits(seed, 0x5eed, pass);
        for (std::size_t s = 0; s < net_.plan.steps.size(); ++s) forward_step(s, parameters, executor);
    }

    /// The logits of exit e after forward(): (B, classes).
    [[nodiscard]] const T* logits(std::size_t e) const { return at(net_.plan.exits[e].logits); }
    /// Where the caller writes the gradient of the loss by the logits of exit e, before backward(): (B, classes).
    [[nodiscard]] T* logits_gradient(std::size_t e) { return gradient(net_.plan.exits[e].logits); }

    /// Backward from the gradients of the exits in `exits`: writes d loss / d parameters, zero where not trained.
    ///
    /// @param gradients  (plan.sizes.parameters).
    void backward(const T* parameters, T* gradients, std::span<const bool> exits, executor_ref executor) {
        std::memset(gradients, 0, net_.plan.sizes.parameters * sizeof(T));
        written_.assign(net_.plan.values.size(), 0);
        for (std::size_t e = 0; e < net_.plan.exits.size(); ++e) {
            if (exits[e]) written_[static_cast<std::size_t>(net_.plan.exits[e].logits)] = 1;
        }
        for (std::size_t s = net_.plan.steps.size(); s-- > 0;) backward_step(s, parameters, gradients, executor);
    }

    /// The gradient of the loss by the input, (B,H,W,C), written by backward() where asked for here.
    void want_input_gradient(bool wanted) {
        want_input_ = wanted;
        choose(std::vector<bool>(trained_));
    }
    [[nodiscard]] const T* input_gradient() const { return gradients_.data() + gradient_offsets_[0]; }

    /// Bytes that this object holds.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return (values_.size() + gradients_.size() + packed_.size() + partial_.size() + scratch_.size()) * sizeof(T);
    }

private:
    using real_sum = double;  // statistics are summed in double

    struct range {
        int first;
        int count;
    };
    [[nodiscard]] int chunks() const { return std::min(samples_, batch_chunks); }
    [[nodiscard]] int most_chunks() const { return std::min(capacity_, batch_chunks); }
    [[nodiscard]] range chunk(int k) const {
        const int first = static_cast<int>(static_cast<std::int64_t>(samples_) * k / chunks());
        return {first, static_cast<int>(static_cast<std::int64_t>(samples_) * (k + 1) / chunks()) - first};
    }
    /// work(chunk, scratch) for all chunks. Scratch is lent to the tasks that run, not kept for each, so that one thread finds
    /// its own in its caches. Every pass turns round where the one before it ended, and finds there what that one has left.
    template <class Work>
    void each_chunk(executor_ref executor, Work&& work) {
        const int lent = std::clamp(executor.concurrency(), 1, chunks());
        scratch_.resize(std::max(scratch_.size(), static_cast<std::size_t>(lent) * scratch_each_));
        slots free{lent};
        upward_ = !upward_;
        executor.run(chunks(), [&](int i) {
            const slots::lease mine{free};
            work(upward_ ? i : chunks() - 1 - i,
                 scratch_.data() + static_cast<std::size_t>(mine.slot()) * scratch_each_);
        });
    }
    [[nodiscard]] const value_info& value(int v) const { return net_.plan.values[static_cast<std::size_t>(v)]; }
    [[nodiscard]] std::size_t elements(int v) const { return value(v).size.elements(); }
    [[nodiscard]] const T* at(int v) const {
        return v == 0 ? input_ : values_.data() + value_offsets_[static_cast<std::size_t>(v)];
    }
    [[nodiscard]] T* mutable_at(int v) { return values_.data() + value_offsets_[static_cast<std::size_t>(v)]; }
    [[nodiscard]] T* gradient(int v) { return gradients_.data() + gradient_offsets_[static_cast<std::size_t>(v)]; }

    /// Batch norm by the batch: only where the step is trained.
    [[nodiscard]] bool normalises(std::size_t s) const { return net_.plan.steps[s].norm >= 0 && trained_[s]; }
    /// What goes into the activation is kept beside what comes out.
    [[nodiscard]] bool keeps_input(std::size_t s) const {
        return needed_[s] && kernels::needs_input(net_.plan.steps[s].act.kind);
    }
    /// What goes into the batch norm: kept, or the input of an identity step.
    [[nodiscard]] const T* norm_input(std::size_t s) const {
        const auto& step = net_.plan.steps[s];
        return step.carrier ? at(step.inputs[0]) : values_.data() + norm_offsets_[s];
    }

    /// Whether value v is not kept but made anew by its readers.
    [[nodiscard]] bool recomputed(int v) const { return maker_[static_cast<std::size_t>(v)] >= 0; }

    /// Value v of the samples r: where it is kept, or made anew at `spare`, which moves on behind it.
    [[nodiscard]] const T* value_at(int v, range r, T*& spare) const {
        const std::size_t start = static_cast<std::size_t>(r.first) * elements(v);
        if (!recomputed(v)) return at(v) + start;
        const auto s = static_cast<std::size_t>(maker_[static_cast<std::size_t>(v)]);
        T* const y = spare;
        spare += block_size(v, r.count);
        kernels::affine(r.count * value(v).size.pixels(), value(v).size.c, norm_input(s) + start, scale_of(s),
                        shift_of(s), nullptr, net_.plan.steps[s].act, y);
        return y;
    }
    [[nodiscard]] std::size_t block_size(int v, int samples) const {
        return round_up(static_cast<std::size_t>(samples) * elements(v), workspace_grain);
    }

    /// Samples of step s that fit the cache.
    [[nodiscard]] int block_samples(std::size_t s) const {
        constexpr std::size_t block_elements = 16384;
        const auto& step = net_.plan.steps[s];
        std::size_t largest = elements(step.output);
        for (int i = 0; i < step.input_count; ++i) {
            const int v = step.inputs[static_cast<std::size_t>(i)];
            if (recomputed(v)) largest = std::max(largest, elements(v));
        }
        return static_cast<int>(std::max<std::size_t>(1, block_elements / largest));
    }
    /// Calls work(range) for blocks of a chunk that fit the cache, so that the passes over one block find it there.
    template <class Work>
    void in_blocks(std::size_t s, int k, Work&& work) const {
        const range all = chunk(k);
        const int most = block_samples(s);
        for (int i = 0; i < all.count; i += most) work(range{all.first + i, std::min(most, all.count - i)});
    }

    // Of a step that normalises, per channel.
    [[nodiscard]] T* mean_of(std::size_t s) { return statistics_[s].data(); }
    [[nodiscard]] T* istd_of(std::size_t s) { return statistics_[s].data() + statistics_[s].size() / 4; }
    [[nodiscard]] const T* scale_of(std::size_t s) const {
        return statistics_[s].data() + statistics_[s].size() / 4 * 2;
    }
    [[nodiscard]] const T* shift_of(std::size_t s) const {
        return statistics_[s].data() + statistics_[s].size() / 4 * 3;
    }

    // Planning is not worth the optimiser's time.
    [[gnu::cold]] void choose(const std::vector<bool>& trained) {
        const auto& steps = net_.plan.steps;
        trained_ = trained;
        needed_.assign(steps.size(), false);  // some gradient flows through
        std::vector<bool> value_needed(net_.plan.values.size(), false);
        value_needed[0] = want_input_;
        for (std::size_t s = 0; s < steps.size(); ++s) {
            const auto& step = steps[s];
            bool needed = trained_[s] && (step.weight_count > 0 || step.norm >= 0);
            for (int i = 0; i < step.input_count; ++i)
                needed = needed || value_needed[static_cast<std::size_t>(step.inputs[static_cast<std::size_t>(i)])];
            if (step.residual >= 0) needed = needed || value_needed[static_cast<std::size_t>(step.residual)];
            needed_[s] = needed;
            value_needed[static_cast<std::size_t>(step.output)] = needed;
        }
        value_needed_ = value_needed;
        lay_out();
    }

    /// What can be made anew: the outputs of norms and clamps that no carrier, which may normalise its input, reads.
    [[gnu::cold]] void choose_recomputed() {
        const auto& steps = net_.plan.steps;
        maker_.assign(net_.plan.values.size(), -1);
        for (std::size_t s = 0; s < steps.size(); ++s) {
            if (normalises(s) && !steps[s].carrier && steps[s].residual < 0 && kernels::is_clamp(steps[s].act.kind))
                maker_[static_cast<std::size_t>(steps[s].output)] = static_cast<int>(s);
        }
        for (const auto& step : steps) {
            if (step.carrier) maker_[static_cast<std::size_t>(step.inputs[0])] = -1;
        }
        for (const auto& e : net_.plan.exits) maker_[static_cast<std::size_t>(e.logits)] = -1;
    }

    /// Elements that the blocks of step s want: inputs and residual made anew, and the gradient behind its norm.
    [[nodiscard]] std::size_t spare_elements(std::size_t s) const {
        const auto& step = net_.plan.steps[s];
        const int all = most_chunks();
        const int samples = std::min(block_samples(s), (capacity_ + all - 1) / all);
        std::size_t inputs = 0;
        for (int i = 0; i < step.input_count; ++i) {
            const int v = step.inputs[static_cast<std::size_t>(i)];
            if (recomputed(v)) inputs += block_size(v, samples);
        }
        const std::size_t residual =
            step.residual >= 0 && recomputed(step.residual) ? block_size(step.residual, samples) : 0;
        return inputs + std::max(residual, step.norm >= 0 ? block_size(step.output, samples) : 0);
    }

    [[gnu::cold]] void lay_out() {
        choose_recomputed();
        const auto& steps = net_.plan.steps;
        const auto batch = static_cast<std::size_t>(capacity_);
        value_offsets_.assign(net_.plan.values.size(), 0);
        norm_offsets_.assign(steps.size(), 0);
        input_offsets_.assign(steps.size(), 0);
        std::size_t total = 0;
        std::size_t largest_step = 0;
        kernel_scratch_ = 0;
        std::size_t spare = 0;
        std::size_t widest = 0;
        for (std::size_t s = 0; s < steps.size(); ++s) {
            const auto each = round_up(batch * elements(steps[s].output), workspace_grain);
            if (!recomputed(steps[s].output)) {
                value_offsets_[static_cast<std::size_t>(steps[s].output)] = total;
                total += each;
            }
            if (normalises(s) && !steps[s].carrier) {
                norm_offsets_[s] = total;
                total += each;
            }
            if (keeps_input(s)) {
                input_offsets_[s] = total;
                total += each;
            }
            largest_step = std::max(largest_step, steps[s].weight_count);
            const auto& scratch = steps[s].scratch_sizes;
            kernel_scratch_ = std::max({kernel_scratch_, scratch.forward, scratch.backward});
            spare = std::max(spare, spare_elements(s));
            widest = std::max(widest, static_cast<std::size_t>(value(steps[s].output).size.c));
        }
        values_.resize(total);
        // A gradient lives, in steps counted backward, from its last reader (or the loss) to its maker.
        const int count = static_cast<int>(steps.size());
        std::vector<buffer_request> buffers;
        std::vector<std::size_t> owners;
        for (std::size_t v = 0; v < net_.plan.values.size(); ++v) {
            const auto& info = net_.plan.values[v];
            bool is_logits = false;
            for (const auto& e : net_.plan.exits) is_logits = is_logits || e.logits == static_cast<int>(v);
            if (!value_needed_[v] && !is_logits) continue;
            owners.push_back(v);
            buffers.push_back({round_up(batch * info.size.elements(), workspace_grain),
                               is_logits ? -1 : count - 1 - info.last, v == 0 ? count : count - 1 - info.first});
        }
        const memory_plan arena = plan_memory(buffers, 0);
        gradient_offsets_.assign(net_.plan.values.size(), 0);
        for (std::size_t i = 0; i < owners.size(); ++i) gradient_offsets_[owners[i]] = arena.offsets[i];
        gradients_.resize(arena.total);
        packed_.resize(std::max(largest(net_.forward, net_.packed_elements),
                                largest(net_.backward, net_.packed_gradient_elements)));
        partial_.resize(static_cast<std::size_t>(most_chunks()) * largest_step);
        kernel_scratch_ = round_up(kernel_scratch_, workspace_grain);
        scratch_each_ = kernel_scratch_ + spare;
        sums_.resize(static_cast<std::size_t>(most_chunks()) * 2 * widest);
        statistics_.assign(steps.size(), {});
        for (std::size_t s = 0; s < steps.size(); ++s) {
            if (normalises(s)) statistics_[s].resize(4 * static_cast<std::size_t>(value(steps[s].output).size.c));
        }
        coefficients_.resize(3 * widest);
    }

    /// Packed elements of the operation that has most; a step packs its weights when its turn comes.
    template <class Operation>
    [[nodiscard]] static std::size_t largest(std::span<const Operation> operations, std::size_t total) {
        std::size_t most = 0;
        for (std::size_t s = 0; s < operations.size(); ++s) {
            const std::size_t end = s + 1 < operations.size() ? operations[s + 1].packed : total;
            most = std::max(most, end - operations[s].packed);
        }
        return most;
    }

    [[nodiscard]] forward_args<T> arguments(std::size_t s, range r, T*& spare) const {
        const auto& step = net_.plan.steps[s];
        forward_args<T> args;
        args.samples = r.count;
        args.first_sample = r.first;
        for (std::size_t i = 0; i < static_cast<std::size_t>(step.input_count); ++i) {
            args.in[i] = value_at(step.inputs[i], r, spare);
        }
        args.packed = packed_.data();
        args.training = trained_[s];
        args.seed = seed_;
        args.stream = s;
        return args;
    }

    void forward_step(std::size_t s, T* parameters, executor_ref executor) {
        const auto& step = net_.plan.steps[s];
        const auto& op = net_.forward[s];
        const std::size_t each = elements(step.output);
        const int channels = value(step.output).size.c;
        const auto wide = static_cast<std::size_t>(channels);
        const int pixels = value(step.output).size.pixels();
        T* packed = packed_.data();
        if (step.norm >= 0 && !normalises(s)) {
            T* const scale = coefficients_.data();
            fold_norm(step, wide, parameters, scale, scale + wide);
            op.pack(op.self, parameters + step.weights, scale, scale + wide, packed);
        } else {
            op.pack(op.self, parameters + step.weights, nullptr, nullptr, packed);
        }
        const bool norm = normalises(s);
        const bool kept = keeps_input(s);
        T* const y = mutable_at(step.output);
        T* const u = kept ? values_.data() + input_offsets_[s] : y;
        const auto residual_of = [&](range r, T*& spare) {
            return step.residual < 0 ? nullptr : value_at(step.residual, r, spare);
        };
        each_chunk(executor, [&](int k, T* scratch) {
            real_sum* sums = sums_.data() + static_cast<std::size_t>(k) * 2 * wide;
            std::fill(sums, sums + 2 * wide, 0.0);
            in_blocks(s, k, [&](range r) {
                const std::size_t start = static_cast<std::size_t>(r.first) * each;
                if (!norm || !step.carrier) {
                    T* spare = scratch + kernel_scratch_;
                    auto args = arguments(s, r, spare);
                    args.scratch = scratch;
                    args.out = (norm ? values_.data() + norm_offsets_[s] : u) + start;
                    if (!norm) args.residual = residual_of(r, spare);
                    if (!norm && !kept) args.act = step.act;
                    op.forward(op.self, args);
                }
                if (norm) kernels::moments(r.count * pixels, channels, norm_input(s) + start, sums, sums + wide);
            });
        });
        if (norm) batch_statistics(s, parameters, static_cast<double>(samples_) * pixels);
        if ((!norm && !kept) || recomputed(step.output)) return;
        each_chunk(executor, [&](int k, T* scratch) {
            in_blocks(s, k, [&](range r) {
                const std::size_t start = static_cast<std::size_t>(r.first) * each;
                if (norm) {
                    T* spare = scratch + kernel_scratch_;
                    kernels::affine(r.count * pixels, channels, norm_input(s) + start, scale_of(s), shift_of(s),
                                    residual_of(r, spare), kept ? activation{} : step.act, u + start);
                }
                if (kept) {
                    constexpr const T* none = nullptr;
                    kernels::affine(r.count * pixels, channels, u + start, none, none, none, step.act, y + start);
                }
            });
        });
    }

    /// Mean and 1 / sqrt(var + epsilon) of the batch, and the scale and shift that follow; running statistics moved.
    void batch_statistics(std::size_t s, T* parameters, double count) {
        const auto& step = net_.plan.steps[s];
        const auto wide = static_cast<std::size_t>(value(step.output).size.c);
        T* const kept = statistics_[s].data();  // mean, istd, scale, shift
        const double momentum = float{step.momentum};
        for (std::size_t c = 0; c < wide; ++c) {
            double sum = 0;
            double squares = 0;
            for (int k = 0; k < chunks(); ++k) {
                const real_sum* sums = sums_.data() + static_cast<std::size_t>(k) * 2 * wide;
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

    void backward_step(std::size_t s, const T* parameters, T* gradients, executor_ref executor) {
        const auto& step = net_.plan.steps[s];
        if (!needed_[s] || written_[static_cast<std::size_t>(step.output)] == 0) return;
        const auto& op = net_.backward[s];
        const std::size_t each = elements(step.output);
        const int channels = value(step.output).size.c;
        const auto wide = static_cast<std::size_t>(channels);
        const int pixels = value(step.output).size.pixels();
        T* const dy = gradient(step.output);
        const bool anew = recomputed(step.output);
        const T* const y = anew ? nullptr : at(step.output);
        const bool norm = normalises(s);
        const T* const u = keeps_input(s) ? values_.data() + input_offsets_[s] : nullptr;
        const T* const z = norm ? norm_input(s) : nullptr;

        // Through the activation, to the residual, and the sums of the batch norm. du goes over dy, or at once to where the
        // residual's gradient begins; of an output made anew it is made anew too.
        const bool to_residual = step.residual >= 0 && value_needed_[static_cast<std::size_t>(step.residual)];
        const bool residual_written = to_residual && written_[static_cast<std::size_t>(step.residual)] != 0;
        T* const du = norm && to_residual && !residual_written ? gradient(step.residual) : dy;
        each_chunk(executor, [&](int k, T*) {
            real_sum* sums = sums_.data() + static_cast<std::size_t>(k) * 2 * wide;
            std::fill(sums, sums + 2 * wide, 0.0);
            in_blocks(s, k, [&](range r) {
                const std::size_t start = static_cast<std::size_t>(r.first) * each;
                const std::size_t count = static_cast<std::size_t>(r.count) * each;
                const T* input = u == nullptr ? nullptr : u + start;
                if (anew) {
                    kernels::recomputed_gradient_sums(r.count * pixels, channels, dy + start, z + start, scale_of(s),
                                                      shift_of(s), step.act, mean_of(s), istd_of(s), sums, sums + wide);
                } else if (norm) {
                    kernels::activation_gradient_sums(r.count * pixels, channels, dy + start, y + start, input,
                                                      step.act, du + start, z + start, mean_of(s), istd_of(s), sums,
                                                      sums + wide);
                } else if (step.act.kind != activation_kind::none) {
                    kernels::activation_gradient(count, dy + start, y + start, input, step.act, dy + start);
                }
                if (!to_residual) return;
                T* const d = gradient(step.residual) + start;
                if (residual_written) {
                    kernels::accumulate(count, dy + start, d);
                } else if (!norm) {
                    kernels::copy(count, dy + start, d);
                }
            });
        });
        if (to_residual) written_[static_cast<std::size_t>(step.residual)] = 1;
        if (norm) {
            norm_gradients(s, parameters, gradients, static_cast<double>(samples_) * pixels);
        } else if (step.norm >= 0) {  // frozen: a scale
            fold_norm(step, wide, parameters, coefficients_.data(), coefficients_.data() + wide);
            std::fill_n(coefficients_.data() + wide, 2 * wide, T{0});
        }

        const bool has_weights = trained_[s] && step.weight_count > 0;
        if (step.weight_count > 0) op.pack(op.self, parameters + step.weights, packed_.data());
        std::array<T*, max_inputs> din{};
        std::array<bool, max_inputs> accumulate{};
        for (std::size_t i = 0; i < static_cast<std::size_t>(step.input_count); ++i) {
            const auto v = static_cast<std::size_t>(step.inputs[i]);
            if (!value_needed_[v]) continue;
            din[i] = gradient(step.inputs[i]);
            accumulate[i] = written_[v] != 0;
            written_[v] = 1;
        }
        each_chunk(executor, [&](int k, T* scratch) {
            T* const dweights =
                has_weights ? partial_.data() + static_cast<std::size_t>(k) * step.weight_count : nullptr;
            if (has_weights) std::memset(dweights, 0, step.weight_count * sizeof(T));
            in_blocks(s, k, [&](range r) {
                const std::size_t start = static_cast<std::size_t>(r.first) * each;
                T* spare = scratch + kernel_scratch_;
                const T* dz = dy + start;
                if (step.norm >= 0) {
                    const T* const a = coefficients_.data();
                    T* const made = spare;
                    spare += block_size(step.output, r.count);
                    if (anew) {
                        kernels::recomputed_input_gradient(r.count * pixels, channels, dy + start, z + start,
                                                           scale_of(s), shift_of(s), step.act, a, a + wide,
                                                           a + 2 * wide, made);
                    } else {
                        kernels::input_gradient(r.count * pixels, channels, du + start, norm ? z + start : du + start,
                                                a, a + wide, a + 2 * wide, made);
                    }
                    dz = made;
                }
                backward_args<T> args;
                args.samples = r.count;
                args.first_sample = r.first;
                for (std::size_t i = 0; i < static_cast<std::size_t>(step.input_count); ++i) {
                    const std::size_t offset = static_cast<std::size_t>(r.first) * elements(step.inputs[i]);
                    args.in[i] = value_at(step.inputs[i], r, spare);
                    if (din[i] != nullptr) args.din[i] = din[i] + offset;
                }
                args.accumulate = accumulate;
                args.out = anew ? nullptr : y + start;
                args.dout = dz;
                args.packed_gradient = packed_.data();
                args.dweights = dweights;
                args.scratch = scratch;
                args.seed = seed_;
                args.stream = s;
                op.backward(op.self, args);
            });
        });
        if (has_weights) {
            for (int k = 0; k < chunks(); ++k) {
                kernels::accumulate(step.weight_count,
                                    partial_.data() + static_cast<std::size_t>(k) * step.weight_count,
                                    gradients + step.weights);
            }
        }
    }

    /// Gradients of gamma and beta, and the coefficients of dz = a du + b z + c.
    void norm_gradients(std::size_t s, const T* parameters, T* gradients, double count) {
        const auto& step = net_.plan.steps[s];
        const auto wide = static_cast<std::size_t>(value(step.output).size.c);
        for (std::size_t c = 0; c < wide; ++c) {
            double beta = 0;
            double gamma = 0;
            for (int k = 0; k < chunks(); ++k) {
                const real_sum* sums = sums_.data() + static_cast<std::size_t>(k) * 2 * wide;
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
    bool want_input_ = false;
    const T* input_ = nullptr;
    int samples_ = 0;
    std::uint64_t seed_ = 0;
    bool upward_ = false;  // the order of the last pass over the chunks
    std::vector<bool> trained_;
    std::vector<bool> needed_;
    std::vector<bool> value_needed_;
    std::vector<char> written_;
    std::vector<int> maker_;  // by value: the step that makes it, where its readers make it anew; else -1
    std::vector<std::size_t> value_offsets_;
    std::vector<std::size_t> norm_offsets_;   // by step, where it normalises
    std::vector<std::size_t> input_offsets_;  // by step, where the activation's input is kept
    std::vector<std::size_t> gradient_offsets_;
    aligned_vector<T> values_;
    aligned_vector<T> gradients_;
    aligned_vector<T> packed_;  // the weights of the step whose turn it is
    aligned_vector<T> partial_;
    aligned_vector<T> scratch_;  // one for each task that runs
    std::size_t scratch_each_ = 0;
    std::size_t kernel_scratch_ = 0;  // of scratch_each_; behind it what is made anew
    std::vector<real_sum> sums_;
    std::vector<std::vector<T>> statistics_;  // mean, 1 / std, scale, shift
    aligned_vector<T> coefficients_;
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif

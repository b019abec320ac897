// SPDX-License-Identifier: MIT
//
// detail/backward_plan.hpp - plans what a batch keeps from forward to backward, which gradients flow, and where all of it is
// stored.
// Floor 7 (training). Letters: B = samples of the batch, C = channels, K = chunks of samples; z = input of a batch norm, u =
// input of an activation, y = a step's output.
#ifndef EENN_TRAINING_DETAIL_BACKWARD_PLAN_HPP
#define EENN_TRAINING_DETAIL_BACKWARD_PLAN_HPP

#include <eenn/core/isa.hpp>
#include <eenn/kernels/detail/activation_kind.hpp>
#include <eenn/network/detail/memory_plan.hpp>
#include <eenn/network/plan.hpp>
#include <eenn/training/trainable_set.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

/// @brief A batch is split into at most this many chunks, for any number of threads. Sums over samples are added chunk by chunk
/// in fixed order, so results do not depend on the thread count. Eight chunks keep up to eight threads busy.
inline constexpr int batch_chunks = 8;

/// @brief The plan of a batch's two passes, for backpropagation, benchmarks and memory budgets. Sizes and offsets count
/// elements.
///
/// Outputs of a norm with a clamp (none, relu, relu6) are not kept: their readers recompute them, a few samples at a time, from
/// the norm's input. The plan keeps all other outputs, the inputs of norms, and u where the activation's derivative needs it.
/// Gradients of values share one arena, planned by liveness.
struct backward_plan {
    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

    trained_parts trained;
    int batch = 1;                                 ///< B, the maximum batch
    id_vector<step_id, char> step_needed;          ///< a gradient flows through
    id_vector<value_id, char> value_needed;        ///< its gradient is wanted
    id_vector<value_id, step_id> maker;            ///< step from whose z readers recompute it; none: it is kept
    id_vector<value_id, std::size_t> value_at;     ///< (B,H,W,C); none for the input and for recomputed values
    id_vector<step_id, std::size_t> norm_at;       ///< z; none if the step does not normalise, or z is its kept input
    id_vector<step_id, std::size_t> input_at;      ///< u; none if it is not kept
    id_vector<value_id, std::size_t> gradient_at;  ///< in the arena of gradients; none if it has no gradient
    id_vector<step_id, int> block_samples;         ///< processed at once by its passes
    std::size_t kept = 0;                          ///< elements of values, z and u
    std::size_t gradients = 0;                     ///< elements of the arena
    std::size_t partial = 0;                       ///< sums of weight gradients: K times the largest step's
    std::size_t statistics = 0;                    ///< mean, 1 / deviation, scale and shift of all trained norms
    std::size_t widest = 0;                        ///< largest channel count of a step
    std::size_t kernel_scratch = 0;                ///< per thread
    std::size_t scratch = 0;                       ///< per thread: kernel_scratch, then the recomputed values

    /// Whether the step normalises at least some channels by batch statistics.
    [[nodiscard]] constexpr bool normalises(step_id step) const { return trained.steps[step].norm; }
    [[nodiscard]] constexpr bool keeps_input(step_id step) const { return input_at[step] != none; }
    [[nodiscard]] constexpr bool recomputed(value_id value) const { return maker[value].exists(); }

    [[nodiscard]] static constexpr int chunks(int samples) { return std::min(samples, batch_chunks); }
    /// Bytes of all these buffers for elements of `element_bytes`, with `threads` at work at once. Excludes parameters, their
    /// gradients, the optimizer's state and packed weights.
    [[nodiscard]] constexpr std::size_t bytes(std::size_t element_bytes = sizeof(float), int threads = 1) const {
        const auto lent = static_cast<std::size_t>(std::clamp(threads, 1, chunks(batch)));
        return (kept + gradients + partial + statistics + lent * scratch) * element_bytes;
    }
};

namespace detail {

/// Fills in a backward_plan, part by part.
class backward_planner {
public:
    constexpr backward_planner(const plan_view& plan, backward_plan& made) : plan_{plan}, made_{made} {}

    [[gnu::cold]] constexpr void choose_needed(bool input_gradient) {
        made_.step_needed.assign(plan_.steps.size(), 0);
        made_.value_needed.assign(plan_.values.size(), 0);
        made_.value_needed.front() = input_gradient ? 1 : 0;
        for (const step_id s : plan_.steps.ids()) {
            const step_info& step = plan_.steps[s];
            const trained_step& trained = made_.trained.steps[s];
            bool needed = (trained.weights && step.weight_count > 0) || trained.norm;
            for (const value_id v : step.sources()) needed = needed || made_.value_needed[v] != 0;
            if (step.residual.exists()) needed = needed || made_.value_needed[step.residual] != 0;
            made_.step_needed[s] = needed ? 1 : 0;
            made_.value_needed[step.output] = needed ? 1 : 0;
        }
    }

    /// Recomputable values: outputs of a norm with a clamp. Inputs of carriers are excluded, since a carrier may normalise its
    /// input.
    [[gnu::cold]] constexpr void choose_recomputed() {
        made_.maker.assign(plan_.values.size(), step_id{});
        for (const step_id s : plan_.steps.ids()) {
            const step_info& step = plan_.steps[s];
            if (made_.normalises(s) && !step.carrier && !step.residual.exists() && kernels::is_clamp(step.act.kind))
                made_.maker[step.output] = s;
        }
        for (const step_info& step : plan_.steps) {
            if (step.carrier) made_.maker[step.inputs[0]] = {};
        }
        for (const exit_info& exit : plan_.exits) made_.maker[exit.logits] = {};
    }

    [[gnu::cold]] constexpr void choose_blocks() {
        constexpr std::size_t block_elements = 16384;  // of each of a few tensors, so that they fit the cache together
        for (const step_info& step : plan_.steps) {
            std::size_t largest = elements(step.output);
            for (const value_id v : step.sources()) {
                if (made_.recomputed(v)) largest = std::max(largest, elements(v));
            }
            made_.block_samples.push_back(static_cast<int>(std::max<std::size_t>(1, block_elements / largest)));
        }
    }

    [[gnu::cold]] constexpr void place_kept() {
        made_.value_at.assign(plan_.values.size(), backward_plan::none);
        made_.norm_at.assign(plan_.steps.size(), backward_plan::none);
        made_.input_at.assign(plan_.steps.size(), backward_plan::none);
        for (const step_id s : plan_.steps.ids()) {
            const step_info& step = plan_.steps[s];
            const std::size_t each = batch_size(step.output);
            const auto keep = [&](std::size_t& offset) {
                offset = made_.kept;
                made_.kept += each;
            };
            if (!made_.recomputed(step.output)) keep(made_.value_at[step.output]);
            if (made_.normalises(s) && !step.carrier) keep(made_.norm_at[s]);
            if (made_.step_needed[s] != 0 && kernels::needs_input(step.act.kind)) keep(made_.input_at[s]);
        }
    }

    /// In backward order, a gradient lives from its last reader (or the loss) to its maker.
    [[gnu::cold]] constexpr void place_gradients() {
        // Position of a step in backward order; the end for values that no step makes.
        const auto backward = [&](step_id s) { return plan_.steps.end_id().number - 1 - s.number; };
        id_vector<value_id, char> is_logits(plan_.values.size(), 0);
        for (const exit_info& exit : plan_.exits) is_logits[exit.logits] = 1;
        std::vector<buffer_request> buffers;
        std::vector<value_id> owners;
        for (const value_id v : plan_.values.ids()) {
            if (made_.value_needed[v] == 0 && is_logits[v] == 0) continue;
            owners.push_back(v);
            buffers.push_back({batch_size(v), is_logits[v] != 0 ? -1 : backward(plan_.values[v].last),
                               backward(plan_.values[v].first)});
        }
        const memory_plan arena = plan_memory(buffers, 0);
        made_.gradient_at.assign(plan_.values.size(), backward_plan::none);
        for (std::size_t i = 0; i < owners.size(); ++i) made_.gradient_at[owners[i]] = arena.offsets[i];
        made_.gradients = arena.total;
    }

    [[gnu::cold]] constexpr void size_rest() {
        std::size_t spare = 0;
        std::size_t largest_weights = 0;
        for (const step_id s : plan_.steps.ids()) {
            const step_info& step = plan_.steps[s];
            const std::size_t channels = plan_.values[step.output].size.channels();
            if (made_.trained.steps[s].weights) largest_weights = std::max(largest_weights, step.weight_count);
            if (made_.normalises(s)) made_.statistics += 4 * channels;
            made_.widest = std::max(made_.widest, channels);
            made_.kernel_scratch =
                std::max({made_.kernel_scratch, step.scratch_sizes.forward, step.scratch_sizes.backward});
            spare = std::max(spare, spare_elements(s));
        }
        made_.partial = static_cast<std::size_t>(backward_plan::chunks(made_.batch)) * largest_weights;
        made_.kernel_scratch = round_up(made_.kernel_scratch, workspace_grain);
        made_.scratch = made_.kernel_scratch + spare;
    }

private:
    [[nodiscard]] constexpr std::size_t elements(value_id v) const { return plan_.values[v].size.elements(); }
    [[nodiscard]] constexpr std::size_t samples_size(value_id v, int samples) const {
        return round_up(static_cast<std::size_t>(samples) * elements(v), workspace_grain);
    }
    [[nodiscard]] constexpr std::size_t batch_size(value_id v) const { return samples_size(v, made_.batch); }

    /// Spare elements for the blocks of step s: recomputed inputs and residual, and the gradient behind its norm.
    [[nodiscard]] constexpr std::size_t spare_elements(step_id s) const {
        const step_info& step = plan_.steps[s];
        const int chunks = backward_plan::chunks(made_.batch);
        const int samples = std::min(made_.block_samples[s], (made_.batch + chunks - 1) / chunks);
        const auto block = [&](value_id v) { return samples_size(v, samples); };
        std::size_t sum = 0;
        for (const value_id v : step.sources()) sum += made_.recomputed(v) ? block(v) : 0;
        const std::size_t residual =
            step.residual.exists() && made_.recomputed(step.residual) ? block(step.residual) : 0;
        return sum + std::max(residual, step.norm.exists() ? block(step.output) : 0);
    }

    const plan_view& plan_;
    backward_plan& made_;
};

}  // namespace detail

/// @brief Plans both passes over batches of up to `batch` samples. A pure function, also usable at compile time.
///
/// @param input_gradient  whether the gradient with respect to the input is needed.
/// @par Cost    O(steps + entries x tensors + channels), plus plan_memory() without its search.
/// @par Errors  those of resolve().
[[nodiscard, gnu::cold]] constexpr backward_plan plan_backward(const plan_view& plan, const trainable_set& trained,
                                                               int batch, bool input_gradient = false) {
    backward_plan made;
    made.trained = resolve(plan, trained);
    made.batch = batch;
    detail::backward_planner planner{plan, made};
    planner.choose_needed(input_gradient);
    planner.choose_recomputed();
    planner.choose_blocks();
    planner.place_kept();
    planner.place_gradients();
    planner.size_rest();
    return made;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// infer_batch.hpp - runs many samples through an early-exit network and compacts the batch after every exit.
// Floor 5 (exits); host subset. Letters: N = samples, E = exits.
#ifndef EENN_EXITS_INFER_BATCH_HPP
#define EENN_EXITS_INFER_BATCH_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/executor.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/network/detail/check_rules.hpp>
#include <eenn/network/detail/infer.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Batch inference with compaction: runs all surviving samples through the segment between two exits before it starts
/// the next segment.
///
/// Stores only the values that are alive across an exit, per survivor, so a segment's weights stay in cache while the samples
/// pass through. Decisions equal those of infer(), in order, bit for bit, for any executor. In a network that ends in
/// features, samples that reach the end get label -1.
///
/// @tparam D   the decider. A decider whose state outlives a sample does not compile, since it depends on sample order.
/// @par Memory   `block` times the values alive across an exit, and one workspace per thread. Allocates only at construction.
template <class T, class D = threshold_rules<>>
requires Decider<D, T>
class batch_inference {
    static_assert(
        !D::sequential,
        "eenn: batch_inference: the state of this decider outlives a sample, so the order of the samples counts; "
        "run them one after another in a session");

public:
    /// @param block  number of samples processed together.
    explicit batch_inference(const executable<T>& net, int concurrency = 1, int block = 64)
        : net_{net},
          threads_{static_cast<std::size_t>(std::max(1, concurrency))},
          block_{static_cast<std::size_t>(block)} {
        if (block < 1)
            raise("batch_inference", "block of " + std::to_string(block) + " samples", "a block has at least one");
        std::size_t largest = 0;
        for (std::size_t e = 0; e < net_.plan.exits.size(); ++e) {
            const exit_info& exit = net_.plan.exits[e];
            const auto decided_later = [&](value_id v) {  // by a later exit, possibly after the same step
                const auto after = net_.plan.exits.subspan(e + 1);
                return std::any_of(after.begin(), after.end(),
                                   [&](const exit_info& later) { return later.logits == v; });
            };
            std::vector<value_id> alive;
            std::size_t size = 0;
            for (value_id v{1}; v < net_.plan.values.end_id(); ++v) {
                const auto& value = net_.plan.values[v];
                if (value.first > exit.step || (value.last <= exit.step && !decided_later(v))) continue;
                alive.push_back(v);
                size += round_up(value.size.elements(), workspace_grain);
            }
            carried_.push_back(alive);
            largest = std::max(largest, size);
        }
        slot_ = largest;
        carry_.resize(slot_ * block_);
        workspaces_.resize(net_.plan.sizes.workspace * threads_);
        states_.resize(block_);
        survivors_.resize(block_);
    }

    /// Writes the decisions (N) for the samples `inputs`, (N,H,W,C).
    ///
    /// @par Errors  eenn::error for rules that do not match the network, for inputs that are not one sample per decision, and
    ///              (after the run) for a sample with invalid logits, named by its index.
    template <Executor E>
    void operator()(packed_view<T> weights, std::span<const T> inputs, const D& rule, std::span<decision> decisions,
                    E& executor) {
        check_decider(net_.plan, rule, "batch_inference");
        const std::size_t count = decisions.size();
        const std::size_t each = net_.plan.input.elements();
        if (inputs.size() != count * each) {
            raise("batch_inference",
                  std::to_string(inputs.size()) + " elements for " + std::to_string(count) + " decisions",
                  "a sample has " + std::to_string(each));
        }
        for (std::size_t start = 0; start < count; start += block_) {
            const std::size_t here = std::min(block_, count - start);
            run_block(weights, inputs.subspan(start * each, here * each), rule, decisions.subspan(start, here),
                      executor);
        }
        for (std::size_t i = 0; i < count && net_.plan.exits.back().classifies; ++i) {
            if (decisions[i].label < 0) {
                raise("batch_inference", "the logits of sample " + std::to_string(i) + " are not numbers",
                      "check this sample and the weights for NaN and infinity");
            }
        }
    }

private:
    template <class E>
    void run_block(packed_view<T> packed, std::span<const T> inputs, const D& rule, std::span<decision> decisions,
                   E& executor) {
        const std::size_t each = net_.plan.input.elements();
        std::size_t count = decisions.size();
        for (std::size_t i = 0; i < count; ++i) {
            survivors_[i] = i;
            rule.begin(states_[i]);
        }
        step_id first{0};
        for (std::size_t e = 0; count > 0; ++e) {
            const exit_info& at = net_.plan.exits[e];
            const step_id end = at.step.next();
            executor.run(static_cast<int>(std::min(threads_, count)), [&](int t) {
                const std::size_t tasks = std::min(threads_, count);
                const auto task = static_cast<std::size_t>(t);
                const std::size_t arena = net_.plan.sizes.workspace;
                const std::span<T> workspace = std::span{workspaces_}.subspan(task * arena, arena);
                for (std::size_t i = count * task / tasks; i < count * (task + 1) / tasks; ++i) {
                    const std::size_t sample = survivors_[i];
                    T* carry = carry_.data() + sample * slot_;
                    if (e > 0) move(carried_[e - 1], carry, workspace, false);
                    run_steps(net_, {first, end}, packed, inputs.subspan(sample * each, each), workspace);
                    verdict said{.leave = e + 1 == net_.plan.exits.size(), .label = -1, .confidence = 0};
                    if (at.classifies) said = decide(rule, view_exit(net_.plan, e, workspace), states_[sample]);
                    decisions[sample] = {said.label, said.leave ? static_cast<int>(e) : undecided, said.confidence};
                    if (!said.leave) move(carried_[e], carry, workspace, true);
                }
            });
            std::size_t kept = 0;
            for (std::size_t i = 0; i < count; ++i) {
                if (decisions[survivors_[i]].exit == undecided) survivors_[kept++] = survivors_[i];
            }
            count = kept;
            first = end;
        }
    }

    void move(const std::vector<value_id>& values, T* carry, std::span<T> workspace, bool out) const noexcept {
        for (const value_id v : values) {
            const std::span<T> value = view_value(net_.plan, v, workspace);
            std::memcpy(out ? carry : value.data(), out ? value.data() : carry, value.size_bytes());
            carry += round_up(value.size(), workspace_grain);
        }
    }

    static constexpr int undecided = -1;

    executable<T> net_;
    std::size_t threads_;
    std::size_t block_;
    std::size_t slot_ = 0;
    std::vector<std::vector<value_id>> carried_;  // values alive across each exit
    aligned_vector<T> carry_;
    aligned_vector<T> workspaces_;
    std::vector<typename D::state> states_;
    std::vector<std::size_t> survivors_;
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// infer_batch.hpp - many samples through an early-exit network, the survivors closing ranks after each exit.
// Floor 5 (exits); host subset. Letters: N = samples, E = exits.
#ifndef EENN_EXITS_INFER_BATCH_HPP
#define EENN_EXITS_INFER_BATCH_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/executor.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/exits/infer.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Raises unless there is one rule an exit, each threshold within its policy's range, each temperature positive.
inline void check_rules(const plan_view& plan, std::span<const exit_rule> rules, const std::string& where) {
    if (rules.size() != plan.exits.size()) {
        raise(where, std::to_string(rules.size()) + " rules for " + std::to_string(plan.exits.size()) + " exits",
              "give one an exit, the last included");
    }
    for (std::size_t e = 0; e < rules.size(); ++e) {
        const auto range = plan.exits[e].decides.thresholds(static_cast<int>(plan.exits.size()));
        const bool inside = range.contains(static_cast<double>(rules[e].threshold)) || rules[e].threshold == never_exit;
        if (e + 1 < rules.size() && !inside) {
            raise(where,
                  "threshold " + std::to_string(rules[e].threshold) + " of exit " + std::to_string(e) + " (" +
                      std::string{plan.exits[e].decides.name()} + ") is outside its range",
                  "choose one in [" + std::to_string(range.low) + ", " + std::to_string(range.high) + "]");
        }
        if (!(rules[e].temperature > 0) || !std::isfinite(rules[e].temperature)) {
            raise(where, "temperature " + std::to_string(rules[e].temperature) + " of exit " + std::to_string(e),
                  "temperatures are positive and finite");
        }
    }
}

/// @brief Batches with compaction: a segment of the network between two exits runs over all survivors before the next one.
///
/// What lives across an exit is kept per survivor and nothing else, so a segment's weights stay in cache while the samples
/// pass. Decisions equal those of infer(), in order, bit for bit, for any executor.
///
/// @par Memory   block times what lives across an exit, and a workspace a thread. Nothing is allocated after construction.
template <class T>
class batch_inference {
public:
    /// @param block  samples that are under way at once.
    explicit batch_inference(const executable<T>& net, int concurrency = 1, int block = 64)
        : net_{net},
          threads_{static_cast<std::size_t>(std::max(1, concurrency))},
          block_{static_cast<std::size_t>(block)} {
        if (block < 1)
            raise("batch_inference", "block of " + std::to_string(block) + " samples", "a block has at least one");
        std::size_t largest = 0;
        for (const auto& exit : net_.plan.exits) {
            std::vector<int> alive;
            std::size_t size = 0;
            for (std::size_t v = 1; v < net_.plan.values.size(); ++v) {
                const auto& value = net_.plan.values[v];
                if (value.first > exit.step || value.last <= exit.step) continue;
                alive.push_back(static_cast<int>(v));
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

    /// Decides samples [0, count) of `inputs`, (N,H,W,C).
    ///
    /// @par Errors  eenn::error for rules that do not fit, for too few decisions, and (after the fact) for a sample whose
    ///              logits are not numbers, named by its index.
    template <Executor E>
    void operator()(const T* packed, const T* inputs, std::size_t count, std::span<const exit_rule> rules,
                    std::span<decision> decisions, E& executor) {
        check_rules(net_.plan, rules, "batch_inference");
        if (decisions.size() < count) {
            raise("batch_inference",
                  "room for " + std::to_string(decisions.size()) + " decisions of " + std::to_string(count),
                  "give one a sample");
        }
        const std::size_t each = net_.plan.input.elements();
        for (std::size_t start = 0; start < count; start += block_) {
            run_block(packed, inputs + start * each, std::min(block_, count - start), rules, decisions.subspan(start),
                      executor);
        }
        for (std::size_t i = 0; i < count; ++i) {
            if (decisions[i].label < 0) {
                raise("batch_inference", "the logits of sample " + std::to_string(i) + " are not numbers",
                      "check this sample and the weights for NaN and infinity");
            }
        }
    }

private:
    template <class E>
    void run_block(const T* packed, const T* inputs, std::size_t count, std::span<const exit_rule> rules,
                   std::span<decision> decisions, E& executor) {
        const std::size_t each = net_.plan.input.elements();
        for (std::size_t i = 0; i < count; ++i) survivors_[i] = i;
        std::fill(states_.begin(), states_.end(), exit_state{});
        int first = 0;
        for (std::size_t e = 0; count > 0; ++e) {
            const int end = net_.plan.exits[e].step + 1;
            const bool last = e + 1 == net_.plan.exits.size();
            executor.run(static_cast<int>(std::min(threads_, count)), [&](int t) {
                const std::size_t tasks = std::min(threads_, count);
                const auto task = static_cast<std::size_t>(t);
                T* workspace = workspaces_.data() + task * net_.plan.sizes.workspace;
                for (std::size_t i = count * task / tasks; i < count * (task + 1) / tasks; ++i) {
                    const std::size_t sample = survivors_[i];
                    T* carry = carry_.data() + sample * slot_;
                    if (e > 0) move(carried_[e - 1], carry, workspace, false);
                    run_steps(net_, first, end, packed, inputs + sample * each, workspace);
                    const auto s = score_exit(net_, e, workspace, rules[e].temperature, states_[sample]);
                    const bool leaves = last || s.leaves(static_cast<T>(rules[e].threshold));
                    decisions[sample] = {s.label, leaves ? static_cast<int>(e) : undecided,
                                         static_cast<float>(s.confidence)};
                    if (!leaves) move(carried_[e], carry, workspace, true);
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

    void move(const std::vector<int>& values, T* carry, T* workspace, bool out) const noexcept {
        for (const int v : values) {
            const auto& value = net_.plan.values[static_cast<std::size_t>(v)];
            T* at = workspace + value.offset;
            std::memcpy(out ? carry : at, out ? at : carry, value.size.elements() * sizeof(T));
            carry += round_up(value.size.elements(), workspace_grain);
        }
    }

    static constexpr int undecided = -1;

    executable<T> net_;
    std::size_t threads_;
    std::size_t block_;
    std::size_t slot_ = 0;
    std::vector<std::vector<int>> carried_;  // values alive across each exit
    aligned_vector<T> carry_;
    aligned_vector<T> workspaces_;
    std::vector<exit_state> states_;
    std::vector<std::size_t> survivors_;
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif

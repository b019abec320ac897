// SPDX-License-Identifier: MIT
//
// placement.hpp - chooses exits, thresholds and cuts jointly: which exits to keep, when to leave, what runs where.
// Floor 7 (platform); host subset; numbers alone, no Eigen. Letters: N = samples, S = segments, P = processors, E = exits.
#ifndef EENN_PLATFORM_PLACEMENT_HPP
#define EENN_PLATFORM_PLACEMENT_HPP

#include <eenn/core/detail/flow.hpp>
#include <eenn/exits/detail/exit_trace.hpp>
#include <eenn/platform/detail/candidates.hpp>
#include <eenn/platform/detail/task.hpp>
#include <eenn/platform/platform.hpp>
#include <eenn/tensor/detail/id.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace eenn {
inline namespace EENN_HOST {

/// @brief The part of a placement that runs on one processor.
struct placed_stage {
    assigned_stage where;
    std::string processor;
    std::string from;                ///< first segment; empty if the processor only forwards
    std::string to;                  ///< last segment
    node_id last{};                  ///< last layer, if the task comes from a graph
    std::vector<std::size_t> exits;  ///< kept exits decided here
    double macs = 0;                 ///< for a sample that runs through the whole stage, including heads
    double weight_bytes = 0;
    double activation_bytes = 0;
    double memory_bytes = 0;    ///< capacity of the processor
    double transfer_bytes = 0;  ///< sent to the next stage by a sample that continues; 0 at the last stage
    double seconds = 0;         ///< compute time of a sample that runs through the whole stage
    double reach = 0;           ///< fraction of samples that reach this stage
};

/// @brief A placement, its cost on the trace, and its optimality bound.
struct placement {
    bool feasible = false;  ///< if false, `refused` says why
    std::vector<placed_stage> stages;
    exit_set kept = 0;
    std::vector<float> thresholds;  ///< (E-1); never_exit for closed exits
    exit_evaluation evaluation;     ///< on the trace; mean_cost in the objective's unit
    std::vector<journey> leaving;   ///< (E), cost of a sample that leaves there
    double expected_seconds = 0;
    double expected_joules = 0;
    double expected_price = 0;
    double worst_seconds = 0;  ///< all kept heads and the last classifier run, links at their slowest
    double objective = 0;
    double bound = 0;                  ///< no placement within the limits has a lower objective on the trace
    bool proven = false;               ///< this placement is optimal: bound == objective
    std::int64_t nodes = 0;            ///< threshold boxes examined
    std::int64_t candidates = 0;       ///< assignments compared, over all sets of exits
    std::vector<std::string> refused;  ///< assignments and sets of exits that do not fit, and why

    [[nodiscard]] double gap() const noexcept { return objective - bound; }
    [[nodiscard]] assignment stages_only() const {
        assignment made;
        for (const auto& stage : stages) made.push_back(stage.where);
        return made;
    }
};

/// @brief Chooses the exits to keep, their thresholds and the processor of every segment, for the least expected cost.
///
/// The expectation is over the trace: each sample counts at the exit where it leaves, and is sent no further.
/// Closed exits are free. Constraints are the accuracy on the trace, the worst case (all kept heads and the last
/// classifier run), each processor's memory (weights of its segments and kept heads, plus their largest activations)
/// and its supported operators. For each set of exits, undominated_assignments() leaves a few cost vectors;
/// joint_thresholds searches sets, vectors and thresholds together. If `proven`, the result is optimal on the trace,
/// given cuts at segment ends and heads that run with their segment; otherwise `bound` limits how much better any other
/// placement could be. Deterministic.
///
/// @par Cost    2^E runs of undominated_assignments() and one of joint_thresholds.
/// @par Errors  eenn::error for an invalid task, platform, objective or limit. If the constraints cannot be met,
///              `feasible == false` and `refused` holds the reasons; the first one says what to change.
/// @par Source  The problem of Sponner et al. (2024), "Efficient post-training augmentation for adaptive inference in
///              heterogeneous and distributed IoT environments". They enumerate mappings with at most one exit a
///              processor and treat exits as independent. Here exits are unrestricted, evaluated on the joint trace,
///              and the result has a bound.
[[nodiscard]] EENN_FLOW placement place(const placement_task& task, const platform& on,
                                        const placement_objective& objective, const placement_limits& limits = {});

}  // namespace EENN_HOST
}  // namespace eenn

#if !defined(EENN_COMPILED)
#include <eenn/platform/detail/placement.hpp>
#endif

#endif

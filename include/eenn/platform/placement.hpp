// SPDX-License-Identifier: MIT
//
// placement.hpp - exits, thresholds and cuts chosen together: which exits to keep, when to leave, what runs where.
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

/// @brief What runs on one processor of a placement.
struct placed_stage {
    assigned_stage where;
    std::string processor;
    std::string from;                ///< first segment; empty if it only passes on
    std::string to;                  ///< last segment
    node_id last{};                  ///< the layer that it ends with, where the task is of a graph
    std::vector<std::size_t> exits;  ///< kept exits decided here
    double macs = 0;                 ///< of a sample that passes all of it, heads included
    double weight_bytes = 0;
    double activation_bytes = 0;
    double memory_bytes = 0;    ///< what the processor has
    double transfer_bytes = 0;  ///< sent on to the next stage, for a sample that goes on; 0 at the last
    double seconds = 0;         ///< computing, of a sample that passes all of it
    double reach = 0;           ///< share of the samples that get here
};

/// @brief A placement, what it costs on the trace, and how good it is known to be.
struct placement {
    bool feasible = false;  ///< false: `refused` says why
    std::vector<placed_stage> stages;
    exit_set kept = 0;
    std::vector<float> thresholds;  ///< (E-1); never_exit where an exit is closed
    exit_evaluation evaluation;     ///< on the trace; mean_cost in the objective's unit
    std::vector<journey> leaving;   ///< (E), of a sample that leaves there
    double expected_seconds = 0;
    double expected_joules = 0;
    double expected_price = 0;
    double worst_seconds = 0;  ///< all kept heads and the last classifier run, links at their slowest
    double objective = 0;
    double bound = 0;                  ///< no placement within the limits has a lower objective on the trace
    bool proven = false;               ///< this one is best: bound == objective
    std::int64_t nodes = 0;            ///< boxes of thresholds looked at
    std::int64_t candidates = 0;       ///< assignments compared, over all sets of exits
    std::vector<std::string> refused;  ///< assignments and sets of exits that do not fit, and why

    [[nodiscard]] double gap() const noexcept { return objective - bound; }
    [[nodiscard]] assignment stages_only() const {
        assignment made;
        for (const auto& stage : stages) made.push_back(stage.where);
        return made;
    }
};

/// @brief Chooses which exits to keep, their thresholds, and which processor runs what, for the least expected cost.
///
/// The expectation is over the trace: each sample is counted at the exit where it leaves, and samples that leave do not
/// travel on. Closed exits cost nothing. Kept are: the accuracy on the trace, the worst case (all kept heads and the
/// last classifier run), each processor's memory (weights of its segments and kept heads, and their largest activations)
/// and its operators. For each set of exits undominated_assignments() leaves few cost vectors; joint_thresholds
/// searches sets, vectors and thresholds at once. With `proven` the result is the best there is on the trace, cuts at
/// the ends of segments and heads run where their segment did; otherwise `bound` says how much better another could be.
/// Deterministic.
///
/// @par Cost    2^E runs of undominated_assignments() and one of joint_thresholds.
/// @par Errors  eenn::error for a task, platform, objective or limit that says nothing sensible. What cannot be met gives
///              `feasible == false` and the reasons in `refused`, the first one saying what to change.
/// @par Source  The problem of Sponner et al. (2024), "Efficient post-training augmentation for adaptive inference in
///              heterogeneous and distributed IoT environments", which enumerates mappings with at most one exit a
///              processor and takes exits as independent; here any exits, on the joint trace, with a bound.
[[nodiscard]] EENN_FLOW placement place(const placement_task& task, const platform& on,
                                        const placement_objective& objective, const placement_limits& limits = {});

}  // namespace EENN_HOST
}  // namespace eenn

#if !defined(EENN_COMPILED)
#include <eenn/platform/detail/placement.hpp>
#endif

#endif

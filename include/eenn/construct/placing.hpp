// SPDX-License-Identifier: MIT
//
// placing.hpp - placement of an early-exit network on a platform: layers, cuts and thresholds.
// Floor 8 (construct); host subset.
#ifndef EENN_CONSTRUCT_PLACING_HPP
#define EENN_CONSTRUCT_PLACING_HPP

#include <eenn/construct/detail/result.hpp>
#include <eenn/core/detail/flow.hpp>
#include <eenn/exits/detail/exit_trace.hpp>
#include <eenn/network/detail/basic_model.hpp>
#include <eenn/platform/placement.hpp>
#include <eenn/policies/detail/exit_rule.hpp>
#include <eenn/tensor/detail/id.hpp>

#include <vector>

namespace eenn::construct {
inline namespace EENN_HOST {

/// @brief A placed network, for reports and for writing one file per processor.
struct placed_network {
    placement placed;              ///< result of place(); if not `feasible`, `placed.refused` says why
    placement_summary summary;     ///< of a feasible placement
    std::vector<exit_rule> rules;  ///< with this platform's thresholds; no sample leaves at a closed exit
    std::vector<node_id> cuts;     ///< last node of each stage but the final one
};

/// @brief Places a network with exits on a platform. Exits, thresholds and cuts are chosen jointly.
///
/// @param base        with exits; the temperatures of its rules are kept.
/// @param validation  its trace on validation data, (N,E).
/// @par Cost    that of place().
/// @par Errors  as place(). An infeasible objective is not an error, see placed_network::placed.
[[nodiscard]] EENN_FLOW placed_network place_network(const model& base, const exit_trace& validation,
                                                     const platform& on, const placement_objective& objective,
                                                     const placement_limits& limits = {});

}  // namespace EENN_HOST
}  // namespace eenn::construct

#if !defined(EENN_COMPILED)
#include <eenn/construct/detail/placing.hpp>
#endif

#endif

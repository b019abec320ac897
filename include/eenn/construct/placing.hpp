// SPDX-License-Identifier: MIT
//
// placing.hpp - an early-exit network on a platform: what runs where, and when samples leave there.
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

/// @brief A network placed: for reports, and for writing one file per processor.
struct placed_network {
    placement placed;              ///< as place() gives it; `feasible` false: `placed.refused` says why
    placement_summary summary;     ///< of a feasible one
    std::vector<exit_rule> rules;  ///< with the thresholds of this platform; closed exits never leave
    std::vector<node_id> cuts;     ///< of each stage but the last, the node it ends with
};

/// @brief Places a network with exits on a platform: exits, thresholds and cuts chosen together.
///
/// @param base        with exits; the temperatures of its rules stay.
/// @param validation  its trace on validation data, (N,E).
/// @par Cost    that of place().
/// @par Errors  as place(); what cannot be met is no error, see placed_network::placed.
[[nodiscard]] EENN_FLOW placed_network place_network(const model& base, const exit_trace& validation,
                                                     const platform& on, const placement_objective& objective,
                                                     const placement_limits& limits = {});

}  // namespace EENN_HOST
}  // namespace eenn::construct

#if !defined(EENN_COMPILED)
#include <eenn/construct/detail/placing.hpp>
#endif

#endif

// SPDX-License-Identifier: MIT
//
// detail/with_heads.hpp - attaches exit heads to a network.
// Floor 8 (construct).
#ifndef EENN_CONSTRUCT_DETAIL_WITH_HEADS_HPP
#define EENN_CONSTRUCT_DETAIL_WITH_HEADS_HPP

#include <eenn/construct/detail/heads.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/network/edit.hpp>

#include <span>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief A head and its site.
struct placed_head {
    node_id site{};  ///< of the base network
    graph network;   ///< head_network() with ids of its own
    policy decides = max_probability{};
};

/// @brief The network with heads, each placed directly after its site, so that its decision is made there.
[[nodiscard]] inline graph with_heads(graph base, std::span<const placed_head> heads) {
    for (const placed_head& h : heads) base = branch(base, h.site, h.network, h.decides);
    return base;
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

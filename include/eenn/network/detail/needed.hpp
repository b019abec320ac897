// SPDX-License-Identifier: MIT
//
// detail/needed.hpp - finds the nodes that given values of a graph depend on.
// Floor 4 (network). Tested by tests/network/graph.cpp.
#ifndef EENN_NETWORK_DETAIL_NEEDED_HPP
#define EENN_NETWORK_DETAIL_NEEDED_HPP

#include <eenn/core/isa.hpp>
#include <eenn/network/graph.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Per node: 1 if one of `ends` depends on it or is it. The search does not continue past nodes for which
/// `stop(place)` is true. (char, because clang 14 cannot evaluate std::vector<bool> in a constant expression.)
///
/// @par Cost  O(nodes).
template <class Layers, class Stop>
[[nodiscard]] constexpr id_vector<edge, char> needed_by(const basic_graph<Layers>& g, std::span<const edge> ends,
                                                        Stop&& stop) {
    const auto& nodes = g.nodes();
    id_vector<edge, char> needed(nodes.size(), 0);
    for (const edge end : ends) needed[end] = 1;
    for (edge i = nodes.end_id(); i > edge{0};) {
        if (needed[--i] == 0 || stop(i)) continue;
        for (const edge source : nodes[i].sources()) needed[source] = 1;
    }
    return needed;
}

/// @brief Per node: 1 if the end of the graph depends on it. All other nodes belong to exit heads or are unused.
template <class Layers>
[[nodiscard]] constexpr id_vector<edge, char> backbone_of(const basic_graph<Layers>& g) {
    const std::array<edge, 1> end{g.here()};
    return needed_by(g, end, [](edge) { return false; });
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

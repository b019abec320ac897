// SPDX-License-Identifier: MIT
//
// detail/needed.hpp - which nodes of a graph some of its values need.
// Floor 4 (network). tests/network/graph.cpp reaches it.
#ifndef EENN_NETWORK_DETAIL_NEEDED_HPP
#define EENN_NETWORK_DETAIL_NEEDED_HPP

#include <eenn/core/isa.hpp>
#include <eenn/network/graph.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

/// @brief By node: 1 where one of `ends` needs it, themselves included. The search does not go past nodes of which
/// `stop(place)` holds. (char, since clang 14 evaluates no std::vector<bool> as a constant.)
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

/// @brief By node: 1 where the end of the graph needs it. The rest are heads of exits, or nothing needs them.
template <class Layers>
[[nodiscard]] constexpr id_vector<edge, char> backbone_of(const basic_graph<Layers>& g) {
    const std::array<edge, 1> end{g.here()};
    return needed_by(g, end, [](edge) { return false; });
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

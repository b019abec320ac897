// SPDX-License-Identifier: MIT
//
// needed.hpp - which nodes of a graph some of its values need.
// Floor 4 (network).
#ifndef EENN_NETWORK_NEEDED_HPP
#define EENN_NETWORK_NEEDED_HPP

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
[[nodiscard]] constexpr std::vector<char> needed_by(const basic_graph<Layers>& g, std::span<const int> ends,
                                                    Stop&& stop) {
    const auto& nodes = g.nodes();
    std::vector<char> needed(nodes.size(), 0);
    for (const int end : ends) needed[static_cast<std::size_t>(end)] = 1;
    for (std::size_t i = nodes.size(); i-- > 0;) {
        if (needed[i] == 0 || stop(static_cast<int>(i))) continue;
        for (int k = 0; k < nodes[i].input_count; ++k)
            needed[static_cast<std::size_t>(nodes[i].inputs[static_cast<std::size_t>(k)])] = 1;
    }
    return needed;
}

/// @brief By node: 1 where the end of the graph needs it. The rest are heads of exits, or nothing needs them.
template <class Layers>
[[nodiscard]] constexpr std::vector<char> backbone_of(const basic_graph<Layers>& g) {
    const std::array<int, 1> end{g.here().node};
    return needed_by(g, end, [](int) { return false; });
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

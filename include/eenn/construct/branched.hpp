// SPDX-License-Identifier: MIT
//
// branched.hpp - a network with heads on it, and parameters on their way between networks that share layers.
// Floor 6 (construct).
#ifndef EENN_CONSTRUCT_BRANCHED_HPP
#define EENN_CONSTRUCT_BRANCHED_HPP

#include <eenn/construct/heads.hpp>
#include <eenn/network/parameters.hpp>

#include <span>
#include <vector>

namespace eenn::construct {

/// @brief A head and where it goes.
struct placed_head {
    int node = 0;  ///< of the base network
    head what;
    policy decides = max_probability{};
};

/// @brief The base network with heads, and where its nodes and theirs went.
struct branched {
    graph network;
    std::vector<int> base;   ///< by node of the base network: its node here
    std::vector<int> heads;  ///< by head: its first node here
};

/// @brief Puts heads on a network: each comes directly after its site, so that its decision is due there.
///
/// @param heads  by rising node.
/// @par Errors   eenn::error if they are not.
[[nodiscard]] inline branched branch(const graph& base, std::span<const placed_head> heads) {
    branched made{graph{base.input()}, {0}, {}};
    graph& g = made.network;
    std::size_t next = 0;
    const auto put_heads = [&](int node) {
        for (; next < heads.size() && heads[next].node == node; ++next) {
            made.heads.push_back(static_cast<int>(g.nodes().size()));
            g.exit(heads[next].what, heads[next].decides);
        }
    };
    put_heads(0);
    for (std::size_t n = 1; n < base.nodes().size(); ++n) {
        const auto& node = base.nodes()[n];
        std::array<edge, max_inputs> from{};
        for (std::size_t i = 0; i < static_cast<std::size_t>(node.input_count); ++i) {
            from[i] = {made.base[static_cast<std::size_t>(node.inputs[i])]};
        }
        made.base.push_back(
            g.put(node.what, std::span<const edge>{from.data(), static_cast<std::size_t>(node.input_count)}).node);
        put_heads(static_cast<int>(n));
    }
    if (next != heads.size()) {
        raise("branch", "head " + std::to_string(next) + " goes on node " + std::to_string(heads[next].node),
              "give heads in the order of the network's nodes");
    }
    return made;
}

/// @brief Copies the tensors of layers from one network's parameters to another's.
///
/// @param nodes  by node of `from`: its node in `to`, or -1 to leave it out.
/// @par Shapes   from_values (from.parameter_elements()), to_values (to.parameter_elements()).
/// @par Errors   eenn::error if a tensor is not there or has another size: the nodes do not correspond.
inline void copy_parameters(const plan_view& from, std::span<const float> from_values, std::span<const int> nodes,
                            const plan_view& to, std::span<float> to_values) {
    for (const auto& tensor : from.tensors) {
        const auto node = static_cast<std::size_t>(tensor.node);
        if (node >= nodes.size() || nodes[node] < 0) continue;
        const auto target = std::find_if(to.tensors.begin(), to.tensors.end(), [&](const tensor_info& t) {
            return t.node == nodes[node] && t.spec.name == tensor.spec.name;
        });
        if (target == to.tensors.end() || target->spec.elements() != tensor.spec.elements()) {
            raise("copy_parameters",
                  tensor_name(tensor) + " has no counterpart in layer " + std::to_string(nodes[node]),
                  "give networks that share these layers");
        }
        std::copy_n(from_values.begin() + static_cast<std::ptrdiff_t>(tensor.offset), tensor.spec.elements(),
                    to_values.begin() + static_cast<std::ptrdiff_t>(target->offset));
    }
}

/// @brief Where the nodes of a head_network() are in a branched network, for copy_parameters().
[[nodiscard]] inline std::vector<int> head_nodes(const branched& b, std::size_t index, const graph& alone) {
    std::vector<int> nodes{-1};
    for (std::size_t n = 1; n < alone.nodes().size(); ++n) nodes.push_back(b.heads[index] + static_cast<int>(n) - 1);
    return nodes;
}

/// @brief The other way about.
[[nodiscard]] inline std::vector<int> inverse(std::span<const int> nodes, std::size_t size) {
    std::vector<int> back(size, -1);
    for (std::size_t n = 0; n < nodes.size(); ++n) {
        if (nodes[n] >= 0) back[static_cast<std::size_t>(nodes[n])] = static_cast<int>(n);
    }
    return back;
}

}  // namespace eenn::construct

#endif

// SPDX-License-Identifier: MIT
//
// edits.hpp - random edits of networks, the same at compile time and at run time.
#ifndef EENN_TESTS_NETWORK_EDITS_HPP
#define EENN_TESTS_NETWORK_EDITS_HPP

#include <eenn/network/channels.hpp>

#include "generated.hpp"

namespace generated {

/// What an edit did: the network after it, and what became of channels.
struct change {
    graph network;
    std::vector<kept_channels> channels;
};

/// A random node behind the input.
constexpr node_id some_node(const graph& g, random_stream& random) {
    return g.id_of(edge{1 + random.below(g.nodes().size() - 1)});
}

/// The nodes whose channels are one group and may be chosen.
constexpr std::vector<edge> prunable(const graph& g) {
    const channel_groups groups{g};
    std::vector<edge> nodes;
    for (const edge n : g.layers()) {
        const auto parts = groups.parts_of(n);
        if (parts.size() == 1 && groups.repeat_of(n) == 1 && !groups.fixed(parts[0]) && groups.size(parts[0]) > 1)
            nodes.push_back(n);
    }
    return nodes;
}

/// One edit that fits: layers put in that keep the shape, an activation replaced, an exit added or removed, a layer that
/// keeps the shape taken out, channels chosen.
constexpr change some_edit(const graph& g, random_stream& random) {
    switch (random.below(6)) {
        case 0:
            return {insert_after(g, some_node(g, random),
                                 [](graph& b) {
                                     const int channels = b.shape_of(b.here()).c;
                                     b.residual([&](graph& r) { r(conv2d{.filters = channels}, batch_norm{}); });
                                 }),
                    {}};
        case 1: {
            const node_id reader = some_node(g, random);
            return {insert_before(g, reader, relu6{}), {}};
        }
        case 2: return {branch(g, some_node(g, random), exit_head{.classes = 3}, margin{}), {}};
        case 3:
            if (!g.exits().empty()) {
                const auto which = static_cast<int>(random.below(g.exits().size()));
                return {remove_exit(g, which), {}};
            }
            return {g, {}};
        case 4:
            for (const auto& node : g.nodes()) {
                if (!std::holds_alternative<relu>(node.what) || node.id.number == 0) continue;
                if (random.below(2) == 0) return {replace(g, node.id, hard_swish{}), {}};
                return {remove(g, node.id), {}};
            }
            return {g, {}};
        default: {
            const auto nodes = prunable(g);
            if (nodes.empty()) return {g, {}};
            const edge place = nodes[random.below(nodes.size())];
            std::vector<int> kept;
            const int channels = g.nodes()[place].out.c;
            for (int c = 0; c < channels; ++c) {
                if (random.below(3) != 0) kept.push_back(c);
            }
            if (kept.empty()) kept.push_back(0);
            if (kept.size() > 1 && random.below(2) == 0) {  // another order
                const int first = kept[0];
                kept[0] = kept.back();
                kept.back() = first;
            }
            if (random.below(3) == 0) kept.push_back(-1);
            auto made = keep_channels(g, g.nodes()[place].id, kept);
            return {made.network, made.channels};
        }
    }
}

/// A generated network after three edits.
constexpr graph edited(std::uint64_t seed) {
    random_stream random{.seed = seed, .stream = 78};
    graph g = network_of(seed);
    for (int i = 0; i < 3; ++i) g = some_edit(g, random).network;
    return g;
}

}  // namespace generated

#endif

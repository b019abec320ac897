// SPDX-License-Identifier: MIT
//
// channels.hpp - which channels of a network belong together, and networks of other channels.
// Floor 4 (network). Letters: C = channels.
//
// An addition ties the channels of its inputs, a depthwise convolution and all that works channel by channel keep them: such
// channels can only be kept, widened or put in another order together. They form a group.
#ifndef EENN_NETWORK_CHANNELS_HPP
#define EENN_NETWORK_CHANNELS_HPP

#include <eenn/network/edit.hpp>

#include <span>
#include <vector>

namespace eenn {

/// @brief What became of a node's channels: by channel now, the channel before, or -1 for one that is new. Empty: as before.
struct kept_channels {
    node_id node{};
    std::vector<int> inputs;   ///< along the input axis of its tensors
    std::vector<int> outputs;  ///< along their output axis
};

/// @brief The groups of channels of a graph.
///
/// The value of a node is made of groups one after another (a concatenation has several), once or once a pixel (flattened).
///
/// @par Cost  Near linear in nodes and in the groups that concatenations join.
template <class Layers>
class channel_groups {
public:
    using graph = basic_graph<Layers>;

    constexpr explicit channel_groups(const graph& g) : values_(g.nodes().size(), value{}) {
        values_[0].parts = {fresh(g.input().c, true)};
        for (std::size_t i = 1; i < values_.size(); ++i) values_[i] = of_node(g, i);
        const auto fix = [&](int node) {
            for (const int part : values_[static_cast<std::size_t>(node)].parts) fix_group(part);
        };
        for (const auto& e : g.exits()) fix(e.node);
        fix(g.here().node);
    }

    /// The group that the channels of the node at a place are; -1 if they are several, or flattened.
    [[nodiscard]] constexpr int group_of(int place) const {
        const value& v = values_[static_cast<std::size_t>(place)];
        return v.parts.size() == 1 && v.repeat == 1 ? root(v.parts[0]) : -1;
    }
    /// The groups of a node's value, in order.
    [[nodiscard]] constexpr std::vector<int> parts_of(int place) const {
        std::vector<int> parts;
        for (const int part : values_[static_cast<std::size_t>(place)].parts) parts.push_back(root(part));
        return parts;
    }
    /// How often the groups come one after another: 1, or the pixels of what was flattened.
    [[nodiscard]] constexpr int repeat_of(int place) const { return values_[static_cast<std::size_t>(place)].repeat; }
    /// Channels of a group.
    [[nodiscard]] constexpr int size(int group) const { return sizes_[static_cast<std::size_t>(root(group))]; }
    /// Whether its channels are those of the input, of logits, or read by a layer of which nothing is known.
    [[nodiscard]] constexpr bool fixed(int group) const { return fixed_[static_cast<std::size_t>(root(group))] != 0; }

private:
    struct value {
        std::vector<int> parts;
        int repeat = 1;
    };

    constexpr int fresh(int size, bool fixed) {
        parents_.push_back(static_cast<int>(parents_.size()));
        sizes_.push_back(size);
        fixed_.push_back(fixed ? 1 : 0);
        return parents_.back();
    }
    [[nodiscard]] constexpr int root(int group) const {
        while (parents_[static_cast<std::size_t>(group)] != group) group = parents_[static_cast<std::size_t>(group)];
        return group;
    }
    constexpr void fix_group(int group) { fixed_[static_cast<std::size_t>(root(group))] = 1; }
    constexpr void fix(const value& v) {
        for (const int part : v.parts) fix_group(part);
    }
    /// Two values whose channels must go together: group by group where they are cut alike, else none can be chosen.
    constexpr void tie(const value& a, const value& b) {
        bool alike = a.parts.size() == b.parts.size() && a.repeat == b.repeat;
        for (std::size_t i = 0; alike && i < a.parts.size(); ++i) alike = size(a.parts[i]) == size(b.parts[i]);
        if (!alike) {
            fix(a);
            fix(b);
            return;
        }
        for (std::size_t i = 0; i < a.parts.size(); ++i) {
            const int first = root(a.parts[i]);
            const int second = root(b.parts[i]);
            fixed_[static_cast<std::size_t>(first)] = fixed(first) || fixed(second) ? 1 : 0;
            parents_[static_cast<std::size_t>(second)] = first;
        }
    }

    [[nodiscard]] constexpr value of_node(const graph& g, std::size_t i) {
        const auto& node = g.nodes()[i];
        std::array<shape, max_inputs> shapes{};
        const auto count = static_cast<std::size_t>(node.input_count);
        const auto input = [&](std::size_t k) -> const value& {
            return values_[static_cast<std::size_t>(node.inputs[k])];
        };
        for (std::size_t k = 0; k < count; ++k) shapes[k] = g.shape_of(edge{node.inputs[k]});
        const auto flow = detail::visit_layer(
            [&](const auto& layer) {
                return channels_of(layer, std::span<const shape>{shapes.data(), count});
            },
            node.what);
        value made;
        switch (flow) {
            case channel_flow::makes: made.parts = {fresh(node.out.c, false)}; break;
            case channel_flow::keeps:
                made = input(0);
                for (std::size_t k = 1; k < count; ++k) {
                    if (shapes[k].c == shapes[0].c) {
                        tie(made, input(k));
                    } else {
                        fix(input(k));
                    }
                }
                break;
            case channel_flow::joins:
                for (std::size_t k = 0; k < count; ++k) {
                    if (input(k).repeat != 1) {
                        for (std::size_t j = 0; j < count; ++j) fix(input(j));
                        made.parts = {fresh(node.out.c, true)};
                        return made;
                    }
                    made.parts.insert(made.parts.end(), input(k).parts.begin(), input(k).parts.end());
                }
                break;
            case channel_flow::repeats:
                made = input(0);
                made.repeat *= shapes[0].pixels();
                break;
            case channel_flow::fixed:
                for (std::size_t k = 0; k < count; ++k) fix(input(k));
                made.parts = {fresh(node.out.c, true)};
                break;
        }
        return made;
    }

    std::vector<value> values_;  // by node
    std::vector<int> parents_;   // by group: groups that were tied form a tree
    std::vector<int> sizes_;
    std::vector<char> fixed_;
};

/// @brief A network of other channels, and what became of each node's.
template <class Layers>
struct rechannelled {
    basic_graph<Layers> network;
    std::vector<kept_channels> channels;  ///< of the nodes whose tensors changed, for transfer()
};

/// @brief Keeps some channels of a node, in the order given, and of all nodes whose channels are tied to it.
///
/// @param channels  those of the node to keep, each at most once; -1 stands for one that is new, so a group can be widened.
/// @par Faults  no_such_node; channels_are_fixed for the channels of the input, of logits, of a concatenation (choose in its
///              parts) and of what is tied to them; no_such_channel for an empty choice, one named twice or out of range.
/// @par Source  Groups tied by additions and depthwise convolutions: as in structured pruning since Liu et al. (2017),
///              "network slimming"; here read off the graph, concatenations and flattened values included.
template <class Layers>
[[nodiscard]] constexpr rechannelled<Layers> keep_channels(const basic_graph<Layers>& g, node_id at,
                                                           std::span<const int> channels) {
    rechannelled<Layers> made{detail::emptied(g), {}};
    int place = 0;
    if (!detail::find(g, at, made.network, place)) return made;
    const channel_groups<Layers> groups{g};
    const int chosen = groups.group_of(place);
    if (chosen < 0 || groups.fixed(chosen)) {
        made.network.refuse(place, {fault_kind::channels_are_fixed});
        return made;
    }
    const int before = groups.size(chosen);
    std::vector<char> seen(static_cast<std::size_t>(before), 0);
    layer_fault wrong{};
    if (channels.empty()) wrong = {fault_kind::no_such_channel};
    for (const int c : channels) {
        if (c == -1 || wrong.kind != fault_kind::none) continue;
        if (c >= 0 && c < before && seen[static_cast<std::size_t>(c)] == 0) {
            seen[static_cast<std::size_t>(c)] = 1;
        } else {
            wrong = wrong_number(fault_kind::no_such_channel, c, allowed_range::closed(-1, before - 1));
        }
    }
    if (wrong.kind != fault_kind::none) {
        made.network.refuse(place, wrong);
        return made;
    }

    // By channel now, the channel before, for the value of a node; empty where nothing changed.
    const auto kept_of = [&](int node) {
        std::vector<int> kept;
        bool changed = false;
        int offset = 0;
        const auto parts = groups.parts_of(node);
        for (int pixel = 0; pixel < groups.repeat_of(node); ++pixel) {
            for (const int part : parts) {
                const int size = groups.size(part);
                if (part == chosen) {
                    changed = true;
                    for (const int c : channels) kept.push_back(c < 0 ? -1 : offset + c);
                } else {
                    for (int c = 0; c < size; ++c) kept.push_back(offset + c);
                }
                offset += size;
            }
        }
        if (!changed) kept.clear();
        return kept;
    };
    detail::graph_copy<Layers> copy{g, made.network};
    copy.set(0, edge{0});
    for (int i = 1; i < static_cast<int>(g.nodes().size()); ++i) {
        const auto& node = g.nodes()[static_cast<std::size_t>(i)];
        kept_channels kept{node.id, kept_of(node.inputs[0]), kept_of(i)};
        if (kept.inputs.empty() && kept.outputs.empty()) {
            copy.copy(i);
            continue;
        }
        const int inputs = made.network.shape_of(copy.of(node.inputs[0])).c;
        const int outputs = kept.outputs.empty() ? node.out.c : static_cast<int>(kept.outputs.size());
        copy.copy(i, detail::visit_layer(
                         [&](const auto& layer) -> typename basic_graph<Layers>::layer {
                             if constexpr (requires { layer.resized(inputs, outputs); }) {
                                 return layer.resized(inputs, outputs);
                             } else {
                                 return layer;
                             }
                         },
                         node.what));
        made.channels.push_back(std::move(kept));
    }
    copy.finish([](std::size_t) { return true; });
    made.network.number_from(g.next_id());
    return made;
}

}  // namespace eenn

#endif

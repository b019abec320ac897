// SPDX-License-Identifier: MIT
//
// channels.hpp - which channels of a network belong together, and networks of other channels.
// Floor 4 (network). Letters: C = channels.
//
// An addition ties the channels of its inputs, a depthwise convolution and all that works channel by channel keep them: such
// channels can only be kept, widened or put in another order together. They form a group.
#ifndef EENN_NETWORK_CHANNELS_HPP
#define EENN_NETWORK_CHANNELS_HPP

#include <eenn/core/isa.hpp>
#include <eenn/network/edit.hpp>

#include <span>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

/// @brief What became of a node's channels: by channel now, the channel before, or -1 for one that is new. Empty: as before.
struct kept_channels {
    node_id node{};
    std::vector<int> inputs;   ///< along the input axis of its tensors
    std::vector<int> outputs;  ///< along their output axis
};

/// @brief The groups of channels of a graph.
///
/// The value of a node is made of groups one after another, once or once a pixel (flattened). A group is cut in two where only
/// a part of it is tied to another: the gate of a concatenation has a group for each of its parts.
///
/// @par Cost  Near linear in the nodes and in the groups that are joined.
template <class Layers>
class channel_groups {
public:
    using graph = basic_graph<Layers>;

    constexpr explicit channel_groups(const graph& g) : values_(g.nodes().size(), value{}) {
        values_[0].parts = {fresh(g.input().c, true)};
        for (std::size_t i = 1; i < values_.size(); ++i) values_[i] = of_node(g, i);
        for (const auto& e : g.exits()) fix(values_[static_cast<std::size_t>(e.node)]);
        fix(values_[static_cast<std::size_t>(g.here().node)]);
    }

    /// The groups of the value of the node at a place, in order.
    [[nodiscard]] constexpr std::vector<int> parts_of(int place) const {
        return expanded(values_[static_cast<std::size_t>(place)].parts);
    }
    /// How often they come one after another: 1, or the pixels of what was flattened.
    [[nodiscard]] constexpr int repeat_of(int place) const { return values_[static_cast<std::size_t>(place)].repeat; }
    /// Channels of a group.
    [[nodiscard]] constexpr int size(int group) const { return groups_[static_cast<std::size_t>(group)].size; }
    /// Whether its channels are those of the input, of logits, or read by a layer of which nothing is known.
    [[nodiscard]] constexpr bool fixed(int group) const { return groups_[static_cast<std::size_t>(group)].fixed; }
    /// Groups are numbered from 0 to this.
    [[nodiscard]] constexpr int count() const { return static_cast<int>(groups_.size()); }

private:
    struct value {
        std::vector<int> parts;
        int repeat = 1;
    };
    struct entry {
        int size = 0;
        bool fixed = false;
        int same_as = -1;  // another group, which stands for this one
        int first = -1;    // the two groups that this one was cut into
        int second = -1;
    };

    constexpr int fresh(int size, bool fixed) {
        groups_.push_back({.size = size, .fixed = fixed});
        return count() - 1;
    }
    [[nodiscard]] constexpr entry& at(int which) { return groups_[static_cast<std::size_t>(which)]; }
    [[nodiscard]] constexpr const entry& at(int which) const { return groups_[static_cast<std::size_t>(which)]; }

    /// What groups have become: those that stand for them, and those that they were cut into.
    [[nodiscard]] constexpr std::vector<int> expanded(const std::vector<int>& parts) const {
        std::vector<int> pending{parts.rbegin(), parts.rend()};
        std::vector<int> found;
        while (!pending.empty()) {
            const int next = pending.back();
            pending.pop_back();
            if (at(next).same_as >= 0) {
                pending.push_back(at(next).same_as);
            } else if (at(next).first >= 0) {
                pending.push_back(at(next).second);
                pending.push_back(at(next).first);
            } else {
                found.push_back(next);
            }
        }
        return found;
    }
    constexpr void fix(const value& v) {
        for (const int part : expanded(v.parts)) at(part).fixed = true;
    }
    constexpr void cut(int which, int size) {
        const int first = fresh(size, fixed(which));
        const int second = fresh(at(which).size - size, fixed(which));
        at(which).first = first;
        at(which).second = second;
    }
    /// Two values of equally many channels, which must go together.
    constexpr void tie(const value& a, const value& b) {
        if (a.repeat != b.repeat) {
            fix(a);
            fix(b);
            return;
        }
        std::vector<int> left = expanded(a.parts);
        std::vector<int> right = expanded(b.parts);
        for (std::size_t i = 0; i < left.size() && i < right.size();) {
            const int l = left[i];
            const int r = right[i];
            if (l == r) {
                ++i;
            } else if (size(l) == size(r)) {
                at(l).fixed = fixed(l) || fixed(r);
                at(r).same_as = l;
                ++i;
            } else {
                cut(size(l) > size(r) ? l : r, std::min(size(l), size(r)));
            }
            left = expanded(left);
            right = expanded(right);
        }
    }

    [[nodiscard]] constexpr value of_node(const graph& g, std::size_t i) {
        const auto& node = g.nodes()[i];
        std::array<shape, max_inputs> shapes{};
        const auto inputs = static_cast<std::size_t>(node.input_count);
        const auto input = [&](std::size_t k) -> const value& {
            return values_[static_cast<std::size_t>(node.inputs[k])];
        };
        for (std::size_t k = 0; k < inputs; ++k) shapes[k] = g.shape_of(edge{node.inputs[k]});
        const auto flow = detail::visit_layer(
            [&](const auto& layer) {
                return channels_of(layer, std::span<const shape>{shapes.data(), inputs});
            },
            node.what);
        value made;
        switch (flow) {
            case channel_flow::makes: made.parts = {fresh(node.out.c, false)}; break;
            case channel_flow::keeps:
                made = input(0);
                for (std::size_t k = 1; k < inputs; ++k) {
                    if (shapes[k].c == shapes[0].c) {
                        tie(made, input(k));
                    } else {
                        fix(input(k));
                    }
                }
                break;
            case channel_flow::joins:
                for (std::size_t k = 0; k < inputs; ++k) {
                    for (int pixel = 0; pixel < input(k).repeat; ++pixel)
                        made.parts.insert(made.parts.end(), input(k).parts.begin(), input(k).parts.end());
                }
                break;
            case channel_flow::repeats:
                made = input(0);
                made.repeat *= shapes[0].pixels();
                break;
            case channel_flow::pads: {
                const int before = detail::visit_layer(
                    [](const auto& layer) {
                        if constexpr (requires { layer.channels_before; }) return layer.channels_before;
                        return 0;
                    },
                    node.what);
                const int after = node.out.c - shapes[0].c - before;
                made = input(0);
                if (before > 0) made.parts.insert(made.parts.begin(), fresh(before, true));
                if (after > 0) made.parts.push_back(fresh(after, true));
                break;
            }
            case channel_flow::fixed:
                for (std::size_t k = 0; k < inputs; ++k) fix(input(k));
                made.parts = {fresh(node.out.c, true)};
                break;
        }
        return made;
    }

    std::vector<value> values_;  // by node
    std::vector<entry> groups_;
};

/// @brief A network of other channels, and what became of each node's.
template <class Layers>
struct rechannelled {
    basic_graph<Layers> network;
    std::vector<kept_channels> channels;  ///< of the nodes whose tensors changed, for transfer()
};

namespace detail {

/// What a choice of a node's channels means for each of its groups; empty where a group stays as it is. A fault if it is no
/// choice: one channel twice or out of range, parts mixed, a group without any.
template <class Layers>
[[nodiscard]] constexpr layer_fault choose_by_group(const channel_groups<Layers>& groups, int place,
                                                    std::span<const int> channels,
                                                    std::vector<std::vector<int>>& chosen) {
    std::size_t next = 0;
    int offset = 0;
    const auto parts = groups.parts_of(place);
    int all = 0;
    for (const int part : parts) all += groups.size(part);
    const auto wrong = [&](int channel) {
        return wrong_number(fault_kind::no_such_channel, channel, allowed_range::closed(-1, all - 1));
    };
    for (const int part : parts) {
        const int size = groups.size(part);
        std::vector<int> kept;
        std::vector<char> seen(static_cast<std::size_t>(size), 0);
        bool same = true;
        for (; next < channels.size() && channels[next] < offset + size; ++next) {  // -1 goes with the part before
            const int c = channels[next] < 0 ? channels[next] : channels[next] - offset;
            if (c < -1 || (channels[next] >= 0 && (c < 0 || seen[static_cast<std::size_t>(c)] != 0)))
                return wrong(channels[next]);
            if (c >= 0) seen[static_cast<std::size_t>(c)] = 1;
            same = same && c == static_cast<int>(kept.size());
            kept.push_back(c);
        }
        if (kept.empty()) return {fault_kind::no_such_channel};
        same = same && static_cast<int>(kept.size()) == size;
        auto& of_group = chosen[static_cast<std::size_t>(part)];
        if (!same && of_group.empty()) of_group = kept;
        if (!same && of_group != kept) return {fault_kind::no_such_channel};  // the same group twice, chosen otherwise
        offset += size;
    }
    return next == channels.size() ? layer_fault{} : wrong(channels[next]);
}

}  // namespace detail

/// @brief Keeps some channels of a node, in the order given, and of all nodes whose channels are tied to it.
///
/// @param channels  those of the node to keep, each at most once; -1 stands for one that is new, so a network can be widened.
///                  Of a node with several groups, a concatenation say, the groups stay in their order.
/// @par Faults  no_such_node; channels_are_fixed for the channels of the input, of logits and of what is tied to them;
///              no_such_channel for one named twice or out of range, and for a group that would be empty.
/// @par Source  Groups tied by additions and depthwise convolutions: as in structured pruning since Liu et al. (2017),
///              "Learning efficient convolutional networks through network slimming"; here read off the graph,
///              concatenations, gates and flattened values included.
template <class Layers>
[[nodiscard]] constexpr rechannelled<Layers> keep_channels(const basic_graph<Layers>& g, node_id at,
                                                           std::span<const int> channels) {
    rechannelled<Layers> made{detail::emptied(g), {}};
    int place = 0;
    if (!detail::find(g, at, made.network, place)) return made;
    const channel_groups<Layers> groups{g};
    std::vector<std::vector<int>> chosen(static_cast<std::size_t>(groups.count()), std::vector<int>{});
    layer_fault wrong{};
    if (groups.repeat_of(place) != 1) wrong = {fault_kind::channels_are_fixed};
    if (wrong.kind == fault_kind::none) wrong = detail::choose_by_group(groups, place, channels, chosen);
    for (int group = 0; group < groups.count(); ++group) {
        if (!chosen[static_cast<std::size_t>(group)].empty() && groups.fixed(group))
            wrong = {fault_kind::channels_are_fixed};
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
                const auto& of_group = chosen[static_cast<std::size_t>(part)];
                const int size = groups.size(part);
                changed = changed || !of_group.empty();
                for (const int c : of_group) kept.push_back(c < 0 ? -1 : offset + c);
                for (int c = 0; c < size && of_group.empty(); ++c) kept.push_back(offset + c);
                offset += size;
            }
        }
        if (!changed) kept.clear();
        return kept;
    };
    detail::graph_copy<Layers> copy{g, made.network};
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
    copy.finish();
    made.network.number_from(g.next_id());
    return made;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

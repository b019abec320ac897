// SPDX-License-Identifier: MIT
//
// channels.hpp - finds the channels that must be kept together, and builds networks with fewer, more or reordered channels.
// Floor 4 (network). Letters: C = channels.
//
// An addition ties the channels of its inputs. A depthwise convolution, like every channelwise layer, passes its channels
// through. Tied channels can only be kept, widened or reordered together. They form a group.
#ifndef EENN_NETWORK_CHANNELS_HPP
#define EENN_NETWORK_CHANNELS_HPP

#include <eenn/core/isa.hpp>
#include <eenn/network/edit.hpp>

#include <span>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

/// @brief How a node's channels changed: the old index of each new channel, or -1 if it is added. Empty: unchanged.
struct kept_channels {
    node_id node{};
    std::vector<int> inputs;   ///< along the input axis of the node's tensors
    std::vector<int> outputs;  ///< along their output axis

    /// The change along a tensor's axis. Empty: unchanged.
    [[nodiscard]] constexpr std::span<const int> along(const tensor_spec& spec, std::size_t axis) const noexcept {
        if (std::cmp_equal(axis, spec.output_axis)) return outputs;
        if (std::cmp_equal(axis, spec.input_axis)) return inputs;
        return {};
    }
};

/// @brief A group of channels that can only change together.
using group_id = place_id<struct channel_group_place>;

/// @brief The groups of channels of a graph.
///
/// A node's value consists of groups in sequence, present once or, if flattened, once per pixel. A group is split where only
/// part of it is tied to another group: the gate of a concatenation has one group per part.
///
/// @par Cost  Nearly linear in the nodes and in the number of groups joined.
template <class Layers>
class channel_groups {
public:
    using graph = basic_graph<Layers>;

    constexpr explicit channel_groups(const graph& g) : values_(g.nodes().size(), value{}) {
        values_.front().parts = {fresh(g.input().c, true)};
        for (const edge i : g.layers()) values_[i] = of_node(g, i);
        for (const auto& e : g.exits()) fix(values_[e.node]);
        fix(values_[g.here()]);
    }

    /// The groups that make up the value of the node at `place`, in order.
    [[nodiscard]] constexpr std::vector<group_id> parts_of(edge place) const { return expanded(values_[place].parts); }
    /// How often the sequence of groups repeats: 1, or the number of pixels of a flattened value.
    [[nodiscard]] constexpr int repeat_of(edge place) const { return values_[place].repeat; }
    /// Number of channels in a group.
    [[nodiscard]] constexpr int size(group_id group) const { return groups_[group].size; }
    /// Whether its channels cannot change: those of the input, of logits, or read by a layer with unknown channel behaviour.
    [[nodiscard]] constexpr bool fixed(group_id group) const { return groups_[group].fixed; }
    [[nodiscard]] constexpr id_range<group_id> ids() const { return groups_.ids(); }
    [[nodiscard]] constexpr std::size_t count() const { return groups_.size(); }

private:
    struct value {
        std::vector<group_id> parts;
        int repeat = 1;
    };
    struct entry {
        int size = 0;
        bool fixed = false;
        group_id same_as{};  // the group that replaces this one after a tie
        group_id first{};    // the two groups that this one was split into
        group_id second{};
    };

    constexpr group_id fresh(int size, bool fixed) {
        groups_.push_back({.size = size, .fixed = fixed});
        return --groups_.end_id();
    }

    /// Resolves groups that were replaced or split into the current ones.
    [[nodiscard]] constexpr std::vector<group_id> expanded(const std::vector<group_id>& parts) const {
        std::vector<group_id> pending{parts.rbegin(), parts.rend()};
        std::vector<group_id> found;
        while (!pending.empty()) {
            const group_id next = pending.back();
            pending.pop_back();
            const entry& group = groups_[next];
            if (group.same_as.exists()) {
                pending.push_back(group.same_as);
            } else if (group.first.exists()) {
                pending.push_back(group.second);
                pending.push_back(group.first);
            } else {
                found.push_back(next);
            }
        }
        return found;
    }
    constexpr void fix(const value& v) {
        for (const group_id part : expanded(v.parts)) groups_[part].fixed = true;
    }
    constexpr void cut(group_id which, int first_size) {
        const group_id first = fresh(first_size, fixed(which));
        const group_id second = fresh(size(which) - first_size, fixed(which));
        groups_[which].first = first;
        groups_[which].second = second;
    }
    /// Ties two values with the same number of channels.
    constexpr void tie(const value& a, const value& b) {
        if (a.repeat != b.repeat) {
            fix(a);
            fix(b);
            return;
        }
        std::vector<group_id> left = expanded(a.parts);
        std::vector<group_id> right = expanded(b.parts);
        for (std::size_t i = 0; i < left.size() && i < right.size();) {
            const group_id l = left[i];
            const group_id r = right[i];
            if (l == r) {
                ++i;
            } else if (size(l) == size(r)) {
                groups_[l].fixed = fixed(l) || fixed(r);
                groups_[r].same_as = l;
                ++i;
            } else {
                cut(size(l) > size(r) ? l : r, std::min(size(l), size(r)));
            }
            left = expanded(left);
            right = expanded(right);
        }
    }

    [[nodiscard]] constexpr value of_node(const graph& g, edge i) {
        const auto& node = g.nodes()[i];
        std::array<shape, max_inputs> shapes{};
        const std::size_t inputs = node.input_count;
        const auto input = [&](std::size_t k) -> const value& { return values_[node.inputs[k]]; };
        for (std::size_t k = 0; k < inputs; ++k) shapes[k] = g.shape_of(node.inputs[k]);
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

    id_vector<edge, value> values_;
    id_vector<group_id, entry> groups_;
};

/// @brief A network with changed channels, and how each node's channels changed.
template <class Layers>
struct rechannelled {
    basic_graph<Layers> network;
    std::vector<kept_channels> channels;  ///< of the nodes whose tensors changed; input of transfer()
};

namespace detail {

/// Splits a choice of a node's channels by group; empty for an unchanged group. Returns a fault if the choice is invalid: a
/// channel named twice or out of range, groups out of order, or a group left without channels.
template <class Layers>
[[nodiscard]] constexpr layer_fault choose_by_group(const channel_groups<Layers>& groups, edge place,
                                                    std::span<const int> channels,
                                                    id_vector<group_id, std::vector<int>>& chosen) {
    std::size_t next = 0;
    int offset = 0;
    const auto parts = groups.parts_of(place);
    int all = 0;
    for (const group_id part : parts) all += groups.size(part);
    const auto wrong = [&](int channel) {
        return wrong_number(fault_kind::no_such_channel, channel, allowed_range::closed(-1, all - 1));
    };
    for (const group_id part : parts) {
        const int size = groups.size(part);
        std::vector<int> kept;
        std::vector<char> seen(static_cast<std::size_t>(size), 0);
        bool same = true;
        for (; next < channels.size() && channels[next] < offset + size; ++next) {  // -1 joins the preceding group
            const int c = channels[next] < 0 ? channels[next] : channels[next] - offset;
            if (c < -1 || (channels[next] >= 0 && (c < 0 || seen[static_cast<std::size_t>(c)] != 0)))
                return wrong(channels[next]);
            if (c >= 0) seen[static_cast<std::size_t>(c)] = 1;
            same = same && std::cmp_equal(c, kept.size());
            kept.push_back(c);
        }
        if (kept.empty()) return {fault_kind::no_such_channel};
        same = same && std::cmp_equal(kept.size(), size);
        auto& of_group = chosen[part];
        if (!same && of_group.empty()) of_group = kept;
        if (!same && of_group != kept) return {fault_kind::no_such_channel};  // a repeated group, chosen differently
        offset += size;
    }
    return next == channels.size() ? layer_fault{} : wrong(channels[next]);
}

}  // namespace detail

/// @brief Keeps some channels of a node, in the given order, and makes the same change in all nodes tied to it.
///
/// @param channels  channels of the node to keep, each at most once; -1 adds a new channel, which widens the network. If the
///                  node has several groups, as a concatenation has, the groups keep their order.
/// @par Faults  no_such_node; channels_are_fixed for channels of the input or of logits and for all channels tied to them;
///              no_such_channel for a channel named twice or out of range, and for a group that would be empty.
/// @par Source  Groups tied by additions and depthwise convolutions, as in structured pruning since Liu et al. (2017),
///              "Learning efficient convolutional networks through network slimming". Here the graph determines the groups,
///              including concatenations, gates and flattened values.
template <class Layers>
[[nodiscard]] constexpr rechannelled<Layers> keep_channels(const basic_graph<Layers>& g, node_id at,
                                                           std::span<const int> channels) {
    rechannelled<Layers> made{detail::emptied(g), {}};
    edge place{};
    if (!detail::find(g, at, made.network, place)) return made;
    const channel_groups<Layers> groups{g};
    id_vector<group_id, std::vector<int>> chosen(groups.count(), std::vector<int>{});
    layer_fault wrong{};
    if (groups.repeat_of(place) != 1) wrong = {fault_kind::channels_are_fixed};
    if (wrong.kind == fault_kind::none) wrong = detail::choose_by_group(groups, place, channels, chosen);
    for (const group_id group : groups.ids()) {
        if (!chosen[group].empty() && groups.fixed(group)) wrong = {fault_kind::channels_are_fixed};
    }
    if (wrong.kind != fault_kind::none) {
        made.network.refuse(place, wrong);
        return made;
    }

    // The old index of each new channel of a node's value; empty if nothing changed.
    const auto kept_of = [&](edge node) {
        std::vector<int> kept;
        bool changed = false;
        int offset = 0;
        const auto parts = groups.parts_of(node);
        for (int pixel = 0; pixel < groups.repeat_of(node); ++pixel) {
            for (const group_id part : parts) {
                const auto& of_group = chosen[part];
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
    for (const edge i : g.layers()) {
        const auto& node = g.nodes()[i];
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

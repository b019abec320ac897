// SPDX-License-Identifier: MIT
//
// detail/sites.hpp - finds where samples can leave a trained network: the ends of its blocks, and the classifier that
// heads are modelled on.
// Floor 8 (construct).
#ifndef EENN_CONSTRUCT_DETAIL_SITES_HPP
#define EENN_CONSTRUCT_DETAIL_SITES_HPP

#include <eenn/core/isa.hpp>
#include <eenn/network/detail/lower.hpp>
#include <eenn/network/standard.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief A possible position of an exit.
struct site {
    edge node{};            ///< the rest of the network needs only its value
    node_id id{};           ///< of that node
    shape features;         ///< of that value
    std::int64_t macs = 0;  ///< from the input to here
    std::size_t bytes = 0;  ///< of that value
};

/// @brief The structure of a network, as a construction needs it.
struct backbone {
    std::vector<edge> cuts;   ///< nodes whose value alone later nodes read; ascending, without input and output
    std::vector<site> sites;  ///< the cuts that may get exits, by depth
    edge classifier{};        ///< first node of the classifier; everything from here on is the blueprint for heads
    shape classified;         ///< input of the classifier
    int hidden = 0;           ///< units of its hidden dense layer, or 0
    int classes = 0;
    std::int64_t macs = 0;        ///< of the whole network
    std::int64_t parameters = 0;  ///< trainable ones
};

namespace detail {

/// The role of a node in the search for blocks.
enum class node_class : unsigned char { computes, depthwise, pools, shapes, supports };

template <class L>
[[nodiscard]] constexpr node_class class_of(const L& layer, shape in) {
    if constexpr (std::is_same_v<L, conv2d>) {
        return layer.groups > 1 && layer.groups == in.c ? node_class::depthwise : node_class::computes;
    } else if constexpr (std::is_same_v<L, dense>) {
        return node_class::computes;
    } else if constexpr (std::is_same_v<L, max_pool> || std::is_same_v<L, average_pool> ||
                         std::is_same_v<L, global_average_pool> || std::is_same_v<L, global_max_pool>) {
        return node_class::pools;
    } else if constexpr (std::is_same_v<L, flatten> || std::is_same_v<L, concat> || std::is_same_v<L, multiply>) {
        return node_class::shapes;
    } else {
        return L::role == layer_role::operation ? node_class::computes
                                                : node_class::supports;  // a user's layer counts as computing
    }
}
template <>
[[nodiscard]] constexpr node_class class_of(const identity&, shape) {
    return node_class::supports;
}
template <>
[[nodiscard]] constexpr node_class class_of(const dropout&, shape) {
    return node_class::supports;
}
template <>
[[nodiscard]] constexpr node_class class_of(const softmax&, shape) {
    return node_class::supports;
}
template <>
[[nodiscard]] constexpr node_class class_of(const pad&, shape) {
    return node_class::supports;
}

}  // namespace detail

/// @brief Finds the blocks of a trained network, the sites for exits and the classifier.
///
/// Only nodes that every path passes can be cuts, so a residual block, or any other part that splits and merges, is one
/// block. A block ends where the next layer computes. Norms, activations, additions and pooling belong to the block
/// before them, a depthwise convolution to the pointwise one that follows. The classifier is everything after the block
/// of the last convolution. The position directly before the classifier is not a site, since an exit there would only
/// repeat it.
///
/// @par Cost    O(nodes^2) in the worst case.
/// @par Errors  eenn::error if the network already has exits, or does not end in a vector of two or more logits.
/// @par Source  Sponner et al. (2024), "Efficient post-training augmentation for adaptive inference in heterogeneous and
///              distributed IoT environments", block graph and candidate sites. They keep consecutive convolutions
///              without pooling in one block; here each convolution ends one.
[[nodiscard]] inline backbone find_backbone(const graph& network) {
    const auto& nodes = network.nodes();
    const edge last = network.here();
    if (!network.exits().empty()) {
        raise("construct", "the network has " + std::to_string(network.exits().size()) + " exits already",
              "give the plain network");
    }
    const shape logits = network.shape_of(network.here());
    if (last == edge{0} || logits.h != 1 || logits.w != 1 || logits.c < 2) {
        raise("construct", "the network ends in " + to_string(logits), "it must end in a vector of two or more logits");
    }

    // A node is a cut if no later node reads anything made before it.
    id_vector<edge, edge> last_reader(nodes.size(), edge{0});
    id_vector<edge, detail::node_class> classes(nodes.size(), detail::node_class::supports);
    for (edge n{1}; n <= last; ++n) {
        const auto& node = nodes[n];
        for (const edge source : node.sources()) last_reader[source] = n;
        const shape in = nodes[node.inputs[0]].out;
        classes[n] = std::visit([&](const auto& layer) { return detail::class_of(layer, in); }, node.what);
    }
    backbone found;
    found.classes = logits.c;
    edge reaches = last_reader.front();
    for (edge n{1}; n < last; ++n) {
        if (reaches <= n) found.cuts.push_back(n);
        reaches = std::max(reaches, last_reader[n]);
    }

    // The classifier starts after the first block end behind the last convolution (any computing layer on a plane).
    const plan lowered = lower(network);
    found.macs = lowered.sizes.macs;
    found.parameters = static_cast<std::int64_t>(lowered.sizes.parameters);
    const auto on_plane = [&](edge n) {
        const auto c = classes[n];
        return (c == detail::node_class::computes || c == detail::node_class::depthwise) && nodes[n].out.pixels() > 1;
    };
    edge last_plane{0};
    for (edge n{1}; n <= last; ++n) {
        if (on_plane(n)) last_plane = n;
    }
    // A block ends if the next node computes, or pools into the classifier.
    const auto ends_block = [&](edge cut) {
        const auto next = classes[cut.next()];
        return next == detail::node_class::computes || next == detail::node_class::depthwise ||
               (cut >= last_plane && next != detail::node_class::supports);
    };
    std::vector<edge> ends;
    for (const edge cut : found.cuts) {
        if (ends_block(cut)) ends.push_back(cut);
    }
    const auto before_classifier = std::find_if(ends.begin(), ends.end(), [&](edge cut) { return cut >= last_plane; });
    const edge classified = before_classifier == ends.end() ? edge{0} : *before_classifier;
    found.classifier = classified.next();
    found.classified = nodes[classified].out;
    for (edge n = found.classifier; n < last; ++n) {
        if (const auto* layer = std::get_if<dense>(&nodes[n].what)) found.hidden = layer->units;
    }

    id_vector<edge, std::int64_t> macs_to(nodes.size(), 0);
    for (const auto& step : lowered.steps) {
        for (edge n = step.node; nodes.has(n); ++n) macs_to[n] += step.macs;
    }
    // Everything after a cut reads only its value, so the last step before the cut produces it.
    const auto bytes_at = [&](edge cut) {
        value_id value{0};
        for (const auto& step : lowered.steps) {
            if (step.tail <= cut) value = step.output;
        }
        return lowered.values[value].bytes();
    };
    edge from{0};
    for (const edge cut : ends) {
        if (cut >= classified) break;
        bool computes = false;
        for (edge n = from.next(); n <= cut; ++n) computes = computes || classes[n] == detail::node_class::computes;
        if (!computes) continue;  // only a depthwise convolution
        from = cut;
        found.sites.push_back({cut, nodes[cut].id, nodes[cut].out, macs_to[cut], bytes_at(cut)});
    }
    return found;
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

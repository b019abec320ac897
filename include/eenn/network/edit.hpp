// SPDX-License-Identifier: MIT
//
// edit.hpp - edits of networks: insert, replace and remove layers, add and remove exits, cut a network in two.
// Floor 4 (network).
//
// Every edit returns a new graph whose nodes keep their ids; transfer() uses the ids to carry parameters over. All edits are
// constexpr: `network<[] { return insert_after(base(), node_id{3}, relu{}); }>` is a type. An impossible edit is a fault of
// the returned graph, like a layer that does not fit: a compile error, or eenn::error at run time.
#ifndef EENN_NETWORK_EDIT_HPP
#define EENN_NETWORK_EDIT_HPP

#include <eenn/core/isa.hpp>
#include <eenn/network/detail/needed.hpp>
#include <eenn/network/graph.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

namespace detail {

/// Copies nodes of a graph into another and maps their inputs. All edits map nodes through this class.
template <class Layers>
class graph_copy {
public:
    using graph = basic_graph<Layers>;

    /// @param input  the node of `into` that replaces the input of `from`.
    constexpr graph_copy(const graph& from, graph& into, edge input = edge{0})
        : from_{from}, into_{into}, places_(from.nodes().size(), edge{}) {
        set(edge{0}, input);
    }

    /// From now on, readers of the node at `place` read `stands` instead.
    constexpr void set(edge place, edge stands) { places_[place] = stands; }
    [[nodiscard]] constexpr edge of(edge place) const { return places_[place]; }

    /// Copies the node at `place`, optionally with another layer.
    constexpr void copy(edge place) { copy(place, from_.nodes()[place].what); }
    constexpr void copy(edge place, const typename graph::layer& what) {
        const auto& node = from_.nodes()[place];
        std::array<edge, max_inputs> inputs{};
        for (std::size_t i = 0; i < node.input_count; ++i) inputs[i] = of(node.inputs[i]);
        set(place, into_.put(what, {inputs.data(), node.input_count}, node.id));
    }
    constexpr void copy_exit(std::size_t e) {
        auto exit = from_.exits()[e];
        exit.node = of(exit.node);
        into_.put_exit(exit);
    }
    /// Copies all exits and the end of the graph.
    constexpr void finish() {
        finish([](std::size_t) { return true; });
    }
    /// Copies the exits for which `wanted(exit)` is true, in order, and the end of the graph.
    template <class Wanted>
    constexpr void finish(Wanted&& wanted) {
        for (std::size_t e = 0; e < from_.exits().size(); ++e) {
            if (wanted(e)) copy_exit(e);
        }
        into_.at(of(from_.here()));
    }

private:
    const graph& from_;
    graph& into_;
    id_vector<edge, edge> places_;
};

/// Appends a body at the current place: a layer, a composite, a callable on the graph, or a graph, whose ids are kept.
template <class Layers, class Body>
constexpr void build_body(basic_graph<Layers>& g, const Body& body) {
    if constexpr (std::is_same_v<Body, basic_graph<Layers>>) {
        if (!(body.input() == g.shape_of(g.here()))) {
            g.refuse(g.nodes().end_id(), {fault_kind::shapes_differ, g.shape_of(g.here()), body.input()});
            return;
        }
        graph_copy<Layers> copy{body, g, g.here()};
        for (const edge i : body.layers()) copy.copy(i);
        copy.finish();
    } else if constexpr (std::is_same_v<Body, typename basic_graph<Layers>::layer>) {
        const std::array<edge, 1> from{g.here()};
        g.put(body, from);
    } else if constexpr (std::is_invocable_v<const Body&, basic_graph<Layers>&>) {
        body(g);
    } else {
        g(body);
    }
}

/// An empty graph with another graph's input, kind of end and, if any, fault.
template <class Layers>
[[nodiscard]] constexpr basic_graph<Layers> emptied(const basic_graph<Layers>& g) {
    basic_graph<Layers> made{g.input(), g.nodes().front().id};
    if (!g.classifies()) made.ends_in_features();
    if (g.fault().kind != fault_kind::none) made.refuse(g.fault());
    return made;
}

/// Looks up the place of a node; a missing node becomes a fault of the returned graph.
template <class Layers>
[[nodiscard]] constexpr bool find(const basic_graph<Layers>& g, node_id id, basic_graph<Layers>& made, edge& place) {
    place = g.place_of(id);
    if (!place.exists()) made.refuse(edge{id.number}, {fault_kind::no_such_node});
    return place.exists();
}

/// The fault of naming an input that a node does not have.
template <class Node>
[[nodiscard]] constexpr layer_fault no_such_input(const Node& node, std::size_t input) {
    const auto count = static_cast<double>(node.input_count);
    return wrong_number(fault_kind::no_such_edge, static_cast<double>(input), allowed_range::closed(0, count - 1));
}

}  // namespace detail

/// @brief Inserts layers after a node. All readers of the node, including exits and the end of the network, then read the
/// inserted layers.
///
/// @param body  a layer, a composite, a callable on the graph as for residual(), or a graph with that input, whose nodes
///              keep their ids (number_from() makes room for them).
/// @par Faults  no_such_node; id_taken; layer faults: a later layer that no longer fits is named with both shapes.
template <class Layers, class Body>
[[nodiscard]] constexpr basic_graph<Layers> insert_after(const basic_graph<Layers>& g, node_id at, const Body& body) {
    auto made = detail::emptied(g);
    edge place{};
    if (!detail::find(g, at, made, place)) return made;
    detail::graph_copy<Layers> copy{g, made};
    const node_id fresh = g.next_id();
    for (const edge i : g.nodes().ids()) {
        if (i > edge{0}) copy.copy(i);
        if (i != place) continue;
        made.at(copy.of(i)).number_from(fresh);
        detail::build_body(made, body);
        copy.set(i, made.here());
    }
    copy.finish();
    return made;
}

/// @brief Inserts layers before input `input` of one node. Other readers of the same value are unaffected.
///
/// @param body, faults  as for insert_after(); no_such_edge if the node has fewer inputs.
template <class Layers, class Body>
[[nodiscard]] constexpr basic_graph<Layers> insert_before(const basic_graph<Layers>& g, node_id reader,
                                                          const Body& body, std::size_t input = 0) {
    auto made = detail::emptied(g);
    edge place{};
    if (!detail::find(g, reader, made, place)) return made;
    const auto& node = g.nodes()[place];
    if (input >= node.input_count) return made.refuse(place, detail::no_such_input(node, input));
    detail::graph_copy<Layers> copy{g, made};
    const node_id fresh = g.next_id();
    for (const edge i : g.layers()) {
        if (i != place) {
            copy.copy(i);
            continue;
        }
        const edge before = copy.of(node.inputs[input]);
        made.at(before).number_from(fresh);
        detail::build_body(made, body);
        // Only this input reads the body. The other inputs were mapped before.
        std::array<edge, max_inputs> inputs{};
        for (std::size_t k = 0; k < node.input_count; ++k) inputs[k] = copy.of(node.inputs[k]);
        inputs[input] = made.here();
        copy.set(i, made.put(node.what, {inputs.data(), node.input_count}, node.id));
    }
    copy.finish();
    return made;
}

/// @brief Replaces the layer of a node, keeping its inputs and its id.
template <class Layers, class L>
[[nodiscard]] constexpr basic_graph<Layers> replace(const basic_graph<Layers>& g, node_id at, const L& layer) {
    auto made = detail::emptied(g);
    edge place{};
    if (!detail::find(g, at, made, place)) return made;
    if (place == edge{0}) return made.refuse(place, {fault_kind::cannot_be_removed});
    detail::graph_copy<Layers> copy{g, made};
    for (const edge i : g.layers()) {
        if (i == place) {
            copy.copy(i, typename basic_graph<Layers>::layer{layer});
        } else {
            copy.copy(i);
        }
    }
    copy.finish();
    return made.number_from(g.next_id());
}

/// @brief The nodes that the end of the network or one of its exits depends on.
template <class Layers>
[[nodiscard]] constexpr basic_graph<Layers> without_unneeded(const basic_graph<Layers>& g) {
    std::vector<edge> ends{g.here()};
    for (const auto& e : g.exits()) ends.push_back(e.node);
    const auto needed = needed_by(g, ends, [](edge) { return false; });
    auto made = detail::emptied(g);
    detail::graph_copy<Layers> copy{g, made};
    for (const edge i : g.layers()) {
        if (needed[i] != 0) copy.copy(i);
    }
    copy.finish();
    return made.number_from(g.next_id());
}

/// @brief Removes a node. Its readers read its input `input` instead, and nodes that are then unused are removed too.
///
/// @par Faults  no_such_node; cannot_be_removed for the network's input; no_such_edge; faults of layers that no longer fit.
template <class Layers>
[[nodiscard]] constexpr basic_graph<Layers> remove(const basic_graph<Layers>& g, node_id at, std::size_t input = 0) {
    auto made = detail::emptied(g);
    edge place{};
    if (!detail::find(g, at, made, place)) return made;
    if (place == edge{0}) return made.refuse(place, {fault_kind::cannot_be_removed});
    const auto& node = g.nodes()[place];
    if (input >= node.input_count) return made.refuse(place, detail::no_such_input(node, input));
    detail::graph_copy<Layers> copy{g, made};
    for (const edge i : g.layers()) {
        if (i == place) {
            copy.set(i, copy.of(node.inputs[input]));
        } else {
            copy.copy(i);
        }
    }
    copy.finish();
    return without_unneeded(made.number_from(g.next_id()));
}

/// @brief Adds an exit after a node. The head follows the node immediately, so that its decision comes as early as possible.
///
/// @param head  as the body of insert_after(); ends in logits.
template <class Layers, class Head>
[[nodiscard]] constexpr basic_graph<Layers> branch(const basic_graph<Layers>& g, node_id at, const Head& head,
                                                   const policy& decides = max_probability{}) {
    auto made = detail::emptied(g);
    edge place{};
    if (!detail::find(g, at, made, place)) return made;
    detail::graph_copy<Layers> copy{g, made};
    const node_id fresh = g.next_id();
    edge logits{};
    const auto put_head = [&] {
        made.at(copy.of(place)).number_from(fresh);
        detail::build_body(made, head);
        logits = made.here();
    };
    // After existing heads, so that exits at one node keep the order in which they were added.
    const auto backbone = backbone_of(g);
    edge last = place;
    for (edge next = place; g.nodes().has(++next) && backbone[next] == 0;) last = next;
    for (const edge i : g.nodes().ids()) {
        if (i > edge{0}) copy.copy(i);
        if (i == last) put_head();
    }
    std::size_t next = 0;
    for (; next < g.exits().size() && copy.of(g.exits()[next].node) < logits; ++next) copy.copy_exit(next);
    made.exit_at(logits, decides);
    for (; next < g.exits().size(); ++next) copy.copy_exit(next);
    return made.at(copy.of(g.here()));
}

/// @brief Removes an exit, and the head if no other exit needs it.
/// @par Faults  no_such_node if there is no such exit.
template <class Layers>
[[nodiscard]] constexpr basic_graph<Layers> remove_exit(const basic_graph<Layers>& g, int exit) {
    auto made = detail::emptied(g);
    if (exit < 0 || exit >= std::ssize(g.exits())) return made.refuse(edge{exit}, {fault_kind::no_such_node});
    detail::graph_copy<Layers> copy{g, made};
    for (const edge i : g.layers()) copy.copy(i);
    copy.finish([&](std::size_t e) { return std::cmp_not_equal(e, exit); });
    return without_unneeded(made.number_from(g.next_id()));
}

/// @brief Keeps only what a node depends on and ends the network there. Exits that depend on nothing else stay.
template <class Layers>
[[nodiscard]] constexpr basic_graph<Layers> up_to(const basic_graph<Layers>& g, node_id at) {
    basic_graph<Layers> made{g.input(), g.nodes().front().id};
    if (g.fault().kind != fault_kind::none) made.refuse(g.fault());
    edge place{};
    if (!detail::find(g, at, made, place)) return made;
    const std::array<edge, 1> end{place};
    const auto before = needed_by(g, end, [](edge) { return false; });
    const auto backbone = backbone_of(g);
    // For an exit, only the inputs of its head matter.
    std::vector<edge> ends{place};
    std::vector<char> stays(g.exits().size(), 0);
    for (std::size_t e = 0; e < g.exits().size(); ++e) {
        const std::array<edge, 1> logits{g.exits()[e].node};
        const auto reads = needed_by(g, logits, [&](edge i) { return backbone[i] != 0; });
        bool inside = true;
        for (const edge i : reads.ids()) inside = inside && (reads[i] == 0 || backbone[i] == 0 || before[i] != 0);
        stays[e] = inside ? 1 : 0;
        if (inside) ends.push_back(g.exits()[e].node);
    }
    const auto needed = needed_by(g, ends, [](edge) { return false; });
    detail::graph_copy<Layers> copy{g, made};
    for (const edge i : g.layers()) {
        if (needed[i] != 0) copy.copy(i);
    }
    for (std::size_t e = 0; e < g.exits().size(); ++e) {
        if (stays[e] != 0) copy.copy_exit(e);
    }
    return made.at(copy.of(place)).number_from(g.next_id());
}

/// @brief A network cut in two complete networks: the device's ends in features, which are the input of the server's.
template <class Layers>
struct halves {
    basic_graph<Layers> device;
    basic_graph<Layers> server;  ///< its input has the id of the node after which the network was cut
};

/// @brief Cuts a network after a backbone node whose value is all that the rest reads.
///
/// Exits stay in the half that contains the inputs of their heads.
///
/// @par Faults  of both halves: no_such_node; not_a_cut, naming the node whose value also crosses the cut (as within a
///              residual block), or if an exit of the device comes after one of the server.
template <class Layers>
[[nodiscard]] constexpr halves<Layers> split_at(const basic_graph<Layers>& g, node_id at) {
    const edge place = g.place_of(at);
    halves<Layers> made{up_to(g, at), basic_graph<Layers>{g.shape_of(std::max(place, edge{0})), at}};
    const auto refuse = [&](edge node, const layer_fault& why) {
        made.device.refuse(node, why);
        made.server.refuse(node, why);
        return made;
    };
    if (!place.exists()) return refuse(edge{at.number}, {fault_kind::no_such_node});
    const auto backbone = backbone_of(g);
    if (place == edge{0} || place == g.here() || backbone[place] == 0) return refuse(place, {fault_kind::not_a_cut});
    std::vector<edge> ends{g.here()};
    for (std::size_t e = 0; e < g.exits().size(); ++e) {
        const bool on_device = made.device.place_of(g.nodes()[g.exits()[e].node].id).exists();
        if (on_device && ends.size() > 1) return refuse(g.exits()[e].node, {fault_kind::not_a_cut});
        if (!on_device) ends.push_back(g.exits()[e].node);
    }
    const auto needed = needed_by(g, ends, [&](edge i) { return i == place; });
    edge beside;  // the last other node that the device computes and the server reads
    for (const edge i : g.nodes().ids()) {
        const bool on_device = i == edge{0} || made.device.place_of(g.nodes()[i].id).exists();
        if (i != place && needed[i] != 0 && on_device) beside = i;
    }
    if (beside.exists()) return refuse(beside, {fault_kind::not_a_cut});
    detail::graph_copy<Layers> copy{g, made.server};
    copy.set(place, edge{0});
    for (const edge i : g.layers()) {
        if (i != place && needed[i] != 0) copy.copy(i);
    }
    for (std::size_t e = g.exits().size() + 1 - ends.size(); e < g.exits().size(); ++e) copy.copy_exit(e);
    made.server.at(copy.of(g.here())).number_from(g.next_id());
    made.device.ends_in_features();
    if (!g.classifies()) made.server.ends_in_features();
    return made;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

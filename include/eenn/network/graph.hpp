// SPDX-License-Identifier: MIT
//
// graph.hpp - a network as a value: nodes, edges and exits, built the same way by constexpr code and at run time.
// Floor 4 (network).
#ifndef EENN_NETWORK_GRAPH_HPP
#define EENN_NETWORK_GRAPH_HPP

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/layers/arithmetic.hpp>
#include <eenn/layers/layer.hpp>
#include <eenn/policies/policy.hpp>
#include <eenn/tensor/detail/id.hpp>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace eenn {

inline namespace EENN_ISA {

namespace detail {

/// Calls f on the alternative that a variant holds. std::visit builds a table, which costs 0.25 s of compile time for many
/// layers.
template <class F, class... L>
[[nodiscard]] constexpr auto visit_layer(F&& f, const std::variant<L...>& what) {
    decltype(f(std::get<0>(what))) made{};
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        static_cast<void>(((what.index() == I && (made = f(*std::get_if<I>(&what)), true)) || ...));
    }
    (std::index_sequence_for<L...>{});
    return made;
}

}  // namespace detail

}  // namespace EENN_ISA

/// @brief The first fault of a graph: its place, its kind, and the data of its message.
struct graph_fault : layer_fault {
    int layer = -1;
    std::string_view layer_kind{};  ///< a string literal

    [[nodiscard]] constexpr auto fields() const noexcept {
        return std::tie(kind, expected, got, option, value, allowed, layer, layer_kind);
    }
};

inline namespace EENN_ISA {

/// @brief "layer 2 (conv2d): shapes differ, expected 8x8x7, got 8x8x4".
[[nodiscard]] constexpr fixed_text text_of(const graph_fault& wrong) noexcept {
    fixed_text text;
    text.append("layer ").append(double{1} * wrong.layer).append(" (").append(wrong.layer_kind).append("): ");
    append(text, wrong);
    return text;
}

}  // namespace EENN_ISA

/// @brief A network as a value.
///
/// The builder keeps a current place, `here()`. operator() appends a chain of layers there; at() moves it; residual(),
/// branches() and exit() build everything that is not a chain. Layers are numbered from 1 in the order of their creation,
/// and every layer may use any edge created before it. In constant evaluation, a layer that does not fit is recorded as a
/// fault, which network<recipe> turns into a compile error; at run time it throws eenn::error.
///
/// Besides its place, every node has an id: the next unused number, which edits (edit.hpp) keep.
///
/// @tparam Layers  The set of layers: a struct whose member type `layer` is a std::variant of them. The first one carries
///                 norms, additions and activations that no operation can absorb (identity, in the standard set). A set is
///                 named, not listed, to keep messages and symbols short.
template <class Layers>
class basic_graph {
public:
    using layer = typename Layers::layer;
    using carrier = std::variant_alternative_t<0, layer>;
    static_assert(fuses_epilogue<carrier>, "eenn: the first layer of a set carries norms, additions and activations");

    struct node {
        node_id id{};
        layer what{};
        std::array<edge, max_inputs> inputs{};
        std::size_t input_count = 0;
        shape out{};

        [[nodiscard]] constexpr std::span<const edge> sources() const noexcept { return {inputs.data(), input_count}; }
    };
    struct exit_point {
        edge node{};  ///< its logits, or the value of an output
        policy decides = max_probability{};
        bool classifies = true;  ///< false: an output, where no decision is made
    };

    /// @param id  of the input: 0, or the id of the value that it replaces in a network that was cut.
    constexpr explicit basic_graph(shape input, node_id id = node_id{0})
        : nodes_{node{.id = id, .out = input}}, next_id_{0} {
        if (usable(id)) next_id_ = id.number + 1;
        check_value(edge{0}, input, input, "input");
    }

    /// Appends layers one after another; composites expand. Returns the graph, so that a recipe may end with this call.
    template <class... L>
    constexpr basic_graph& operator()(const L&... layers) {
        (append(layers), ...);
        return *this;
    }

    /// The place that the next layer reads.
    [[nodiscard]] constexpr edge here() const noexcept { return here_; }
    /// Moves the current place.
    constexpr basic_graph& at(edge place) {
        if (exists(place)) here_ = place;
        return *this;
    }

    /// Adds a layer with several inputs: `g.join(add{}, main, shortcut)`. The current place moves to it.
    template <class L, class... Edges>
    constexpr edge join(const L& what, edge first, Edges... others) {
        const std::array<edge, 1 + sizeof...(Edges)> from{first, others...};
        return insert(what, std::span<const edge>{from});
    }

    /// Adds a layer whose type is known only at run time, such as a copy from another graph. The current place moves to it.
    constexpr edge put(const layer& what, std::span<const edge> from) { return put(what, from, next_id()); }
    /// Same, with an explicit id that no node of this graph has yet.
    constexpr edge put(const layer& what, std::span<const edge> from, node_id id) {
        return detail::visit_layer([&](const auto& known) { return insert(known, from, id); }, what);
    }
    /// Numbers new layers from `first`, so that separately built parts can be combined later.
    constexpr basic_graph& number_from(node_id first) {
        next_id_ = std::max(next_id_, first.number);
        return *this;
    }

    /// Adds y = body(x) + x: `g.residual([](auto& b) { b(conv2d{...}, batch_norm{}); })`.
    template <class Body>
    constexpr basic_graph& residual(Body&& body) {
        return residual(body, [](basic_graph&) {});
    }
    /// Adds y = body(x) + shortcut(x), for blocks that change the shape; the shortcut is a projection.
    template <class Body, class Shortcut>
    constexpr basic_graph& residual(Body&& body, Shortcut&& shortcut) {
        return branches(add{}, body, shortcut);
    }
    /// Adds several bodies that all start here, joined in their order: `g.branches(concat{}, narrow, wide)`.
    template <class L, class... Bodies>
    constexpr basic_graph& branches(const L& merge, Bodies&&... bodies) {
        const edge start = here_;
        std::array<edge, sizeof...(Bodies)> ends{};
        std::size_t i = 0;
        const auto grow = [&](auto& body) {
            here_ = start;
            body(*this);
            ends[i++] = here_;
        };
        (grow(bodies), ...);
        insert(merge, std::span<const edge>{ends});
        return *this;
    }

    /// Makes the node at `logits` an exit, for rebuilding graphs; exit() also appends a head.
    constexpr basic_graph& exit_at(edge logits, const policy& decides = max_probability{}) {
        return put_exit({logits, decides});
    }
    /// Makes the node an output without a classifier: features, or a regressed value. Inference continues past it and keeps its
    /// value in the workspace; training includes it among the outputs, for a custom loss.
    constexpr basic_graph& output_at(edge value) { return put_exit({value, max_probability{}, false}); }
    /// Adds an exit or output copied from another graph; its node is one of this graph.
    constexpr basic_graph& put_exit(const exit_point& e) {
        const policy decides = e.classifies ? e.decides : max_probability{};  // an output has no policy
        if (exists(e.node)) exits_.push_back({e.node, decides, e.classifies});
        return *this;
    }

    /// Adds an exit here. The head (layers, a composite such as exit_head, or a callable that builds on the graph) ends in
    /// logits, and the policy decides. The backbone continues from the place where the exit was added.
    template <class Head>
    constexpr basic_graph& exit(const Head& head, const policy& decides = max_probability{}) {
        const edge trunk = here_;
        if constexpr (std::is_invocable_v<const Head&, basic_graph&>) {
            head(*this);
        } else {
            append(head);
        }
        exit_at(here_, decides);
        here_ = trunk;
        return *this;
    }

    /// Records a fault found by an edit, as layer faults are recorded.
    constexpr basic_graph& refuse(edge place, const layer_fault& why) {
        return refuse(graph_fault{why, place.number, "graph"});
    }
    constexpr basic_graph& refuse(const graph_fault& wrong) {
        fail(edge{wrong.layer}, wrong, wrong.layer_kind);
        return *this;
    }

    /// The graph ends in features, not in a classifier. Another network reads them, as after a cut.
    constexpr basic_graph& ends_in_features() {
        classifies_ = false;
        return *this;
    }
    /// Whether the graph ends in logits.
    [[nodiscard]] constexpr bool classifies() const noexcept { return classifies_; }

    [[nodiscard]] constexpr shape shape_of(edge e) const { return nodes_.has(e) ? nodes_[e].out : shape{}; }
    [[nodiscard]] constexpr shape input() const { return nodes_.front().out; }
    /// The place of a node, or none if no node has this id. Constant time unless an edit has moved the node.
    [[nodiscard]] constexpr edge place_of(node_id id) const {
        if (const edge likely{id.number}; nodes_.has(likely) && nodes_[likely].id == id) return likely;
        for (const edge e : nodes_.ids()) {
            if (nodes_[e].id == id) return e;
        }
        return {};
    }
    [[nodiscard]] constexpr node_id id_of(edge e) const { return nodes_.has(e) ? nodes_[e].id : node_id{}; }
    /// The id of the next layer.
    [[nodiscard]] constexpr node_id next_id() const noexcept { return {next_id_}; }
    /// The input and the layers, in order; node i is layer i.
    [[nodiscard]] constexpr const id_vector<edge, node>& nodes() const noexcept { return nodes_; }
    /// The places of the layers, in order.
    [[nodiscard]] constexpr id_range<edge> layers() const noexcept { return {edge{1}, nodes_.end_id()}; }
    /// Exits and outputs in order, except the final one at the end of the graph.
    [[nodiscard]] constexpr const std::vector<exit_point>& exits() const noexcept { return exits_; }
    [[nodiscard]] constexpr const graph_fault& fault() const noexcept { return fault_; }
    /// All state, for fingerprints: nodes with ids, layers and their options, exits, and the current place.
    [[nodiscard]] constexpr auto fields() const noexcept {
        const auto& [nodes, exits, here, next_id, classifies, fault] = *this;
        return std::tie(nodes, exits, here, next_id, classifies, fault);
    }

private:
    template <class L>
    constexpr void append(const L& what) {
        if constexpr (Composite<L, basic_graph>) {
            what.build(*this);
        } else {
            const edge from[]{here_};
            insert(what, std::span<const edge>{from});
        }
    }

    template <class L>
    constexpr edge insert(const L& what, std::span<const edge> from) {
        return insert(what, from, next_id());
    }
    template <class L>
    constexpr edge insert(const L& what, std::span<const edge> from, node_id id) {
        static_assert(std::is_constructible_v<layer, const L&>, "eenn: this layer is not in the graph's set of layers");
        const edge place = nodes_.end_id();
        if (!usable(id)) return here_;
        node made{.id = id, .what = what, .input_count = from.size()};
        std::array<shape, max_inputs> shapes{};
        bool known = std::cmp_less_equal(from.size(), arity<L>);
        if (!known) {
            layer_fault wrong = what.output(std::vector<shape>(from.size(), shape{})).why;  // states how many it needs
            if (wrong.kind != fault_kind::wrong_number_of_inputs) {
                wrong = wrong_number(fault_kind::wrong_number_of_inputs, static_cast<double>(from.size()),
                                     allowed_range::closed(1, arity<L>));
            }
            fail(place, wrong, L::kind);
            made.input_count = 0;
        }
        for (std::size_t i = 0; known && i < from.size(); ++i) {
            if (!exists(from[i])) return here_;
            made.inputs[i] = from[i];
            shapes[i] = shape_of(from[i]);
        }
        if (known) {
            const output_shape result = what.output(std::span<const shape>{shapes.data(), from.size()});
            if (result.why.kind != fault_kind::none) fail(place, result.why, L::kind);
            made.out = result.value;
            check_value(place, made.out, shapes[0], L::kind);
        }
        nodes_.push_back(made);
        next_id_ = std::max(next_id_, id.number + 1);
        return here_ = place;
    }

    constexpr bool usable(node_id id) {
        const bool counted = id.number >= 0 && id.number <= most_node_id;
        if (counted && (id.number >= next_id_ || !place_of(id).exists())) return true;
        fail(nodes_.end_id(),
             wrong_number(fault_kind::id_taken, id.number, allowed_range::closed(next_id_, most_node_id)), "graph");
        return false;
    }

    constexpr bool exists(edge e) {
        if (nodes_.has(e)) return true;
        const edge end = nodes_.end_id();
        fail(end, wrong_number(fault_kind::no_such_edge, e.number, allowed_range::closed(0, end.number - 1)), "graph");
        return false;
    }

    constexpr void check_value(edge place, shape made, shape from, std::string_view layer_kind) {
        layer_fault wrong{};
        if (made.fits()) return;
        if (!not_allowed(wrong, "height", made.h, 1) && !not_allowed(wrong, "width", made.w, 1) &&
            !not_allowed(wrong, "channel count", made.c, 1)) {
            wrong = too_large("elements", static_cast<double>(made.elements()), most_elements, from);
        }
        fail(place, wrong, layer_kind);
    }

    constexpr void fail(edge place, const layer_fault& why, std::string_view layer_kind) {
        const graph_fault wrong{why, place.number, layer_kind};
        if (!std::is_constant_evaluated()) raise("graph", std::string{text_of(wrong).view()});
        if (fault_.kind == fault_kind::none) fault_ = wrong;
    }

    id_vector<edge, node> nodes_;
    std::vector<exit_point> exits_;
    edge here_{0};
    int next_id_ = 1;
    bool classifies_ = true;
    graph_fault fault_{};
};

}  // namespace eenn

#endif

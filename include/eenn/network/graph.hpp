// SPDX-License-Identifier: MIT
//
// graph.hpp - a network as a value: nodes, edges and exits that constexpr code and run-time code build alike.
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

/// f of the layer that a variant holds, as std::visit() has it, whose table for many layers costs the compiler 0.25 s.
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

/// @brief The first thing that is wrong with a graph: where, what, and what its message needs.
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
/// The builder keeps a place, `here()`: operator() appends a chain of layers there; at() moves it; residual(), branches()
/// and exit() build the parts that are no chain. Layers are numbered in the order in which they come, from 1; every layer
/// may use edges made before it. A layer that does not fit is recorded as a fault in constant evaluation, where
/// network<recipe> turns it into a compile error, and throws eenn::error at run time.
///
/// Every node has an id besides its place: the next unused number, which the edits (edit.hpp) keep.
///
/// @tparam Layers  The set of layers: a struct whose member type `layer` is a std::variant of them. The first is the carrier
///                 of norms, additions and activations that no operation can take (identity, in the standard set). A set
///                 is named, not listed, so that messages and symbols stay short.
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
        edge node{};  ///< its logits, or what an output makes
        policy decides = max_probability{};
        bool classifies = true;  ///< false: an output, where nothing is decided
    };

    /// @param id  of the input: 0, or that of the value which it stands for in a network that was cut.
    constexpr explicit basic_graph(shape input, node_id id = node_id{0})
        : nodes_{node{.id = id, .out = input}}, next_id_{0} {
        if (usable(id)) next_id_ = id.number + 1;
        check_value(edge{0}, input, input, "input");
    }

    /// Appends layers one after another; composites expand. Returns the graph, so that a recipe may end in it.
    template <class... L>
    constexpr basic_graph& operator()(const L&... layers) {
        (append(layers), ...);
        return *this;
    }

    /// Where the next layer goes.
    [[nodiscard]] constexpr edge here() const noexcept { return here_; }
    /// Moves there.
    constexpr basic_graph& at(edge place) {
        if (exists(place)) here_ = place;
        return *this;
    }

    /// A layer of several inputs: `g.join(add{}, main, shortcut)`. Goes on from it.
    template <class L, class... Edges>
    constexpr edge join(const L& what, edge first, Edges... others) {
        const std::array<edge, 1 + sizeof...(Edges)> from{first, others...};
        return insert(what, std::span<const edge>{from});
    }

    /// A layer whose type is known at run time only, as one copied from another graph. Goes on from it.
    constexpr edge put(const layer& what, std::span<const edge> from) { return put(what, from, next_id()); }
    /// The same under an id of its own, which no node here may have yet.
    constexpr edge put(const layer& what, std::span<const edge> from, node_id id) {
        return detail::visit_layer([&](const auto& known) { return insert(known, from, id); }, what);
    }
    /// Layers from now on are numbered from `first`, so that parts that are built apart can be put together later.
    constexpr basic_graph& number_from(node_id first) {
        next_id_ = std::max(next_id_, first.number);
        return *this;
    }

    /// y = body(x) + x: `g.residual([](auto& b) { b(conv2d{...}, batch_norm{}); })`.
    template <class Body>
    constexpr basic_graph& residual(Body&& body) {
        return residual(body, [](basic_graph&) {});
    }
    /// y = body(x) + shortcut(x), for blocks that change the shape: the shortcut is a projection.
    template <class Body, class Shortcut>
    constexpr basic_graph& residual(Body&& body, Shortcut&& shortcut) {
        return branches(add{}, body, shortcut);
    }
    /// Several bodies from here, joined in their order: `g.branches(concat{}, narrow, wide)`.
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

    /// The node at `logits` is an exit: for graphs that are rebuilt; exit() appends a head as well.
    constexpr basic_graph& exit_at(edge logits, const policy& decides = max_probability{}) {
        return put_exit({logits, decides});
    }
    /// The node is an output that is no classifier: features, or a value that is regressed. Inference goes on past it and
    /// keeps it in the workspace; training has it among its outputs, for a loss of the caller's.
    constexpr basic_graph& output_at(edge value) { return put_exit({value, max_probability{}, false}); }
    /// An exit or an output as another graph has it, of a node of this one.
    constexpr basic_graph& put_exit(const exit_point& e) {
        const policy decides = e.classifies ? e.decides : max_probability{};  // an output has none
        if (exists(e.node)) exits_.push_back({e.node, decides, e.classifies});
        return *this;
    }

    /// An exit here: the head (layers, a composite such as exit_head, or a callable that builds on the graph) ends in
    /// logits, the policy decides. The backbone goes on from where the exit was put.
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

    /// Records a fault that an edit has found, as those of layers are.
    constexpr basic_graph& refuse(edge place, const layer_fault& why) {
        return refuse(graph_fault{why, place.number, "graph"});
    }
    constexpr basic_graph& refuse(const graph_fault& wrong) {
        fail(edge{wrong.layer}, wrong, wrong.layer_kind);
        return *this;
    }

    /// The end is no classifier: another network takes the features from there, as after a cut.
    constexpr basic_graph& ends_in_features() {
        classifies_ = false;
        return *this;
    }
    /// The end of the graph are logits.
    [[nodiscard]] constexpr bool classifies() const noexcept { return classifies_; }

    [[nodiscard]] constexpr shape shape_of(edge e) const { return nodes_.has(e) ? nodes_[e].out : shape{}; }
    [[nodiscard]] constexpr shape input() const { return nodes_.front().out; }
    /// The place of a node; none if the graph has none of this id. Constant time where no edit has moved it.
    [[nodiscard]] constexpr edge place_of(node_id id) const {
        if (const edge likely{id.number}; nodes_.has(likely) && nodes_[likely].id == id) return likely;
        for (const edge e : nodes_.ids()) {
            if (nodes_[e].id == id) return e;
        }
        return {};
    }
    [[nodiscard]] constexpr node_id id_of(edge e) const { return nodes_.has(e) ? nodes_[e].id : node_id{}; }
    /// The id that the next layer gets.
    [[nodiscard]] constexpr node_id next_id() const noexcept { return {next_id_}; }
    /// Layers and the input, in order; node i is layer i.
    [[nodiscard]] constexpr const id_vector<edge, node>& nodes() const noexcept { return nodes_; }
    /// The places of the layers, in order.
    [[nodiscard]] constexpr id_range<edge> layers() const noexcept { return {edge{1}, nodes_.end_id()}; }
    /// Exits and outputs in order, without the last one, which is where the graph ends.
    [[nodiscard]] constexpr const std::vector<exit_point>& exits() const noexcept { return exits_; }
    [[nodiscard]] constexpr const graph_fault& fault() const noexcept { return fault_; }
    /// All that it is, for fingerprints: nodes with ids, layers and their options, exits, and where it goes on.
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
            layer_fault wrong = what.output(std::vector<shape>(from.size(), shape{})).why;  // how many the layer wants
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

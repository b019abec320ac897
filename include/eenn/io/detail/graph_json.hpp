// SPDX-License-Identifier: MIT
//
// detail/graph_json.hpp - converts graphs to JSON and back: layers with their options by name, ids, exits.
// Floor 6 (io); host subset.
#ifndef EENN_IO_DETAIL_GRAPH_JSON_HPP
#define EENN_IO_DETAIL_GRAPH_JSON_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <eenn/core/detail/fields.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/layers/detail/padding.hpp>
#include <eenn/network/standard.hpp>
#include <eenn/text/detail/json_reader.hpp>
#include <eenn/text/json_writer.hpp>

namespace eenn::io {
inline namespace EENN_ISA {

namespace detail {

/// The names of a layer's options, one for each member.
template <class L>
[[nodiscard]] constexpr auto option_names_of() {
    if constexpr (requires { L::option_names; }) {
        std::array<std::string_view, std::size(L::option_names)> names{};
        std::copy(std::begin(L::option_names), std::end(L::option_names), names.begin());
        static_assert(std::size(L::option_names) == std::tuple_size_v<decltype(fields_of(std::declval<L&>()))>,
                      "eenn: option_names of a layer name each of its members, in their order");
        return names;
    } else {
        static_assert(std::is_empty_v<L>, "eenn: a layer with options says their names in option_names");
        return std::array<std::string_view, 0>{};
    }
}

template <class Value>
void write_option(text::json_writer& json, const Value& value) {
    if constexpr (std::is_enum_v<Value>) {
        json.value(static_cast<std::underlying_type_t<Value>>(value));
    } else if constexpr (std::is_same_v<Value, real>) {
        const float number = value;
        if (std::isfinite(number)) {
            json.value(number);
        } else {
            json.value(std::isnan(number) ? "nan" : number > 0 ? "infinity" : "-infinity");
        }
    } else if constexpr (std::is_arithmetic_v<Value>) {
        json.value(value);
    } else {
        json.begin_array();
        each_field(value, [&](const auto& member) { write_option(json, member); });
        json.end_array();
    }
}

template <class Integer>
[[nodiscard]] Integer read_integer(text::json_reader& json) {
    const double number = json.number();
    if (number != std::floor(number) || number < static_cast<double>(std::numeric_limits<Integer>::min()) ||
        number > static_cast<double>(std::numeric_limits<Integer>::max()))
        json.fail("a whole number of another range is expected");
    return static_cast<Integer>(number);
}

template <class Value>
void read_option(text::json_reader& json, Value& value) {
    if constexpr (std::is_same_v<Value, padding::rule>) {
        const int number = read_integer<int>(json);
        if (number < 0 || number > static_cast<int>(padding::rule::same)) json.fail("no such rule of padding");
        value = static_cast<padding::rule>(number);
    } else if constexpr (std::is_same_v<Value, bool>) {
        value = json.boolean();
    } else if constexpr (std::is_same_v<Value, real>) {
        if (json.next() == '"') {
            const std::string word = json.string();
            constexpr double infinity = std::numeric_limits<double>::infinity();
            if (word == "infinity" || word == "-infinity") {
                value = word[0] == '-' ? -infinity : infinity;
            } else if (word == "nan") {
                value = std::numeric_limits<double>::quiet_NaN();
            } else {
                json.fail("'" + word + "' is no number");
            }
        } else {
            value = json.number();
        }
    } else if constexpr (std::is_integral_v<Value>) {
        value = read_integer<Value>(json);
    } else {
        Value made = value;
        auto members = std::apply([](const auto&... member) { return std::tuple{member...}; }, fields_of(made));
        std::size_t count = 0;
        json.array([&] {
            std::size_t k = 0;
            std::apply([&](auto&... member) { ((k++ == count ? read_option(json, member) : void()), ...); }, members);
            if (count++ >= k) json.fail("an array has too many numbers");
        });
        if (count != std::tuple_size_v<decltype(members)>) json.fail("an array has too few numbers");
        value = std::apply([](const auto&... member) { return Value::of(member...); }, members);
    }
}

}  // namespace detail

/// @brief Writes a graph as the next value: input, nodes (id, kind, ids of their inputs, options), exits, end, and a
/// flag if the end yields features instead of classes.
template <class Layers>
void write_graph(text::json_writer& json, const basic_graph<Layers>& g) {
    const auto id_at = [&](edge place) { return g.nodes()[place].id.number; };
    json.begin_object();
    json.key("input").array(std::array{g.input().h, g.input().w, g.input().c});
    json.member("input_id", id_at(edge{0}));
    json.key("nodes").begin_array();
    for (const edge n : g.layers()) {
        const auto& node = g.nodes()[n];
        json.begin_object().member("id", node.id.number);
        std::vector<int> inputs;
        for (const edge source : node.sources()) inputs.push_back(id_at(source));
        std::visit(
            [&]<class L>(const L& layer) {
                json.member("kind", L::kind).key("inputs").array(inputs);
                const auto names = detail::option_names_of<L>();
                if constexpr (names.size() > 0) {
                    json.key("options").begin_object();
                    std::size_t k = 0;
                    each_field(layer, [&](const auto& option) {
                        json.key(names[k++]);
                        detail::write_option(json, option);
                    });
                    json.end_object();
                }
            },
            node.what);
        json.end_object();
    }
    json.end_array();
    json.key("exits").begin_array();
    for (const auto& e : g.exits()) {
        json.begin_object().member("node", id_at(e.node));
        e.classifies ? json.member("policy", e.decides.name()) : json.member("output", true);
        json.end_object();
    }
    json.end_array();
    json.member("end", id_at(g.here())).member("next_id", g.next_id().number);
    if (!g.classifies()) json.member("ends_in_features", true);
    json.end_object();
}

/// @brief A graph as JSON text.
template <class Layers>
[[nodiscard]] std::string graph_to_json(const basic_graph<Layers>& g, int indent = 0) {
    text::json_writer json{indent};
    write_graph(json, g);
    return json.text();
}

namespace detail {

/// A node being read.
struct node_record {
    node_id id{};
    std::string kind;
    std::vector<node_id> inputs;
};

/// Sets a layer's options from JSON; missing options keep their defaults.
template <class L>
void read_options(text::json_reader& json, L& layer) {
    const auto names = option_names_of<L>();
    json.object([&](const std::string& key) {
        bool known = false;
        std::size_t k = 0;
        each_field(layer, [&](auto& option) {
            if (names[k++] != key) return;
            known = true;
            read_option(json, option);
        });
        if (!known) json.fail(std::string{L::kind} + " has no option '" + key + "'");
    });
}

/// Creates a default layer of that kind; false if the set of layers lacks it.
template <class Variant, std::size_t I = 0>
[[nodiscard]] bool layer_of_kind(std::string_view kind, Variant& layer) {
    if constexpr (I == std::variant_size_v<Variant>) {
        return false;
    } else {
        if (std::variant_alternative_t<I, Variant>::kind != kind) return layer_of_kind<Variant, I + 1>(kind, layer);
        layer.template emplace<I>();
        return true;
    }
}

template <class Layers>
[[nodiscard]] edge edge_of(const basic_graph<Layers>& g, node_id id, const text::json_reader& json) {
    const edge place = g.place_of(id);
    if (!place.exists()) json.fail("there is no node " + to_string(id) + " before it");
    return place;
}

}  // namespace detail

/// @brief Reads a graph written by write_graph(), the reader's next value. Members must come in the order written.
///
/// @par Errors  eenn::error for JSON of another form, kinds and options that the set of layers lacks, and missing or
///              duplicate ids. Layers that do not fit raise as in the graph, naming the layer and both shapes.
template <class Layers = standard_layers>
[[nodiscard]] basic_graph<Layers> read_graph(text::json_reader& json) {
    using graph = basic_graph<Layers>;
    constexpr std::size_t most_nodes = std::size_t{1} << 20;
    std::vector<int> input;
    graph g{shape{}};
    bool begun = false;
    bool ended = false;
    const auto need = [&](bool good, const char* what) {
        if (!good) json.fail(what);
    };
    json.object([&](const std::string& key) {
        if (key == "input") {
            json.array([&] { input.push_back(detail::read_integer<int>(json)); });
            need(input.size() == 3, "an input has three sizes");
        } else if (key == "input_id") {
            need(input.size() == 3 && !begun, "the input's sizes come before its id");
            g = graph{{input[0], input[1], input[2]}, node_id{detail::read_integer<int>(json)}};
            begun = true;
        } else if (key == "nodes") {
            need(begun, "the input comes before the nodes");
            json.array([&] {
                need(g.nodes().size() < most_nodes, "a graph has too many nodes");
                detail::node_record record;
                typename graph::layer layer;
                bool known = false;
                json.object([&](const std::string& member) {
                    if (member == "id") {
                        record.id = {detail::read_integer<int>(json)};
                    } else if (member == "kind") {
                        record.kind = json.string();
                        known = detail::layer_of_kind(record.kind, layer);
                        if (!known) json.fail("there is no layer '" + record.kind + "' in this set of layers");
                    } else if (member == "inputs") {
                        json.array([&] { record.inputs.push_back({detail::read_integer<int>(json)}); });
                    } else if (member == "options") {
                        need(known, "a layer's kind comes before its options");
                        std::visit([&](auto& what) { detail::read_options(json, what); }, layer);
                    } else {
                        json.fail("a node has no member '" + member + "'");
                    }
                });
                need(known && !record.inputs.empty(), "a node has a kind and inputs");
                std::vector<edge> from;
                for (const node_id id : record.inputs) from.push_back(detail::edge_of(g, id, json));
                g.put(layer, from, record.id);
            });
        } else if (key == "exits") {
            json.array([&] {
                node_id node{};
                typename graph::exit_point exit;
                json.object([&](const std::string& member) {
                    if (member == "node") {
                        node = {detail::read_integer<int>(json)};
                    } else if (member == "policy") {
                        const std::string name = json.string();
                        if (!parse_policy(name, exit.decides)) json.fail("there is no policy '" + name + "'");
                    } else if (member == "output") {
                        exit.classifies = !json.boolean();
                    } else {
                        json.fail("an exit has no member '" + member + "'");
                    }
                });
                exit.node = detail::edge_of(g, node, json);
                g.put_exit(exit);
            });
        } else if (key == "end") {
            g.at(detail::edge_of(g, {detail::read_integer<int>(json)}, json));
            ended = true;
        } else if (key == "next_id") {
            g.number_from({detail::read_integer<int>(json)});
        } else if (key == "ends_in_features") {
            if (json.boolean()) g.ends_in_features();
        } else {
            json.fail("a graph has no member '" + key + "'");
        }
    });
    need(begun && ended, "a graph has an input and an end");
    return g;
}

/// @brief Parses a graph from JSON text; `where` names the text in errors.
template <class Layers = standard_layers>
[[nodiscard]] basic_graph<Layers> graph_from_json(std::string_view text, const std::string& where = "graph_from_json") {
    eenn::text::json_reader json{text, where};
    auto g = read_graph<Layers>(json);
    json.end();
    return g;
}

}  // namespace EENN_ISA
}  // namespace eenn::io

#endif

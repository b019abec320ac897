// SPDX-License-Identifier: MIT
//
// detail/export_exits.hpp - the part of an early-exit network in one file: nested Ifs that stop at an exit.
// Floor 6 (io); host subset. Tested by tests/io/onnx/export.cpp. Letters: C = classes, E = exits.
#ifndef EENN_IO_ONNX_DETAIL_EXPORT_EXITS_HPP
#define EENN_IO_ONNX_DETAIL_EXPORT_EXITS_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <eenn/core/isa.hpp>
#include <eenn/io/onnx/detail/build.hpp>
#include <eenn/io/onnx/detail/export_layers.hpp>
#include <eenn/io/onnx/detail/export_options.hpp>
#include <eenn/io/onnx/detail/export_policies.hpp>
#include <eenn/network/standard.hpp>
#include <eenn/policies/deciders.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {
namespace detail {

/// The exits of a graph, including its end, with the rules for leaving at them.
struct exit_list {
    std::vector<eenn::graph::exit_point> points;
    std::span<const exit_rule> rules;

    exit_list(const eenn::graph& g, std::span<const exit_rule> given) : points{g.exits()}, rules{given} {
        points.push_back({g.here(), max_probability{}, g.classifies()});
        if (rules.size() != points.size()) {
            raise("onnx", "the graph has " + std::to_string(points.size()) + " exits, the last one included, and " +
                              std::to_string(rules.size()) + " rules were given");
        }
    }
    [[nodiscard]] std::size_t size() const noexcept { return points.size(); }
    /// No sample leaves at a closed exit or a plain output.
    [[nodiscard]] bool closed(std::size_t e) const noexcept {
        return e + 1 < size() && !(points[e].classifies && rules[e].threshold < never_exit);
    }
    /// Whether exit e's result affects the outcome: it is open, or a later exit counts its label.
    [[nodiscard]] bool heard(std::size_t e) const noexcept {
        return !closed(e) || (points[e].classifies && counted_from(e));
    }
    [[nodiscard]] std::size_t open_between(std::size_t first, std::size_t last) const noexcept {
        std::size_t count = 0;
        for (std::size_t e = first; e < last; ++e) count += closed(e) ? 0 : 1;
        return count;
    }
    /// Whether exit e or a later one has the patience policy, which counts agreeing exits.
    [[nodiscard]] bool counted_from(std::size_t e) const noexcept {
        return std::any_of(points.begin() + static_cast<std::ptrdiff_t>(e), points.end(),
                           [](const auto& p) { return p.decides.kind == policy_kind::patience; });
    }
};

/// The part of an early-exit network in one file: a range of exits, and the values carried on if no sample has left.
struct stage {
    std::size_t first_exit = 0;
    std::size_t last_exit = 0;  ///< one past the end; an empty range is a file without decisions
    std::vector<edge> takes;    ///< nodes whose values are inputs
    std::vector<edge> sends;    ///< nodes whose values are passed on
    std::string takes_prefix;   ///< name prefix of the inputs
    std::string sends_prefix;
    bool takes_state = false;  ///< the state of earlier exits is an input, for a later patience policy
    bool sends_state = false;
    bool says_done = false;  ///< an output says whether the sample has left
};

/// Maximum number of exits decided in one file, including the end.
inline constexpr std::size_t most_open_exits = 16;

/// Appends one stage to a builder: inputs, nodes and outputs.
class stage_writer {
public:
    stage_writer(builder& to, layer_writer& layers, const exit_list& exits, const stage& here,
                 const export_options& options)
        : to_{to}, layers_{layers}, policies_{to}, exits_{exits}, here_{here}, options_{options} {
        // ONNX Runtime 1.22 load time doubles with each level of nested Ifs: 0.1 s for 8, 1 s for 12, 14 s for 16.
        const auto open = exits.open_between(here.first_exit, here.last_exit);
        if (open > most_open_exits) {
            raise("onnx", std::to_string(open) + " exits in one file nest deeper than readers go",
                  "close some, or cut the network into stages: " + std::to_string(most_open_exits) + " are possible");
        }
        decides_ = open > 0;
    }

    void write() {
        for (const edge node : here_.takes) {
            const auto name = to_.claim(here_.takes_prefix + layers_.name_of(node));
            to_.input(layers_.declared(node, name, {.size = 1, .name = {}}));
            layers_.provide(node, name);
        }
        if (here_.takes_state) {
            state_ = {to_.claim(here_.takes_prefix + "last_label"), to_.claim(here_.takes_prefix + "streak")};
            for (const auto& name : {state_.last_label, state_.streak}) to_.input(one_integer(name));
        }
        std::vector<value_info> outputs = declared_outputs();
        for (auto& o : outputs) o.name = to_.claim(o.name);
        const auto values = decide(here_.first_exit, {});
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            to_.rename(values[i], outputs[i].name);
            to_.output(outputs[i]);
        }
    }

private:
    /// The names of exit e's results.
    struct verdict {
        std::size_t e = 0;
        std::string logits;
        scored_names scored;
    };

    [[nodiscard]] static value_info one_integer(std::string name) {
        return {std::move(name), data_type::int64, true, dimensions({1})};
    }

    /// The file's outputs, in decide()'s order. Carried values have one row, or none if the sample has left.
    [[nodiscard]] std::vector<value_info> declared_outputs() const {
        std::vector<value_info> made;
        if (decides_) {
            auto logits = dimensions({1, classes(here_.first_exit)});
            for (std::size_t e = here_.first_exit; e < here_.last_exit; ++e) {
                if (classes(e) != logits[1].size) logits[1] = {-1, "classes"};
            }
            made.push_back({options_.output, data_type::float32, true, std::move(logits)});
            made.push_back(one_integer("label"));
            made.push_back(one_integer("exit"));
            made.push_back({"confidence", data_type::float32, true, dimensions({1})});
            if (here_.says_done) made.push_back({"done", data_type::boolean, true, dimensions({1})});
        }
        const dimension rows = decides_ ? dimension{-1, "sent"} : dimension{1, {}};
        for (const edge node : here_.sends) {
            made.push_back(layers_.declared(node, here_.sends_prefix + layers_.name_of(node), rows));
        }
        if (here_.sends_state) {
            for (const char* name : {"last_label", "streak"}) {
                made.push_back({here_.sends_prefix + name, data_type::int64, true, {rows}});
            }
        }
        return made;
    }
    [[nodiscard]] int classes(std::size_t e) const {
        return static_cast<int>(layers_.shape_of(exits_.points[e].node).elements());
    }

    /// Appends exit e and everything after it. Returns the output values, made in the open graph.
    std::vector<std::string> decide(std::size_t e, const verdict& before) {
        if (e == here_.last_exit) return go_on(before);
        if (!exits_.heard(e)) return decide(e + 1, before);

        const std::string name = "exit_" + std::to_string(e);
        const auto& rule = exits_.rules[e];
        verdict v{e, layers_.vector(exits_.points[e].node), {}};
        v.scored = policies_.score(name, v.logits, classes(e), exits_.points[e].decides, rule.temperature,
                                   exits_.counted_from(e), state_);
        if (e + 1 == exits_.size()) return leave(v);
        if (exits_.closed(e)) return decide(e + 1, before);

        const auto threshold = to_.constant(name + ".threshold", single_of(rule.threshold));
        const auto leaves = to_.add("GreaterOrEqual", name + ".leaves", {v.scored.confidence, threshold});
        std::vector<attribute> branches{
            subgraph("then_branch", to_.branch(name + ".left", [&] { give(leave(v)); })),
            subgraph("else_branch", to_.branch(name + ".stayed", [&] { give(decide(e + 1, v)); })),
        };
        return to_.add("If", name, {leaves}, static_cast<int>(declared_outputs().size()), std::move(branches));
    }

    /// Makes these values the outputs of the open branch.
    void give(const std::vector<std::string>& values) {
        auto outputs = declared_outputs();
        for (std::size_t i = 0; i < values.size(); ++i) {
            outputs[i].name = values[i];
            to_.output(std::move(outputs[i]));
        }
    }

    /// The sample leaves: carried values are empty.
    std::vector<std::string> leave(const verdict& v) {
        auto values = said(v, true);
        const std::string name = "exit_" + std::to_string(v.e) + ".";
        for (const edge node : here_.sends) {
            auto empty = layers_.declared(node, {}, {.size = 0, .name = {}});
            std::vector<std::int64_t> dims;
            for (const auto& d : empty.dims) dims.push_back(d.size);
            values.push_back(constant(name + "no_" + layers_.name_of(node), constant_of<float>(dims, {})));
        }
        for (int i = 0; here_.sends_state && i < 2; ++i) {
            values.push_back(constant(name + "no_state", constant_of<std::int64_t>({0}, {})));
        }
        return values;
    }

    /// The sample continues to the next stage: carries the values that stage reads.
    std::vector<std::string> go_on(const verdict& v) {
        std::vector<std::string> values;
        if (decides_) values = said(v, false);
        std::vector<std::string> sent;
        for (const edge node : here_.sends) sent.push_back(layers_.value(node));
        if (here_.sends_state) sent.insert(sent.end(), {state_.last_label, state_.streak});
        for (const auto& value : sent) values.push_back(to_.add("Identity", "send." + value, {value}));
        return values;
    }

    /// Copies an exit's results into the open graph, because a branch's outputs must be its own values.
    std::vector<std::string> said(const verdict& v, bool left) {
        const std::string name = "exit_" + std::to_string(v.e) + (left ? ".left." : ".stayed.");
        std::vector<std::string> values{to_.add("Identity", name + "logits", {v.logits}),
                                        to_.add("Identity", name + "label", {v.scored.label}),
                                        constant(name + "exit", single_of(static_cast<std::int64_t>(v.e))),
                                        to_.add("Identity", name + "confidence", {v.scored.confidence})};
        if (here_.says_done) values.push_back(constant(name + "done", single_of(left)));
        return values;
    }
    std::string constant(const std::string& name, tensor value) {
        return to_.add("Constant", name, {}, {constant_value(std::move(value))});
    }

    builder& to_;
    layer_writer& layers_;
    policy_writer policies_;
    const exit_list& exits_;
    const stage& here_;
    const export_options& options_;
    state_names state_;
    bool decides_ = false;
};

}  // namespace detail
}  // namespace EENN_ISA
}  // namespace eenn::onnx

#endif

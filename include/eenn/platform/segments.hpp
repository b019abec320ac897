// SPDX-License-Identifier: MIT
//
// segments.hpp - turns a compiled network into a placement task: where it can be cut, and what each piece requires.
// Floor 7 (platform); host subset; reads a plan's numbers, no kernels, no Eigen. Letters: S = segments, E = exits.
#ifndef EENN_PLATFORM_SEGMENTS_HPP
#define EENN_PLATFORM_SEGMENTS_HPP

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <eenn/core/isa.hpp>
#include <eenn/network/plan.hpp>
#include <eenn/platform/detail/task.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief How features are encoded for transfer.
struct cut_coding {
    double bytes_per_element = 0;  ///< 0: as in the plan
    double bytes_per_cut = 0;
    double input_bytes_per_element = 0;  ///< 0: as in the plan

    /// 8 bits an element and one float scale a tensor.
    [[nodiscard]] static constexpr cut_coding eight_bits() { return {1, 4, 1}; }
};

namespace detail {

template <class Layer>
[[nodiscard]] operator_class class_of(const Layer& layer, int input_channels) {
    return std::visit(
        [input_channels](const auto& what) {
            const std::string_view kind = what.kind;
            if constexpr (requires { what.groups; }) {
                return what.groups > 1 && what.groups == input_channels ? operator_class::depthwise
                                                                        : operator_class::convolution;
            }
            if (kind == "dense") return operator_class::dense;
            if (kind.find("pool") != std::string_view::npos) return operator_class::pooling;
            return operator_class::other;
        },
        layer);
}

/// Arena elements in use during a step, plus the network's input while it is still needed.
[[nodiscard]] inline double live_elements(const plan_view& plan, step_id step) {
    std::vector<std::pair<std::size_t, std::size_t>> spans;  // merged, because values may share memory
    std::size_t sum = 0;
    for (const value_id v : plan.values.ids()) {
        const value_info& value = plan.values[v];
        if (value.first > step || value.last < step) continue;
        if (v == value_id{0}) {
            sum += value.size.elements();
        } else {
            spans.emplace_back(value.offset, value.offset + value.size.elements());
        }
    }
    std::sort(spans.begin(), spans.end());
    std::size_t end = 0;
    for (const auto& [from, to] : spans) {
        if (to > end) sum += to - std::max(from, end);
        end = std::max(end, to);
    }
    return static_cast<double>(sum);
}

/// Transfer size of a value in bytes, at `each` bytes an element; 0: as in the plan.
[[nodiscard]] inline double coded_bytes(const value_info& value, double each) {
    const auto of = static_cast<double>(each > 0 ? value.size.elements() : value.bytes());
    return each > 0 ? of * each : of;
}

}  // namespace detail

/// @brief Makes a task from a graph and its plan: `make_task(g, lower(g).view(), trace)`.
///
/// The backbone is everything the final classifier depends on. It is cut after every step whose output is the only
/// value that later steps read, so a residual block or a group of branches forms one segment. An exit's head is
/// everything only that exit depends on; it is decided after the segment that makes its features. Weights are those
/// inference keeps: a batch norm adds one shift a channel. Activations are the plan's memory arena plus the network's
/// input.
///
/// @par Cost    O(steps^2).
/// @par Errors  eenn::error if a head reads features of several segments, because only one of them would be available,
///              or if it reads another exit's head. A trace that does not fit is reported by place().
template <class Graph>
[[nodiscard]] placement_task make_task(const Graph& g, const plan_view& plan, exit_trace trace = {},
                                       const cut_coding& coding = {}) {
    const std::size_t exits = plan.exits.size();
    const auto for_inputs = [&](const step_info& step, auto&& visit) {
        for (const value_id v : step.sources()) visit(v);
        if (step.residual.exists()) visit(step.residual);
    };
    const auto owned_by = [&](step_id step, std::size_t exit) { return plan.steps[step].owner == exit_id{exit}; };
    const auto in_backbone = [&](step_id step) { return owned_by(step, exits - 1); };
    const auto maker = [&](value_id v) { return plan.values[v].first; };  // none for the network's input

    id_vector<value_id, step_id> read(plan.values.size(), step_id{});  // the last backbone step that reads it
    for (const step_id s : plan.steps.ids()) {
        if (!in_backbone(s)) continue;
        for_inputs(plan.steps[s], [&](value_id v) { read[v] = s; });
    }
    const auto add = [&](workload& work, step_id s) {
        const step_info& step = plan.steps[s];
        const auto& node = g.nodes()[step.node];
        const auto c =
            step.carrier ? operator_class::other : detail::class_of(node.what, plan.values[step.inputs[0]].size.c);
        work.operators[c] = true;
        work.macs[c] += static_cast<double>(step.macs);
        work.weights += static_cast<double>(step.weight_count);
        if (step.norm.exists()) work.weights += plan.values[step.output].size.c;
        work.activations = std::max(work.activations, detail::live_elements(plan, s));
    };

    placement_task task;
    task.trace = std::move(trace);
    task.input_bytes = detail::coded_bytes(plan.values.front(), coding.input_bytes_per_element);
    id_vector<step_id, std::size_t> segment_of(plan.steps.size(), 0);  // for backbone steps
    segment current;
    for (const step_id s : plan.steps.ids()) {
        if (!in_backbone(s)) continue;
        add(current.work, s);
        segment_of[s] = task.segments.size();
        std::size_t crossing = 0;  // values that later backbone steps read
        value_id sent;
        for (const value_id v : plan.values.ids()) {
            if (maker(v) > s || read[v] <= s) continue;
            ++crossing;
            sent = v;
        }
        const bool last = maker(plan.exits.back().logits) == s;
        if (crossing != 1 && !last) continue;
        const edge tail = plan.steps[s].tail;
        current.last = g.nodes()[tail].id;
        current.name = std::visit([](const auto& what) { return std::string{what.kind}; }, g.nodes()[tail].what) + " " +
                       to_string(current.last);
        if (!last) {
            current.output_bytes =
                detail::coded_bytes(plan.values[sent], coding.bytes_per_element) + coding.bytes_per_cut;
        }
        task.segments.push_back(std::exchange(current, {}));
        if (last) break;
    }
    for (std::size_t e = 0; e < exits; ++e) {
        offered_exit offered{.name = "exit " + std::to_string(e), .after = 0, .head = {}};
        bool attached = false;
        for (const step_id s : plan.steps.ids()) {
            if (e + 1 == exits || !owned_by(s, e)) continue;
            add(offered.head, s);
            for_inputs(plan.steps[s], [&](value_id v) {
                const step_id from = maker(v);
                if (from.exists() && owned_by(from, e)) return;
                if (from.exists() && !in_backbone(from)) {
                    raise("make_task", "exit " + std::to_string(e) + " needs a layer of another exit's head",
                          "an exit may be closed, so give each a head of its own");
                }
                const std::size_t here = from.exists() ? segment_of[from] : 0;
                if (attached && here != offered.after) {
                    raise("make_task", "exit " + std::to_string(e) + " reads features of several segments",
                          "let its head start from one layer");
                }
                offered.after = here;
                attached = true;
            });
        }
        if (e + 1 == exits) {
            offered.name = "classifier";
            offered.after = std::max<std::size_t>(task.segments.size(), 1) - 1;
        } else if (!attached) {  // its logits belong to the backbone or to another exit
            const step_id s = maker(plan.exits[e].logits);
            offered.after = s.exists() && in_backbone(s) ? segment_of[s] : e > 0 ? task.exits.back().after : 0;
        }
        task.exits.push_back(std::move(offered));
    }
    return task;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

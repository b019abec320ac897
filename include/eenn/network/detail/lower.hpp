// SPDX-License-Identifier: MIT
//
// detail/lower.hpp - lowers a graph to its plan: fusion, liveness, offsets. One constexpr function for both phases.
// Floor 4 (network).
#ifndef EENN_NETWORK_DETAIL_LOWER_HPP
#define EENN_NETWORK_DETAIL_LOWER_HPP

#include <eenn/core/isa.hpp>
#include <eenn/kernels/tuning.hpp>
#include <eenn/network/detail/memory_plan.hpp>
#include <eenn/network/graph.hpp>
#include <eenn/network/plan.hpp>

#include <limits>
#include <vector>

namespace eenn {

/// @brief Upper limit on the elements of all parameters together, and on those of all values. Packed forms are up to 16 times
/// larger where channels are few, and their size in bytes must fit a std::ptrdiff_t. 2^57 where that has 64 bits.
inline constexpr std::size_t most_total_elements = std::size_t{1} << (std::numeric_limits<std::ptrdiff_t>::digits - 6);

/// @brief A plan that owns its arrays.
struct plan {
    shape input{};
    id_vector<step_id, step_info> steps;
    id_vector<value_id, value_info> values;
    std::vector<tensor_info> tensors;
    std::vector<exit_info> exits;
    plan_sizes sizes{};
    graph_fault wrong{};  ///< set in constant evaluation if the totals are too large; then there is no plan

    [[nodiscard]] constexpr plan_view view() const { return {input, steps, values, tensors, exits, sizes}; }
};

inline namespace EENN_ISA {

namespace detail {

/// The properties of a node's layer that the fusion rules use.
struct layer_traits {
    layer_role role = layer_role::operation;
    std::string_view kind{};
    bool fuses = false;
    bool in_place = false;
    bool divides = false;
    activation act{};
    real epsilon{};
    real momentum{};
    tensor_list tensors{};
    std::int64_t macs = 0;
};

template <class Node>
[[nodiscard]] constexpr layer_traits traits_of(const Node& n, id_span<edge, const Node> nodes) {
    std::array<shape, max_inputs> in{};
    for (std::size_t i = 0; i < n.input_count; ++i) in[i] = nodes[n.inputs[i]].out;
    const std::span<const shape> shapes{in.data(), n.input_count};
    return visit_layer(
        [&]<class L>(const L& what) {
            layer_traits t{.role = L::role,
                           .kind = L::kind,
                           .fuses = fuses_epilogue<L>,
                           .in_place = in_place<L>,
                           .divides = divides<L>,
                           .tensors = tensors_of(what, shapes),
                           .macs = macs_of(what, shapes)};
            if constexpr (requires { what.function(); }) t.act = what.function();
            if constexpr (L::role == layer_role::norm) {
                t.epsilon = what.epsilon;
                t.momentum = what.momentum;
            }
            return t;
        },
        n.what);
}

/// Totals of the layers so far. No sum in a plan exceeds them, so no sum wraps around.
struct running_totals {
    static constexpr std::int64_t most_macs = std::numeric_limits<std::int64_t>::max();

    std::size_t parameters = 0;
    std::size_t values = 0;
    std::int64_t macs = 0;

    /// Adds a layer; returns false if the totals become too large.
    constexpr bool add(const layer_traits& t, shape made) {
        for (const auto& spec : t.tensors) parameters = saturated_sum(parameters, spec.elements());
        values = saturated_sum(values, saturated_sum(made.elements(), workspace_grain));
        if (t.macs < 0 || t.macs > most_macs - macs) return false;
        macs += t.macs;
        return parameters <= most_total_elements && values <= most_total_elements;
    }
    [[nodiscard]] constexpr layer_fault wrong(shape in) const {
        constexpr double most = most_total_elements;
        if (parameters > most_total_elements)
            return too_large("parameters in all", static_cast<double>(parameters), most, in);
        if (values > most_total_elements)
            return too_large("elements of all values", static_cast<double>(values), most, in);
        return too_large("multiply-accumulates in all", allowed_range::infinity, static_cast<double>(most_macs), in);
    }
};

/// The kernels of a node's layer and their scratch memory.
struct selection {
    kernel_choice chosen{};
    scratch_elements scratch{};
};
template <class Node>
[[nodiscard]] constexpr selection select(const Node& n, id_span<edge, const Node> nodes, const kernels::target& on) {
    return visit_layer(
        [&]<class L>(const L& what) {
            problem<L> here{.layer = what, .inputs = n.input_count, .out = n.out};
            for (std::size_t i = 0; i < here.in.size() && i < n.input_count; ++i) here.in[i] = nodes[n.inputs[i]].out;
            here.chosen = select_of(here, on);
            return selection{here.chosen, scratch_of(here)};
        },
        n.what);
}

/// A step under construction. A node joins the step that makes its input, as long as that step can absorb it.
struct fusion_group {
    edge node{};
    edge tail{};
    edge norm{};
    edge residual{};
    activation act{};
    bool fuses = false;
    bool from_input = false;  // an identity that carries another layer; it reads input 0 of that layer
    [[nodiscard]] constexpr bool takes_norm() const { return takes_residual() && !norm.exists(); }
    [[nodiscard]] constexpr bool takes_residual() const { return takes_act() && !residual.exists(); }
    [[nodiscard]] constexpr bool takes_act() const { return fuses && !has_act(); }
    [[nodiscard]] constexpr bool has_act() const { return act.kind != activation_kind::none; }
};
using fusion_id = place_id<fusion_group>;

}  // namespace detail

/// @brief Compiles a graph to its plan.
///
/// Fusion: a batch norm, then one addition, then one activation join the preceding operation if nothing else reads the
/// values in between. A layer that no operation can absorb becomes an identity step. Steps run in the order of their last
/// layers, so the head of an exit runs where it was added, and its buffers die at its decision. A step's output reuses the
/// memory of its residual (or, for elementwise operations, of its input) if that dies with the step.
///
/// @par Cost    Nearly linear in the layers, plus plan_memory().
/// @par Errors  eenn::error at run time if the layers together are too large, naming the first layer that exceeds the limit,
///              or if an exit is at the input, reshaped or not. In constant evaluation, plan::wrong reports it. The graph has
///              no other fault: building it would have thrown, and network<recipe> checks before lowering.
template <class Graph>
[[nodiscard]] constexpr plan lower(const Graph& g) {
    using node = typename Graph::node;
    const id_span<edge, const node> nodes{g.nodes()};
    const std::size_t count = nodes.size();
    plan made;
    made.input = g.input();

    // Exits: those of the graph, followed by its end.
    std::vector<typename Graph::exit_point> exits = g.exits();
    exits.push_back({g.here(), max_probability{}, g.classifies()});

    id_vector<edge, detail::layer_traits> traits(count, detail::layer_traits{});
    id_vector<edge, edge> root(count, edge{0});  // maps a reshape to the value it reshapes
    id_vector<edge, int> uses(count, 0);
    detail::running_totals totals;
    for (const edge i : g.layers()) {
        traits[i] = detail::traits_of(nodes[i], nodes);
        if (!totals.add(traits[i], nodes[i].out)) {
            made.wrong = {totals.wrong(nodes[nodes[i].inputs[0]].out), i.number, traits[i].kind};
            if (!std::is_constant_evaluated()) raise("lower", std::string{text_of(made.wrong).view()});
            return made;
        }
        const bool reshape = traits[i].role == layer_role::reshape;
        root[i] = reshape ? root[nodes[i].inputs[0]] : i;
        if (reshape) continue;
        for (const edge source : nodes[i].sources()) ++uses[root[source]];
    }
    for (const auto& e : exits) ++uses[root[e.node]];

    // Fusion: finds the group that makes each root.
    id_vector<detail::fusion_id, detail::fusion_group> groups;
    id_vector<edge, detail::fusion_id> group_of(count, detail::fusion_id{});
    for (const edge i : g.layers()) {
        const auto& t = traits[i];
        if (t.role == layer_role::reshape) continue;
        const auto maker = [&](std::size_t input) -> detail::fusion_id {  // of this input, if it has no other reader
            const edge r = root[nodes[i].inputs[input]];
            return uses[r] == 1 ? group_of[r] : detail::fusion_id{};
        };
        detail::fusion_id joined;
        const auto start_group = [&] {
            const bool carrier = t.role != layer_role::operation;
            joined = groups.end_id();
            groups.push_back({.node = i, .tail = i, .fuses = carrier || t.fuses, .from_input = carrier});
        };
        if (t.role == layer_role::operation) {
            start_group();
        } else if (t.role == layer_role::sum) {
            std::size_t residual = 1;
            for (std::size_t k = 0; k < 2; ++k) {
                const detail::fusion_id m = maker(k);
                // If both could absorb the addition, the later one does: it runs immediately before.
                if (m.exists() && groups[m].takes_residual() &&
                    (!joined.exists() || groups[m].tail > groups[joined].tail)) {
                    joined = m;
                    residual = 1 - k;
                }
            }
            if (!joined.exists()) start_group();
            groups[joined].residual = root[nodes[i].inputs[residual]];
        } else {
            const detail::fusion_id m = maker(0);
            const bool norm = t.role == layer_role::norm;
            if (m.exists() && (norm ? groups[m].takes_norm() : groups[m].takes_act())) {
                joined = m;
            } else {
                start_group();
            }
            auto& group = groups[joined];
            if (norm) {
                group.norm = i;
            } else {
                group.act = t.act;
            }
        }
        groups[joined].tail = i;
        group_of[i] = joined;
    }

    // Tensors: parameters in layer order, followed by state.
    id_vector<edge, std::size_t> weights(count, 0);
    id_vector<edge, std::size_t> states(count, 0);
    const auto place_tensors = [&](bool trainable, std::size_t offset, id_vector<edge, std::size_t>& starts) {
        for (const edge i : g.layers()) {
            starts[i] = offset;
            for (const auto& spec : traits[i].tensors) {
                if (spec.trainable != trainable) continue;
                made.tensors.push_back({i, nodes[i].id, traits[i].kind, spec, offset});
                offset += spec.elements();
            }
        }
        return offset;
    };
    made.sizes.parameters = place_tensors(true, 0, weights);
    made.sizes.state = place_tensors(false, made.sizes.parameters, states) - made.sizes.parameters;

    const kernels::target on{.far = std::cmp_greater(made.sizes.parameters, kernels::tuning::near_parameters)};

    // Steps and values, in the order of the groups' last layers.
    id_vector<edge, value_id> value_of(count, value_id{0});  // by root
    made.values.push_back({.size = g.input()});
    for (const edge i : g.layers()) {
        if (!group_of[i].exists()) continue;
        const auto& group = groups[group_of[i]];
        if (group.tail != i) continue;
        const auto& op = nodes[group.node];
        const auto& t = traits[group.node];
        const step_id step = made.steps.end_id();
        step_info info{.node = group.node,
                       .id = op.id,
                       .layer = t.kind,
                       .tail = group.tail,
                       .input_count = group.from_input ? 1 : op.input_count,
                       .act = group.act};
        const auto read = [&](edge r) {
            const value_id value = value_of[r];
            made.values[value].last = step;
            return value;
        };
        for (std::size_t k = 0; k < info.input_count; ++k) info.inputs[k] = read(root[op.inputs[k]]);
        if (group.residual.exists()) info.residual = read(group.residual);
        if (const edge n = group.norm; n.exists()) {
            info.norm = n;
            info.epsilon = traits[n].epsilon;
            info.momentum = traits[n].momentum;
            info.norm_weights = weights[n];
            info.norm_state = states[n];
        }
        info.carrier = group.from_input;
        if (!info.carrier) {
            info.weights = weights[group.node];
            info.weight_count = t.tensors.elements();
            info.macs = t.macs;
            const detail::selection made_of = detail::select(op, nodes, on);
            info.chosen = made_of.chosen;
            info.scratch_sizes = made_of.scratch;
            info.divides = t.divides && t.macs >= kernels::tuning::thread_grain;
        }
        info.output = made.values.end_id();
        value_of[i] = info.output;
        made.values.push_back({.size = nodes[i].out, .first = step, .last = step});
        made.steps.push_back(info);
        made.sizes.macs += info.macs;
    }

    // An exit is decided once its logits exist and all earlier exits have been decided.
    step_id decided{0};
    id_vector<value_id, char> read_later(made.values.size(), 0);  // after its last step, for a decision or output
    for (const auto& e : exits) {
        const value_id value = value_of[root[e.node]];
        if (value == value_id{0}) {  // the input, which is not in the workspace
            const std::string_view kind = e.node == edge{0} ? std::string_view{"input"} : traits[e.node].kind;
            made.wrong = {{fault_kind::computes_nothing}, e.node.number, kind};
            if (!std::is_constant_evaluated()) raise("lower", std::string{text_of(made.wrong).view()});
            return made;
        }
        auto& v = made.values[value];
        read_later[value] = 1;
        decided = std::max(decided, v.first);
        v.last = e.classifies ? std::max(v.last, decided) : --made.steps.end_id();  // outputs stay readable to the end
        exit_info info{.logits = value,
                       .step = decided,
                       .classes = static_cast<int>(v.size.elements()),
                       .decides = e.decides,
                       .classifies = e.classifies};
        for (step_id s{0}; s <= info.step; ++s) info.macs += made.steps[s].macs;
        made.exits.push_back(info);
    }

    // Owners: the last exit owns every step it needs, which is the backbone. The first exit that needs one of
    // the other steps owns it.
    std::vector<step_id> pending;
    const auto claim = [&](std::size_t exit) {
        pending.push_back(made.values[made.exits[exit].logits].first);
        while (!pending.empty()) {
            const step_id s = pending.back();
            pending.pop_back();
            if (!s.exists() || made.steps[s].owner.exists()) continue;
            step_info& step = made.steps[s];
            step.owner = exit_id{exit};
            for (const value_id source : step.sources()) pending.push_back(made.values[source].first);
            if (step.residual.exists()) pending.push_back(made.values[step.residual].first);
        }
    };
    claim(made.exits.size() - 1);
    for (std::size_t e = 0; e + 1 < made.exits.size(); ++e) claim(e);

    // Arena: values that reuse each other's memory share a buffer; then every buffer gets an offset.
    std::vector<buffer_request> buffers;
    id_vector<value_id, std::size_t> buffer_of(made.values.size(), 0);
    id_vector<step_id, std::size_t> scratch_of_step(made.steps.size(), 0);
    for (const step_id s : made.steps.ids()) {
        const auto& step = made.steps[s];
        if (step.scratch_sizes.forward > 0) {
            scratch_of_step[s] = buffers.size();
            const std::size_t size = round_up(step.scratch_sizes.forward, workspace_grain);
            buffers.push_back({size, s.number, s.number});
            if (step.divides) made.sizes.divided_scratch = std::max(made.sizes.divided_scratch, size);
        }
        const auto& out = made.values[step.output];
        const auto takes_over = [&](value_id value) {
            const auto& v = made.values[value];
            if (value == value_id{0} || read_later[value] != 0 || v.last != s ||
                v.size.elements() != out.size.elements())
                return false;
            buffer_of[step.output] = buffer_of[value];
            buffers[buffer_of[value]].last = out.last.number;
            return true;
        };
        const bool elementwise = step.carrier || traits[step.node].in_place;
        bool residual_free = step.residual.exists();
        for (const value_id source : step.sources())
            residual_free = residual_free && (elementwise || source != step.residual);
        if (residual_free && takes_over(step.residual)) continue;
        if (elementwise && takes_over(step.inputs[0])) continue;
        buffer_of[step.output] = buffers.size();
        buffers.push_back({round_up(out.size.elements(), workspace_grain), out.first.number, out.last.number});
    }
    const memory_plan arena = plan_memory(buffers);
    for (value_id v{1}; v < made.values.end_id(); ++v) made.values[v].offset = arena.offsets[buffer_of[v]];
    for (const step_id s : made.steps.ids()) {
        if (made.steps[s].scratch_sizes.forward > 0) made.steps[s].scratch = arena.offsets[scratch_of_step[s]];
    }
    made.sizes.workspace = arena.total;
    made.sizes.workspace_bound = arena.lower_bound;
    made.sizes.workspace_proven = arena.proven;
    return made;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

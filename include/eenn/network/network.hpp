// SPDX-License-Identifier: MIT
//
// network.hpp - network<recipe>: a graph compiled into a type, with fixed shapes, offsets, plan and kernels.
// Floor 4 (network). Tested by tests/network/lower.cpp.
#ifndef EENN_NETWORK_NETWORK_HPP
#define EENN_NETWORK_NETWORK_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/core/executor.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/network/detail/executable.hpp>
#include <eenn/network/detail/lower.hpp>
#include <eenn/network/detail/packed_weights.hpp>
#include <eenn/policies/deciders.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace eenn {

/// @brief Never defined: the compiler's message shows its argument, a sentence that states the fault.
template <fixed_text Sentence>
struct wrong_network;

inline namespace EENN_ISA {

namespace detail {

// constexpr, not consteval, throughout: clang evaluates a consteval call a second time for the variable it initialises.

/// Array lengths of a plan and its graph.
struct plan_lengths {
    std::size_t nodes = 0;
    std::size_t steps = 0;
    std::size_t values = 0;
    std::size_t tensors = 0;
    std::size_t exits = 0;
};

/// A plan and its nodes in arrays, which can be static data of a type.
template <class Node, plan_lengths N>
struct frozen_plan {
    std::array<Node, N.nodes> nodes{};
    std::array<step_info, N.steps> steps{};
    std::array<value_info, N.values> values{};
    std::array<tensor_info, N.tensors> tensors{};
    std::array<exit_info, N.exits> exits{};
    plan_sizes sizes{};

    template <class From>
    constexpr void copy(const From& from) {
        const auto fill = [](const auto& source, auto& to) {
            std::copy_n(source.begin(), std::min(source.size(), to.size()), to.begin());
        };
        fill(from.steps, steps);
        fill(from.values, values);
        fill(from.tensors, tensors);
        fill(from.exits, exits);
        sizes = from.sizes;
    }
    [[nodiscard]] constexpr plan_view view() const noexcept {
        return {nodes.front().out,
                id_span<step_id, const step_info>{steps},
                id_span<value_id, const value_info>{values},
                tensors,
                exits,
                sizes};
    }
};

// How a recipe becomes static data: the first evaluation finds the size of its graph, the second lowers it into arrays long
// enough for any plan of that graph. The program contains only copies of the exact length.

/// Upper bounds on the array lengths of any plan of the graph.
template <auto Recipe>
[[nodiscard]] constexpr plan_lengths most_lengths() {
    const auto g = Recipe();
    const std::size_t nodes = g.nodes().size();
    return {nodes, nodes, nodes, nodes * tensor_list::capacity, g.exits().size() + 1};
}

template <class Node, plan_lengths Most>
struct drafted_plan {
    graph_fault wrong{};
    plan_lengths lengths{};
    frozen_plan<Node, Most> plan{};
};

template <auto Recipe>
[[nodiscard]] constexpr auto draft() {
    const auto g = Recipe();
    drafted_plan<typename decltype(Recipe())::node, most_lengths<Recipe>()> made;
    made.lengths.nodes = g.nodes().size();
    std::copy(g.nodes().begin(), g.nodes().end(), made.plan.nodes.begin());
    if (g.fault().kind != fault_kind::none) {
        made.wrong = g.fault();
        return made;
    }
    if (g.here() == edge{0}) {
        made.wrong = {wrong_option("number of layers", 0, allowed_range::from(1)), 0, "graph"};
        return made;
    }
    const auto lowered = lower(g);
    made.wrong = lowered.wrong;
    made.lengths = {g.nodes().size(), lowered.steps.size(), lowered.values.size(), lowered.tensors.size(),
                    lowered.exits.size()};
    made.plan.copy(lowered);
    return made;
}

template <auto Recipe>
inline constexpr auto drafted = draft<Recipe>();

template <auto Recipe>
[[nodiscard]] constexpr auto freeze() {
    frozen_plan<typename decltype(Recipe())::node, drafted<Recipe>.lengths> frozen;
    frozen.nodes = drafted<Recipe>.plan.nodes;
    frozen.copy(drafted<Recipe>.plan);
    return frozen;
}

template <auto Recipe>
inline constexpr auto frozen = freeze<Recipe>();

#if defined(__clang__)
// clang 14 prints a string in a template argument as numbers, but prints the arguments of a non-constant call verbatim. So
// the sentence is passed in pieces: in call to 'layer_is_wrong(1, &"dropout"[0], &"rate"[0], &"is"[0], 1, ...)'.
void network_is_wrong();  // never defined

template <class... Words>
constexpr bool layer_is_wrong(int, const char*, Words...) {
    return network_is_wrong(), false;
}

/// Calls f(value, low, high), with integers if all three are whole numbers.
template <class F>
constexpr bool in_numbers(F&& f, double value, double low, double high) {
    const auto whole = [](double x) {
        return x > -9e18 && x < 9e18 && x == static_cast<double>(static_cast<std::int64_t>(x));
    };
    if (!whole(value) || !whole(low) || !whole(high)) return f(value, low, high);
    return f(static_cast<std::int64_t>(value), static_cast<std::int64_t>(low), static_cast<std::int64_t>(high));
}

constexpr bool print_fault(const graph_fault& f) {
    const char* const kind = f.layer_kind.data();
    const char* const why = to_string(f.kind).data();
    switch (f.kind) {
        case fault_kind::shapes_differ:
        case fault_kind::window_larger_than_input:
            return layer_is_wrong(f.layer, kind, why, "expected", f.expected, "got", f.got);
        case fault_kind::too_large:
            return in_numbers(
                [&](auto value, auto, auto most) {
                    return layer_is_wrong(f.layer, kind, why, f.got, "gives", value, f.option.data(), "at most", most);
                },
                f.value, 0, f.allowed.high);
        case fault_kind::channels_not_divisible_by_groups:
            return in_numbers(
                [&](auto value, auto groups, auto) {
                    return layer_is_wrong(f.layer, kind, why, f.option.data(), "is", value, "allowed multiples of",
                                          groups);
                },
                f.value, f.allowed.low, f.allowed.high);
        default: break;
    }
    if (f.allowed == allowed_range{}) return layer_is_wrong(f.layer, kind, why);
    return in_numbers(
        [&](auto value, auto low, auto high) {
            return layer_is_wrong(f.layer, kind, f.option.empty() ? why : f.option.data(), "is", value, "allowed",
                                  f.allowed.open_low ? "(" : "[", low, high, f.allowed.open_high ? ")" : "]");
        },
        f.value, f.allowed.low, f.allowed.high);
}
#endif

/// Fails to compile for a faulty graph, with the fault in the compiler's message.
template <auto Recipe>
[[nodiscard]] constexpr bool check() {
    constexpr graph_fault wrong = drafted<Recipe>.wrong;
    if constexpr (wrong.kind != fault_kind::none) {
#if defined(__clang__)
        static_assert(print_fault(wrong), "eenn: the network is wrong; the calls below say which layer and why");
#else
        static_assert(sizeof(wrong_network<text_of(wrong)>) == 0,
                      "eenn: the network is wrong; the incomplete type above says which layer and why");
#endif
        return false;
    } else {
        return true;
    }
}

}  // namespace detail

// Runs a network type; defined in session.hpp.
template <class Network, class Weights = typename Network::packed>
class fixed_storage;
template <class Storage, class D, class X = serial>
class session;

/// @brief The network that a constexpr function returns, as a type without data.
///
/// Everything about it is a constant: `network<recipe>::macs`, `::parameters`, `::workspace_bytes`, the plan. Equal layers
/// share one kernel. A faulty network does not compile, and the message names the layer and the fault.
///
/// @tparam Recipe  A constexpr function (or captureless lambda) that returns a graph.
template <auto Recipe>
struct network {
    static_assert(detail::check<Recipe>(), "eenn: the network is wrong");

    static constexpr plan_view plan = detail::frozen<Recipe>.view();

    static constexpr shape input = plan.input;
    static constexpr int classes = plan.classes();
    static constexpr int exits = static_cast<int>(plan.exits.size());  ///< including the final one
    static constexpr std::int64_t macs = plan.sizes.macs;              ///< of one sample through the whole network
    static constexpr std::size_t parameters = plan.sizes.parameters;   ///< trainable
    static constexpr std::size_t parameter_elements = plan.parameter_elements();  ///< including running statistics
    static constexpr std::size_t workspace_elements = plan.sizes.workspace;
    static constexpr std::size_t workspace_bytes = plan.sizes.workspace_bytes();

    /// The activation arena for one sample.
    struct alignas(alignment) workspace {
        std::array<float, workspace_elements> data;
    };

    /// Inference kernels for scalar T.
    template <class T = float>
    [[nodiscard]] static constexpr executable<T> inference() noexcept {
        return {plan, id_span<step_id, const forward_operation<T>>{forward_table<T>}, packed_layout<T>.total};
    }
    /// Inference and training kernels for scalar T.
    template <class T = float>
    [[nodiscard]] static constexpr trainable<T> training() noexcept {
        return {inference<T>(), id_span<step_id, const backward_operation<T>>{backward_table<T>},
                packed_gradient_layout<T>.total, &training_passes_here<T>};
    }

    /// Packed weights of this network.
    struct packed : packed_array<float, network::template inference<float>().packed_elements> {};
    /// Runs samples (session.hpp); owns packed weights and arena.
    using session =
        eenn::session<fixed_storage<network, packed>, threshold_rules<std::array<exit_rule, plan.exits.size()>>>;
    /// Same, with packed weights stored elsewhere, such as in flash.
    using flash_session = eenn::session<fixed_storage<network, packed_view<float>>,
                                        threshold_rules<std::array<exit_rule, plan.exits.size()>>>;

private:
    using node = typename decltype(Recipe())::node;
    static constexpr std::size_t step_count = plan.steps.size();

    template <std::size_t I>
    struct step {
        static constexpr id_span<edge, const node> nodes{detail::frozen<Recipe>.nodes};
        static constexpr const step_info& info = detail::frozen<Recipe>.steps[I];
        static constexpr std::size_t kind = detail::step_kind(nodes[info.node].what);
        using layer = std::variant_alternative_t<kind, typename decltype(Recipe())::layer>;
        static constexpr problem<layer> value = detail::problem_of<layer>(info, nodes);
    };

    // The offset of each step's packed weights, and the total number of elements.
    struct packed_table {
        std::array<std::size_t, step_count> offsets{};
        std::size_t total = 0;
    };
    template <class T, std::size_t... I>
    [[nodiscard]] static constexpr packed_table pack_steps(std::index_sequence<I...>, bool gradient) {
        const std::array<std::size_t, step_count> sizes{
            (gradient ? packed_gradient_elements<T>(step<I>::value) : packed_elements<T>(step<I>::value))...};
        packed_table made;
        detail::packed_layout layout;
        for (std::size_t s = 0; s < step_count; ++s)
            made.offsets[s] = layout.place(sizes[s], gradient ? 0 : fold_elements(plan, plan.steps[step_id{s}]));
        made.total = layout.total;
        return made;
    }
    using all_steps = std::make_index_sequence<step_count>;
    template <class T>
    static constexpr packed_table packed_layout = pack_steps<T>(all_steps{}, false);
    template <class T>
    static constexpr packed_table packed_gradient_layout = pack_steps<T>(all_steps{}, true);

    template <class T, std::size_t I>
    using kernels_of_step = detail::kernels_of<T, typename step<I>::layer, constant<step<I>::value>>;

    template <class T, std::size_t... I>
    [[nodiscard]] static constexpr std::array<forward_operation<T>, step_count> forward_operations(
        std::index_sequence<I...>) {
        return {
            {{nullptr, &kernels_of_step<T, I>::forward, &kernels_of_step<T, I>::pack, packed_layout<T>.offsets[I]}...}};
    }
    template <class T, std::size_t... I>
    [[nodiscard]] static constexpr std::array<backward_operation<T>, step_count> backward_operations(
        std::index_sequence<I...>) {
        return {{{nullptr, &kernels_of_step<T, I>::backward, &kernels_of_step<T, I>::pack_gradient,
                  packed_gradient_layout<T>.offsets[I]}...}};
    }
    template <class T>
    static constexpr auto forward_table = forward_operations<T>(all_steps{});
    template <class T>
    static constexpr auto backward_table = backward_operations<T>(all_steps{});
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif

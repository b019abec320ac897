// SPDX-License-Identifier: MIT
//
// detail/binding.hpp - a graph's plan with a function table for one instruction set, built at run time.
// Floor 4 (network); host subset. Tested by tests/network/lower.cpp.
#ifndef EENN_NETWORK_DETAIL_BINDING_HPP
#define EENN_NETWORK_DETAIL_BINDING_HPP

#include <eenn/core/isa.hpp>
#include <eenn/network/detail/executable.hpp>
#include <eenn/network/detail/lower.hpp>

#include <memory>
#include <type_traits>
#include <vector>

namespace eenn {

/// @brief A graph's plan and the kernels of its steps. Its views are valid until it is moved or destroyed.
///
/// The type names no instruction set. Its maker (`bind` here, or eenn::compiled) fills it with functions for one.
template <class T>
struct binding {
    eenn::plan plan;
    std::vector<std::shared_ptr<const void>> problems;  ///< what the operations' `self` pointers refer to
    id_vector<step_id, forward_operation<T>> forward;
    std::size_t packed_elements = 0;
    id_vector<step_id, backward_operation<T>> backward;  ///< empty until bind_backward()
    std::size_t packed_gradient_elements = 0;
    const training_passes<T>* passes = nullptr;

    [[nodiscard]] executable<T> inference() const { return {plan.view(), forward, packed_elements}; }
    [[nodiscard]] trainable<T> training() const { return {inference(), backward, packed_gradient_elements, passes}; }
};

inline namespace EENN_ISA {

namespace detail {

/// Calls visit(type of the layer whose kernels run, step) for every step.
template <class Graph, class F>
void each_step(const Graph& g, const plan& lowered, F&& visit) {
    for (const auto& step : lowered.steps) {
        std::visit(
            [&]<class L>(const L&) {
                using runs = std::conditional_t<L::role == layer_role::operation, L, typename Graph::carrier>;
                visit(std::type_identity<runs>{}, step);
            },
            g.nodes()[step.node].what);
    }
}

}  // namespace detail

/// @brief Binds a graph to kernels of this translation unit, which therefore compiles those of every layer in the set.
template <class T, class Graph>
[[nodiscard]] binding<T> bind(const Graph& g) {
    binding<T> made;
    made.plan = lower(g);
    detail::packed_layout packed;
    detail::each_step(g, made.plan, [&]<class L>(std::type_identity<L>, const step_info& step) {
        using kernels = detail::kernels_of<T, L, dynamic<problem<L>>>;
        const auto p = std::make_shared<const problem<L>>(
            detail::problem_of<L>(step, id_span<edge, const typename Graph::node>{g.nodes()}));
        const std::size_t offset = packed.place(packed_elements<T>(*p), fold_elements(made.plan.view(), step));
        made.forward.push_back({p.get(), &kernels::forward, &kernels::pack, offset});
        made.problems.push_back(p);
    });
    made.packed_elements = packed.total;
    return made;
}

/// @brief Adds the backward kernels. Separate, so that a program that never trains does not compile them.
template <class T, class Graph>
void bind_backward(const Graph& g, binding<T>& made) {
    detail::packed_layout packed;
    detail::each_step(g, made.plan, [&]<class L>(std::type_identity<L>, const step_info&) {
        using kernels = detail::kernels_of<T, L, dynamic<problem<L>>>;
        const void* self = made.forward[made.backward.end_id()].self;
        const auto& p = *static_cast<const problem<L>*>(self);
        const std::size_t offset = packed.place(packed_gradient_elements<T>(p), 0);
        made.backward.push_back({self, &kernels::backward, &kernels::pack_gradient, offset});
    });
    made.packed_gradient_elements = packed.total;
    made.passes = &training_passes_here<T>;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

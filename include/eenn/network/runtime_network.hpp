// SPDX-License-Identifier: MIT
//
// runtime_network.hpp - a graph compiled at run time: the same plan and the same kernels as network<recipe>.
// Floor 4 (network); host subset.
#ifndef EENN_NETWORK_RUNTIME_NETWORK_HPP
#define EENN_NETWORK_RUNTIME_NETWORK_HPP

#include <eenn/core/isa.hpp>
#include <eenn/network/executable.hpp>
#include <eenn/network/lower.hpp>

#include <memory>
#include <type_traits>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

/// @brief A graph compiled at run time for scalar T. Movable; views from it hold as long as it lives unmoved.
///
/// @par Errors  eenn::error for a graph without layers; faulty layers throw when the graph is built.
template <class T, class Graph>
class runtime_network {
public:
    explicit runtime_network(const Graph& g);
    runtime_network(const runtime_network&) = delete;
    runtime_network& operator=(const runtime_network&) = delete;
    runtime_network(runtime_network&&) noexcept = default;
    runtime_network& operator=(runtime_network&&) noexcept = default;

    [[nodiscard]] plan_view plan() const { return plan_.view(); }
    [[nodiscard]] executable<T> inference() const { return {plan(), forward_, packed_}; }
    /// The first call adds the backward kernels; a program that never trains does not compile them.
    [[nodiscard]] trainable<T> training();

private:
    /// visit(type of the layer whose kernels run, step) for every step.
    template <class F>
    void each_step(F&& visit) const {
        for (const auto& step : plan_.steps) {
            std::visit(
                [&]<class L>(const L&) {
                    using runs = std::conditional_t<L::role == layer_role::operation, L, typename Graph::carrier>;
                    visit(std::type_identity<runs>{}, step);
                },
                nodes_[static_cast<std::size_t>(step.node)].what);
        }
    }

    std::vector<typename Graph::node> nodes_;
    eenn::plan plan_;
    std::vector<std::shared_ptr<const void>> problems_;  // what the operations point at
    std::vector<forward_operation<T>> forward_;
    std::vector<backward_operation<T>> backward_;
    std::size_t packed_ = 0;
    std::size_t packed_gradient_ = 0;
};

// Outside of the class: `extern template class runtime_network<float, graph>;` then keeps a source from compiling the kernels.

template <class T, class Graph>
runtime_network<T, Graph>::runtime_network(const Graph& g) : nodes_{g.nodes()} {
    if (g.here().node == 0) raise("runtime_network", "the graph has no layers", "append at least one");
    plan_ = lower(g);
    detail::packed_layout packed;
    each_step([&]<class L>(std::type_identity<L>, const step_info& step) {
        using kernels = detail::kernels_of<T, L, dynamic<problem<L>>>;
        const auto p = std::make_shared<const problem<L>>(detail::problem_of<L>(step, nodes_));
        const std::size_t offset = packed.place(packed_elements<T>(*p), fold_elements(plan(), step));
        forward_.push_back({p.get(), &kernels::forward, &kernels::pack, offset});
        problems_.push_back(p);
    });
    packed_ = packed.total;
}

template <class T, class Graph>
trainable<T> runtime_network<T, Graph>::training() {
    if (backward_.empty()) {
        detail::packed_layout packed;
        each_step([&]<class L>(std::type_identity<L>, const step_info&) {
            using kernels = detail::kernels_of<T, L, dynamic<problem<L>>>;
            const void* self = forward_[backward_.size()].self;
            const auto& p = *static_cast<const problem<L>*>(self);
            const std::size_t offset = packed.place(packed_gradient_elements<T>(p), 0);
            backward_.push_back({self, &kernels::backward, &kernels::pack_gradient, offset});
        });
        packed_gradient_ = packed.total;
    }
    return {inference(), backward_, packed_gradient_};
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

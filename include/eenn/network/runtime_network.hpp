// SPDX-License-Identifier: MIT
//
// runtime_network.hpp - a graph compiled at run time: the same plan and the same kernels as network<recipe>.
// Floor 4 (network); host subset.
#ifndef EENN_NETWORK_RUNTIME_NETWORK_HPP
#define EENN_NETWORK_RUNTIME_NETWORK_HPP

#include <eenn/network/executable.hpp>
#include <eenn/network/lower.hpp>

#include <memory>
#include <vector>

namespace eenn {

/// @brief A graph compiled at run time for scalar T. Movable; views from it hold as long as it lives unmoved.
///
/// @par Errors  eenn::error for a graph without layers; faulty layers throw when the graph is built.
template <class T, class Graph>
class runtime_network {
public:
    explicit runtime_network(const Graph& g) : nodes_{g.nodes()} {
        if (g.here().node == 0) raise("runtime_network", "the graph has no layers", "append at least one");
        plan_ = lower(g);
        for (const auto& step : plan_.steps) {
            std::visit(
                [&]<class L>(const L&) {
                    if constexpr (L::role == layer_role::operation) {
                        add_step<L>(step);
                    } else {
                        add_step<typename Graph::carrier>(step);
                    }
                },
                nodes_[static_cast<std::size_t>(step.node)].what);
        }
    }
    runtime_network(const runtime_network&) = delete;
    runtime_network& operator=(const runtime_network&) = delete;
    runtime_network(runtime_network&&) noexcept = default;
    runtime_network& operator=(runtime_network&&) noexcept = default;

    [[nodiscard]] plan_view plan() const { return plan_.view(); }
    [[nodiscard]] executable<T> inference() const { return {plan(), forward_, packed_}; }
    [[nodiscard]] trainable<T> training() const { return {inference(), backward_, packed_gradient_}; }

private:
    template <class L>
    void add_step(const step_info& step) {
        using kernels = detail::kernels_of<T, L, dynamic<problem<L>>>;
        const auto p = std::make_shared<const problem<L>>(detail::problem_of<L>(step, nodes_));
        forward_.push_back({p.get(), &kernels::forward, &kernels::pack, packed_});
        backward_.push_back({p.get(), &kernels::backward, &kernels::pack_gradient, packed_gradient_});
        packed_ += round_up(packed_elements<T>(*p), workspace_grain);
        packed_gradient_ += round_up(packed_gradient_elements<T>(*p), workspace_grain);
        problems_.push_back(p);
    }

    std::vector<typename Graph::node> nodes_;
    eenn::plan plan_;
    std::vector<std::shared_ptr<const void>> problems_;    // what the operations point at
    std::vector<forward_operation<T>> forward_;
    std::vector<backward_operation<T>> backward_;
    std::size_t packed_ = 0;
    std::size_t packed_gradient_ = 0;
};

}  // namespace eenn

#endif

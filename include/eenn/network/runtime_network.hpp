// SPDX-License-Identifier: MIT
//
// runtime_network.hpp - compiles a graph at run time, with the same plan and kernels as network<recipe>.
// Floor 4 (network); host subset. Tested by tests/network/phases.cpp.
#ifndef EENN_NETWORK_RUNTIME_NETWORK_HPP
#define EENN_NETWORK_RUNTIME_NETWORK_HPP

#include <eenn/core/isa.hpp>
#include <eenn/network/detail/binding.hpp>
#if defined(EENN_COMPILED)
#include <eenn/network/detail/compiled.hpp>
#endif

namespace eenn {
inline namespace EENN_ISA {

/// @brief A graph compiled at run time for scalar T. Movable; its views are valid until it is moved or destroyed.
///
/// Uses the kernels of this translation unit. If the program links eenn::compiled and the graph has standard layers on
/// float, it uses the kernels of that library.
///
/// @par Errors  eenn::error for a graph without layers; faulty layers throw while the graph is built.
template <class T, class Graph>
class runtime_network {
public:
    explicit runtime_network(const Graph& g);
    runtime_network(const runtime_network&) = delete;
    runtime_network& operator=(const runtime_network&) = delete;
    runtime_network(runtime_network&&) noexcept = default;
    runtime_network& operator=(runtime_network&&) noexcept = default;

    [[nodiscard]] plan_view plan() const { return bound_.plan.view(); }
    [[nodiscard]] executable<T> inference() const& { return bound_.inference(); }
    /// The first call binds the backward kernels. A program that never trains does not compile them.
    [[nodiscard]] trainable<T> training() &;
    // A view of a temporary would dangle.
    executable<T> inference() const&& = delete;
    trainable<T> training() && = delete;

private:
    Graph graph_;
    binding<T> bound_;
};

/// `const runtime_network net{g}` computes in float.
template <class Layers>
runtime_network(const basic_graph<Layers>&) -> runtime_network<float, basic_graph<Layers>>;

// Outside the class, so that `extern template class runtime_network<float, graph>;` avoids compiling the kernels.

template <class T, class Graph>
runtime_network<T, Graph>::runtime_network(const Graph& g) : graph_{g} {
    if (g.here() == edge{0}) raise("runtime_network", "the graph has no layers", "append at least one");
    bound_ = bind<T>(graph_);
}

template <class T, class Graph>
trainable<T> runtime_network<T, Graph>::training() & {
    if (bound_.backward.empty()) bind_backward(graph_, bound_);
    return bound_.training();
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

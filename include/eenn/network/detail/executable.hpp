// SPDX-License-Identifier: MIT
//
// detail/executable.hpp - a plan with the kernels of its steps, run by inference and training, whether it was compiled
// into a type or at run time.
// Floor 4 (network). Tested by tests/network/phases.cpp. Letters: N = samples.
#ifndef EENN_NETWORK_DETAIL_EXECUTABLE_HPP
#define EENN_NETWORK_DETAIL_EXECUTABLE_HPP

#include <eenn/core/isa.hpp>
#include <eenn/network/detail/training_passes.hpp>
#include <eenn/network/plan.hpp>

#include <array>
#include <cmath>
#include <type_traits>
#include <variant>

namespace eenn {

/// @brief How to run one step forward. `self` is the problem if it is stored at run time, else null.
template <class T>
struct forward_operation {
    const void* self = nullptr;
    void (*forward)(const void* self, const forward_args<T>&) noexcept = nullptr;
    void (*pack)(const void* self, const T* weights, const T* scale, const T* shift, T* packed) = nullptr;
    std::size_t packed = 0;  ///< offset in the packed weights
};

/// @brief How to run one step backward.
template <class T>
struct backward_operation {
    const void* self = nullptr;
    void (*backward)(const void* self, const backward_args<T>&) = nullptr;
    void (*pack)(const void* self, const T* weights, T* packed) = nullptr;
    std::size_t packed = 0;
};

/// @brief A network ready for inference: numbers and kernels, no data. A view; the network behind it must outlive it.
template <class T>
struct executable {
    plan_view plan{};
    id_span<step_id, const forward_operation<T>> forward;
    std::size_t packed_elements = 0;
};

/// @brief A network ready for training.
template <class T>
struct trainable : executable<T> {
    id_span<step_id, const backward_operation<T>> backward;
    std::size_t packed_gradient_elements = 0;
    const training_passes<T>* passes = nullptr;
};

inline namespace EENN_ISA {

namespace detail {

/// The kernels of a layer for a problem known at compile time (P = constant<...>) or stored at `self` (P = dynamic<...>).
template <class P>
[[nodiscard]] constexpr P problem_at(const void* self) noexcept {
    if constexpr (P::known) {
        return P{};
    } else {
        return P{*static_cast<const decltype(P::value)*>(self)};
    }
}

template <class T, class L, class P>
struct kernels_of {
    static void forward(const void* self, const forward_args<T>& args) noexcept {
        L::template forward<T>(problem_at<P>(self), args);
    }
    static void pack(const void* self, const T* weights, const T* scale, const T* shift, T* packed) {
        eenn::pack<T>(problem_at<P>(self), weights, scale, shift, packed);
    }
    static void backward(const void* self, const backward_args<T>& args) {
        L::template backward<T>(problem_at<P>(self), args);
    }
    static void pack_gradient(const void* self, const T* weights, T* packed) {
        eenn::pack_gradient<T>(problem_at<P>(self), weights, packed);
    }
};

/// The index of the layer whose kernels run a step: the layer of its operation, or the carrier (index 0).
template <class... L>
[[nodiscard]] constexpr std::size_t step_kind(const std::variant<L...>& what) {
    constexpr std::array operations{(L::role == layer_role::operation)...};
    return operations[what.index()] ? what.index() : 0;
}

/// The problem of a step whose operation is of type L. A carrier works on the first input of the layer it carries.
template <class L, class Node>
[[nodiscard]] constexpr problem<L> problem_of(const step_info& step, id_span<edge, const Node> nodes) {
    const Node& node = nodes[step.node];
    problem<L> p;
    if (const auto* what = std::get_if<L>(&node.what)) p.layer = *what;
    p.inputs = step.input_count;
    for (std::size_t i = 0; i < step.input_count && i < p.in.size(); ++i) p.in[i] = nodes[node.inputs[i]].out;
    p.out = node.out;
    p.norm = step.norm.exists();
    p.chosen = step.chosen;
    return p;
}

}  // namespace detail

/// @brief Batch norm as one scale and one shift per channel, computed from the running statistics.
template <class T>
void fold_norm(const step_info& step, std::size_t channels, const T* parameters, T* scale, T* shift) noexcept {
    for (std::size_t c = 0; c < channels; ++c) {
        const T gamma = parameters[step.norm_weights + c];
        const T beta = parameters[step.norm_weights + channels + c];
        const T mean = parameters[step.norm_state + c];
        const T var = parameters[step.norm_state + channels + c];
        scale[c] = gamma / std::sqrt(var + static_cast<T>(float{step.epsilon}));
        shift[c] = beta - mean * scale[c];
    }
}

/// @brief Elements that pack_weights() needs to fold a step's norm. It uses the packed weights behind the step, which later
/// steps have not written yet.
[[nodiscard]] constexpr std::size_t fold_elements(const plan_view& plan, const step_info& step) noexcept {
    return step.norm.exists() ? round_up(2 * plan.values[step.output].size.channels(), workspace_grain) : 0;
}

namespace detail {

/// Layout of the packed weights, step after step, with room for folding behind each step.
struct packed_layout {
    std::size_t next = 0;
    std::size_t total = 0;

    /// Returns the offset of the next step.
    constexpr std::size_t place(std::size_t elements, std::size_t fold) noexcept {
        const std::size_t at = next;
        next += round_up(elements, workspace_grain);
        total = next + fold > total ? next + fold : total;
        return at;
    }
};

}  // namespace detail

/// @brief Prepares parameters for inference: folds batch norms and lays weights out for the kernels.
///
/// @par Shapes  parameters (plan.parameter_elements()), packed (net.packed_elements).
/// @par Cost    one pass over the parameters. @par Memory  none: norms are folded in the part of `packed` not yet written.
template <class T>
void pack_weights(const executable<T>& net, std::span<const std::type_identity_t<T>> parameters,
                  std::span<std::type_identity_t<T>> packed) noexcept {
    for (const step_id s : net.plan.steps.ids()) {
        const step_info& step = net.plan.steps[s];
        const auto& op = net.forward[s];
        T* scale = nullptr;
        T* shift = nullptr;
        if (const std::size_t room = fold_elements(net.plan, step); room > 0) {
            const std::size_t channels = net.plan.values[step.output].size.channels();
            scale = packed.last(room).data();
            shift = scale + channels;
            fold_norm(step, channels, parameters.data(), scale, shift);
        }
        op.pack(op.self, parameters.data() + step.weights, scale, shift, packed.data() + op.packed);
    }
}

/// @brief Workspace elements that run_steps() needs for `thread_count` threads: the arena plus scratch per extra thread.
[[nodiscard]] constexpr std::size_t workspace_elements(const plan_view& plan, int thread_count) noexcept {
    return plan.sizes.workspace + static_cast<std::size_t>(thread_count - 1) * plan.sizes.divided_scratch;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// executable.hpp - a plan with the kernels of its steps: what inference and training run, whichever phase made it.
// Floor 4 (network). Letters: N = samples.
#ifndef EENN_NETWORK_EXECUTABLE_HPP
#define EENN_NETWORK_EXECUTABLE_HPP

#include <eenn/core/executor.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/network/plan.hpp>
#include <eenn/network/training_passes.hpp>

#include <array>
#include <cmath>
#include <type_traits>
#include <variant>

namespace eenn {

/// @brief How to run one step forward. `self` is the problem where the phase keeps it at run time, else null.
template <class T>
struct forward_operation {
    const void* self = nullptr;
    void (*forward)(const void* self, const forward_args<T>&) noexcept = nullptr;
    void (*pack)(const void* self, const T* weights, const T* scale, const T* shift, T* packed) = nullptr;
    std::size_t packed = 0;  ///< offset among the packed weights
};

/// @brief How to run one step backward.
template <class T>
struct backward_operation {
    const void* self = nullptr;
    void (*backward)(const void* self, const backward_args<T>&) = nullptr;
    void (*pack)(const void* self, const T* weights, T* packed) = nullptr;
    std::size_t packed = 0;
};

/// @brief A network ready to infer: numbers and kernels, no data. A view; the network behind it must outlive it.
template <class T>
struct executable {
    plan_view plan{};
    std::span<const forward_operation<T>> forward;
    std::size_t packed_elements = 0;
};

/// @brief A network ready to train.
template <class T>
struct trainable : executable<T> {
    std::span<const backward_operation<T>> backward;
    std::size_t packed_gradient_elements = 0;
    const training_passes<T>* passes = nullptr;
};

inline namespace EENN_ISA {

namespace detail {

/// The kernels of a layer for a problem that the compiler knows (P = constant<...>) or finds at `self` (P = dynamic<...>).
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

/// Which layer's kernels a step runs: those of its operation, or of the carrier (index 0).
template <class... L>
[[nodiscard]] constexpr std::size_t step_kind(const std::variant<L...>& what) {
    constexpr std::array operations{(L::role == layer_role::operation)...};
    return operations[what.index()] ? what.index() : 0;
}

/// The problem of a step whose operation is of type L; a carrier works on its layer's first input.
template <class L, class Nodes>
[[nodiscard]] constexpr problem<L> problem_of(const step_info& step, const Nodes& nodes) {
    const auto& node = nodes[static_cast<std::size_t>(step.node)];
    problem<L> p;
    if (const auto* what = std::get_if<L>(&node.what)) p.layer = *what;
    p.inputs = step.input_count;
    for (std::size_t i = 0; i < static_cast<std::size_t>(step.input_count) && i < p.in.size(); ++i) {
        p.in[i] = nodes[static_cast<std::size_t>(node.inputs[i])].out;
    }
    p.out = node.out;
    p.norm = step.norm >= 0;
    p.chosen = step.chosen;
    return p;
}

}  // namespace detail

/// @brief Batch norm as one scale and shift per channel, from the running statistics.
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

/// @brief Elements in which pack_weights() folds the norm of a step: the end of the packed weights, where the steps after it
/// have not been written yet.
[[nodiscard]] constexpr std::size_t fold_elements(const plan_view& plan, const step_info& step) noexcept {
    if (step.norm < 0) return 0;
    const auto channels = static_cast<std::size_t>(plan.values[static_cast<std::size_t>(step.output)].size.c);
    return round_up(2 * channels, workspace_grain);
}

namespace detail {

/// The steps' packed weights one after another, and room to fold in behind each of them.
struct packed_layout {
    std::size_t next = 0;
    std::size_t total = 0;

    /// The offset of the next step.
    constexpr std::size_t place(std::size_t elements, std::size_t fold) noexcept {
        const std::size_t at = next;
        next += round_up(elements, workspace_grain);
        total = next + fold > total ? next + fold : total;
        return at;
    }
};

}  // namespace detail

/// @brief Prepares parameters for inference: batch norms folded, weights laid out for the kernels.
///
/// @par Shapes  parameters (plan.parameter_elements()), packed (net.packed_elements).
/// @par Cost    one pass over the parameters. @par Memory  none: norms are folded in `packed`, before it is filled to its end.
template <class T>
void pack_weights(const executable<T>& net, const T* parameters, T* packed) noexcept {
    for (std::size_t s = 0; s < net.plan.steps.size(); ++s) {
        const step_info& step = net.plan.steps[s];
        const auto& op = net.forward[s];
        T* scale = nullptr;
        T* shift = nullptr;
        if (const std::size_t room = fold_elements(net.plan, step); room > 0) {
            const auto output = static_cast<std::size_t>(step.output);
            const auto channels = static_cast<std::size_t>(net.plan.values[output].size.c);
            scale = packed + net.packed_elements - room;
            shift = scale + channels;
            fold_norm(step, channels, parameters, scale, shift);
        }
        op.pack(op.self, parameters + step.weights, scale, shift, packed + op.packed);
    }
}

/// @brief Elements that run_steps() wants on so many threads: the memory plan, and scratch for each further thread.
[[nodiscard]] constexpr std::size_t workspace_elements(const plan_view& plan, int thread_count) noexcept {
    return plan.sizes.workspace + static_cast<std::size_t>(thread_count - 1) * plan.sizes.divided_scratch;
}

/// @brief Runs steps [first, last) of one sample over its workspace; value 0 is read at `input`.
///
/// @param workspace  (workspace_elements(plan, executor.concurrency())).
/// @par Threads  const; callers bring their own workspace. The executor's threads divide the larger steps among them, and
///               every element is the same for any number of them.
template <class T, class E = const serial>
requires Executor<std::remove_reference_t<E>>
void run_steps(const executable<T>& net, int first, int last, const T* packed, const T* input, T* workspace,
               E&& executor = E{}) noexcept {
    const auto at = [&](int value) -> const T* {
        return value == 0 ? input : workspace + net.plan.values[static_cast<std::size_t>(value)].offset;
    };
    const int threads = executor.concurrency();
    for (int s = first; s < last; ++s) {
        const step_info& step = net.plan.steps[static_cast<std::size_t>(s)];
        const auto& op = net.forward[static_cast<std::size_t>(s)];
        forward_args<T> args;
        for (std::size_t i = 0; i < static_cast<std::size_t>(step.input_count); ++i) args.in[i] = at(step.inputs[i]);
        args.out = workspace + net.plan.values[static_cast<std::size_t>(step.output)].offset;
        args.packed = packed + op.packed;
        args.scratch = workspace + step.scratch;
        if (step.residual >= 0) args.residual = at(step.residual);
        args.act = step.act;
        if (threads == 1 || !step.divides) {
            op.forward(op.self, args);
            continue;
        }
        executor.run(threads, [&](int i) {
            forward_args<T> part = args;
            part.mine = {i, threads};
            if (i > 0) part.scratch = workspace + workspace_elements(net.plan, i);
            op.forward(op.self, part);
        });
    }
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

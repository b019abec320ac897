// SPDX-License-Identifier: MIT
//
// layer.hpp - the Layer concept, and the vocabulary shared by all layers and the graph.
// Floor 3 (layers). Tested by tests/layers/own_layer.cpp.
// Letters: N = samples, H, W, C = height, width, channels (channels last).
//
// A layer is a literal struct. It declares its outputs and costs (output, tensors, macs), all constexpr, and its
// kernels (forward, backward: static templates over the phase). The same struct works in a run-time graph and, as part
// of a template argument, in a compile-time network. Its members are therefore integers, enums, bools and `real`.
#ifndef EENN_LAYERS_LAYER_HPP
#define EENN_LAYERS_LAYER_HPP

#include <eenn/core/detail/checked.hpp>
#include <eenn/core/detail/constant.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/kernels/detail/activation_kind.hpp>
#include <eenn/kernels/detail/method.hpp>
#include <eenn/kernels/detail/share.hpp>
#include <eenn/layers/detail/fault.hpp>
#include <eenn/tensor/shape.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace eenn {

using kernels::activation;
using kernels::activation_kind;
using kernels::kernel_choice;

/// @brief The output shape of a layer, or the reason why there is none.
struct output_shape {
    shape value{};
    layer_fault why{};

    constexpr output_shape(shape made) : value{made} {}
    constexpr output_shape(const layer_fault& wrong) : why{wrong} {}
    constexpr output_shape(fault_kind kind, shape wanted, shape found)
        : why{.kind = kind, .expected = wanted, .got = found} {}
};

/// @brief (H,W,C) as a layer's output, or a fault if it is too large. `in` is the layer's first input.
[[nodiscard]] constexpr output_shape output_of(std::int64_t h, std::int64_t w, std::int64_t c, shape in) {
    constexpr std::int64_t most = most_elements;
    if (h <= most && w <= most && c <= most) {
        const shape made{static_cast<int>(h), static_cast<int>(w), static_cast<int>(c)};
        if (h < 1 || w < 1 || c < 1 || made.fits()) return made;
    }
    const double elements = static_cast<double>(h) * static_cast<double>(w) * static_cast<double>(c);
    return too_large("elements", elements, most_elements, in);
}

/// @brief How a graph treats a layer.
enum class layer_role : unsigned char {
    operation,   ///< computes; becomes a separate step
    norm,        ///< fuses into the step that produces its input, else becomes an identity step
    activation,  ///< likewise
    sum,         ///< likewise, as the residual of the later of its two inputs
    reshape,     ///< no work: the same memory with another shape
};

/// @brief Initial values of a tensor. The fans are the layer's: inputs and outputs of one unit.
enum class initializer : unsigned char { zeros, ones, he_normal, glorot_uniform };

/// @brief How a layer's output channels depend on its input channels.
enum class channel_flow : unsigned char {
    makes,    ///< each output channel depends on all input channels; a subset can be selected
    keeps,    ///< channel c of the output comes from channel c of every input
    joins,    ///< concatenates the channels of its inputs
    repeats,  ///< repeats the channels of its input once per pixel
    pads,     ///< adds constant channels around those of the input, `channels_before` of them in front
    fixed,    ///< unknown: neither input nor output channels may be selected
};

/// @brief One parameter tensor of a layer: its name, dimensions and role in training.
struct tensor_spec {
    std::string_view name{};
    std::array<int, 4> dims{1, 1, 1, 1};
    int rank = 1;
    initializer start = initializer::zeros;
    int fan_in = 1;
    int fan_out = 1;
    bool trainable = true;  ///< false: training updates it by other means (running statistics)
    bool decay = false;     ///< weight decay applies
    int input_axis = -1;    ///< the axis indexed by input channel; -1: none
    int output_axis = 0;    ///< the axis indexed by output channel; -1: none

    [[nodiscard]] constexpr std::span<const int> sizes() const noexcept {
        return {dims.data(), static_cast<std::size_t>(rank)};
    }
    /// Never overflows: saturates, see checked.hpp.
    [[nodiscard]] constexpr std::size_t elements() const noexcept {
        std::size_t count = 1;
        for (const int size : sizes()) count = saturated_product(count, static_cast<std::size_t>(size));
        return count;
    }
};

/// @brief The parameter tensors of one layer, at most four.
struct tensor_list {
    static constexpr std::size_t capacity = 4;

    std::array<tensor_spec, capacity> items{};
    int count = 0;

    constexpr void push_back(const tensor_spec& spec) { items[static_cast<std::size_t>(count++)] = spec; }
    [[nodiscard]] constexpr const tensor_spec* begin() const noexcept { return items.data(); }
    [[nodiscard]] constexpr const tensor_spec* end() const noexcept { return items.data() + count; }
    [[nodiscard]] constexpr std::size_t elements() const noexcept {
        std::size_t sum = 0;
        for (const auto& spec : *this) sum = saturated_sum(sum, spec.elements());
        return sum;
    }
};

/// @brief Maximum number of inputs of a layer.
inline constexpr int max_inputs = 4;

/// @brief Maximum number of inputs of layer type L: L::arity, or 1.
template <class L>
inline constexpr int arity = [] {
    if constexpr (requires { L::arity; }) {
        return L::arity;
    } else {
        return 1;
    }
}();

inline namespace EENN_ISA {

/// @brief A layer with its shapes in a network: the structural value that kernels are specialised on.
template <class L>
struct problem {
    L layer{};
    std::array<shape, arity<L>> in{};
    std::size_t inputs = 1;
    shape out{};
    bool norm = false;       ///< pack() gets a per-channel scale and shift to fold
    kernel_choice chosen{};  ///< the result of the layer's select() when the plan was made

    friend constexpr bool operator==(const problem&, const problem&) = default;
};

}  // namespace EENN_ISA

/// @brief Arguments of a forward kernel. Tensors are dense (N,H,W,C).
template <class T>
struct forward_args {
    int samples = 1;
    std::array<const T*, max_inputs> in{};
    T* out = nullptr;             ///< may alias in[0] or residual if the memory plan says so
    const T* packed = nullptr;    ///< parameters in the layout of pack()
    const T* residual = nullptr;  ///< added before the activation, or null
    T* scratch = nullptr;         ///< scratch memory of scratch_of() elements
    activation act{};
    bool training = false;     ///< enables dropout
    std::uint64_t seed = 0;    ///< seed of this pass
    std::uint64_t stream = 0;  ///< random stream of this step
    int first_sample = 0;      ///< index of the first sample of this range in the batch
    kernels::share mine{};     ///< the share of a single sample's output to compute; everything unless divides<L>
};

/// @brief Arguments of a backward kernel. It reads `dout` and adds into `dweights`.
template <class T>
struct backward_args {
    int samples = 1;
    std::array<const T*, max_inputs> in{};
    const T* out = nullptr;                     ///< final output of the step; may be null if a norm followed
    const T* dout = nullptr;                    ///< gradient of forward()'s result before norm, residual and activation
    std::array<T*, max_inputs> din{};           ///< null if not wanted
    std::array<bool, max_inputs> accumulate{};  ///< add to din instead of overwriting it
    const T* packed_gradient = nullptr;         ///< parameters in the layout of pack_gradient()
    T* dweights = nullptr;                      ///< gradients of the layer's trainable tensors, concatenated, or null
    T* scratch = nullptr;                       ///< scratch memory of scratch_of() elements
    bool training = true;                       ///< as in forward()
    std::uint64_t seed = 0;
    std::uint64_t stream = 0;
    int first_sample = 0;
};

/// @brief A layer for use in graphs. CONTRIBUTING explains how to write one.
template <class L>
concept Layer = requires(const L& layer, std::span<const shape> in) {
    { L::kind } -> std::convertible_to<std::string_view>;
    { L::role } -> std::convertible_to<layer_role>;
    { layer.output(in) } -> std::convertible_to<output_shape>;
};

/// @brief A recipe for several layers: build(graph&) appends them.
template <class L, class Graph>
concept Composite = requires(const L& layer, Graph& graph) {
    layer.build(graph);
};

/// @brief Whether forward() of L applies norm, residual and activation itself.
template <class L>
inline constexpr bool fuses_epilogue = requires {
    requires L::fuses_epilogue;
};

/// @brief Whether forward() of L can compute a share of one sample's output, so that threads can divide a sample.
template <class L>
inline constexpr bool divides = requires {
    requires L::divides;
};

/// @brief Whether L may write its output in place over its first input.
template <class L>
inline constexpr bool in_place = requires {
    requires L::in_place;
};

/// @brief Elements of scratch that forward() and backward() of a layer need per thread.
struct scratch_elements {
    std::size_t forward = 0;
    std::size_t backward = 0;
};

inline namespace EENN_ISA {

/// @brief The channel flow of a layer. By default norms, activations and sums keep channels, and the flow of an
/// operation is unknown.
template <class L>
[[nodiscard]] constexpr channel_flow channels_of(const L& layer, std::span<const shape> in) {
    if constexpr (requires { layer.channels(in); }) {
        return layer.channels(in);
    } else {
        return L::role == layer_role::operation || L::role == layer_role::reshape ? channel_flow::fixed
                                                                                  : channel_flow::keeps;
    }
}

/// @brief The tensors of a layer; none by default.
template <class L>
[[nodiscard]] constexpr tensor_list tensors_of(const L& layer, std::span<const shape> in) {
    if constexpr (requires { layer.tensors(in); }) {
        return layer.tensors(in);
    } else {
        return {};
    }
}

/// @brief Multiply-accumulates of a layer for one sample, including taps on padding; zero by default.
template <class L>
[[nodiscard]] constexpr std::int64_t macs_of(const L& layer, std::span<const shape> in) {
    if constexpr (requires { layer.macs(in); }) {
        return layer.macs(in);
    } else {
        return 0;
    }
}

/// @brief The kernels of a layer's passes. A layer with several kernels declares select().
template <class L>
[[nodiscard]] constexpr kernel_choice select_of(const problem<L>& p, const kernels::target& on) {
    if constexpr (requires { L::select(p, on); }) {
        return L::select(p, on);
    } else {
        // An inherited select() takes the base's problem. Without this check, the layer would run other kernels than
        // chosen.
        static_assert(
            !requires { &L::select; }, "eenn: select() of a layer takes a problem of that layer and a target");
        return {};
    }
}

/// @brief Scratch size of a layer for its chosen kernels; none by default. Counted for float, the only type whose
/// kernels need scratch.
template <class L>
[[nodiscard]] constexpr scratch_elements scratch_of(const problem<L>& p) {
    if constexpr (requires { L::scratch(p); }) {
        return L::scratch(p);
    } else {
        static_assert(
            !requires { &L::scratch; }, "eenn: scratch() of a layer takes a problem of that layer");
        return {};
    }
}

/// @brief Elements of T that pack() writes. By default, the tensors unchanged.
template <class T, class L>
[[nodiscard]] constexpr std::size_t packed_elements(const problem<L>& p) {
    if constexpr (requires { L::template packed_elements<T>(p); }) {
        return L::template packed_elements<T>(p);
    } else {
        return tensors_of(p.layer, p.in).elements();
    }
}

/// @brief Packs the parameters for forward(), folding in a per-channel scale and shift if given.
template <class T, class P>
constexpr void pack(P p, const T* weights, const T* scale, const T* shift, T* packed) {
    using L = std::remove_cvref_t<decltype(p.value.layer)>;
    if constexpr (requires { L::pack(p, weights, scale, shift, packed); }) {
        L::pack(p, weights, scale, shift, packed);
    } else {
        const std::size_t count = packed_elements<T>(p.value);
        for (std::size_t i = 0; i < count; ++i) packed[i] = weights[i];
    }
}

/// @brief Elements of T that pack_gradient() writes. By default, the tensors unchanged.
template <class T, class L>
[[nodiscard]] constexpr std::size_t packed_gradient_elements(const problem<L>& p) {
    if constexpr (requires { L::template packed_gradient_elements<T>(p); }) {
        return L::template packed_gradient_elements<T>(p);
    } else {
        return tensors_of(p.layer, p.in).elements();
    }
}

/// @brief Packs the parameters for backward().
template <class T, class P>
constexpr void pack_gradient(P p, const T* weights, T* packed) {
    using L = std::remove_cvref_t<decltype(p.value.layer)>;
    if constexpr (requires { L::pack_gradient(p, weights, packed); }) {
        L::pack_gradient(p, weights, packed);
    } else {
        const std::size_t count = packed_gradient_elements<T>(p.value);
        for (std::size_t i = 0; i < count; ++i) packed[i] = weights[i];
    }
}

/// @brief Input checks shared by output() of all layers: the number of inputs, and equal shapes.
[[nodiscard]] constexpr layer_fault wrong_inputs(std::span<const shape> in, int fewest, int most) {
    return wrong_number(fault_kind::wrong_number_of_inputs, static_cast<double>(in.size()),
                        allowed_range::closed(fewest, most));
}
[[nodiscard]] constexpr output_shape same_shapes(std::span<const shape> in, int wanted) {
    if (std::ssize(in) != wanted) return wrong_inputs(in, wanted, wanted);
    for (const auto& s : in) {
        if (!(s == in[0])) return {fault_kind::shapes_differ, in[0], s};
    }
    return in[0];
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

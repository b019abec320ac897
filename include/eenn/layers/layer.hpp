// SPDX-License-Identifier: MIT
//
// layer.hpp - what a layer is: the vocabulary shared by every layer and by the graph.
// Floor 3 (layers). tests/layers/own_layer.cpp reaches it.
// Letters: N = samples, H, W, C = height, width, channels (channels last).
//
// A layer is a literal struct. It says what it makes of its inputs (output, tensors, macs), all constexpr, and how
// (forward, backward: static templates over the phase). The same struct serves a graph at run time and, as part of a
// template argument, a network fixed at compile time; that is why its members are integers, enums, bools and `real`.
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

/// @brief The shape that a layer makes, or why it cannot.
struct output_shape {
    shape value{};
    layer_fault why{};

    constexpr output_shape(shape made) : value{made} {}
    constexpr output_shape(const layer_fault& wrong) : why{wrong} {}
    constexpr output_shape(fault_kind kind, shape wanted, shape found)
        : why{.kind = kind, .expected = wanted, .got = found} {}
};

/// @brief (H,W,C) as the output of a layer, unless it is too large. `in` is the layer's first input.
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
    operation,   ///< computes; becomes a step of its own
    norm,        ///< joins the step that makes its input, else becomes an identity step
    activation,  ///< likewise
    sum,         ///< likewise, as the residual of the later of its two inputs
    reshape,     ///< no work: the same memory under another shape
};

/// @brief How a tensor starts. The fans are those of the layer: inputs and outputs of one unit.
enum class initializer : unsigned char { zeros, ones, he_normal, glorot_uniform };

/// @brief How the channels that a layer makes follow from those of its inputs.
enum class channel_flow : unsigned char {
    makes,    ///< channels of its own, each from all that come in: they can be chosen anew
    keeps,    ///< channel c of the output comes from channel c of every input
    joins,    ///< those of its inputs one after another
    repeats,  ///< those of its input, once a pixel
    pads,     ///< those of its input between constant ones, `channels_before` of them before it
    fixed,    ///< not known: neither what comes in nor what goes out may be chosen anew
};

/// @brief One parameter tensor of a layer: its name, sizes and how training treats it.
struct tensor_spec {
    std::string_view name{};
    std::array<int, 4> dims{1, 1, 1, 1};
    int rank = 1;
    initializer start = initializer::zeros;
    int fan_in = 1;
    int fan_out = 1;
    bool trainable = true;  ///< false: state that training updates by other means (running statistics)
    bool decay = false;     ///< weight decay applies
    int input_axis = -1;    ///< the axis that has an entry an input channel; -1: none
    int output_axis = 0;    ///< the axis that has an entry an output channel; -1: none

    [[nodiscard]] constexpr std::span<const int> sizes() const noexcept {
        return {dims.data(), static_cast<std::size_t>(rank)};
    }
    /// Never wraps: see checked.hpp.
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

/// @brief Most inputs that one layer may have.
inline constexpr int max_inputs = 4;

/// @brief Most inputs that a layer of type L may have: L::arity, or one.
template <class L>
inline constexpr int arity = [] {
    if constexpr (requires { L::arity; }) {
        return L::arity;
    } else {
        return 1;
    }
}();

inline namespace EENN_ISA {

/// @brief A layer at its place in a network: the structural value that a kernel is specialised for.
template <class L>
struct problem {
    L layer{};
    std::array<shape, arity<L>> in{};
    std::size_t inputs = 1;
    shape out{};
    bool norm = false;       ///< pack() is given a per-channel scale and shift to fold
    kernel_choice chosen{};  ///< what select() of the layer said when the plan was made

    friend constexpr bool operator==(const problem&, const problem&) = default;
};

}  // namespace EENN_ISA

/// @brief What a forward kernel works on. Tensors are dense (N,H,W,C).
template <class T>
struct forward_args {
    int samples = 1;
    std::array<const T*, max_inputs> in{};
    T* out = nullptr;             ///< may be in[0] or residual where the memory plan says so
    const T* packed = nullptr;    ///< parameters as pack() laid them out
    const T* residual = nullptr;  ///< added before the activation, or null
    T* scratch = nullptr;         ///< as many elements as scratch_of() says
    activation act{};
    bool training = false;     ///< dropout drops
    std::uint64_t seed = 0;    ///< of this pass
    std::uint64_t stream = 0;  ///< of this step
    int first_sample = 0;      ///< of this range within the batch
    kernels::share mine{};     ///< what part of the one sample's output to make; everything unless divides<L>
};

/// @brief What a backward kernel works on. It reads `dout` and adds into `dweights`.
template <class T>
struct backward_args {
    int samples = 1;
    std::array<const T*, max_inputs> in{};
    const T* out = nullptr;                     ///< what came out in the end; may be null where a norm followed
    const T* dout = nullptr;                    ///< gradient of what forward() made before norm, residual, activation
    std::array<T*, max_inputs> din{};           ///< null where not wanted
    std::array<bool, max_inputs> accumulate{};  ///< add to din instead of writing it
    const T* packed_gradient = nullptr;         ///< parameters as pack_gradient() laid them out
    T* dweights = nullptr;                      ///< the layer's trainable tensors one after another, or null
    T* scratch = nullptr;                       ///< as many elements as scratch_of() says
    bool training = true;                       ///< as forward() had it
    std::uint64_t seed = 0;
    std::uint64_t stream = 0;
    int first_sample = 0;
};

/// @brief A layer that the graph can hold; see CONTRIBUTING for how to write one.
template <class L>
concept Layer = requires(const L& layer, std::span<const shape> in) {
    { L::kind } -> std::convertible_to<std::string_view>;
    { L::role } -> std::convertible_to<layer_role>;
    { layer.output(in) } -> std::convertible_to<output_shape>;
};

/// @brief A recipe for several layers: build(graph&) adds them.
template <class L, class Graph>
concept Composite = requires(const L& layer, Graph& graph) {
    layer.build(graph);
};

/// @brief Whether forward() of L applies norm, residual and activation itself.
template <class L>
inline constexpr bool fuses_epilogue = requires {
    requires L::fuses_epilogue;
};

/// @brief Whether forward() of L can make one share of one sample's output, so that threads divide it.
template <class L>
inline constexpr bool divides = requires {
    requires L::divides;
};

/// @brief Whether the output of L may take the memory of its first input.
template <class L>
inline constexpr bool in_place = requires {
    requires L::in_place;
};

/// @brief Elements that forward() and backward() of a layer write beside their results, for one thread.
struct scratch_elements {
    std::size_t forward = 0;
    std::size_t backward = 0;
};

inline namespace EENN_ISA {

/// @brief What a layer says of its channels; by default norms, activations and sums keep theirs, and of an operation nothing
/// is known.
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

/// @brief Multiply-accumulates of a layer for one sample, padding taps included; zero by default.
template <class L>
[[nodiscard]] constexpr std::int64_t macs_of(const L& layer, std::span<const shape> in) {
    if constexpr (requires { layer.macs(in); }) {
        return layer.macs(in);
    } else {
        return 0;
    }
}

/// @brief The kernels of a layer for its passes: a layer that has several declares select().
template <class L>
[[nodiscard]] constexpr kernel_choice select_of(const problem<L>& p, const kernels::target& on) {
    if constexpr (requires { L::select(p, on); }) {
        return L::select(p, on);
    } else {
        // One that was inherited takes its base's problem: without it other kernels would run than were chosen.
        static_assert(
            !requires { &L::select; }, "eenn: select() of a layer takes a problem of that layer and a target");
        return {};
    }
}

/// @brief The scratch of a layer by the chosen kernels; none by default. It holds for float, the type that kernels need
/// scratch for.
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

/// @brief Elements of T that pack() fills. By default the tensors as they are.
template <class T, class L>
[[nodiscard]] constexpr std::size_t packed_elements(const problem<L>& p) {
    if constexpr (requires { L::template packed_elements<T>(p); }) {
        return L::template packed_elements<T>(p);
    } else {
        return tensors_of(p.layer, p.in).elements();
    }
}

/// @brief Lays the parameters out for forward(), folding a per-channel scale and shift where given.
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

/// @brief Elements of T that pack_gradient() fills. By default the tensors as they are.
template <class T, class L>
[[nodiscard]] constexpr std::size_t packed_gradient_elements(const problem<L>& p) {
    if constexpr (requires { L::template packed_gradient_elements<T>(p); }) {
        return L::template packed_gradient_elements<T>(p);
    } else {
        return tensors_of(p.layer, p.in).elements();
    }
}

/// @brief Lays the parameters out for backward().
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

/// @brief Shared checks of output(): the number of inputs, and that they are equal.
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

// SPDX-License-Identifier: MIT
//
// activations.hpp - elementwise activation functions, and softmax, as layers.
// Floor 3 (layers). Tested by tests/layers/shapes.cpp.
#ifndef EENN_LAYERS_ACTIVATIONS_HPP
#define EENN_LAYERS_ACTIVATIONS_HPP

#include <eenn/kernels/detail/softmax.hpp>
#include <eenn/layers/layer.hpp>

namespace eenn {

/// @brief Common base of the activation layers.
struct activation_layer {
    static constexpr layer_role role = layer_role::activation;
    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const { return same_shapes(in, 1); }
    friend constexpr bool operator==(const activation_layer&, const activation_layer&) = default;
};

/// @brief max(x, 0).
struct relu : activation_layer {
    static constexpr std::string_view kind = "relu";
    [[nodiscard]] constexpr activation function() const { return {activation_kind::relu, {}}; }
    friend constexpr bool operator==(const relu&, const relu&) = default;
};
/// @brief min(max(x, 0), 6).
struct relu6 : activation_layer {
    static constexpr std::string_view kind = "relu6";
    [[nodiscard]] constexpr activation function() const { return {activation_kind::relu6, {}}; }
    friend constexpr bool operator==(const relu6&, const relu6&) = default;
};
/// @brief x if x > 0, else slope x; 0 < slope < 1.
struct leaky_relu {
    static constexpr std::string_view kind = "leaky_relu";
    static constexpr layer_role role = layer_role::activation;
    real slope = 0.01;
    static constexpr std::string_view option_names[]{"slope"};
    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const {
        layer_fault wrong{};
        if (not_allowed(wrong, "slope", slope, allowed_range::open(0, 1))) return wrong;
        return same_shapes(in, 1);
    }
    [[nodiscard]] constexpr activation function() const { return {activation_kind::leaky_relu, slope}; }
    friend constexpr bool operator==(const leaky_relu&, const leaky_relu&) = default;
};
/// @brief 1 / (1 + exp(-x)).
struct sigmoid : activation_layer {
    static constexpr std::string_view kind = "sigmoid";
    [[nodiscard]] constexpr activation function() const { return {activation_kind::sigmoid, {}}; }
    friend constexpr bool operator==(const sigmoid&, const sigmoid&) = default;
};
/// @brief clamp(x / 6 + 1/2, 0, 1).
struct hard_sigmoid : activation_layer {
    static constexpr std::string_view kind = "hard_sigmoid";
    [[nodiscard]] constexpr activation function() const { return {activation_kind::hard_sigmoid, {}}; }
    friend constexpr bool operator==(const hard_sigmoid&, const hard_sigmoid&) = default;
};
/// @brief x hard_sigmoid(x).
struct hard_swish : activation_layer {
    static constexpr std::string_view kind = "hard_swish";
    [[nodiscard]] constexpr activation function() const { return {activation_kind::hard_swish, {}}; }
    friend constexpr bool operator==(const hard_swish&, const hard_swish&) = default;
};
/// @brief tanh(x). With `using namespace eenn`, write eenn::tanh, because the C library also has a tanh.
struct tanh : activation_layer {
    static constexpr std::string_view kind = "tanh";
    [[nodiscard]] constexpr activation function() const { return {activation_kind::tanh, {}}; }
    friend constexpr bool operator==(const tanh&, const tanh&) = default;
};
/// @brief exp(x_c) / sum exp(x) over the channels of each pixel. Exits produce logits: exit policies apply softmax
/// themselves.
struct softmax {
    static constexpr std::string_view kind = "softmax";
    static constexpr layer_role role = layer_role::operation;
    static constexpr bool in_place = true;

    friend constexpr bool operator==(const softmax&, const softmax&) = default;

    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const { return same_shapes(in, 1); }
    template <class T, class P>
    static void forward(P p, const forward_args<T>& a) noexcept {
        kernels::softmax_forward(a.samples * p.value.out.pixels(), p.value.out.c, a.in[0], a.out);
    }
    template <class T, class P>
    static void backward(P p, const backward_args<T>& a) noexcept {
        if (a.din[0] == nullptr) return;
        kernels::softmax_backward(a.samples * p.value.out.pixels(), p.value.out.c, a.out, a.dout, a.accumulate[0],
                                  a.din[0]);
    }
};

}  // namespace eenn

#endif

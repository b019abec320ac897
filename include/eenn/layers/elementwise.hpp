// SPDX-License-Identifier: MIT
//
// elementwise.hpp - layers that keep the shape: identity, batch norm, activations, add, multiply, dropout, softmax.
// Floor 3 (layers). Letters: C = channels.
#ifndef EENN_LAYERS_ELEMENTWISE_HPP
#define EENN_LAYERS_ELEMENTWISE_HPP

#include <eenn/kernels/dropout.hpp>
#include <eenn/kernels/elementwise.hpp>
#include <eenn/kernels/softmax.hpp>
#include <eenn/layers/layer.hpp>

namespace eenn {

/// @brief y = x. The step that carries a norm, an addition or an activation which no other step can take.
struct identity {
    static constexpr std::string_view kind = "identity";
    static constexpr layer_role role = layer_role::operation;
    static constexpr bool fuses_epilogue = true;
    static constexpr bool in_place = true;

    friend constexpr bool operator==(const identity&, const identity&) = default;

    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const { return same_shapes(in, 1); }

    template <class T, class P>
    static void forward(P p, const forward_args<T>& a) noexcept {
        const auto channels = static_cast<std::size_t>(p.value.out.c);
        const T* scale = p.value.norm && a.packed != nullptr ? a.packed : nullptr;
        kernels::affine(a.samples * p.value.out.pixels(), p.value.out.c, a.in[0], scale,
                        scale != nullptr ? scale + channels : nullptr, a.residual, a.act, a.out);
    }

    template <class T, class P>
    static void backward(P p, const backward_args<T>& a) noexcept {
        if (a.din[0] == nullptr) return;
        const std::size_t count = static_cast<std::size_t>(a.samples) * p.value.out.elements();
        if (a.accumulate[0]) {
            kernels::accumulate(count, a.dout, a.din[0]);
        } else {
            kernels::copy(count, a.dout, a.din[0]);
        }
    }

    template <class T>
    [[nodiscard]] static constexpr std::size_t packed_elements(const problem<identity>& p) {
        return p.norm ? 2 * static_cast<std::size_t>(p.out.c) : 0;
    }
    template <class T>
    static void pack(const problem<identity>& p, const T*, const T* scale, const T* shift, T* packed) {
        if (scale == nullptr) return;
        const auto channels = static_cast<std::size_t>(p.out.c);
        for (std::size_t i = 0; i < channels; ++i) {
            packed[i] = scale[i];
            packed[channels + i] = shift[i];
        }
    }
};

/// @brief y = gamma (x - mean) / sqrt(var + epsilon) + beta, per channel.
///
/// Training uses the batch's mean and biased variance and moves the running ones by `momentum` (variance unbiased,
/// as PyTorch does); inference uses the running ones. Tensors: gamma, beta [C]; state: mean, var [C].
///
/// @par Source  Ioffe, Szegedy (2015), algorithm 1.
struct batch_norm {
    static constexpr std::string_view kind = "batch_norm";
    static constexpr layer_role role = layer_role::norm;

    real epsilon = 1e-5;
    real momentum = 0.1;

    friend constexpr bool operator==(const batch_norm&, const batch_norm&) = default;

    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const { return same_shapes(in, 1); }
    [[nodiscard]] constexpr tensor_list tensors(std::span<const shape> in) const {
        const std::array<int, 4> per_channel{in[0].c, 1, 1, 1};
        tensor_list list;
        list.push_back({.name = "gamma", .dims = per_channel, .start = initializer::ones});
        list.push_back({.name = "beta", .dims = per_channel});
        list.push_back({.name = "mean", .dims = per_channel, .trainable = false});
        list.push_back({.name = "var", .dims = per_channel, .start = initializer::ones, .trainable = false});
        return list;
    }
};

/// @brief The common part of the activation layers.
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
/// @brief x where x > 0, else slope x; 0 < slope < 1.
struct leaky_relu {
    static constexpr std::string_view kind = "leaky_relu";
    static constexpr layer_role role = layer_role::activation;
    real slope = 0.01;
    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const {
        const float value = slope;
        if (!(value > 0 && value < 1)) return {fault_kind::option_out_of_range, {}, {}};
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
/// @brief tanh(x). Beside `using namespace eenn`, write eenn::tanh: the C library has a function of that name.
struct tanh : activation_layer {
    static constexpr std::string_view kind = "tanh";
    [[nodiscard]] constexpr activation function() const { return {activation_kind::tanh, {}}; }
    friend constexpr bool operator==(const tanh&, const tanh&) = default;
};

/// @brief a + b, two inputs of one shape.
struct add {
    static constexpr std::string_view kind = "add";
    static constexpr layer_role role = layer_role::sum;
    static constexpr int arity = 2;
    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const { return same_shapes(in, 2); }
    friend constexpr bool operator==(const add&, const add&) = default;
};

/// @brief a * b; b has the shape of a, or is (1,1,C), one factor a channel, or (H,W,1), one factor a pixel.
struct multiply {
    static constexpr std::string_view kind = "multiply";
    static constexpr layer_role role = layer_role::operation;
    static constexpr int arity = 2;

    friend constexpr bool operator==(const multiply&, const multiply&) = default;

    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const {
        if (in.size() != 2) return same_shapes(in, 2);
        const shape a = in[0];
        const shape b = in[1];
        if (b == a || b == shape{1, 1, a.c} || b == shape{a.h, a.w, 1}) return a;
        return {fault_kind::shapes_differ, a, b};
    }
    template <class T, class P>
    static void forward(P p, const forward_args<T>& a) noexcept {
        kernels::multiply(a.samples, p.value.in[0], p.value.in[1], a.in[0], a.in[1], a.out);
    }
    template <class T, class P>
    static void backward(P p, const backward_args<T>& a) noexcept {
        kernels::multiply_backward(a.samples, p.value.in[0], p.value.in[1], a.in[0], a.in[1], a.dout, a.accumulate[0], a.din[0],
                                   a.accumulate[1], a.din[1]);
    }
};

/// @brief Training zeroes each element with probability `rate` and scales the rest by 1 / (1 - rate); inference is y = x.
///
/// @par Source  Srivastava et al. (2014), in the inverted form.
struct dropout {
    static constexpr std::string_view kind = "dropout";
    static constexpr layer_role role = layer_role::operation;
    static constexpr bool in_place = true;

    real rate = 0.5;

    friend constexpr bool operator==(const dropout&, const dropout&) = default;

    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const {
        const float value = rate;
        if (!(value >= 0 && value < 1)) return {fault_kind::option_out_of_range, {}, {}};
        return same_shapes(in, 1);
    }
    template <class T, class P>
    static void forward(P p, const forward_args<T>& a) noexcept {
        const std::size_t each = p.value.out.elements();
        const std::size_t count = static_cast<std::size_t>(a.samples) * each;
        if (a.training) {
            kernels::dropout_forward(count, float{p.value.layer.rate}, a.seed, a.stream,
                                     static_cast<std::uint64_t>(a.first_sample) * each, a.in[0], a.out);
        } else if (a.out != a.in[0]) {
            kernels::copy(count, a.in[0], a.out);
        }
    }
    template <class T, class P>
    static void backward(P p, const backward_args<T>& a) noexcept {
        if (a.din[0] == nullptr) return;
        const std::size_t each = p.value.out.elements();
        kernels::dropout_backward(static_cast<std::size_t>(a.samples) * each, float{p.value.layer.rate}, a.seed, a.stream,
                                  static_cast<std::uint64_t>(a.first_sample) * each, a.dout, a.accumulate[0], a.din[0]);
    }
};

/// @brief exp(x_c) / sum exp(x) over the channels of each pixel. Exits take logits: their policies apply it themselves.
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
        kernels::softmax_backward(a.samples * p.value.out.pixels(), p.value.out.c, a.out, a.dout, a.accumulate[0], a.din[0]);
    }
};

}  // namespace eenn

#endif

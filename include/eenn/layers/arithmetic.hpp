// SPDX-License-Identifier: MIT
//
// arithmetic.hpp - the sum of two tensors; the product of two tensors, or of a tensor and a gate.
// Floor 3 (layers). Tested by tests/layers/shapes.cpp.
#ifndef EENN_LAYERS_ARITHMETIC_HPP
#define EENN_LAYERS_ARITHMETIC_HPP

#include <eenn/kernels/detail/elementwise.hpp>
#include <eenn/layers/layer.hpp>

namespace eenn {

/// @brief a + b; both inputs have the same shape.
struct add {
    static constexpr std::string_view kind = "add";
    static constexpr layer_role role = layer_role::sum;
    static constexpr int arity = 2;
    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const { return same_shapes(in, 2); }
    friend constexpr bool operator==(const add&, const add&) = default;
};

/// @brief a * b. b has the shape of a, or is (1,1,C), one factor per channel, or (H,W,1), one factor per pixel.
struct multiply {
    static constexpr std::string_view kind = "multiply";
    static constexpr layer_role role = layer_role::operation;
    static constexpr int arity = 2;

    friend constexpr bool operator==(const multiply&, const multiply&) = default;

    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const {
        if (in.size() != 2) return wrong_inputs(in, 2, 2);
        const shape a = in[0];
        const shape b = in[1];
        if (b == a || b == shape{1, 1, a.c} || b == shape{a.h, a.w, 1}) return a;
        return {fault_kind::shapes_differ, a, b};
    }
    [[nodiscard]] constexpr channel_flow channels(std::span<const shape> /*in*/) const { return channel_flow::keeps; }
    template <class T, class P>
    static void forward(P p, const forward_args<T>& a) noexcept {
        kernels::multiply(a.samples, p.value.in[0], p.value.in[1], a.in[0], a.in[1], a.out);
    }
    template <class T, class P>
    static void backward(P p, const backward_args<T>& a) noexcept {
        kernels::multiply_backward(a.samples, p.value.in[0], p.value.in[1], a.in[0], a.in[1], a.dout, a.accumulate[0],
                                   a.din[0], a.accumulate[1], a.din[1]);
    }
};

}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// softmax.hpp - probabilities out of logits.
// Floor 3 (layers).
#ifndef EENN_LAYERS_SOFTMAX_HPP
#define EENN_LAYERS_SOFTMAX_HPP

#include <eenn/kernels/detail/softmax.hpp>
#include <eenn/layers/layer.hpp>

namespace eenn {

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
        kernels::softmax_backward(a.samples * p.value.out.pixels(), p.value.out.c, a.out, a.dout, a.accumulate[0],
                                  a.din[0]);
    }
};

}  // namespace eenn

#endif

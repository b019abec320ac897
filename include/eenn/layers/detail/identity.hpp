// SPDX-License-Identifier: MIT
//
// detail/identity.hpp - a layer that does nothing, so that a step can carry a norm, addition or activation.
// Floor 3 (layers). Tested by tests/network/edit.cpp.
#ifndef EENN_LAYERS_DETAIL_IDENTITY_HPP
#define EENN_LAYERS_DETAIL_IDENTITY_HPP

#include <eenn/kernels/detail/elementwise.hpp>
#include <eenn/layers/layer.hpp>

#include <algorithm>
#include <cstddef>

namespace eenn {

/// @brief y = x. Carries a norm, an addition or an activation that cannot join another step.
struct identity {
    static constexpr std::string_view kind = "identity";
    static constexpr layer_role role = layer_role::operation;
    static constexpr bool fuses_epilogue = true;
    static constexpr bool in_place = true;

    friend constexpr bool operator==(const identity&, const identity&) = default;

    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const { return same_shapes(in, 1); }
    [[nodiscard]] constexpr channel_flow channels(std::span<const shape> /*in*/) const { return channel_flow::keeps; }

    template <class T, class P>
    static void forward(P p, const forward_args<T>& a) noexcept {
        const T* scale = p.value.norm && a.packed != nullptr ? a.packed : nullptr;
        kernels::affine(a.samples * p.value.out.pixels(), p.value.out.c, a.in[0], scale,
                        scale != nullptr ? scale + p.value.out.c : nullptr, a.residual, a.act, a.out);
    }

    template <class T, class P>
    static void backward(P p, const backward_args<T>& a) noexcept {
        if (a.din[0] == nullptr) return;
        const auto count = static_cast<std::size_t>(a.samples * p.value.out.stride());
        if (a.accumulate[0]) {
            kernels::accumulate(count, a.dout, a.din[0]);
        } else {
            kernels::copy(count, a.dout, a.din[0]);
        }
    }

    template <class T>
    [[nodiscard]] static constexpr std::size_t packed_elements(const problem<identity>& p) {
        return p.norm ? 2 * p.out.channels() : 0;
    }
    template <class T, class P>
    static void pack(P p, const T*, const T* scale, const T* shift, T* packed) {
        if (scale == nullptr) return;
        std::copy_n(scale, p.value.out.c, packed);
        std::copy_n(shift, p.value.out.c, packed + p.value.out.c);
    }
};

}  // namespace eenn

#endif

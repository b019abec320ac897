// SPDX-License-Identifier: MIT
//
// dropout.hpp - dropout: random zeroing during training.
// Floor 3 (layers). Tested by tests/network/phases.cpp.
#ifndef EENN_LAYERS_DROPOUT_HPP
#define EENN_LAYERS_DROPOUT_HPP

#include <eenn/kernels/detail/dropout.hpp>
#include <eenn/kernels/detail/elementwise.hpp>
#include <eenn/layers/layer.hpp>

namespace eenn {

/// @brief In training, zeroes each element with probability `rate` and scales the rest by 1 / (1 - rate). In inference,
/// y = x.
///
/// @par Source  Srivastava et al. (2014), in the inverted form.
struct dropout {
    static constexpr std::string_view kind = "dropout";
    static constexpr layer_role role = layer_role::operation;
    static constexpr bool in_place = true;

    real rate = 0.5;

    static constexpr std::string_view option_names[]{"rate"};
    friend constexpr bool operator==(const dropout&, const dropout&) = default;

    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const {
        layer_fault wrong{};
        if (not_allowed(wrong, "rate", rate, allowed_range::half_open(0, 1))) return wrong;
        return same_shapes(in, 1);
    }
    [[nodiscard]] constexpr channel_flow channels(std::span<const shape> /*in*/) const { return channel_flow::keeps; }
    template <class T, class P>
    static void forward(P p, const forward_args<T>& a) noexcept {
        const std::size_t each = p.value.out.elements();
        const std::size_t count = static_cast<std::size_t>(a.samples) * each;
        if (a.training) {
            kernels::dropout_forward(count, p.value.layer.rate, a.seed, a.stream,
                                     static_cast<std::uint64_t>(a.first_sample) * each, a.in[0], a.out);
        } else if (a.out != a.in[0]) {
            kernels::copy(count, a.in[0], a.out);
        }
    }
    template <class T, class P>
    static void backward(P p, const backward_args<T>& a) noexcept {
        if (a.din[0] == nullptr) return;
        const std::size_t each = p.value.out.elements();
        const std::size_t count = static_cast<std::size_t>(a.samples) * each;
        if (a.training) {
            kernels::dropout_backward(count, p.value.layer.rate, a.seed, a.stream,
                                      static_cast<std::uint64_t>(a.first_sample) * each, a.dout, a.accumulate[0],
                                      a.din[0]);
        } else if (a.accumulate[0]) {
            kernels::accumulate(count, a.dout, a.din[0]);
        } else {
            kernels::copy(count, a.dout, a.din[0]);
        }
    }
};

}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// own_layer.hpp - a layer defined outside the library. One description makes it work for inference and training.
//
// gate: y = x * sigmoid(sharpness * a_c * x), with one learned a per channel (Swish with a trainable slope, Ramachandran et
// al. 2017).
#ifndef EENN_EXAMPLES_OWN_LAYER_HPP
#define EENN_EXAMPLES_OWN_LAYER_HPP

#include <eenn/network/standard.hpp>

#include <cmath>

namespace own {

using namespace eenn;

struct gate {
    static constexpr std::string_view kind = "gate";
    static constexpr layer_role role = layer_role::operation;

    real sharpness = 1.0;

    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const { return same_shapes(in, 1); }

    [[nodiscard]] constexpr tensor_list tensors(std::span<const shape> in) const {
        tensor_list list;
        list.push_back({.name = "slope", .dims = {in[0].c, 1, 1, 1}, .start = initializer::ones});
        return list;
    }

    // p.value is the layer itself: a constant in network<recipe>, a run-time value in a graph compiled at run time.
    template <class T, class P>
    static void forward(P p, const forward_args<T>& a) noexcept {
        each<T>(p, a.samples,
                [&](std::size_t i, std::size_t c) { a.out[i] = a.in[0][i] * squash<T>(p, a.packed[c] * a.in[0][i]); });
    }

    template <class T, class P>
    static void backward(P p, const backward_args<T>& a) noexcept {
        const T k = static_cast<T>(float{p.value.layer.sharpness});
        each<T>(p, a.samples, [&](std::size_t i, std::size_t c) {
            const T x = a.in[0][i];
            const T s = squash<T>(p, a.packed_gradient[c] * x);
            const T slope = s * (1 - s) * k;
            if (a.dweights != nullptr) a.dweights[c] += a.dout[i] * x * x * slope;
            if (a.din[0] == nullptr) return;
            const T d = a.dout[i] * (s + x * a.packed_gradient[c] * slope);
            a.din[0][i] = a.accumulate[0] ? a.din[0][i] + d : d;
        });
    }

private:
    template <class T, class P>
    static T squash(P p, T x) noexcept {
        return 1 / (1 + std::exp(-static_cast<T>(float{p.value.layer.sharpness}) * x));
    }
    template <class T, class P, class F>
    static void each(P p, int samples, F&& element) noexcept {
        const auto channels = static_cast<std::size_t>(p.value.out.c);
        const std::size_t count = static_cast<std::size_t>(samples) * p.value.out.elements();
        for (std::size_t i = 0; i < count; ++i) element(i, i % channels);
    }
};

struct layers {
    using layer = with_standard_layers<gate>;
};
using graph = basic_graph<layers>;

}  // namespace own

#endif

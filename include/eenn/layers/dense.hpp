// SPDX-License-Identifier: MIT
//
// dense.hpp - the fully connected layer.
// Floor 3 (layers). Tested by tests/layers/shapes.cpp. Letters: I = inputs, O = units.
#ifndef EENN_LAYERS_DENSE_HPP
#define EENN_LAYERS_DENSE_HPP

#include <eenn/kernels/detail/convolution.hpp>
#include <eenn/layers/layer.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace eenn {

/// @brief y = x W + b: (H,W,C) flattened to I = H W C values -> (1,1,O), weight [I][O], bias [O].
///
/// A batch runs as a pointwise convolution over its samples, on the same tiles.
///
/// @par Cost  I O multiply-accumulates.
struct dense {
    static constexpr std::string_view kind = "dense";
    static constexpr layer_role role = layer_role::operation;
    static constexpr bool fuses_epilogue = true;

    int units = 0;
    bool bias = true;

    static constexpr std::string_view option_names[]{"units", "bias"};
    friend constexpr bool operator==(const dense&, const dense&) = default;

    /// The geometry of the equivalent pointwise convolution.
    [[nodiscard]] constexpr kernels::convolution geometry(shape in) const {
        return {.in = {1, 1, static_cast<int>(in.elements())}, .out = {1, 1, units}};
    }

    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const {
        if (in.size() != 1) return wrong_inputs(in, 1, 1);
        layer_fault wrong{};
        if (not_allowed(wrong, "units", units, 1)) return wrong;
        if (std::cmp_greater(in[0].elements(), most_elements)) {
            return too_large("inputs", in[0].elements(), most_elements, in[0]);
        }
        return shape{1, 1, units};
    }

    [[nodiscard]] constexpr tensor_list tensors(std::span<const shape> in) const {
        const int features = static_cast<int>(in[0].elements());
        tensor_list list;
        list.push_back({.name = "weight",
                        .dims = {features, units, 1, 1},
                        .rank = 2,
                        .start = initializer::glorot_uniform,
                        .fan_in = features,
                        .fan_out = units,
                        .decay = true,
                        .input_axis = 0,
                        .output_axis = 1});
        if (bias) list.push_back({.name = "bias", .dims = {units, 1, 1, 1}});
        return list;
    }

    [[nodiscard]] constexpr channel_flow channels(std::span<const shape> /*in*/) const { return channel_flow::makes; }
    /// The same layer with another number of units.
    [[nodiscard]] constexpr dense resized(int /*inputs*/, int outputs) const {
        dense made = *this;
        made.units = outputs;
        return made;
    }

    [[nodiscard]] constexpr std::int64_t macs(std::span<const shape> in) const {
        const std::int64_t inputs = in[0].stride();
        return inputs * units;
    }

    [[nodiscard]] static constexpr kernel_choice select(const problem<dense>& p, const kernels::target& on) {
        return kernels::select(p.layer.geometry(p.in[0]), on).chosen;
    }

    template <class T, class P>
    static void forward(P p, const forward_args<T>& a) noexcept {
        kernels::forward(transformed(p, selected{}), a.samples, a.in[0], a.packed, a.residual, a.act, a.out, nullptr);
    }

    template <class T, class P>
    static void backward(P p, const backward_args<T>& a) noexcept {
        const auto g = transformed(p, selected{});
        if (a.din[0] != nullptr) {
            kernels::backward_data(g, a.samples, a.dout, a.packed_gradient, a.accumulate[0], a.din[0], nullptr);
        }
        if (a.dweights != nullptr) {
            const std::ptrdiff_t weights = p.value.in[0].stride() * p.value.layer.units;
            kernels::backward_weights(g, a.samples, a.in[0], a.dout, a.dweights,
                                      p.value.layer.bias ? a.dweights + weights : nullptr, nullptr);
        }
    }

    template <class T>
    [[nodiscard]] static constexpr std::size_t packed_elements(const problem<dense>& p) {
        return kernels::packed_size<T>(selected{}(p));
    }
    template <class T, class P>
    static void pack(P p, const T* weights, const T* scale, const T* shift, T* packed) {
        const std::ptrdiff_t count = p.value.in[0].stride() * p.value.layer.units;
        kernels::pack(transformed(p, selected{}), weights, p.value.layer.bias ? weights + count : nullptr, scale, shift,
                      packed);
    }
    template <class T>
    [[nodiscard]] static constexpr std::size_t packed_gradient_elements(const problem<dense>& p) {
        return kernels::packed_gradient_size<T>(selected{}(p));
    }
    template <class T, class P>
    static void pack_gradient(P p, const T* weights, T* packed) {
        kernels::pack_gradient(transformed(p, selected{}), weights, packed);
    }

private:
    struct selected {
        constexpr kernels::selected_convolution operator()(const problem<dense>& p) const {
            return {p.layer.geometry(p.in[0]), p.chosen};
        }
    };
};

}  // namespace eenn

#endif

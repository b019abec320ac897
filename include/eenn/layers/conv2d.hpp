// SPDX-License-Identifier: MIT
//
// conv2d.hpp - 2D, 1D and depthwise convolutions.
// Floor 3 (layers). Tested by tests/layers/shapes.cpp. Letters: I, O = input, output channels; G = groups; kh, kw = kernel.
#ifndef EENN_LAYERS_CONV2D_HPP
#define EENN_LAYERS_CONV2D_HPP

#include <eenn/kernels/detail/convolution.hpp>
#include <eenn/layers/detail/padding.hpp>
#include <eenn/layers/layer.hpp>

namespace eenn {

/// @brief Convolution: (H,W,I) -> (H',W',O), weight [kh][kw][I/G][O], bias [O] if requested.
///
/// No bias by default, because a following batch norm has its own shift. Set `.bias = true` if none follows.
/// `stride` and `dilation` apply to both axes unless `stride_w`, `dilation_w` are set.
///
/// @par Cost  H' W' O kh kw I / G multiply-accumulates.
struct conv2d {
    static constexpr std::string_view kind = "conv2d";
    static constexpr layer_role role = layer_role::operation;
    static constexpr bool fuses_epilogue = true;
    static constexpr bool divides = true;

    int filters = 0;
    int kernel_h = 3;
    int kernel_w = 3;
    int stride = 1;
    int stride_w = 0;  ///< 0: same as stride
    padding pad = same;
    int groups = 1;
    int dilation = 1;
    int dilation_w = 0;  ///< 0: same as dilation
    bool bias = false;

    static constexpr std::string_view option_names[]{"filters", "kernel_h", "kernel_w", "stride",     "stride_w",
                                                     "pad",     "groups",   "dilation", "dilation_w", "bias"};
    friend constexpr bool operator==(const conv2d&, const conv2d&) = default;

    [[nodiscard]] constexpr kernels::convolution geometry(shape in) const {
        const int step_w = stride_w == 0 ? stride : stride_w;
        const int spread_w = dilation_w == 0 ? dilation : dilation_w;
        const auto rows = place_window(in.h, kernel_h, stride, dilation, pad.how, pad.top, pad.bottom);
        const auto columns = place_window(in.w, kernel_w, step_w, spread_w, pad.how, pad.left, pad.right);
        return {in,          {rows.outputs, columns.outputs, filters},
                kernel_h,    kernel_w,
                stride,      step_w,
                rows.before, columns.before,
                dilation,    spread_w,
                groups};
    }

    [[nodiscard]] constexpr output_shape output(std::span<const shape> inputs) const {
        if (inputs.size() != 1) return wrong_inputs(inputs, 1, 1);
        const shape in = inputs[0];
        layer_fault wrong{};
        if (not_allowed(wrong, "filters", filters, 1) || not_allowed(wrong, "kernel_h", kernel_h, 1) ||
            not_allowed(wrong, "kernel_w", kernel_w, 1) || not_allowed(wrong, "stride", stride, 1) ||
            not_allowed(wrong, "stride_w", stride_w, 0) || not_allowed(wrong, "groups", groups, 1) ||
            not_allowed(wrong, "dilation", dilation, 1) || not_allowed(wrong, "dilation_w", dilation_w, 0) ||
            not_allowed(wrong, pad)) {
            return wrong;
        }
        if (in.c % groups != 0) return indivisible("channels of the input", in.c, groups);
        if (filters % groups != 0) return indivisible("filters", filters, groups);
        // Kernels use int to count the weights of a filter, those of an input channel, and the extent of the window.
        constexpr std::int64_t most = most_elements;
        std::int64_t taps = kernel_h;
        taps *= kernel_w;
        const std::int64_t channels = std::max(in.c, filters) / groups;
        if (taps > most || taps * channels > most) {
            return too_large("weights per channel", static_cast<double>(taps) * static_cast<double>(channels),
                             most_elements, in);
        }
        const std::int64_t rows = reach_of(kernel_h, dilation);
        const std::int64_t columns = reach_of(kernel_w, dilation_w == 0 ? dilation : dilation_w);
        if (std::max(rows, columns) > most) {
            return too_large("elements under the window", std::max(rows, columns), most_elements, in);
        }
        const auto made = geometry(in).out;
        if (made.h < 1 || made.w < 1) {
            return {fault_kind::window_larger_than_input,
                    shape{static_cast<int>(rows), static_cast<int>(columns), in.c}, in};
        }
        return output_of(made.h, made.w, made.c, in);
    }

    [[nodiscard]] constexpr tensor_list tensors(std::span<const shape> in) const {
        tensor_list list;
        const int taps = kernel_h * kernel_w;
        list.push_back({.name = "weight",
                        .dims = {kernel_h, kernel_w, in[0].c / groups, filters},
                        .rank = 4,
                        .start = initializer::he_normal,
                        .fan_in = taps * (in[0].c / groups),
                        .fan_out = taps * (filters / groups),
                        .decay = true,
                        .input_axis = groups == 1 ? 2 : -1,
                        .output_axis = 3});
        if (bias) list.push_back({.name = "bias", .dims = {filters, 1, 1, 1}});
        return list;
    }

    [[nodiscard]] constexpr channel_flow channels(std::span<const shape> in) const {
        if (groups == 1) return channel_flow::makes;
        return groups == in[0].c && filters == groups ? channel_flow::keeps : channel_flow::fixed;
    }
    /// The same convolution with other numbers of input and output channels.
    [[nodiscard]] constexpr conv2d resized(int inputs, int outputs) const {
        conv2d made = *this;
        made.filters = outputs;
        if (groups > 1) made.groups = inputs;
        return made;
    }

    [[nodiscard]] constexpr std::int64_t macs(std::span<const shape> in) const {
        const std::int64_t outputs = geometry(in[0]).out.stride();
        return outputs * kernel_h * kernel_w * (in[0].c / groups);
    }

    [[nodiscard]] static constexpr kernel_choice select(const problem<conv2d>& p, const kernels::target& on) {
        return kernels::select(p.layer.geometry(p.in[0]), on).chosen;
    }
    [[nodiscard]] static constexpr scratch_elements scratch(const problem<conv2d>& p) {
        const auto g = selected{}(p);
        return {kernels::scratch_size<float>(g),
                std::max(kernels::gradient_scratch_size<float>(g), kernels::weight_scratch_size<float>(g))};
    }

    template <class T, class P>
    static void forward(P p, const forward_args<T>& a) noexcept {
        kernels::forward(transformed(p, selected{}), a.samples, a.in[0], a.packed, a.residual, a.act, a.out, a.scratch,
                         a.mine);
    }

    template <class T, class P>
    static void backward(P p, const backward_args<T>& a) noexcept {
        const auto g = transformed(p, selected{});
        if (a.din[0] != nullptr) {
            kernels::backward_data(g, a.samples, a.dout, a.packed_gradient, a.accumulate[0], a.din[0], a.scratch);
        }
        if (a.dweights != nullptr) {
            const auto weights = p.value.layer.tensors(p.value.in).items[0].elements();
            kernels::backward_weights(g, a.samples, a.in[0], a.dout, a.dweights,
                                      p.value.layer.bias ? a.dweights + weights : nullptr, a.scratch);
        }
    }

    template <class T>
    [[nodiscard]] static constexpr std::size_t packed_elements(const problem<conv2d>& p) {
        return kernels::packed_size<T>(selected{}(p));
    }
    template <class T, class P>
    static void pack(P p, const T* weights, const T* scale, const T* shift, T* packed) {
        const auto count = p.value.layer.tensors(p.value.in).items[0].elements();
        kernels::pack(transformed(p, selected{}), weights, p.value.layer.bias ? weights + count : nullptr, scale, shift,
                      packed);
    }
    template <class T>
    [[nodiscard]] static constexpr std::size_t packed_gradient_elements(const problem<conv2d>& p) {
        return kernels::packed_gradient_size<T>(selected{}(p));
    }
    template <class T, class P>
    static void pack_gradient(P p, const T* weights, T* packed) {
        kernels::pack_gradient(transformed(p, selected{}), weights, packed);
    }

private:
    struct selected {
        constexpr kernels::selected_convolution operator()(const problem<conv2d>& p) const {
            return {p.layer.geometry(p.in[0]), p.chosen};
        }
    };
};

/// @brief Convolution over time: a signal (1,L,I) -> (1,L',O). Options as for conv2d.
struct conv1d {
    int filters = 0;
    int kernel = 3;
    int stride = 1;
    padding pad = same;
    int groups = 1;
    int dilation = 1;
    bool bias = false;

    template <class Graph>
    constexpr void build(Graph& g) const {
        g(conv2d{.filters = filters,
                 .kernel_h = 1,
                 .kernel_w = kernel,
                 .stride = 1,
                 .stride_w = stride,
                 .pad = pad,
                 .groups = groups,
                 .dilation = 1,
                 .dilation_w = dilation,
                 .bias = bias});
    }
};

/// @brief One filter per channel: (H,W,C) -> (H',W',C), weight [kh][kw][1][C].
struct depthwise_conv2d {
    int kernel_h = 3;
    int kernel_w = 3;
    int stride = 1;
    padding pad = same;
    int dilation = 1;
    int multiplier = 1;  ///< filters per channel
    bool bias = false;

    template <class Graph>
    constexpr void build(Graph& g) const {
        const int channels = g.shape_of(g.here()).c;
        std::int64_t filters = channels;
        filters *= multiplier;  // products beyond conv2d's range stay out of range, so conv2d rejects them
        g(conv2d{.filters = static_cast<int>(std::clamp<std::int64_t>(filters, 0, most_elements + 1)),
                 .kernel_h = kernel_h,
                 .kernel_w = kernel_w,
                 .stride = stride,
                 .pad = pad,
                 .groups = channels,
                 .dilation = dilation,
                 .bias = bias});
    }
};

}  // namespace eenn

#endif

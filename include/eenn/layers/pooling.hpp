// SPDX-License-Identifier: MIT
//
// pooling.hpp - pooling over windows or whole planes.
// Floor 3 (layers). Tested by tests/layers/shapes.cpp.
#ifndef EENN_LAYERS_POOLING_HPP
#define EENN_LAYERS_POOLING_HPP

#include <eenn/kernels/detail/pooling.hpp>
#include <eenn/layers/detail/padding.hpp>
#include <eenn/layers/layer.hpp>

namespace eenn {

/// @brief The window of max_pool and average_pool, and derived quantities.
///
/// A size of 0 is a default: kernel_w = kernel_h, strides = kernel. For signals (1,L,C), set `.kernel_h = 1`.
struct pooling_window {
    int kernel_h = 2;
    int kernel_w = 0;
    int stride = 0;
    int stride_w = 0;
    padding pad = valid;

    friend constexpr bool operator==(const pooling_window&, const pooling_window&) = default;

    [[nodiscard]] constexpr kernels::pooling geometry(shape in, bool count_padding) const {
        const int kw = kernel_w == 0 ? kernel_h : kernel_w;
        const int sh = stride == 0 ? kernel_h : stride;
        const int sw = stride_w != 0 ? stride_w : stride != 0 ? stride : kw;
        const auto rows = place_window(in.h, kernel_h, sh, 1, pad.how, pad.top, pad.bottom);
        const auto columns = place_window(in.w, kw, sw, 1, pad.how, pad.left, pad.right);
        return {in,           {rows.outputs, columns.outputs, in.c}, kernel_h, kw, sh, sw, rows.before, columns.before,
                count_padding};
    }

    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const {
        if (in.size() != 1) return wrong_inputs(in, 1, 1);
        const int kw = kernel_w == 0 ? kernel_h : kernel_w;
        layer_fault wrong{};
        if (not_allowed(wrong, "kernel_h", kernel_h, 1) || not_allowed(wrong, "kernel_w", kernel_w, 0) ||
            not_allowed(wrong, "stride", stride, 0) || not_allowed(wrong, "stride_w", stride_w, 0) ||
            not_allowed(wrong, pad, kernel_h - 1, kw - 1)) {
            return wrong;
        }
        std::int64_t taps = kernel_h;
        taps *= kw;
        if (taps > most_elements) return too_large("taps", taps, most_elements, in[0]);
        const auto made = geometry(in[0], false).out;
        if (made.h < 1 || made.w < 1)
            return {fault_kind::window_larger_than_input, shape{kernel_h, kw, in[0].c}, in[0]};
        return output_of(made.h, made.w, made.c, in[0]);
    }
};

/// @brief The maximum of each window, per channel; padding never wins. With ties, the first maximum gets the gradient.
struct max_pool {
    static constexpr std::string_view kind = "max_pool";
    static constexpr layer_role role = layer_role::operation;

    int kernel_h = 2;
    int kernel_w = 0;
    int stride = 0;
    int stride_w = 0;
    padding pad = valid;

    static constexpr std::string_view option_names[]{"kernel_h", "kernel_w", "stride", "stride_w", "pad"};
    friend constexpr bool operator==(const max_pool&, const max_pool&) = default;

    [[nodiscard]] constexpr pooling_window window() const { return {kernel_h, kernel_w, stride, stride_w, pad}; }
    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const { return window().output(in); }
    [[nodiscard]] constexpr channel_flow channels(std::span<const shape> /*in*/) const { return channel_flow::keeps; }

    struct geometry_of {
        constexpr kernels::pooling operator()(const problem<max_pool>& p) const {
            return p.layer.window().geometry(p.in[0], false);
        }
    };
    template <class T, class P>
    static void forward(P p, const forward_args<T>& a) noexcept {
        kernels::max_pool_forward(transformed(p, geometry_of{}), a.samples, a.in[0], a.out);
    }
    template <class T, class P>
    static void backward(P p, const backward_args<T>& a) noexcept {
        if (a.din[0] == nullptr) return;
        kernels::max_pool_backward(transformed(p, geometry_of{}), a.samples, a.in[0], a.dout, a.accumulate[0],
                                   a.din[0]);
    }
};

/// @brief The mean of each window, per channel, over the elements inside the input or, with count_padding, over the
/// whole window.
struct average_pool {
    static constexpr std::string_view kind = "average_pool";
    static constexpr layer_role role = layer_role::operation;

    int kernel_h = 2;
    int kernel_w = 0;
    int stride = 0;
    int stride_w = 0;
    padding pad = valid;
    bool count_padding = false;

    static constexpr std::string_view option_names[]{"kernel_h", "kernel_w", "stride",
                                                     "stride_w", "pad",      "count_padding"};
    friend constexpr bool operator==(const average_pool&, const average_pool&) = default;

    [[nodiscard]] constexpr pooling_window window() const { return {kernel_h, kernel_w, stride, stride_w, pad}; }
    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const { return window().output(in); }
    [[nodiscard]] constexpr channel_flow channels(std::span<const shape> /*in*/) const { return channel_flow::keeps; }

    struct geometry_of {
        constexpr kernels::pooling operator()(const problem<average_pool>& p) const {
            return p.layer.window().geometry(p.in[0], p.layer.count_padding);
        }
    };
    template <class T, class P>
    static void forward(P p, const forward_args<T>& a) noexcept {
        kernels::average_pool_forward(transformed(p, geometry_of{}), a.samples, a.in[0], a.out);
    }
    template <class T, class P>
    static void backward(P p, const backward_args<T>& a) noexcept {
        if (a.din[0] == nullptr) return;
        kernels::average_pool_backward(transformed(p, geometry_of{}), a.samples, a.dout, a.accumulate[0], a.din[0]);
    }
};

/// @brief (H,W,C) -> (1,1,C): the mean of each channel.
struct global_average_pool {
    static constexpr std::string_view kind = "global_average_pool";
    static constexpr layer_role role = layer_role::operation;

    friend constexpr bool operator==(const global_average_pool&, const global_average_pool&) = default;

    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const {
        if (in.size() != 1) return wrong_inputs(in, 1, 1);
        return shape{1, 1, in[0].c};
    }
    [[nodiscard]] constexpr channel_flow channels(std::span<const shape> /*in*/) const { return channel_flow::keeps; }
    template <class T, class P>
    static void forward(P p, const forward_args<T>& a) noexcept {
        kernels::global_average_pool_forward(a.samples, p.value.in[0], a.in[0], a.out);
    }
    template <class T, class P>
    static void backward(P p, const backward_args<T>& a) noexcept {
        if (a.din[0] == nullptr) return;
        kernels::global_average_pool_backward(a.samples, p.value.in[0], a.dout, a.accumulate[0], a.din[0]);
    }
};

/// @brief (H,W,C) -> (1,1,C): the maximum of each channel. With ties, the first maximum gets the gradient.
struct global_max_pool {
    static constexpr std::string_view kind = "global_max_pool";
    static constexpr layer_role role = layer_role::operation;

    friend constexpr bool operator==(const global_max_pool&, const global_max_pool&) = default;

    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const {
        if (in.size() != 1) return wrong_inputs(in, 1, 1);
        return shape{1, 1, in[0].c};
    }
    [[nodiscard]] constexpr channel_flow channels(std::span<const shape> /*in*/) const { return channel_flow::keeps; }
    template <class T, class P>
    static void forward(P p, const forward_args<T>& a) noexcept {
        kernels::global_max_pool_forward(a.samples, p.value.in[0], a.in[0], a.out);
    }
    template <class T, class P>
    static void backward(P p, const backward_args<T>& a) noexcept {
        if (a.din[0] == nullptr) return;
        kernels::global_max_pool_backward(a.samples, p.value.in[0], a.in[0], a.dout, a.accumulate[0], a.din[0]);
    }
};

}  // namespace eenn

#endif

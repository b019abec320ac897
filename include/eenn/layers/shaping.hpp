// SPDX-License-Identifier: MIT
//
// shaping.hpp - layers that rearrange elements: flatten, concat, pad.
// Floor 3 (layers). Tested by tests/layers/shapes.cpp.
#ifndef EENN_LAYERS_SHAPING_HPP
#define EENN_LAYERS_SHAPING_HPP

#include <eenn/kernels/detail/copy.hpp>
#include <eenn/layers/layer.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace eenn {

/// @brief (H,W,C) -> (1,1,H W C): the same memory, rows first, channels last. Free of cost.
struct flatten {
    static constexpr std::string_view kind = "flatten";
    static constexpr layer_role role = layer_role::reshape;
    friend constexpr bool operator==(const flatten&, const flatten&) = default;
    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const {
        if (in.size() != 1) return wrong_inputs(in, 1, 1);
        if (std::cmp_greater(in[0].elements(), most_elements)) {
            return too_large("elements", in[0].elements(), most_elements, in[0]);
        }
        return shape{1, 1, static_cast<int>(in[0].elements())};
    }
    [[nodiscard]] constexpr channel_flow channels(std::span<const shape> /*in*/) const { return channel_flow::repeats; }
};

/// @brief Concatenates two to four inputs of equal height and width along the channels.
struct concat {
    static constexpr std::string_view kind = "concat";
    static constexpr layer_role role = layer_role::operation;
    static constexpr int arity = max_inputs;

    friend constexpr bool operator==(const concat&, const concat&) = default;

    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const {
        if (in.size() < 2 || std::ssize(in) > arity) return wrong_inputs(in, 2, arity);
        std::int64_t channels = in[0].c;
        for (std::size_t i = 1; i < in.size(); ++i) {
            if (in[i].h != in[0].h || in[i].w != in[0].w) return {fault_kind::shapes_differ, in[0], in[i]};
            channels += in[i].c;
        }
        return output_of(in[0].h, in[0].w, channels, in[0]);
    }
    [[nodiscard]] constexpr channel_flow channels(std::span<const shape> /*in*/) const { return channel_flow::joins; }
    template <class T, class P>
    static void forward(P p, const forward_args<T>& a) noexcept {
        each(p, [&](std::size_t i, int channels, int offset) {
            kernels::concat_forward(a.samples * p.value.out.pixels(), channels, p.value.out.c, offset, a.in[i], a.out);
        });
    }
    template <class T, class P>
    static void backward(P p, const backward_args<T>& a) noexcept {
        each(p, [&](std::size_t i, int channels, int offset) {
            if (a.din[i] == nullptr) return;
            kernels::concat_backward(a.samples * p.value.out.pixels(), channels, p.value.out.c, offset, a.dout,
                                     a.accumulate[i], a.din[i]);
        });
    }

private:
    template <class P, class F>
    static void each(P p, F&& slice) noexcept {
        int offset = 0;
        for (std::size_t i = 0; i < p.value.inputs; ++i) {
            const int channels = p.value.in[i].c;
            slice(i, channels, offset);
            offset += channels;
        }
    }
};

/// @brief Adds rows and columns of `value` around each sample, and channels after (or before) the existing ones.
struct pad {
    static constexpr std::string_view kind = "pad";
    static constexpr layer_role role = layer_role::operation;

    int top = 0;
    int bottom = 0;
    int left = 0;
    int right = 0;
    int channels_before = 0;
    int channels_after = 0;
    real value = 0.0;

    static constexpr std::string_view option_names[]{
        "top", "bottom", "left", "right", "channels_before", "channels_after", "value"};
    friend constexpr bool operator==(const pad&, const pad&) = default;

    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const {
        if (in.size() != 1) return wrong_inputs(in, 1, 1);
        layer_fault wrong{};
        if (not_allowed(wrong, "top", top, 0) || not_allowed(wrong, "bottom", bottom, 0) ||
            not_allowed(wrong, "left", left, 0) || not_allowed(wrong, "right", right, 0) ||
            not_allowed(wrong, "channels_before", channels_before, 0) ||
            not_allowed(wrong, "channels_after", channels_after, 0) ||
            not_allowed(wrong, "value", value,
                        allowed_range::closed(-allowed_range::infinity, allowed_range::infinity))) {
            return wrong;
        }
        const std::int64_t h = in[0].h;
        const std::int64_t w = in[0].w;
        const std::int64_t c = in[0].c;
        return output_of(h + top + bottom, w + left + right, c + channels_before + channels_after, in[0]);
    }
    [[nodiscard]] constexpr channel_flow channels(std::span<const shape> /*in*/) const {
        return channels_before + channels_after == 0 ? channel_flow::keeps : channel_flow::pads;
    }
    template <class T, class P>
    static void forward(P p, const forward_args<T>& a) noexcept {
        const pad& l = p.value.layer;
        kernels::pad_forward(a.samples, p.value.in[0], p.value.out, l.top, l.left, l.channels_before, l.value, a.in[0],
                             a.out);
    }
    template <class T, class P>
    static void backward(P p, const backward_args<T>& a) noexcept {
        if (a.din[0] == nullptr) return;
        const pad& l = p.value.layer;
        kernels::pad_backward(a.samples, p.value.in[0], p.value.out, l.top, l.left, l.channels_before, a.dout,
                              a.accumulate[0], a.din[0]);
    }
};

}  // namespace eenn

#endif

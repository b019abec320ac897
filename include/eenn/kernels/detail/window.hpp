// SPDX-License-Identifier: MIT
//
// detail/window.hpp - where a window of taps overlaps its input; borders without padding.
// Floor 2 (kernels). Letters: o = output position, t = tap.
#ifndef EENN_KERNELS_DETAIL_WINDOW_HPP
#define EENN_KERNELS_DETAIL_WINDOW_HPP

#include <eenn/core/isa.hpp>

#include <algorithm>
#include <cstddef>

namespace eenn::kernels {
inline namespace EENN_ISA {

/// Most strides and dilations are 1, and on small layers divisions are noticeable: about 100 of them, 12 cycles each.
[[nodiscard]] constexpr int floor_divide(int a, int b) noexcept {
    if (b == 1) return a;
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}
[[nodiscard]] constexpr int ceil_divide(int a, int b) noexcept { return -floor_divide(-a, b); }

/// @brief One axis of a window: output o and tap t use input o stride + t dilation - pad, if that is in [0, in).
struct axis {
    int in;
    int out;
    int taps;
    int stride;
    int dilation;
    int pad;  ///< may be negative

    /// Taps of output o that are inside the input: [first, last).
    struct range {
        int first;
        int last;
        friend constexpr bool operator==(const range&, const range&) = default;
    };
    [[nodiscard]] constexpr range taps_at(int o) const noexcept {
        const int origin = pad - o * stride;
        const int first = std::max(0, ceil_divide(origin, dilation));
        const int last = std::min(taps, floor_divide(in - 1 + origin, dilation) + 1);
        return first < last ? range{first, last} : range{0, 0};
    }
    /// Outputs for which tap t is inside the input: [first, last).
    [[nodiscard]] constexpr range outputs_of(int t) const noexcept {
        const int origin = pad - t * dilation;
        const int first = std::max(0, ceil_divide(origin, stride));
        const int last = std::min(out, floor_divide(in - 1 + origin, stride) + 1);
        return first < last ? range{first, last} : range{0, 0};
    }
    /// Outputs with all taps inside the input: [first, last).
    [[nodiscard]] constexpr range interior() const noexcept {
        const int first = std::max(0, ceil_divide(pad, stride));
        const int last = std::min(out, floor_divide(in - 1 - (taps - 1) * dilation + pad, stride) + 1);
        return first < last ? range{first, last} : range{0, 0};
    }
    [[nodiscard]] constexpr std::ptrdiff_t input_of(std::ptrdiff_t o, int t) const noexcept {
        return o * stride + t * dilation - pad;
    }
};

/// @brief Calls f(outputs, taps) for runs of outputs with the same taps inside the input, from left to right.
template <class F>
constexpr void for_each_run(const axis& a, F&& f) {
    const auto inside = a.taps > 0 ? a.interior() : axis::range{0, a.out};
    for (int o = 0; o < a.out;) {
        axis::range outputs = inside;
        axis::range taps{0, a.taps};
        if (o != inside.first || inside.last <= o) {
            taps = a.taps_at(o);
            const int stop = inside.first > o && inside.last > inside.first ? inside.first : a.out;
            outputs = {o, o + 1};
            while (outputs.last < stop && a.taps_at(outputs.last) == taps) ++outputs.last;
        }
        f(outputs, taps);  // a single call: these loops nest, and every further call would double the code
        o = outputs.last;
    }
}

/// @brief One residue class of a strided window, seen from the input: the outputs that contribute to the gradient of
/// input positions `residue`, `residue + stride`, .... A stride-1 window over the outputs, with a subset of the taps.
struct residue_class {
    axis window;    ///< in: the outputs; out: the input positions of the class
    int first_tap;  ///< tap t of the window is tap first_tap - t tap_step of the original
    int tap_step;
};

[[nodiscard]] constexpr residue_class gradient_window(const axis& a, int residue) noexcept {
    int divisor = a.stride;  // gcd(stride, dilation)
    for (int rest = a.dilation; rest != 0;) {
        const int next = divisor % rest;
        divisor = rest;
        rest = next;
    }
    const int step = a.stride / divisor;
    const int positions = residue < a.in ? (a.in - residue + a.stride - 1) / a.stride : 0;
    residue_class c{{a.out, positions, 0, 1, step * a.dilation / a.stride, 0}, 0, step};
    for (int t = a.taps - 1; t >= 0; --t) {
        if ((residue + a.pad - t * a.dilation) % a.stride != 0) continue;
        c.first_tap = t;
        c.window.taps = t / step + 1;
        c.window.pad = -((residue + a.pad - t * a.dilation) / a.stride);
        break;
    }
    return c;
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

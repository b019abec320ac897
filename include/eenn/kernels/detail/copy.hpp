// SPDX-License-Identifier: MIT
//
// detail/copy.hpp - kernels that move elements: channel concatenation and padding.
// Floor 2 (kernels). Letters: N = samples, C = channels.
#ifndef EENN_KERNELS_DETAIL_COPY_HPP
#define EENN_KERNELS_DETAIL_COPY_HPP

#include <eenn/kernels/detail/elementwise.hpp>

namespace eenn::kernels {
inline namespace EENN_ISA {

/// @brief Channels [offset, offset + channels) of y = x; the other channels of y are unchanged.
///
/// @par Shapes  x (pixels,channels), y (pixels,out_channels).
template <class T>
void concat_forward(int pixels, int channels, int out_channels, int offset, const T* x, T* y) noexcept {
    y += offset;
    for (int p = 0; p < pixels; ++p, x += channels, y += out_channels) std::copy_n(x, channels, y);
}

/// @brief dx = channels [offset, offset + channels) of dy, or dx += if `accumulate`.
template <class T>
void concat_backward(int pixels, int channels, int out_channels, int offset, const T* dy, bool accumulate,
                     T* dx) noexcept {
    dy += offset;
    for (int p = 0; p < pixels; ++p, dx += channels, dy += out_channels) {
        if (accumulate) {
            kernels::accumulate(static_cast<std::size_t>(channels), dy, dx);
        } else {
            std::copy_n(dy, channels, dx);
        }
    }
}

/// @brief Surrounds x with `value`: `top` rows above, `left` columns and `channels_before` channels in front; the rest
/// follows from `out`.
///
/// @par Shapes  x (N, in), y (N, out).
template <class T>
void pad_forward(int n, shape in, shape out, int top, int left, int channels_before, std::type_identity_t<T> value,
                 const T* x, T* y) noexcept {
    const std::ptrdiff_t pixel = out.c;
    std::fill_n(y, n * out.stride(), value);
    for (int i = 0; i < n; ++i, y += out.elements()) {
        for (int h = 0; h < in.h; ++h, x += in.w * in.c) {
            concat_forward(in.w, in.c, out.c, channels_before, x, y + ((h + top) * out.w + left) * pixel);
        }
    }
}

/// @brief dx = the part of dy that corresponds to x, or dx += if `accumulate`.
template <class T>
void pad_backward(int n, shape in, shape out, int top, int left, int channels_before, const T* dy, bool accumulate,
                  T* dx) noexcept {
    const std::ptrdiff_t pixel = out.c;
    for (int i = 0; i < n; ++i, dy += out.elements()) {
        for (int h = 0; h < in.h; ++h, dx += in.w * in.c) {
            concat_backward(in.w, in.c, out.c, channels_before, dy + ((h + top) * out.w + left) * pixel, accumulate,
                            dx);
        }
    }
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

// SPDX-License-Identifier: MIT
//
// detail/reference.hpp - every kernel as plain loops: the oracle of the tests, and the shortest specification of the
// kernels.
// Floor 2 (kernels). Tested by tests/kernels/convolution.cpp. Letters: N = samples, C = channels, T = usually double.
#ifndef EENN_KERNELS_DETAIL_REFERENCE_HPP
#define EENN_KERNELS_DETAIL_REFERENCE_HPP

#include <eenn/core/isa.hpp>
#include <eenn/kernels/detail/convolution.hpp>
#include <eenn/kernels/detail/dropout.hpp>
#include <eenn/kernels/detail/pooling.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace eenn::kernels::reference {
inline namespace EENN_ISA {

/// @brief f(u).
template <class T>
[[nodiscard]] T apply(activation f, T u) {
    const T hard = u / 6 + T(0.5) < 0 ? T{0} : u / 6 + T(0.5) > 1 ? T{1} : u / 6 + T(0.5);
    switch (f.kind) {
        case activation_kind::none: return u;
        case activation_kind::relu: return u < 0 ? T{0} : u;
        case activation_kind::relu6: return u < 0 ? T{0} : u > 6 ? T{6} : u;
        case activation_kind::leaky_relu: return u < 0 ? u * static_cast<T>(f.slope) : u;
        case activation_kind::sigmoid: return 1 / (1 + std::exp(-u));
        case activation_kind::hard_sigmoid: return hard;
        case activation_kind::hard_swish: return u * hard;
        case activation_kind::tanh: return std::tanh(u);
    }
    return u;
}

/// @brief Calls f(x_index, w_index, y_index) for every product of a convolution of n samples, except those on padding.
template <class F>
void for_each_product(const convolution& g, int n, F&& f) {
    const int in_group = g.in.c / g.groups;
    const int out_group = g.out.c / g.groups;
    for (std::ptrdiff_t i = 0; i < n; ++i)
        for (int oy = 0; oy < g.out.h; ++oy)
            for (int ox = 0; ox < g.out.w; ++ox)
                for (int oc = 0; oc < g.out.c; ++oc)
                    for (int ky = 0; ky < g.kernel_h; ++ky)
                        for (int kx = 0; kx < g.kernel_w; ++kx)
                            for (int k = 0; k < in_group; ++k) {
                                const int y = oy * g.stride_h + ky * g.dilation_h - g.pad_top;
                                const int x = ox * g.stride_w + kx * g.dilation_w - g.pad_left;
                                if (y < 0 || y >= g.in.h || x < 0 || x >= g.in.w) continue;
                                const int ic = oc / out_group * in_group + k;
                                f(((i * g.in.h + y) * g.in.w + x) * g.in.c + ic,
                                  ((ky * g.kernel_w + kx) * in_group + k) * g.out.c + oc,
                                  ((i * g.out.h + oy) * g.out.w + ox) * g.out.c + oc);
                            }
}

/// @brief y = act(x * w + bias + residual); bias, residual may be null. Weights unpacked.
template <class T>
void forward(const convolution& g, int n, const T* x, const T* w, const T* bias, const T* residual, activation act,
             T* y) {
    const std::ptrdiff_t count = n * g.out.stride();
    for (std::ptrdiff_t i = 0; i < count; ++i) y[i] = bias == nullptr ? T{0} : bias[i % g.out.c];
    for_each_product(g, n, [&](std::ptrdiff_t xi, std::ptrdiff_t wi, std::ptrdiff_t yi) { y[yi] += x[xi] * w[wi]; });
    for (std::ptrdiff_t i = 0; i < count; ++i) y[i] = apply(act, residual == nullptr ? y[i] : y[i] + residual[i]);
}

/// @brief dx += dy * w transposed.
template <class T>
void backward_data(const convolution& g, int n, const T* dy, const T* w, T* dx) {
    for_each_product(g, n, [&](std::ptrdiff_t xi, std::ptrdiff_t wi, std::ptrdiff_t yi) { dx[xi] += dy[yi] * w[wi]; });
}

/// @brief dw += x^T dy, dbias += sum of dy.
template <class T>
void backward_weights(const convolution& g, int n, const T* x, const T* dy, T* dw, T* dbias) {
    for_each_product(g, n, [&](std::ptrdiff_t xi, std::ptrdiff_t wi, std::ptrdiff_t yi) { dw[wi] += x[xi] * dy[yi]; });
    for (std::ptrdiff_t i = 0; i < n * g.out.stride(); ++i) dbias[i % g.out.c] += dy[i];
}

/// @brief Calls f(x_index, y_index) for every element of every pooling window, in scan order.
template <class F>
void for_each_pooled(const pooling& g, int n, F&& f) {
    for (std::ptrdiff_t i = 0; i < n; ++i)
        for (int oy = 0; oy < g.out.h; ++oy)
            for (int ox = 0; ox < g.out.w; ++ox)
                for (int c = 0; c < g.in.c; ++c)
                    for (int ky = 0; ky < g.kernel_h; ++ky)
                        for (int kx = 0; kx < g.kernel_w; ++kx) {
                            const int y = oy * g.stride_h + ky - g.pad_top;
                            const int x = ox * g.stride_w + kx - g.pad_left;
                            if (y < 0 || y >= g.in.h || x < 0 || x >= g.in.w) continue;
                            f(((i * g.in.h + y) * g.in.w + x) * g.in.c + c,
                              ((i * g.out.h + oy) * g.out.w + ox) * g.in.c + c);
                        }
}

/// @brief y = the maximum of each window.
template <class T>
void max_pool_forward(const pooling& g, int n, const T* x, T* y) {
    std::fill_n(y, n * g.out.stride(), -std::numeric_limits<T>::infinity());
    for_each_pooled(g, n, [&](std::ptrdiff_t xi, std::ptrdiff_t yi) {
        if (x[xi] > y[yi] || std::isnan(x[xi])) y[yi] = x[xi];
    });
}

/// @brief dx += dy at the first maximum of each window. `taken` is scratch for N H' W' C flags.
template <class T>
void max_pool_backward(const pooling& g, int n, const T* x, const T* y, const T* dy, T* dx, bool* taken) {
    std::fill_n(taken, n * g.out.stride(), false);
    for_each_pooled(g, n, [&](std::ptrdiff_t xi, std::ptrdiff_t yi) {
        if (taken[yi] || !(x[xi] == y[yi] || std::isnan(x[xi]))) return;
        taken[yi] = true;
        dx[xi] += dy[yi];
    });
}

/// @brief The divisor of the mean of each window; `counts` has N H' W' C numbers.
template <class T>
void average_pool_counts(const pooling& g, int n, T* counts) {
    std::fill_n(counts, n * g.out.stride(), g.count_padding ? static_cast<T>(g.kernel_h * g.kernel_w) : T{0});
    if (!g.count_padding) for_each_pooled(g, n, [&](std::ptrdiff_t, std::ptrdiff_t yi) { counts[yi] += 1; });
}

/// @brief y = the mean of each window.
template <class T>
void average_pool_forward(const pooling& g, int n, const T* x, const T* counts, T* y) {
    std::fill_n(y, n * g.out.stride(), T{0});
    for_each_pooled(g, n, [&](std::ptrdiff_t xi, std::ptrdiff_t yi) { y[yi] += x[xi] / counts[yi]; });
}

/// @brief dx += dy distributed over each window.
template <class T>
void average_pool_backward(const pooling& g, int n, const T* dy, const T* counts, T* dx) {
    for_each_pooled(g, n, [&](std::ptrdiff_t xi, std::ptrdiff_t yi) { dx[xi] += dy[yi] / counts[yi]; });
}

/// @brief y = act(x scale + shift + residual); scale, shift, residual may be null.
template <class T>
void affine(int pixels, int channels, const T* x, const T* scale, const T* shift, const T* residual, activation act,
            T* y) {
    for (int i = 0; i < pixels * channels; ++i) {
        const int c = i % channels;
        T u = x[i] * (scale == nullptr ? T{1} : scale[c]) + (shift == nullptr ? T{0} : shift[c]);
        if (residual != nullptr) u += residual[i];
        y[i] = apply(act, u);
    }
}

/// @brief The index of the second operand's factor for element i of the first operand of a product.
[[nodiscard]] inline std::ptrdiff_t factor_index(shape a, shape b, std::ptrdiff_t i) {
    const std::ptrdiff_t sample = i / a.stride() * b.stride();
    const std::ptrdiff_t within = i % a.stride();
    return b == a ? i : b.pixels() == 1 ? sample + within % a.c : sample + within / a.c;
}

/// @brief Softmax over the channels.
template <class T>
void softmax(int pixels, int channels, const T* x, T* y) {
    for (int p = 0; p < pixels; ++p) {
        T most = x[p * channels];
        for (int c = 1; c < channels; ++c) most = x[p * channels + c] > most ? x[p * channels + c] : most;
        T sum = 0;
        for (int c = 0; c < channels; ++c) sum += std::exp(x[p * channels + c] - most);
        for (int c = 0; c < channels; ++c) y[p * channels + c] = std::exp(x[p * channels + c] - most) / sum;
    }
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels::reference

#endif

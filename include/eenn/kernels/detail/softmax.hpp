// SPDX-License-Identifier: MIT
//
// detail/softmax.hpp - probabilities over the channels of each pixel, forward and backward.
// Floor 2 (kernels). Letters: C = channels.
#ifndef EENN_KERNELS_DETAIL_SOFTMAX_HPP
#define EENN_KERNELS_DETAIL_SOFTMAX_HPP

#include <eenn/kernels/detail/elementwise.hpp>
#include <eenn/tensor/detail/elementary.hpp>

namespace eenn::kernels {
inline namespace EENN_ISA {

/// @brief y = exp(x - max) / sum exp(x - max) over the channels of each pixel. Cannot overflow, since the largest term
/// is 1.
///
/// @par Shapes  x, y (pixels,C); y may be x.
/// @par Cost    one exp per element. NaN or +infinity in a pixel makes the whole pixel NaN.
template <class T>
void softmax_forward(int pixels, int channels, const T* x, T* y) noexcept {
    for (int p = 0; p < pixels; ++p, x += channels, y += channels) {
        T most = x[0];
        for (int c = 1; c < channels; ++c) most = x[c] > most || x[c] != x[c] ? x[c] : most;
        const lanes<T> top = broadcast(most);
        lanes<T> sum = broadcast(T{0});
        detail::for_each_vector<T>(channels, [&](std::ptrdiff_t c, auto k) {
            detail::store_lanes<T>(y + c, exponential(minus(detail::load_lanes<T>(x + c, k), top)), k);
            sum = plus(sum, detail::load_lanes<T>(y + c, k));  // reloaded: lanes past the last channel are zero
        });
        const lanes<T> part = broadcast(T{1} / sum_of_lanes<T>(sum));
        detail::for_each_vector<T>(channels, [&](std::ptrdiff_t c, auto k) {
            detail::store_lanes<T>(y + c, times(detail::load_lanes<T>(y + c, k), part), k);
        });
    }
}

/// @brief dx = y (dy - sum dy y); dx += if `accumulate`.
///
/// @par Shapes  y, dy, dx (pixels,C); dx may be dy unless `accumulate`.
template <class T>
void softmax_backward(int pixels, int channels, const T* y, const T* dy, bool accumulate, T* dx) noexcept {
    for (int p = 0; p < pixels; ++p, y += channels, dy += channels, dx += channels) {
        lanes<T> sum = broadcast(T{0});
        detail::for_each_vector<T>(channels, [&](std::ptrdiff_t c, auto k) {
            sum = madd(detail::load_lanes<T>(dy + c, k), detail::load_lanes<T>(y + c, k), sum);
        });
        const lanes<T> mean = broadcast(sum_of_lanes<T>(sum));
        detail::for_each_vector<T>(channels, [&](std::ptrdiff_t c, auto k) {
            const lanes<T> d = times(detail::load_lanes<T>(y + c, k), minus(detail::load_lanes<T>(dy + c, k), mean));
            detail::store_lanes<T>(dx + c, accumulate ? plus(detail::load_lanes<T>(dx + c, k), d) : d, k);
        });
    }
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

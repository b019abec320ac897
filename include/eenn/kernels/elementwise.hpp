// SPDX-License-Identifier: MIT
//
// elementwise.hpp - kernels that keep the shape: scale and shift with residual and activation, products, sums, copies.
// Floor 2 (kernels). Letters: N = samples, C = channels, W = lanes of one vector.
#ifndef EENN_KERNELS_ELEMENTWISE_HPP
#define EENN_KERNELS_ELEMENTWISE_HPP

#include <eenn/kernels/activation.hpp>
#include <eenn/tensor/shape.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace eenn::kernels {
inline namespace EENN_ISA {

namespace detail {

/// f(index, lanes) for [0, count) in vectors; all but the last have W lanes, which f sees as a constant.
template <class T, class F>
EIGEN_ALWAYS_INLINE void for_each_vector(std::ptrdiff_t count, F&& f) noexcept {
    constexpr int W = lane_count<T>;
    std::ptrdiff_t i = 0;
    for (; i + W <= count; i += W) f(i, std::integral_constant<int, W>{});
    if (i < count) f(i, static_cast<int>(count - i));
}
template <class T>
[[nodiscard]] EIGEN_ALWAYS_INLINE lanes<T> load_lanes(const T* from,
                                                      std::integral_constant<int, lane_count<T>>) noexcept {
    return load<T>(from);
}
template <class T>
[[nodiscard]] EIGEN_ALWAYS_INLINE lanes<T> load_lanes(const T* from, int count) noexcept {
    return load_first<T>(from, count);
}
template <class T>
EIGEN_ALWAYS_INLINE void store_lanes(T* to, const lanes<T>& v, std::integral_constant<int, lane_count<T>>) noexcept {
    store<T>(to, v);
}
template <class T>
EIGEN_ALWAYS_INLINE void store_lanes(T* to, const lanes<T>& v, int count) noexcept {
    store_first<T>(to, v, count);
}

/// f(channel, lanes) makes what is called with the index of these channels in each pixel, in the order of memory. Where one
/// vector holds a pixel, it is made once, so that its coefficients wait in registers.
template <class T, class F>
EIGEN_ALWAYS_INLINE void for_each_pixel(std::ptrdiff_t pixels, int channels, F&& f) noexcept {
    if (channels == lane_count<T>) {
        const auto at = f(0, std::integral_constant<int, lane_count<T>>{});
        for (std::ptrdiff_t p = 0; p < pixels; ++p) at(p * lane_count<T>);
        return;
    }
    for (std::ptrdiff_t p = 0; p < pixels; ++p)
        for_each_vector<T>(channels, [&](std::ptrdiff_t c, auto k) { f(c, k)(p * channels + c); });
}

/// Pixels whose channels divide a vector, seen as fewer ones that fill it.
template <class T>
struct joined_pixels {
    int times;
    int pixels;
    int channels;
    constexpr joined_pixels(int p, int c) noexcept
        : times{c < lane_count<T> && lane_count<T> % c == 0 && p % (lane_count<T> / c) == 0 ? lane_count<T> / c : 1},
          pixels{p / times},
          channels{c * times} {}
};

/// Coefficients per channel for joined pixels; null stays null.
template <class T>
class repeated {
public:
    repeated(const T* from, const joined_pixels<T>& in) noexcept : at_{from} {
        if (in.times == 1 || from == nullptr) return;
        for (int i = 0; i < in.channels; ++i) buffer_[i] = from[i % (in.channels / in.times)];
        at_ = buffer_;
    }
    repeated(const repeated&) = delete;
    repeated& operator=(const repeated&) = delete;
    [[nodiscard]] operator const T*() const noexcept { return at_; }

private:
    alignas(64) T buffer_[lane_count<T>];
    const T* at_;
};

}  // namespace detail

/// @brief y = x.
template <class T>
void copy(std::size_t count, const T* x, T* y) noexcept {
    if (count > 0 && x != y) std::memmove(y, x, count * sizeof(T));
}

/// @brief y += x.
template <class T>
void accumulate(std::size_t count, const T* x, T* y) noexcept {
    detail::for_each_vector<T>(static_cast<std::ptrdiff_t>(count), [&](std::ptrdiff_t i, auto k) {
        detail::store_lanes<T>(y + i, plus(detail::load_lanes<T>(y + i, k), detail::load_lanes<T>(x + i, k)), k);
    });
}

/// @brief sum += the rows of x, in their order. x (rows,C), sum (C).
template <class T>
void add_rows(std::size_t rows, int channels, const T* x, T* sum) noexcept {
    constexpr int W = lane_count<T>;
    const auto stride = static_cast<std::ptrdiff_t>(channels);
    int c = 0;
    for (; c + 4 * W <= channels; c += 4 * W) {  // four independent sums hide the latency of addition
        lanes<T> acc[4];
        EENN_UNROLL
        for (int v = 0; v < 4; ++v) acc[v] = load<T>(sum + c + v * W);
        const T* from = x + c;
        for (std::size_t r = 0; r < rows; ++r, from += stride) {
            EENN_UNROLL
            for (int v = 0; v < 4; ++v) acc[v] = plus(acc[v], load<T>(from + v * W));
        }
        EENN_UNROLL
        for (int v = 0; v < 4; ++v) store<T>(sum + c + v * W, acc[v]);
    }
    for (; c < channels; c += W) {
        const int count = std::min(W, channels - c);
        lanes<T> acc = load_first<T>(sum + c, count);
        const T* from = x + c;
        for (std::size_t r = 0; r < rows; ++r, from += stride) acc = plus(acc, load_first<T>(from, count));
        store_first<T>(sum + c, acc, count);
    }
}

/// @brief y = act(x scale + shift + residual), scale and shift per channel.
///
/// @par Shapes  x, residual, y (pixels,C); scale, shift (C); scale, shift, residual may be null; y may be x or residual.
/// @par Cost    one pass; bound by memory.
template <class T>
void affine(int pixels, int channels, const T* x, const std::type_identity_t<T>* scale,
            const std::type_identity_t<T>* shift, const std::type_identity_t<T>* residual, activation act,
            T* y) noexcept {
    const detail::clamp<T> bounds(act);
    const bool clamps = is_clamp(act.kind);
    const auto finish = [=](lanes<T> u, std::ptrdiff_t i, auto k) {
        if (residual != nullptr) u = plus(u, detail::load_lanes<T>(residual + i, k));
        detail::store_lanes<T>(y + i, clamps ? bounds(u) : detail::apply_long<T>(act, u), k);
    };
    if (scale == nullptr && shift == nullptr) {  // channels make no difference
        detail::for_each_vector<T>(static_cast<std::ptrdiff_t>(pixels) * channels,
                                   [=](std::ptrdiff_t i, auto k) { finish(detail::load_lanes<T>(x + i, k), i, k); });
        return;
    }
    const detail::joined_pixels<T> all(pixels, channels);
    const detail::repeated<T> scales(scale, all);
    const detail::repeated<T> shifts(shift, all);
    const T* const factors = scales;
    const T* const offsets = shifts;
    detail::for_each_pixel<T>(all.pixels, all.channels, [=](std::ptrdiff_t c, auto k) {
        const lanes<T> factor = factors == nullptr ? broadcast(T{1}) : detail::load_lanes<T>(factors + c, k);
        const lanes<T> offset = offsets == nullptr ? broadcast(T{0}) : detail::load_lanes<T>(offsets + c, k);
        return [=](std::ptrdiff_t i) { finish(madd(detail::load_lanes<T>(x + i, k), factor, offset), i, k); };
    });
}

/// @brief y = a b; b has the shape of a, or is (1,1,C), one factor a channel, or (H,W,1), one factor a pixel.
///
/// @par Shapes  a, y (N, a_shape), b (N, b_shape); y may be a.
template <class T>
void multiply(int n, shape a_shape, shape b_shape, const T* a, const T* b, T* y) noexcept {
    const auto channels = static_cast<std::ptrdiff_t>(a_shape.c);
    if (b_shape == a_shape) {
        detail::for_each_vector<T>(n * static_cast<std::ptrdiff_t>(a_shape.elements()), [&](std::ptrdiff_t i, auto k) {
            detail::store_lanes<T>(y + i, times(detail::load_lanes<T>(a + i, k), detail::load_lanes<T>(b + i, k)), k);
        });
        return;
    }
    const bool per_channel = b_shape.pixels() == 1;
    for (int i = 0; i < n; ++i) {
        for (int p = 0; p < a_shape.pixels(); ++p, a += channels, y += channels) {
            detail::for_each_vector<T>(channels, [&](std::ptrdiff_t c, auto k) {
                const lanes<T> factor = per_channel ? detail::load_lanes<T>(b + c, k) : broadcast(b[p]);
                detail::store_lanes<T>(y + c, times(detail::load_lanes<T>(a + c, k), factor), k);
            });
        }
        b += b_shape.elements();
    }
}

/// @brief da = dy b and db = dy a summed over what b was repeated along, or += where asked; da, db may be null.
///
/// @par Shapes  as multiply(). The sum over pixels goes in their order, that over channels lane by lane.
template <class T>
void multiply_backward(int n, shape a_shape, shape b_shape, const T* a, const T* b, const T* dy, bool add_to_a, T* da,
                       bool add_to_b, T* db) noexcept {
    const auto channels = static_cast<std::ptrdiff_t>(a_shape.c);
    const bool whole = b_shape == a_shape;
    const bool per_channel = !whole && b_shape.pixels() == 1;
    const std::ptrdiff_t b_step = whole ? channels : per_channel ? 0 : 1;
    if (db != nullptr && !whole && !add_to_b) std::fill_n(db, static_cast<std::size_t>(n) * b_shape.elements(), T{0});
    for (int i = 0; i < n; ++i) {
        for (int p = 0; p < a_shape.pixels(); ++p, a += channels, dy += channels) {
            const std::ptrdiff_t at = p * b_step;
            lanes<T> sum = broadcast(T{0});
            detail::for_each_vector<T>(channels, [&](std::ptrdiff_t c, auto k) {
                const lanes<T> d = detail::load_lanes<T>(dy + c, k);
                if (db != nullptr) {
                    const lanes<T> product = times(d, detail::load_lanes<T>(a + c, k));
                    if (!whole && !per_channel) {
                        sum = plus(sum, product);
                    } else {
                        const bool add = per_channel || add_to_b;
                        T* const to = db + at + c;
                        detail::store_lanes<T>(to, add ? plus(detail::load_lanes<T>(to, k), product) : product, k);
                    }
                }
                if (da != nullptr) {
                    const lanes<T> factor =
                        whole || per_channel ? detail::load_lanes<T>(b + at + c, k) : broadcast(b[at]);
                    const lanes<T> product = times(d, factor);
                    detail::store_lanes<T>(da + c, add_to_a ? plus(detail::load_lanes<T>(da + c, k), product) : product,
                                           k);
                }
            });
            if (db != nullptr && !whole && !per_channel) db[at] += sum_of_lanes<T>(sum);
            if (da != nullptr) da += channels;
        }
        b += b_shape.elements();
        if (db != nullptr) db += b_shape.elements();
    }
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

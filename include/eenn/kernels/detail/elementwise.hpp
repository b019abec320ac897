// SPDX-License-Identifier: MIT
//
// detail/elementwise.hpp - shape-preserving kernels: scale and shift with residual and activation, products, sums,
// copies.
// Floor 2 (kernels). Letters: N = samples, C = channels, W = lanes of one vector.
#ifndef EENN_KERNELS_DETAIL_ELEMENTWISE_HPP
#define EENN_KERNELS_DETAIL_ELEMENTWISE_HPP

#include <eenn/kernels/detail/activation.hpp>
#include <eenn/kernels/detail/passes.hpp>
#include <eenn/tensor/shape.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace eenn::kernels {
inline namespace EENN_ISA {

namespace detail {

/// y = clamp(x * scale + shift), with the residual added before the clamp if Adds.
template <class T, bool Adds>
struct affine_pass {
    const T* x;
    const T* scale;
    const T* shift;
    const T* residual;
    activation act;
    T* y;
    clamp<T> bounds{act};

    struct column {
        lanes<T> factor;
        lanes<T> offset;
    };
    template <class Lanes>
    EENN_ALWAYS_INLINE void begin(column& at, int c, Lanes k) const noexcept {
        at.factor = scale == nullptr ? broadcast(T{1}) : load_lanes<T>(scale + c, k);
        at.offset = shift == nullptr ? broadcast(T{0}) : load_lanes<T>(shift + c, k);
    }
    template <class Lanes>
    EENN_ALWAYS_INLINE void step(const column& at, std::ptrdiff_t i, Lanes k) const noexcept {
        finish(madd(load_lanes<T>(x + i, k), at.factor, at.offset), i, k);
    }
    template <class Lanes>
    EENN_ALWAYS_INLINE void finish(lanes<T> u, std::ptrdiff_t i, Lanes k) const noexcept {
        if constexpr (Adds) u = plus(u, load_lanes<T>(residual + i, k));
        store_lanes<T>(y + i, bounds(u), k);
    }
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

/// @brief sum += the rows of x, in order. x (rows,C), sum (C).
template <class T>
void add_rows(std::ptrdiff_t rows, int channels, const T* x, T* sum) noexcept {
    constexpr int W = lane_count<T>;
    const std::ptrdiff_t stride = channels;
    int c = 0;
    for (; c + 4 * W <= channels; c += 4 * W) {  // four independent sums hide the latency of addition
        lanes<T> acc[4];
        EENN_UNROLL
        for (int v = 0; v < 4; ++v) acc[v] = load<T>(sum + c + v * W);
        const T* from = x + c;
        for (std::ptrdiff_t r = 0; r < rows; ++r, from += stride) {
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
        for (std::ptrdiff_t r = 0; r < rows; ++r, from += stride) acc = plus(acc, load_first<T>(from, count));
        store_first<T>(sum + c, acc, count);
    }
}

/// @brief y = act(x * scale + shift + residual), with scale and shift per channel.
///
/// @par Shapes  x, residual, y (pixels,C); scale, shift (C); scale, shift, residual may be null; y may be x or residual.
/// @par Cost    one memory-bound pass; a second pass over y if act is not a clamp.
template <class T>
void affine(int pixels, int channels, const T* x, const std::type_identity_t<T>* scale,
            const std::type_identity_t<T>* shift, const std::type_identity_t<T>* residual, activation act,
            T* y) noexcept {
    const std::ptrdiff_t pixel = channels;
    const detail::joined_pixels<T> all(pixels, channels);
    const detail::repeated<T> scales(scale, all);
    const detail::repeated<T> shifts(shift, all);
    const auto run = [&](auto adds) {
        const detail::affine_pass<T, adds> pass{x, scales, shifts, residual, act, y};
        if (scale != nullptr || shift != nullptr) return detail::run_pass<T>(all.pixels, all.channels, pass);
        // Nothing depends on the channel.
        detail::for_each_vector<T>(
            pixels * pixel, [&](std::ptrdiff_t i, auto k) { pass.finish(detail::load_lanes<T>(x + i, k), i, k); });
    };
    if (residual != nullptr) {
        run(std::true_type{});
    } else {
        run(std::false_type{});
    }
    if (is_clamp(act.kind)) return;
    detail::for_each_vector<T>(pixels * pixel, [&](std::ptrdiff_t i, auto k) {
        detail::store_lanes<T>(y + i, detail::apply_long<T>(act, detail::load_lanes<T>(y + i, k)), k);
    });
}

/// @brief y = a b. b has the shape of a, or is (1,1,C), one factor per channel, or (H,W,1), one factor per pixel.
///
/// @par Shapes  a, y (N, a_shape), b (N, b_shape); y may be a.
template <class T>
void multiply(int n, shape a_shape, shape b_shape, const T* a, const T* b, T* y) noexcept {
    const std::ptrdiff_t channels = a_shape.c;
    if (b_shape == a_shape) {
        detail::for_each_vector<T>(n * a_shape.stride(), [&](std::ptrdiff_t i, auto k) {
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

/// @brief da = dy b, and db = dy a summed over the axes along which b was broadcast; += if requested. da, db may be
/// null.
///
/// @par Shapes  as multiply(). Sums over pixels run in pixel order, sums over channels lane by lane.
template <class T>
void multiply_backward(int n, shape a_shape, shape b_shape, const T* a, const T* b, const T* dy, bool add_to_a, T* da,
                       bool add_to_b, T* db) noexcept {
    const std::ptrdiff_t channels = a_shape.c;
    const bool whole = b_shape == a_shape;
    const bool per_channel = !whole && b_shape.pixels() == 1;
    const std::ptrdiff_t b_step = whole ? channels : per_channel ? 0 : 1;
    if (db != nullptr && !whole && !add_to_b) std::fill_n(db, n * b_shape.stride(), T{0});
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

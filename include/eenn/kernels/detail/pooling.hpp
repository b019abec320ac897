// SPDX-License-Identifier: MIT
//
// detail/pooling.hpp - maximum and mean over windows and whole planes, forward and backward.
// Floor 2 (kernels). Letters: N = samples, C = channels.
#ifndef EENN_KERNELS_DETAIL_POOLING_HPP
#define EENN_KERNELS_DETAIL_POOLING_HPP

#include <eenn/core/detail/constant.hpp>
#include <eenn/kernels/detail/elementwise.hpp>
#include <eenn/kernels/detail/window.hpp>

#include <limits>

namespace eenn::kernels {

/// @brief Geometry of a pooling window, a structural value; in.c == out.c. Every window overlaps the input.
struct pooling {
    shape in{};
    shape out{};
    int kernel_h = 1;
    int kernel_w = 1;
    int stride_h = 1;
    int stride_w = 1;
    int pad_top = 0;
    int pad_left = 0;
    bool count_padding = false;  ///< divide the mean by kernel_h kernel_w instead of the elements inside the input

    friend constexpr bool operator==(const pooling&, const pooling&) = default;

    [[nodiscard]] constexpr axis rows() const noexcept { return {in.h, out.h, kernel_h, stride_h, 1, pad_top}; }
    [[nodiscard]] constexpr axis columns() const noexcept { return {in.w, out.w, kernel_w, stride_w, 1, pad_left}; }
};

inline namespace EENN_ISA {

namespace detail {

/// The part of a window inside the input: offset of its first element, and the numbers of rows and columns.
struct window_place {
    std::ptrdiff_t start;
    int rows;
    int columns;
};

/// Calls f(offset of the sample in x + first window, windows, output offset) for all windows of n samples in order,
/// grouped into runs with equal numbers of rows and columns inside.
template <class F>
void for_each_run_of_windows(const pooling& g, int n, F&& f) noexcept {
    const axis rows = g.rows();
    const axis columns = g.columns();
    const std::ptrdiff_t channels = g.in.c;
    std::ptrdiff_t to = 0;
    for (int i = 0; i < n; ++i) {
        const std::ptrdiff_t sample = i * g.in.stride();
        for (int y = 0; y < g.out.h; ++y) {
            const auto ky = rows.taps_at(y);
            for_each_run(columns, [&](axis::range xs, axis::range kx) {
                const std::ptrdiff_t pixel = rows.input_of(y, ky.first) * g.in.w + columns.input_of(xs.first, kx.first);
                f(window_place{sample + pixel * channels, ky.last - ky.first, kx.last - kx.first}, xs.last - xs.first,
                  to);
                to += (xs.last - xs.first) * channels;
            });
        }
    }
}

/// f(window, output offset) for all windows.
template <class F>
void for_each_window(const pooling& g, int n, F&& f) noexcept {
    const std::ptrdiff_t channels = g.in.c;
    for_each_run_of_windows(g, n, [&](window_place w, int count, std::ptrdiff_t to) {
        for (int i = 0; i < count; ++i, w.start += g.stride_w * channels, to += channels) f(w, to);
    });
}

/// f(offset) for the elements of channel 0 of a window, in scan order.
template <class F>
EENN_ALWAYS_INLINE void for_each_element(const window_place& w, std::ptrdiff_t row, std::ptrdiff_t channels,
                                         F&& f) noexcept {
    for (int y = 0; y < w.rows; ++y) {
        for (int x = 0; x < w.columns; ++x) f(w.start + y * row + x * channels);
    }
}

template <class T>
[[nodiscard]] T pool_divisor(const pooling& g, const window_place& w) noexcept {
    return T{1} / static_cast<T>(g.count_padding ? g.kernel_h * g.kernel_w : w.rows * w.columns);
}

/// Maximum and sum as folds: how to combine two elements, and how to finish a window. Independent of the geometry, so
/// that all layers share their code.
template <class T>
struct take_largest {
    static constexpr T start = -std::numeric_limits<T>::infinity();
    EENN_ALWAYS_INLINE lanes<T> operator()(const lanes<T>& a, const lanes<T>& b) const noexcept { return larger(a, b); }
    EENN_ALWAYS_INLINE auto finish_of(const window_place&) const noexcept {
        return [](const lanes<T>& most) { return most; };
    }
};
template <class T>
struct take_mean {
    static constexpr T start = 0;
    const pooling& g;
    EENN_ALWAYS_INLINE lanes<T> operator()(const lanes<T>& a, const lanes<T>& b) const noexcept { return plus(a, b); }
    EENN_ALWAYS_INLINE auto finish_of(const window_place& w) const noexcept {
        return [part = broadcast(pool_divisor<T>(g, w))](const lanes<T>& sum) { return times(sum, part); };
    }
};

/// y of every window = fold.finish_of(window)(the fold over its elements inside the input, in scan order), per channel.
template <class T, class Fold>
[[gnu::noinline]] void fold_windows(const pooling& g, int n, const T* x, Fold fold, T* y) noexcept {
    const std::ptrdiff_t channels = g.in.c;
    const std::ptrdiff_t row = channels * g.in.w;
    for_each_run_of_windows(g, n, [&](const window_place& w, int count, std::ptrdiff_t at) {
        const auto finish = fold.finish_of(w);
        const auto fold_run = [&](auto columns) {
            const T* from = x + w.start;
            T* to = y + at;
            for (int i = 0; i < count; ++i, from += g.stride_w * channels, to += channels) {
                for_each_vector<T>(channels, [&](std::ptrdiff_t c, auto k) {
                    lanes<T> all = broadcast(Fold::start);
                    const T* line = from + c;
                    for (int r = 0; r < w.rows; ++r, line += row) {
                        for (int e = 0; e < columns; ++e) all = fold(all, load_lanes<T>(line + e * channels, k));
                    }
                    store_lanes<T>(to + c, finish(all), k);
                });
            }
        };
        // For a few iterations, the loop costs more than its body; constant trip counts remove it.
        if (w.columns == 2) return fold_run(std::integral_constant<int, 2>{});
        if (w.columns == 3) return fold_run(std::integral_constant<int, 3>{});
        fold_run(w.columns);
    });
}

/// The first element equal to `most` (or the first NaN) takes `d`. Returns the part of d that was not taken.
template <class T, class K>
[[nodiscard]] EENN_ALWAYS_INLINE lanes<T> give_gradient(const lanes<T>& x, const lanes<T>& most, const lanes<T>& d,
                                                        T* dx, K k) noexcept {
    const auto zero = broadcast(T{0});
    const lanes<T> given = where_equal(x, most, d, where_equal(x, x, zero, d));
    store_lanes<T>(dx, plus(load_lanes<T>(dx, k), given), k);
    return where_equal(x, most, zero, where_equal(x, x, d, zero));
}

}  // namespace detail

/// @brief y = the maximum of each window, per channel. Padding never wins; NaN does.
///
/// @par Shapes  x (N,H,W,C), y (N,H',W',C).
/// @par Cost    H' W' kernel_h kernel_w C comparisons per sample.
template <class T, Parameter<pooling> G>
void max_pool_forward(G g, int n, const T* x, T* y) noexcept {
    detail::fold_windows(g.value, n, x, detail::take_largest<T>{}, y);
}

/// @brief dx = dy at the first maximum of each window in scan order, zero elsewhere; dx += if `accumulate`.
///
/// @par Shapes  x, dx (N,H,W,C), dy (N,H',W',C).
template <class T, Parameter<pooling> G>
void max_pool_backward(G g, int n, const T* x, const T* dy, bool accumulate, T* dx) noexcept {
    const std::ptrdiff_t channels = g.value.in.c;
    const std::ptrdiff_t row = channels * g.value.in.w;
    if (!accumulate) std::fill_n(dx, n * g.value.in.stride(), T{0});
    detail::for_each_window(g.value, n, [&](const detail::window_place& w, std::ptrdiff_t from) {
        detail::for_each_vector<T>(channels, [&](std::ptrdiff_t c, auto k) {
            lanes<T> most = broadcast(-std::numeric_limits<T>::infinity());
            detail::for_each_element(
                w, row, channels, [&](std::ptrdiff_t i) { most = larger(most, detail::load_lanes<T>(x + i + c, k)); });
            lanes<T> d = detail::load_lanes<T>(dy + from + c, k);
            detail::for_each_element(w, row, channels, [&](std::ptrdiff_t i) {
                d = detail::give_gradient<T>(detail::load_lanes<T>(x + i + c, k), most, d, dx + i + c, k);
            });
        });
    });
}

/// @brief y = the mean of each window, per channel, over the elements inside the input or, with count_padding, over the
/// whole window.
template <class T, Parameter<pooling> G>
void average_pool_forward(G g, int n, const T* x, T* y) noexcept {
    detail::fold_windows(g.value, n, x, detail::take_mean<T>{g.value}, y);
}

/// @brief dx = dy distributed evenly over each window; dx += if `accumulate`.
template <class T, Parameter<pooling> G>
void average_pool_backward(G g, int n, const T* dy, bool accumulate, T* dx) noexcept {
    const std::ptrdiff_t channels = g.value.in.c;
    const std::ptrdiff_t row = channels * g.value.in.w;
    if (!accumulate) std::fill_n(dx, n * g.value.in.stride(), T{0});
    detail::for_each_window(g.value, n, [&](const detail::window_place& w, std::ptrdiff_t from) {
        const lanes<T> part = broadcast(detail::pool_divisor<T>(g.value, w));
        detail::for_each_vector<T>(channels, [&](std::ptrdiff_t c, auto k) {
            const lanes<T> d = times(detail::load_lanes<T>(dy + from + c, k), part);
            detail::for_each_element(w, row, channels, [&](std::ptrdiff_t i) {
                T* const to = dx + i + c;
                detail::store_lanes<T>(to, plus(detail::load_lanes<T>(to, k), d), k);
            });
        });
    });
}

/// @brief y = the mean over the plane, per channel. x (N, in), y (N,1,1,C).
template <class T>
void global_average_pool_forward(int n, shape in, const T* x, T* y) noexcept {
    const lanes<T> part = broadcast(T{1} / static_cast<T>(in.pixels()));
    for (int i = 0; i < n; ++i, x += in.elements(), y += in.c) {
        std::fill_n(y, in.c, T{0});
        add_rows(in.pixels(), in.c, x, y);
        detail::for_each_vector<T>(in.c, [&](std::ptrdiff_t c, auto k) {
            detail::store_lanes<T>(y + c, times(detail::load_lanes<T>(y + c, k), part), k);
        });
    }
}

/// @brief dx = dy / pixels everywhere; dx += if `accumulate`.
template <class T>
void global_average_pool_backward(int n, shape in, const T* dy, bool accumulate, T* dx) noexcept {
    const lanes<T> part = broadcast(T{1} / static_cast<T>(in.pixels()));
    for (int i = 0; i < n; ++i, dy += in.c) {
        for (int p = 0; p < in.pixels(); ++p, dx += in.c) {
            detail::for_each_vector<T>(in.c, [&](std::ptrdiff_t c, auto k) {
                const lanes<T> d = times(detail::load_lanes<T>(dy + c, k), part);
                detail::store_lanes<T>(dx + c, accumulate ? plus(detail::load_lanes<T>(dx + c, k), d) : d, k);
            });
        }
    }
}

/// @brief A window that covers the whole plane.
[[nodiscard]] constexpr pooling whole_plane(shape in) noexcept {
    return {in, {1, 1, in.c}, in.h, in.w, 1, 1, 0, 0, false};
}

/// @brief y = the maximum of the plane, per channel. x (N, in), y (N,1,1,C).
template <class T>
void global_max_pool_forward(int n, shape in, const T* x, T* y) noexcept {
    max_pool_forward(dynamic<pooling>{whole_plane(in)}, n, x, y);
}

/// @brief dx = dy at the first maximum; dx += if `accumulate`.
template <class T>
void global_max_pool_backward(int n, shape in, const T* x, const T* dy, bool accumulate, T* dx) noexcept {
    max_pool_backward(dynamic<pooling>{whole_plane(in)}, n, x, dy, accumulate, dx);
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

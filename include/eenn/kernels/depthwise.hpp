// SPDX-License-Identifier: MIT
//
// depthwise.hpp - one image of a depthwise convolution, and its weight gradient: vectors run over channels.
// Floor 2 (kernels). Letters: P = output pixels of a tile, W = lanes of one vector, C = channels.
#ifndef EENN_KERNELS_DEPTHWISE_HPP
#define EENN_KERNELS_DEPTHWISE_HPP

#include <eenn/kernels/plane.hpp>

namespace eenn::kernels {

/// @brief Tiles of P output pixels over all channels. Strides in elements; the loops r, q are those of the taps.
template <class T>
struct depthwise_sweep {
    const T* x = nullptr;
    const T* w = nullptr;  ///< first tap used, of the first vector
    const T* bias = nullptr;
    const T* residual = nullptr;
    T* y = nullptr;
    std::ptrdiff_t x_line = 0, x_row = 0, x_r = 0, x_q = 0;
    std::ptrdiff_t w_r = 0, w_vector = 0;
    std::ptrdiff_t y_line = 0, y_row = 0;
    int lines = 1, tiles = 1, r = 0, q = 0;
    int channels = 0;
    activation act{};
};

inline namespace EENN_ISA {

namespace detail {

/// The last channels of a tile, fewer than one vector: pixel by pixel.
template <class T>
[[gnu::noinline]] void depthwise_last_channels(const depthwise_sweep<T>& s, int pixels, const T* x, const T* w,
                                               const T* bias, std::ptrdiff_t at, int count) noexcept {
    for (int p = 0; p < pixels; ++p, x += s.x_row, at += s.y_row) {
        lanes<T> acc[1][1]{{load<T>(bias)}};
        for (int r = 0; r < s.r; ++r) {
            for (int q = 0; q < s.q; ++q) {
                acc[0][0] = madd(load_first<T>(x + r * s.x_r + q * s.x_q, count),
                                 load<T>(w + r * s.w_r + q * lane_count<T>), acc[0][0]);
            }
        }
        finish<T, 1, 1>(acc, s.residual == nullptr ? nullptr : s.residual + at, s.act, count, s.y_row, s.y + at);
    }
}

}  // namespace detail

/// @brief y = act(bias + sum over taps + residual), rows of taps first. Q is the number of taps in a row, or 0: s.q of them.
///
/// With Slide neighbouring outputs are neighbouring inputs, and each input vector is loaded once for the Q outputs that
/// it meets: P + 5 loads for 3 P multiply-adds instead of 3 P + 3. The order of each sum is the same.
///
/// @par Cost  2 lines tiles P C r q flops.
template <class T, int P, int Q, bool Slide>
[[gnu::noinline]] void depthwise_tiles(const depthwise_sweep<T>& s) noexcept {
    constexpr int W = lane_count<T>;
    for (int line = 0; line < s.lines; ++line) {
        for (int t = 0; t < s.tiles; ++t) {
            const T* x = s.x + line * s.x_line + t * P * s.x_row;
            std::ptrdiff_t at = line * s.y_line + t * P * s.y_row;
            const T* w = s.w;
            const T* bias = s.bias;
            int c = 0;
            for (; c + W <= s.channels; c += W, x += W, at += W, w += s.w_vector, bias += s.w_vector) {
                lanes<T> acc[P][1];
                EENN_UNROLL
                for (int p = 0; p < P; ++p) acc[p][0] = load<T>(bias);
                for (int r = 0; r < s.r; ++r) {
                    const T* from = x + r * s.x_r;
                    const T* weight = w + r * s.w_r;
                    if constexpr (Slide) {
                        lanes<T> taps[Q];
                        EENN_UNROLL
                        for (int q = 0; q < Q; ++q) taps[q] = load<T>(weight + q * W);
                        EENN_UNROLL
                        for (int j = 0; j < P + Q - 1; ++j, from += s.x_row) {
                            lanes<T> value = load<T>(from);
                            keep_loaded(value);
                            EENN_UNROLL
                            for (int q = 0; q < Q; ++q) {
                                if (j - q >= 0 && j - q < P) acc[j - q][0] = madd(value, taps[q], acc[j - q][0]);
                            }
                        }
                    } else {
                        const auto add_tap = [&] {
                            lanes<T> tap = load<T>(weight);
                            keep_loaded(tap);
                            EENN_UNROLL
                            for (int p = 0; p < P; ++p) acc[p][0] = madd(load<T>(from + p * s.x_row), tap, acc[p][0]);
                            from += s.x_q;
                            weight += W;
                        };
                        if constexpr (Q > 0) {
                            EENN_UNROLL
                            for (int q = 0; q < Q; ++q) add_tap();
                        } else {
                            for (int q = 0; q < s.q; ++q) add_tap();
                        }
                    }
                }
                detail::finish<T, P, 1>(acc, s.residual == nullptr ? nullptr : s.residual + at, s.act, W, s.y_row,
                                        s.y + at);
            }
            if (c < s.channels) detail::depthwise_last_channels<T>(s, P, x, w, bias, at, s.channels - c);
        }
    }
}

namespace detail {

template <class T>
using depthwise_function = void (*)(const depthwise_sweep<T>&) noexcept;

template <class T, int Q, bool Slide, int... P>
[[nodiscard]] constexpr auto depthwise_tiles_of(std::integer_sequence<int, P...>) noexcept {
    return std::array<depthwise_function<T>, sizeof...(P)>{&depthwise_tiles<T, P + 1, Q, Slide>...};
}
template <class T, int Q, bool Slide = false>
inline constexpr auto depthwise_table =
    depthwise_tiles_of<T, Q, Slide>(std::make_integer_sequence<int, tuning::depthwise_pixels>{});

}  // namespace detail

/// @brief y = act(window over x, weighted per channel, + bias + residual) for one image.
///
/// @par Shapes  packed as pack_blocks(1, ...) lays it out; residual null or strided as y, and may be y.
template <class T>
void convolve_depthwise(const plane& g, const T* x, const T* packed, const T* residual, activation act, T* y) noexcept {
    constexpr int W = lane_count<T>;
    const int depth = g.rows.taps * g.columns.taps;
    for_each_run(g.rows, [&](axis::range oy, axis::range ky) {
        for_each_run(g.columns, [&](axis::range ox, axis::range kx) {
            depthwise_sweep<T> s;
            const int height = oy.last - oy.first;
            const int width = ox.last - ox.first;
            s.x = x;
            s.bias = packed;
            s.w = packed + W;
            s.q = kx.last - kx.first;
            s.r = s.q == 0 ? 0 : ky.last - ky.first;
            if (s.r > 0) {
                s.x +=
                    g.rows.input_of(oy.first, ky.first) * g.x_row + g.columns.input_of(ox.first, kx.first) * g.x_pixel;
                s.w += (ky.first * g.columns.taps + kx.first) * W;
            }
            s.x_r = g.rows.dilation * g.x_row;
            s.x_q = g.columns.dilation * g.x_pixel;
            s.w_r = static_cast<std::ptrdiff_t>(g.columns.taps) * W;
            s.w_vector = static_cast<std::ptrdiff_t>(1 + depth) * W;
            s.channels = g.out_channels;
            s.act = act;
            // Tiles run along the rows, where they can slide, or down the columns if that takes fewer of them.
            constexpr int most = tuning::depthwise_pixels;
            const bool down = ceil_divide(height, most) * width < ceil_divide(width, most) * height;
            const std::ptrdiff_t x_row = g.columns.stride * g.x_pixel;
            const std::ptrdiff_t x_line = g.rows.stride * g.x_row;
            s.lines = down ? width : height;
            s.x_row = down ? x_line : x_row;
            s.x_line = down ? x_row : x_line;
            s.y_row = down ? g.y_row : g.y_pixel;
            s.y_line = down ? g.y_pixel : g.y_row;
            const std::ptrdiff_t start = oy.first * g.y_row + ox.first * g.y_pixel;
            s.y = y + start;
            s.residual = residual == nullptr ? nullptr : residual + start;
            const balanced_tiles t(down ? height : width, most);
            const bool sliding = !down && s.q == 3 && s.x_q == s.x_row;
            const auto& table = sliding    ? detail::depthwise_table<T, 3, true>
                                : s.q == 3 ? detail::depthwise_table<T, 3>
                                : s.q == 2 ? detail::depthwise_table<T, 2>  // beside the border of a 3 x 3 window
                                           : detail::depthwise_table<T, 0>;
            if (t.larger > 0) {
                s.tiles = t.larger;
                table[static_cast<std::size_t>(t.size)](s);
                const std::ptrdiff_t done = static_cast<std::ptrdiff_t>(t.larger) * (t.size + 1);
                s.x += done * s.x_row;
                s.y += done * s.y_row;
                if (residual != nullptr) s.residual += done * s.y_row;
            }
            s.tiles = t.smaller;
            table[static_cast<std::size_t>(t.size - 1)](s);
        });
    });
}

/// @brief What a tile of the depthwise weight gradient works on: taps dw[a][b] over lines of output pixels.
template <class T>
struct depthwise_gradient_sweep {
    const T* x = nullptr;
    const T* dy = nullptr;
    T* dw = nullptr;
    std::ptrdiff_t x_line = 0, x_pixel = 0, x_a = 0, x_b = 0;
    std::ptrdiff_t dy_line = 0, dy_pixel = 0;
    std::ptrdiff_t dw_a = 0, dw_b = 0;
    int lines = 0, pixels = 0, channels = 0;
};

/// @brief dw[a][b] += sum over pixels of x * dy, A by B taps at once; each sum starts from what dw holds.
///
/// @par Cost  2 A B lines pixels C flops, A B + 1 loads for A B multiply-adds.
template <class T, int A, int B>
[[gnu::noinline]] void depthwise_gradient_taps(const depthwise_gradient_sweep<T>& s) noexcept {
    constexpr int W = lane_count<T>;
    for (int c = 0; c < s.channels; c += W) {
        const int count = std::min(W, s.channels - c);
        lanes<T> acc[A][B];
        EENN_UNROLL
        for (int a = 0; a < A; ++a) {
            EENN_UNROLL
            for (int b = 0; b < B; ++b) acc[a][b] = load_first<T>(s.dw + a * s.dw_a + b * s.dw_b + c, count);
        }
        const auto add = [&](auto take) {
            for (int line = 0; line < s.lines; ++line) {
                const T* x = s.x + line * s.x_line + c;
                const T* dy = s.dy + line * s.dy_line + c;
                for (int i = 0; i < s.pixels; ++i, x += s.x_pixel, dy += s.dy_pixel) {
                    lanes<T> d = take(dy);
                    keep_loaded(d);
                    EENN_UNROLL
                    for (int a = 0; a < A; ++a) {
                        EENN_UNROLL
                        for (int b = 0; b < B; ++b) acc[a][b] = madd(take(x + a * s.x_a + b * s.x_b), d, acc[a][b]);
                    }
                }
            }
        };
        if (count == W) {
            add([](const T* from) { return load<T>(from); });
        } else {
            add([count](const T* from) { return load_first<T>(from, count); });
        }
        EENN_UNROLL
        for (int a = 0; a < A; ++a) {
            EENN_UNROLL
            for (int b = 0; b < B; ++b) store_first<T>(s.dw + a * s.dw_a + b * s.dw_b + c, acc[a][b], count);
        }
    }
}

/// @brief dw += for one image; dw (kh,kw,C).
template <class T>
void correlate_depthwise(const plane& g, const T* x, const T* dy, T* dw) noexcept {
    using function = void (*)(const depthwise_gradient_sweep<T>&) noexcept;
    static constexpr function table[3][3] = {
        {&depthwise_gradient_taps<T, 1, 1>, &depthwise_gradient_taps<T, 1, 2>, &depthwise_gradient_taps<T, 1, 3>},
        {&depthwise_gradient_taps<T, 2, 1>, &depthwise_gradient_taps<T, 2, 2>, &depthwise_gradient_taps<T, 2, 3>},
        {&depthwise_gradient_taps<T, 3, 1>, &depthwise_gradient_taps<T, 3, 2>, &depthwise_gradient_taps<T, 3, 3>}};
    for_each_run(g.rows, [&](axis::range oy, axis::range ky) {
        for_each_run(g.columns, [&](axis::range ox, axis::range kx) {
            depthwise_gradient_sweep<T> s;
            s.channels = g.out_channels;
            s.pixels = ox.last - ox.first;
            s.x_line = g.rows.stride * g.x_row;
            s.x_pixel = g.columns.stride * g.x_pixel;
            s.x_a = g.rows.dilation * g.x_row;
            s.x_b = g.columns.dilation * g.x_pixel;
            s.dy_line = g.y_row;
            s.dy_pixel = g.y_pixel;
            s.dw_b = g.out_channels;
            s.dw_a = s.dw_b * g.columns.taps;
            // A few lines at a time, so that all channel vectors read them from the nearest cache.
            const int band = std::max(1, tuning::depthwise_band / s.pixels);
            for (int y = oy.first; y < oy.last; y += band) {
                s.lines = std::min(band, oy.last - y);
                s.dy = dy + y * g.y_row + ox.first * g.y_pixel;
                for (int a = ky.first; a < ky.last; a += 3) {
                    for (int b = kx.first; b < kx.last; b += 3) {
                        s.x = x + g.rows.input_of(y, a) * g.x_row + g.columns.input_of(ox.first, b) * g.x_pixel;
                        s.dw = dw + a * s.dw_a + b * s.dw_b;
                        table[std::min(3, ky.last - a) - 1][std::min(3, kx.last - b) - 1](s);
                    }
                }
            }
        });
    });
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

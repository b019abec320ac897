// SPDX-License-Identifier: MIT
//
// detail/depthwise.hpp - depthwise convolution of one image, and its weight gradient, vectorised over channels.
// Floor 2 (kernels). Tested by tests/kernels/convolution.cpp.
// Letters: P = output pixels of a tile, W = lanes of one vector, C = channels.
#ifndef EENN_KERNELS_DETAIL_DEPTHWISE_HPP
#define EENN_KERNELS_DETAIL_DEPTHWISE_HPP

#include <eenn/kernels/detail/plane.hpp>

namespace eenn::kernels {

/// @brief Tiles of P output pixels over all channels. Strides in elements; r and q are the loops over taps.
template <class T>
struct depthwise_sweep {
    const T* x = nullptr;
    const T* w = nullptr;  ///< first tap in use, for the first vector
    const T* bias = nullptr;
    const T* residual = nullptr;
    T* y = nullptr;
    std::ptrdiff_t x_line = 0, x_row = 0, x_r = 0, x_q = 0;
    std::ptrdiff_t x_first = 0;  ///< offset of the first tap from x; may be negative if `left`
    std::ptrdiff_t w_r = 0, w_vector = 0;
    std::ptrdiff_t y_line = 0, y_row = 0;
    int lines = 1, tiles = 1, r = 0, q = 0;
    int channels = 0;
    bool left = false;   ///< the first tap of the first output is outside the input
    bool right = false;  ///< the last tap of the last output is outside the input
    activation act{};
};

inline namespace EENN_ISA {

namespace detail {

/// The remaining channels, fewer than one vector, pixel by pixel.
template <class T>
[[gnu::noinline]] void depthwise_last_channels(const depthwise_sweep<T>& s, int pixels, std::ptrdiff_t x, const T* w,
                                               const T* bias, std::ptrdiff_t at, int count) noexcept {
    for (int p = 0; p < pixels; ++p, x += s.x_row, at += s.y_row) {
        lanes<T> acc[1][1]{{load<T>(bias)}};
        const int first = s.left && p == 0 ? 1 : 0;
        const int last = s.right && p + 1 == pixels ? s.q - 1 : s.q;
        for (int r = 0; r < s.r; ++r) {
            for (int q = first; q < last; ++q) {
                acc[0][0] = madd(load_first<T>(s.x + (x + r * s.x_r + q * s.x_q), count),
                                 load<T>(w + r * s.w_r + q * lane_count<T>), acc[0][0]);
            }
        }
        finish<T, 1, 1>(acc, s.residual == nullptr ? nullptr : s.residual + at, s.act, count, s.y_row, s.y + at);
    }
}

}  // namespace detail

/// @brief y = act(bias + sum over taps + residual), rows of taps first. Q is the number of taps per row; 0 means s.q.
///
/// With Step > 0, neighbouring outputs are Step inputs apart, and each input vector is loaded once for all outputs that
/// use it. With three taps this takes P Step + 3 - Step loads for 3 P multiply-adds, instead of 3 P. The order of each
/// sum is unchanged. Only in this case may the first and last tap of a line be outside the input.
///
/// @par Cost  2 lines tiles P C r q flops.
template <class T, int P, int Q, int Step>
[[gnu::noinline]] void depthwise_tiles(const depthwise_sweep<element<T>>& s) noexcept {
    using E = element<T>;
    constexpr int W = lane_count<T>;
    constexpr int tap = lane_count<E>;  // lane count of the packed weights
    const E* const source = s.x;
    const std::ptrdiff_t x_r = s.x_r;
    const std::ptrdiff_t x_q = s.x_q;
    const std::ptrdiff_t x_row = s.x_row;
    const std::ptrdiff_t w_r = s.w_r;
    const std::ptrdiff_t y_row = s.y_row;
    for (int line = 0; line < s.lines; ++line) {
        const E* w = s.w;
        const E* bias = s.bias;
        int c = 0;
        for (; c + W <= s.channels; c += W, w += s.w_vector, bias += s.w_vector) {
            std::ptrdiff_t x = line * s.x_line + s.x_first + c;
            std::ptrdiff_t at = line * s.y_line + c;
            for (int t = 0; t < s.tiles; ++t, x += P * x_row, at += P * y_row) {
                const bool left = s.left && t == 0;
                const bool right = s.right && t + 1 == s.tiles;
                lanes<T> acc[P][1];
                EENN_UNROLL
                for (int p = 0; p < P; ++p) acc[p][0] = load<T>(bias);
                const E* weight = w;
                std::ptrdiff_t first = x;
                for (int r = 0; r < s.r; ++r, first += x_r, weight += w_r) {
                    std::ptrdiff_t from = first;
                    if constexpr (Step > 0) {
                        constexpr int inputs = (P - 1) * Step + Q;
                        lanes<T> taps[Q];
                        EENN_UNROLL
                        for (int q = 0; q < Q; ++q) taps[q] = load<T>(weight + q * tap);
                        EENN_UNROLL
                        for (int j = 0; j < inputs; ++j, from += x_q) {
                            if ((j == 0 && left) || (j + 1 == inputs && right)) continue;
                            lanes<T> value = load<T>(source + from);
                            keep_loaded(value);
                            EENN_UNROLL
                            for (int p = 0; p < P; ++p) {
                                const int q = j - p * Step;
                                if (q >= 0 && q < Q) acc[p][0] = madd(value, taps[q], acc[p][0]);
                            }
                        }
                    } else {
                        const auto add_tap = [&](int q) {
                            lanes<T> factor = load<T>(weight + q * tap);
                            keep_loaded(factor);
                            EENN_UNROLL
                            for (int p = 0; p < P; ++p)
                                acc[p][0] = madd(load<T>(source + (from + p * x_row)), factor, acc[p][0]);
                            from += x_q;
                        };
                        if constexpr (Q > 0) {
                            EENN_UNROLL
                            for (int q = 0; q < Q; ++q) add_tap(q);
                        } else {
                            for (int q = 0; q < s.q; ++q) add_tap(q);
                        }
                    }
                }
                detail::finish<T, P, 1>(acc, s.residual == nullptr ? nullptr : s.residual + at, s.act, W, y_row,
                                        s.y + at);
            }
        }
        if (c < s.channels) {
            detail::depthwise_last_channels<E>(s, P * s.tiles, line * s.x_line + s.x_first + c, w, bias,
                                               line * s.y_line + c, s.channels - c);
        }
    }
}

namespace detail {

template <class T>
using depthwise_function = void (*)(const depthwise_sweep<T>&) noexcept;

template <class T, int Q, int Step, int... P>
[[nodiscard]] constexpr auto depthwise_tiles_of(std::integer_sequence<int, P...>) noexcept {
    return std::array<depthwise_function<element<T>>, sizeof...(P)>{&depthwise_tiles<T, P + 1, Q, Step>...};
}
template <class T, int Q, int Step = 0>
inline constexpr auto depthwise_table =
    depthwise_tiles_of<T, Q, Step>(std::make_integer_sequence<int, tuning::depthwise_pixels>{});

/// Whether the outputs of an axis can slide over its inputs: three neighbouring taps, with at most the first tap of the
/// first output and the last tap of the last output outside the input.
[[nodiscard]] constexpr bool slides(const axis& a) noexcept {
    if (a.taps != 3 || a.dilation != 1 || a.stride > 2 || a.out < 1) return false;
    const auto first = a.taps_at(0);
    const auto last = a.taps_at(a.out - 1);
    return first.first <= 1 && last.last >= 2 && first.last > first.first && last.last > last.first &&
           (a.out == 1 || (a.taps_at(1).first == 0 && a.taps_at(a.out - 2).last == 3));
}

/// Lines of `count` outputs in tiles of nearly equal size.
template <class T>
void run_depthwise(depthwise_sweep<T> s, const depthwise_function<T>* table, int count) noexcept {
    const balanced_tiles t(count, tuning::depthwise_pixels);
    if (t.larger > 0) {
        depthwise_sweep<T> part = s;
        part.tiles = t.larger;
        part.right = false;  // a smaller tile always follows
        table[t.size](part);
        const std::ptrdiff_t done = t.larger * (t.size + 1);
        s.x_first += done * s.x_row;
        s.y += done * s.y_row;
        if (s.residual != nullptr) s.residual += done * s.y_row;
        s.left = false;
    }
    s.tiles = t.smaller;
    table[t.size - 1](s);
}

}  // namespace detail

/// @brief y = act(window over x, weighted per channel, + bias + residual) for one image.
///
/// Windows of three columns slide along whole output rows. Other windows are covered as in convolve(): rectangles with
/// the same taps inside the input, tiled along their rows, or down their columns if that takes fewer tiles.
///
/// @par Shapes  packed in the layout of pack_blocks(1, ...); residual null or strided like y, may be y.
template <class T>
void convolve_depthwise(const plane& g, const T* x, const T* packed, const T* residual, activation act, T* y) noexcept {
    constexpr std::ptrdiff_t W = lane_count<T>;
    const int depth = g.rows.taps * g.columns.taps;
    const bool sliding = detail::slides(g.columns);
    for_each_run(g.rows, [&](axis::range oy, axis::range ky) {
        const auto cover = [&](axis::range ox, axis::range kx) {
            depthwise_sweep<T> s;
            const int height = oy.last - oy.first;
            const int width = ox.last - ox.first;
            s.x = x;
            s.bias = packed;
            s.w = packed + W;
            s.q = kx.last - kx.first;
            s.r = s.q == 0 ? 0 : ky.last - ky.first;
            if (s.r > 0) {
                s.x += g.rows.input_of(oy.first, ky.first) * g.x_row;
                s.x_first = g.columns.input_of(ox.first, kx.first) * g.x_pixel;
                s.w += (ky.first * g.columns.taps + kx.first) * W;
            }
            s.x_r = g.rows.dilation * g.x_row;
            s.x_q = g.columns.dilation * g.x_pixel;
            s.w_r = g.columns.taps * W;
            s.w_vector = (1 + depth) * W;
            s.channels = g.out_channels;
            s.act = act;
            constexpr int most = tuning::depthwise_pixels;
            const bool down = !sliding && ceil_divide(height, most) * width < ceil_divide(width, most) * height;
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
            if (sliding) {
                s.left = g.columns.taps_at(0).first == 1;
                s.right = g.columns.taps_at(g.columns.out - 1).last == 2;
            }
            const auto run = [&](auto kind) {
                using K = typename decltype(kind)::type;
                const auto& table = !sliding ? (s.q == 2 ? detail::depthwise_table<K, 2>  // gradients of stride 2
                                                         : detail::depthwise_table<K, 0>)
                                    : g.columns.stride == 1 ? detail::depthwise_table<K, 3, 1>
                                                            : detail::depthwise_table<K, 3, 2>;
                detail::run_depthwise(s, table.data(), down ? height : width);
            };
            if constexpr (has_narrow<T>) {
                constexpr int half = lane_count<narrow<T>>;
                if (g.out_channels % W == half) {
                    s.channels -= half;
                    if (s.channels > 0) run(std::type_identity<T>{});
                    s.bias += s.channels / W * s.w_vector;
                    s.w += s.channels / W * s.w_vector;
                    s.x += s.channels;
                    s.y += s.channels;
                    if (s.residual != nullptr) s.residual += s.channels;
                    s.channels = half;
                    return run(std::type_identity<narrow<T>>{});
                }
            }
            run(std::type_identity<T>{});
        };
        if (sliding) {
            cover(axis::range{0, g.columns.out}, axis::range{0, g.columns.taps});
        } else {
            for_each_run(g.columns, cover);
        }
    });
}

/// @brief Operands of the depthwise weight gradient: taps dw[a][b] over lines of output pixels, or over whole output
/// rows.
template <class T>
struct depthwise_gradient_sweep {
    const T* x = nullptr;
    const T* dy = nullptr;
    T* dw = nullptr;
    std::ptrdiff_t x_line = 0, x_pixel = 0, x_a = 0, x_b = 0;
    std::ptrdiff_t dy_line = 0, dy_pixel = 0;
    std::ptrdiff_t dw_a = 0, dw_b = 0;
    int lines = 0, channels = 0;
    int pixels = 0;                ///< per line
    int in = 0, out = 0, pad = 0;  ///< of a whole row
};

/// @brief dw[a][b] += sum over pixels of x * dy, for A by B taps at once. Each sum starts from the value in dw.
///
/// @par Cost  2 A B lines pixels C flops, A B + 1 loads per A B multiply-adds.
template <class T, int A, int B>
[[gnu::noinline]] void depthwise_gradient_taps(const depthwise_gradient_sweep<element<T>>& s) noexcept {
    using E = element<T>;
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
                const E* x = s.x + line * s.x_line + c;
                const E* dy = s.dy + line * s.dy_line + c;
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
            add([](const E* from) { return load<T>(from); });
        } else {
            add([count](const E* from) { return load_first<T>(from, count); });
        }
        EENN_UNROLL
        for (int a = 0; a < A; ++a) {
            EENN_UNROLL
            for (int b = 0; b < B; ++b) store_first<T>(s.dw + a * s.dw_a + b * s.dw_b + c, acc[a][b], count);
        }
    }
}

/// @brief dw[a][q] += sum over rows and their pixels of x * dy, for A rows of taps at once.
///
/// Along a row, each input meets three neighbouring gradients, which are kept in registers; outside the row they are
/// zero.
///
/// @par Cost  6 A lines in C flops, A + 1 loads per 3 A multiply-adds.
template <class T, int A>
[[gnu::noinline]] void depthwise_gradient_slide(const depthwise_gradient_sweep<element<T>>& s) noexcept {
    using E = element<T>;
    constexpr int W = lane_count<T>;
    using V = lanes<T>;
    const V zero = broadcast<T>(E{0});
    const int inside = std::max(0, std::min(s.in, s.out - s.pad));  // inputs that have a gradient at their first tap
    const int last = std::min(s.in, s.out - s.pad + 2);             // inputs that have any gradient
    for (int c = 0; c < s.channels; c += W) {
        const int count = std::min(W, s.channels - c);
        V acc[A][3];
        EENN_UNROLL
        for (int a = 0; a < A; ++a) {
            EENN_UNROLL
            for (int q = 0; q < 3; ++q) acc[a][q] = load_first<T>(s.dw + a * s.dw_a + q * s.dw_b + c, count);
        }
        const auto add_lines = [&](auto take) {
            for (int line = 0; line < s.lines; ++line) {
                const E* x = s.x + line * s.x_line + c;
                const E* dy = s.dy + line * s.dy_line + c;
                const auto gradient = [&](int o) { return o >= 0 && o < s.out ? take(dy + o * s.dy_pixel) : zero; };
                V far = gradient(s.pad - 2);
                V near = gradient(s.pad - 1);
                const auto add = [&](V next) {
                    keep_loaded(next);
                    EENN_UNROLL
                    for (int a = 0; a < A; ++a) {
                        V value = take(x + a * s.x_a);
                        keep_loaded(value);
                        acc[a][0] = madd(value, next, acc[a][0]);
                        acc[a][1] = madd(value, near, acc[a][1]);
                        acc[a][2] = madd(value, far, acc[a][2]);
                    }
                    far = near;
                    near = next;
                    x += s.x_pixel;
                };
                int j = 0;
                for (; j < inside; ++j) add(take(dy + (j + s.pad) * s.dy_pixel));
                for (; j < last; ++j) add(zero);
            }
        };
        if (count == W) {
            add_lines([](const E* from) { return load<T>(from); });
        } else {
            add_lines([count](const E* from) { return load_first<T>(from, count); });
        }
        EENN_UNROLL
        for (int a = 0; a < A; ++a) {
            EENN_UNROLL
            for (int q = 0; q < 3; ++q) store_first<T>(s.dw + a * s.dw_a + q * s.dw_b + c, acc[a][q], count);
        }
    }
}

/// @brief dw += the gradient of one image; dw (kh,kw,C).
template <class T>
void correlate_depthwise(const plane& g, const element<T>* x, const element<T>* dy, element<T>* dw) noexcept {
    using function = void (*)(const depthwise_gradient_sweep<element<T>>&) noexcept;
    static constexpr function table[3][3] = {
        {&depthwise_gradient_taps<T, 1, 1>, &depthwise_gradient_taps<T, 1, 2>, &depthwise_gradient_taps<T, 1, 3>},
        {&depthwise_gradient_taps<T, 2, 1>, &depthwise_gradient_taps<T, 2, 2>, &depthwise_gradient_taps<T, 2, 3>},
        {&depthwise_gradient_taps<T, 3, 1>, &depthwise_gradient_taps<T, 3, 2>, &depthwise_gradient_taps<T, 3, 3>}};
    static constexpr function whole_rows[3] = {&depthwise_gradient_slide<T, 1>, &depthwise_gradient_slide<T, 2>,
                                               &depthwise_gradient_slide<T, 3>};
    depthwise_gradient_sweep<element<T>> s;
    s.channels = g.out_channels;
    s.in = g.columns.in;
    s.out = g.columns.out;
    s.pad = g.columns.pad;
    s.x_line = g.rows.stride * g.x_row;
    s.x_pixel = g.columns.stride * g.x_pixel;
    s.x_a = g.rows.dilation * g.x_row;
    s.x_b = g.columns.dilation * g.x_pixel;
    s.dy_line = g.y_row;
    s.dy_pixel = g.y_pixel;
    s.dw_b = g.out_channels;
    s.dw_a = s.dw_b * g.columns.taps;
    // Calls run(row of x, first row of taps, count) for a few lines at a time, so that all channel vectors read them
    // from the nearest cache.
    const auto each_band = [&](axis::range oy, axis::range ky, int width, std::ptrdiff_t dy_first, auto&& run) {
        const int band = std::max(1, tuning::depthwise_band / width);
        for (int y = oy.first; y < oy.last; y += band) {
            s.lines = std::min(band, oy.last - y);
            s.dy = dy + y * g.y_row + dy_first;
            for (int a = ky.first; a < ky.last; a += 3)
                run(g.rows.input_of(y, a) * g.x_row, a, std::min(3, ky.last - a));
        }
    };
    const bool sliding = detail::slides(g.columns) && g.columns.stride == 1;
    for_each_run(g.rows, [&](axis::range oy, axis::range ky) {
        if (sliding) {
            each_band(oy, ky, s.in, 0, [&](std::ptrdiff_t row, int a, int count) {
                s.x = x + row;
                s.dw = dw + a * s.dw_a;
                whole_rows[count - 1](s);
            });
            return;
        }
        for_each_run(g.columns, [&](axis::range ox, axis::range kx) {
            s.pixels = ox.last - ox.first;
            each_band(oy, ky, s.pixels, ox.first * g.y_pixel, [&](std::ptrdiff_t row, int a, int count) {
                for (int b = kx.first; b < kx.last; b += 3) {
                    s.x = x + row + g.columns.input_of(ox.first, b) * g.x_pixel;
                    s.dw = dw + a * s.dw_a + b * s.dw_b;
                    table[count - 1][std::min(3, kx.last - b) - 1](s);
                }
            });
        });
    });
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

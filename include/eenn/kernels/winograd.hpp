// SPDX-License-Identifier: MIT
//
// winograd.hpp - 3x3 convolutions of stride 1 with a quarter of the multiplications: F(4x4,3x3) over one image.
// Floor 2 (kernels). Letters: I, O = input, output channels; W = lanes of one vector; d, g, m = input tile, filter, product.
//
// The image is cut into 4x4 tiles of outputs. A tile's 6x6 inputs d and the 3x3 filter g become 6x6 each, are multiplied
// element by element and summed over I, and become 4x4 outputs: y = A' [(G g G') (B' d B)] A. Vectors run over channels in
// all three steps, so that the middle one is 36 products of a few tiles by the weights: the microkernel of outer_product.hpp
// without its loops over taps. Source: Lavin and Gray (2016), "Fast algorithms for convolutional neural networks", section
// 4.2, points 0, 1, -1, 2, -2. Theirs transforms the whole batch into memory; here a few tiles go through all three steps in
// the nearest caches, as a residual, an activation and borders do in the last.
#ifndef EENN_KERNELS_WINOGRAD_HPP
#define EENN_KERNELS_WINOGRAD_HPP

#include <eenn/kernels/outer_product.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace eenn::kernels {

/// @brief One image for convolve_winograd(): dense (H,W,I) to (H',W',O), windows of 3x3 and stride 1.
struct winograd_image {
    int in_h, in_w, in_channels;     ///< a multiple of W
    int out_h, out_w, out_channels;  ///< a multiple of winograd::block
    int pad_top, pad_left;
};

inline namespace EENN_ISA {

namespace winograd {

inline constexpr int outputs = 4;  ///< of a tile, each way
inline constexpr int points = 6;   ///< of a transformed tile, each way
inline constexpr int products = points * points;
/// Elements between the planes of two products, lest all fall into few sets of the cache.
inline constexpr int gap = 16;

/// u = G g over one axis of the filter.
template <class T>
[[nodiscard]] constexpr std::array<T, points> transformed_filter(T g0, T g1, T g2) noexcept {
    const T outer = (g0 + g2) / T{-6};
    const T far = g0 / T{24} + g2 / T{6};
    return {g0 / T{4}, outer - g1 / T{6}, outer + g1 / T{6}, far + g1 / T{12}, far - g1 / T{12}, g2};
}

/// t = B' d over one axis of the input.
template <class T>
EIGEN_ALWAYS_INLINE void transform_input(const lanes<T> (&d)[points], lanes<T> (&t)[points]) noexcept {
    const auto c = [](int value) { return broadcast(static_cast<T>(value)); };
    const lanes<T> even = madd(c(-4), d[2], d[4]);
    const lanes<T> odd = madd(c(-4), d[1], d[3]);
    const lanes<T> even_far = minus(d[4], d[2]);
    const lanes<T> odd_far = minus(d[3], d[1]);
    t[0] = madd(c(4), minus(d[0], d[2]), even_far);
    t[1] = plus(even, odd);
    t[2] = minus(even, odd);
    t[3] = madd(c(2), odd_far, even_far);
    t[4] = madd(c(-2), odd_far, even_far);
    t[5] = madd(c(-4), odd_far, minus(d[5], d[3]));
}

/// y = A' m over one axis of the products.
template <class T>
EIGEN_ALWAYS_INLINE void transform_output(const lanes<T> (&m)[points], lanes<T> (&y)[outputs]) noexcept {
    const auto c = [](int value) { return broadcast(static_cast<T>(value)); };
    const lanes<T> near_sum = plus(m[1], m[2]);
    const lanes<T> near_difference = minus(m[1], m[2]);
    const lanes<T> far_sum = plus(m[3], m[4]);
    const lanes<T> far_difference = minus(m[3], m[4]);
    y[0] = plus(m[0], plus(near_sum, far_sum));
    y[1] = madd(c(2), far_difference, near_difference);
    y[2] = madd(c(4), far_sum, near_sum);
    y[3] = plus(m[5], madd(c(8), far_difference, near_difference));
}

/// One tile's inputs, from (row, column) of the image on, to `to`: product k of channel c lies at k * plane + c.
/// @param zeros  (I), what lies outside of the image.
template <class T>
[[gnu::noinline]] void gather_tile(const winograd_image& g, const T* x, const T* zeros, int row, int column,
                                   std::ptrdiff_t plane, T* to) noexcept {
    using V = lanes<T>;
    const T* pixels[points][points];
    for (int i = 0; i < points; ++i) {
        const bool row_inside = row + i >= 0 && row + i < g.in_h;
        for (int j = 0; j < points; ++j) {
            const bool inside = row_inside && column + j >= 0 && column + j < g.in_w;
            const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(row + i) * g.in_w + column + j;
            pixels[i][j] = inside ? x + at * g.in_channels : zeros;
        }
    }
    for (int c = 0; c < g.in_channels; c += lane_count<T>) {
        V half[points][points];
        EENN_UNROLL
        for (int i = 0; i < points; ++i) {
            V d[points];
            EENN_UNROLL
            for (int j = 0; j < points; ++j) d[j] = load<T>(pixels[i][j] + c);
            transform_input<T>(d, half[i]);
        }
        EENN_UNROLL
        for (int j = 0; j < points; ++j) {
            const V d[points]{half[0][j], half[1][j], half[2][j], half[3][j], half[4][j], half[5][j]};
            V t[points];
            transform_input<T>(d, t);
            EENN_UNROLL
            for (int i = 0; i < points; ++i) store<T>(to + (i * points + j) * plane + c, t[i]);
        }
    }
}

/// What the products of a few tiles work on.
template <class T>
struct product_sweep {
    const T* tiles = nullptr;    ///< (36)(P)(I), planes `tile_plane` apart
    const T* weights = nullptr;  ///< (36)(I)(V W)
    T* out = nullptr;            ///< (36)(P)(V W), planes `out_plane` apart
    std::ptrdiff_t tile_plane = 0, out_plane = 0;
    int channels = 0;
};

/// @brief The 36 products of P tiles and V vectors of output channels.
///
/// @par Cost  72 P V W I flops.
template <class T, int P, int V>
[[gnu::noinline]] void multiply_tiles(const product_sweep<T>& s) noexcept {
    constexpr int W = lane_count<T>;
    const T* a = s.tiles;
    const T* b = s.weights;
    T* out = s.out;
    for (int k = 0; k < products; ++k, a += s.tile_plane, out += s.out_plane) {
        lanes<T> acc[P][V];
        const T* row[P];
        EENN_UNROLL
        for (int p = 0; p < P; ++p) {
            row[p] = a + p * s.channels;
            EENN_UNROLL
            for (int v = 0; v < V; ++v) acc[p][v] = broadcast(T{0});
        }
        for (int c = 0; c < s.channels; ++c, b += V * W) {
            lanes<T> bv[V];
            EENN_UNROLL
            for (int v = 0; v < V; ++v) {
                bv[v] = load<T>(b + v * W);
                if constexpr (P > 1) keep_loaded(bv[v]);
            }
            EENN_UNROLL
            for (int p = 0; p < P; ++p) {
                const lanes<T> av = broadcast(row[p][c]);
                EENN_UNROLL
                for (int v = 0; v < V; ++v) acc[p][v] = madd(av, bv[v], acc[p][v]);
            }
        }
        EENN_UNROLL
        for (int p = 0; p < P; ++p) {
            EENN_UNROLL
            for (int v = 0; v < V; ++v) store<T>(out + (p * V + v) * W, acc[p][v]);
        }
    }
}

template <class T, int... P>
[[nodiscard]] constexpr auto products_of(std::integer_sequence<int, P...>) noexcept {
    return std::array<void (*)(const product_sweep<T>&) noexcept, sizeof...(P)>{
        &multiply_tiles<T, P + 1, tuning::winograd_vectors>...};
}
template <class T>
inline constexpr auto product_table = products_of<T>(std::make_integer_sequence<int, tuning::winograd_tiles>{});

/// One vector of a tile's outputs: y = act(A' m A + bias + residual), the rows and columns that exist.
template <class T>
[[gnu::noinline]] void scatter_tile(const T* m, std::ptrdiff_t plane, const lanes<T>& bias, const T* residual,
                                    activation act, int rows, int columns, std::ptrdiff_t y_row, std::ptrdiff_t y_pixel,
                                    T* y) noexcept {
    using V = lanes<T>;
    V half[points][outputs];
    EENN_UNROLL
    for (int j = 0; j < points; ++j) {
        V column[points];
        EENN_UNROLL
        for (int i = 0; i < points; ++i) column[i] = load<T>(m + (i * points + j) * plane);
        transform_output<T>(column, half[j]);
    }
    const detail::clamp<T> bounds(act);
    EENN_UNROLL
    for (int i = 0; i < outputs; ++i) {
        const V row[points]{half[0][i], half[1][i], half[2][i], half[3][i], half[4][i], half[5][i]};
        V out[outputs];
        transform_output<T>(row, out);
        EENN_UNROLL
        for (int j = 0; j < outputs; ++j) {
            if (i < rows && j < columns) {
                const std::ptrdiff_t at = i * y_row + j * y_pixel;
                V value = plus(out[j], bias);
                if (residual != nullptr) value = plus(value, load<T>(residual + at));
                store<T>(y + at, detail::is_clamp(act.kind) ? bounds(value) : detail::apply_long<T>(act, value));
            }
        }
    }
}

/// Output channels of one product.
template <class T>
inline constexpr int block = (lane_count<T>)*tuning::winograd_vectors;

/// Tiles of an image, and how many go through the three steps at once.
struct tiling {
    int across;
    int count;
    constexpr explicit tiling(const winograd_image& g) noexcept
        : across{(g.out_w + outputs - 1) / outputs}, count{across * ((g.out_h + outputs - 1) / outputs)} {}
    [[nodiscard]] constexpr int at_once() const noexcept { return std::min(count, tuning::winograd_tiles); }
};

[[nodiscard]] constexpr std::ptrdiff_t tile_plane(const winograd_image& g) noexcept {
    return static_cast<std::ptrdiff_t>(tiling(g).at_once()) * g.in_channels + gap;
}
template <class T>
[[nodiscard]] constexpr std::ptrdiff_t out_plane(const winograd_image& g) noexcept {
    return static_cast<std::ptrdiff_t>(tiling(g).at_once()) * block<T> + gap;
}

}  // namespace winograd

/// @brief Whether convolve_winograd() is there for T: for floats in vectors of tuning::winograd_lanes or more.
template <class T>
inline constexpr bool has_winograd = (lane_count<T>) >= tuning::winograd_lanes&& std::is_same<T, float>::value;

/// @brief Whether convolve_winograd() can compute this and takes less time for it than the direct sum.
///
/// Both by their half cycles: 9 multiply-adds for every output, against 36 for every tile, as full tiles of the microkernel
/// would take them, and the transforms.
template <class T>
[[nodiscard]] constexpr bool winograd_pays(const winograd_image& g) noexcept {
    constexpr int W = lane_count<T>;
    if (!has_winograd<T> || g.in_channels % W != 0 || g.out_channels % winograd::block<T> != 0) return false;
    const double ins = g.in_channels;
    const double outs = g.out_channels / W;
    const winograd::tiling cut(g);
    constexpr int vectors = tuning::winograd_vectors;
    const int last = cut.count % tuning::winograd_tiles;
    const double rows = cut.count / tuning::winograd_tiles * tuning::tile_cycles(tuning::winograd_tiles, vectors) +
                        (last > 0 ? tuning::tile_cycles(last, vectors) : 0);
    const double direct = 9.0 * g.out_h * g.out_w * ins * outs;
    const double products = winograd::products * rows / vectors * ins * outs;
    const double transforms = cut.count * (tuning::winograd_input * ins / W + tuning::winograd_output * outs);
    return products + transforms < tuning::winograd_gain * direct;
}

/// @brief Elements of scratch that convolve_winograd() writes.
template <class T>
[[nodiscard]] constexpr std::size_t winograd_scratch(const winograd_image& g) noexcept {
    return static_cast<std::size_t>(winograd::products) *
               static_cast<std::size_t>(winograd::tile_plane(g) + winograd::out_plane<T>(g)) +
           static_cast<std::size_t>(g.in_channels);
}

/// @brief Elements of packed weights: O biases, then per block of O (36)(I)(block).
template <class T>
[[nodiscard]] constexpr std::size_t packed_winograd_size(int in_channels, int out_channels) noexcept {
    return static_cast<std::size_t>(out_channels) * (1 + static_cast<std::size_t>(winograd::products * in_channels));
}

/// @brief Lays weights out so; weight(tap, i, o), bias(o). Returns the end of what it wrote.
/// Not inlined: where a constant geometry does not take it, GCC 12 would warn of the array that it does not overrun.
template <class T, class Weight, class Bias>
[[gnu::noinline]] constexpr T* pack_winograd(int in_channels, int out_channels, Weight weight, Bias bias,
                                             T* packed) noexcept {
    constexpr int width = winograd::block<T>;
    using row = std::array<T, static_cast<std::size_t>(width)>;  // lanes innermost: computed as vectors
    for (int o = 0; o < out_channels; ++o) *packed++ = bias(o);
    for (int first = 0; first < out_channels; first += width) {
        const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(in_channels) * width;
        for (int i = 0; i < in_channels; ++i) {
            std::array<row, 9> filter{};
            std::array<row, 3 * winograd::points> half{};
            for (int tap = 0; tap < 9; ++tap) {
                row& to = filter[static_cast<std::size_t>(tap)];
                for (int lane = 0; lane < width; ++lane)
                    to[static_cast<std::size_t>(lane)] = weight(tap, i, first + lane);
            }
            for (std::size_t ky = 0; ky < 3; ++ky) {
                for (std::size_t lane = 0; lane < static_cast<std::size_t>(width); ++lane) {
                    const auto u = winograd::transformed_filter<T>(filter[3 * ky][lane], filter[3 * ky + 1][lane],
                                                                   filter[3 * ky + 2][lane]);
                    for (std::size_t b = 0; b < winograd::points; ++b) half[3 * b + ky][lane] = u[b];
                }
            }
            T* const to = packed + static_cast<std::ptrdiff_t>(i) * width;
            for (std::size_t b = 0; b < winograd::points; ++b) {
                for (std::size_t lane = 0; lane < static_cast<std::size_t>(width); ++lane) {
                    const auto u = winograd::transformed_filter<T>(half[3 * b][lane], half[3 * b + 1][lane],
                                                                   half[3 * b + 2][lane]);
                    for (std::size_t a = 0; a < winograd::points; ++a)
                        to[static_cast<std::ptrdiff_t>(a * winograd::points + b) * plane +
                           static_cast<std::ptrdiff_t>(lane)] = u[a];
                }
            }
        }
        packed += winograd::products * plane;
    }
    return packed;
}

/// @brief y = act(3x3 window over x, weighted, + bias + residual) for one image.
///
/// @par Shapes  x (H,W,I), packed by pack_winograd(), residual null or (H',W',O), y (H',W',O); residual may be y, x may not.
///              scratch (winograd_scratch).
/// @par Cost    4.5 H' W' I O flops instead of 18, and some 300 a tile and vector of channels for the transforms.
/// @par Threads  safe with scratch of its own for each.
/// @par Errors  Rounding: some 1e-5 of the largest output at 64 channels, ten times that of the direct sum. A NaN in x reaches
///              the whole tiles whose inputs hold it, more than its own windows.
template <class T>
void convolve_winograd(const winograd_image& g, const T* x, const T* packed, const T* residual, activation act, T* y,
                       T* scratch) noexcept {
    const winograd::tiling cut(g);
    const int at_once = cut.at_once();
    const std::ptrdiff_t in_plane = winograd::tile_plane(g);
    const std::ptrdiff_t out_plane = winograd::out_plane<T>(g);
    T* const tiles = scratch;
    T* const made = tiles + winograd::products * in_plane;
    T* const zeros = made + winograd::products * out_plane;
    std::fill_n(zeros, g.in_channels, T{0});
    const std::ptrdiff_t y_pixel = g.out_channels;
    const std::ptrdiff_t y_row = y_pixel * g.out_w;
    const T* const weights = packed + g.out_channels;
    for (int first = 0; first < cut.count; first += at_once) {
        const int here = std::min(at_once, cut.count - first);
        for (int t = 0; t < here; ++t) {
            winograd::gather_tile(g, x, zeros, (first + t) / cut.across * winograd::outputs - g.pad_top,
                                  (first + t) % cut.across * winograd::outputs - g.pad_left, in_plane,
                                  tiles + static_cast<std::ptrdiff_t>(t) * g.in_channels);
        }
        for (int o = 0; o < g.out_channels; o += winograd::block<T>) {
            winograd::product_sweep<T> s;
            s.tiles = tiles;
            s.weights = weights + static_cast<std::ptrdiff_t>(o) * winograd::products * g.in_channels;
            s.out = made;
            s.tile_plane = in_plane;
            s.out_plane = out_plane;
            s.channels = g.in_channels;
            winograd::product_table<T>[static_cast<std::size_t>(here - 1)](s);
            for (int t = 0; t < here; ++t) {
                const int row = (first + t) / cut.across * winograd::outputs;
                const int column = (first + t) % cut.across * winograd::outputs;
                for (int v = 0; v < winograd::block<T>; v += lane_count<T>) {
                    const std::ptrdiff_t at = row * y_row + column * y_pixel + o + v;
                    winograd::scatter_tile<T>(made + t * winograd::block<T> + v, out_plane, load<T>(packed + o + v),
                                              residual == nullptr ? nullptr : residual + at, act,
                                              std::min(winograd::outputs, g.out_h - row),
                                              std::min(winograd::outputs, g.out_w - column), y_row, y_pixel, y + at);
                }
            }
        }
    }
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

// SPDX-License-Identifier: MIT
//
// detail/winograd_gradient.hpp - the weight gradient of a stride-1 convolution with fewer multiplications.
// Floor 2 (kernels). Letters: N = samples, I, O = input, output channels; W = lanes of one vector.
//
// The convolution of winograd.hpp is bilinear, so its gradient needs no more products: for y = A' [(G g G') (B' d B)]
// A, the gradient of g is G' [(A dy A') (B' d B)] G. The products of all tiles of all samples are summed before the
// transform to taps. This sum is one outer product over the tiles for each point: the microkernel of the direct sum,
// without its loops over taps and rows. Tiles are transformed a few at a time, so that they stay in the nearest caches.
#ifndef EENN_KERNELS_DETAIL_WINOGRAD_GRADIENT_HPP
#define EENN_KERNELS_DETAIL_WINOGRAD_GRADIENT_HPP

#include <eenn/kernels/detail/winograd.hpp>

namespace eenn::kernels {
inline namespace EENN_ISA {

namespace winograd {

/// Transforms one tile of the output gradient, of which `rows` x `columns` exist. Product k of channel c is at k *
/// plane + c.
template <winograd_form F, class T>
[[gnu::noinline]] void gather_gradient_tile(const T* dy, std::ptrdiff_t row, int channels, int rows, int columns,
                                            std::ptrdiff_t plane, T* to) noexcept {
    using V = lanes<T>;
    constexpr int H = F.points_h();
    constexpr int L = F.points_w();
    const std::ptrdiff_t pixel = channels;
    for (int c = 0; c < channels; c += lane_count<T>) {
        V half[F.out_h][L];
        EENN_UNROLL
        for (int i = 0; i < F.out_h; ++i) {
            V y[F.out_w];
            EENN_UNROLL
            for (int j = 0; j < F.out_w; ++j) {
                const bool inside = i < rows && j < columns;
                y[j] = inside ? load<T>(dy + i * row + j * pixel + c) : broadcast(T{0});
            }
            transform_output_gradient<T>(y, half[i]);
        }
        EENN_UNROLL
        for (int j = 0; j < L; ++j) {
            V y[F.out_h];
            EENN_UNROLL
            for (int i = 0; i < F.out_h; ++i) y[i] = half[i][j];
            V m[H];
            transform_output_gradient<T>(y, m);
            EENN_UNROLL
            for (int i = 0; i < H; ++i) store<T>(to + (i * L + j) * plane + c, m[i]);
        }
    }
}

/// sums (I,O) += tiles (count,I) transposed, times gradients (count,O).
template <class T>
void accumulate_tiles(int count, int in_channels, int out_channels, const T* tiles, const T* gradients, T* sums,
                      const tile_table<T>& table) noexcept {
    sweep<T> s;
    s.r = s.q = 1;
    s.k = count;
    s.a_k = in_channels;
    s.b_k = s.out_row = out_channels;
    for_each_pair<T>(out_channels, [&](int o, int vectors, int last) {
        s.last = last;
        s.a = tiles;
        s.b = gradients + o;
        s.out = sums + o;
        accumulate_rows(s, in_channels, vectors, table);
    });
}

/// dw (taps)(I,O) += the taps from the sums of products, `plane` apart, for `count` elements of (I,O).
template <winograd_form F, class T>
[[gnu::noinline]] void add_taps(const T* sums, std::ptrdiff_t plane, std::ptrdiff_t count, T* dw) noexcept {
    using V = lanes<T>;
    constexpr int H = F.points_h();
    constexpr int L = F.points_w();
    for (std::ptrdiff_t at = 0; at < count; at += lane_count<T>) {
        V half[L][F.taps_h];
        EENN_UNROLL
        for (int j = 0; j < L; ++j) {
            V column[H];
            EENN_UNROLL
            for (int i = 0; i < H; ++i) column[i] = load<T>(sums + (i * L + j) * plane + at);
            transform_filter_gradient<T>(column, half[j]);
        }
        EENN_UNROLL
        for (int ky = 0; ky < F.taps_h; ++ky) {
            V row[L];
            EENN_UNROLL
            for (int j = 0; j < L; ++j) row[j] = half[j][ky];
            V taps[F.taps_w];
            transform_filter_gradient<T>(row, taps);
            EENN_UNROLL
            for (int kx = 0; kx < F.taps_w; ++kx) {
                T* const to = dw + (ky * F.taps_w + kx) * count + at;
                store<T>(to, plus(load<T>(to), taps[kx]));
            }
        }
    }
}

/// Number of tiles transformed at a time.
[[nodiscard]] constexpr int gradient_tiles(const winograd_form& f, const winograd_image& g) noexcept {
    return std::max(1, tuning::chunk_elements / (f.products() * (g.in_channels + g.out_channels)));
}

}  // namespace winograd

/// @brief The fastest form of correlate_winograd() for this problem; {} if the direct sum is faster or no form applies.
///
/// Counts half cycles as for the outputs, plus the sums, which are cleared, gathered and transformed back once per
/// about four samples.
template <class T>
[[nodiscard]] constexpr winograd_form winograd_gradient_form_of(const winograd_image& g, int taps_h,
                                                                int taps_w) noexcept {
    constexpr int W = lane_count<T>;
    const winograd_form form = winograd_form_of<T>(g, taps_h, taps_w);
    if (form == winograd_form{}) return {};
    const double ins = g.in_channels;
    const double pairs = ins * g.out_channels / W;
    const double direct = tuning::winograd_gain * taps_h * taps_w * g.out_h * g.out_w * pairs;
    return winograd_cycles<T>(form, g, false) + 1.5 * form.products() * pairs < direct ? form : winograd_form{};
}

/// @brief Elements of scratch that correlate_winograd<f>() needs.
[[nodiscard]] constexpr std::size_t winograd_gradient_scratch(const winograd_form& f,
                                                              const winograd_image& g) noexcept {
    const std::ptrdiff_t tiles = winograd::gradient_tiles(f, g);
    const std::ptrdiff_t ins = g.in_channels;
    const std::ptrdiff_t outs = g.out_channels;
    const std::ptrdiff_t plane = tiles * (ins + outs) + ins * outs + 3 * winograd::gap;
    return static_cast<std::size_t>(f.products() * plane + g.in_channels);
}

/// @brief dw += the gradient over N images: for each tap, the products of the inputs it uses with the output gradients.
///
/// @par Shapes  x (N,H,W,I), dy (N,H',W',O), dw (taps_h,taps_w,I,O); scratch (winograd_gradient_scratch).
/// @par Cost    as convolve_winograd(), plus per call 4 products() I O flops and as many elements of scratch.
/// @par Threads  safe with separate dw and scratch per thread.
/// @par Errors  Rounding, in epsilons of the sum of the terms' magnitudes, as the maximum over 60 random problems of
///              each form: 3x3 96, rows of 3, 5 and 7 taps 32, 48 and 160. The sums do not depend on how tiles are
///              grouped. One call for N samples still differs from N calls for one sample, because each call rounds
///              once when products become taps.
template <winograd_form F, class T>
void correlate_winograd(const winograd_image& g, int n, const T* x, const T* dy, T* dw, T* scratch,
                        const tile_table<T>& table) noexcept {
    constexpr int products = F.products();
    const winograd::tiling cut(F, g);
    const int at_once = winograd::gradient_tiles(F, g);
    const std::ptrdiff_t x_pixel = g.in_channels;
    const std::ptrdiff_t y_pixel = g.out_channels;
    const std::ptrdiff_t pairs = x_pixel * y_pixel;
    const std::ptrdiff_t in_plane = at_once * x_pixel + winograd::gap;
    const std::ptrdiff_t out_plane = at_once * y_pixel + winograd::gap;
    const std::ptrdiff_t sum_plane = pairs + winograd::gap;
    T* const tiles = scratch;
    T* const gradients = tiles + products * in_plane;
    T* const sums = gradients + products * out_plane;
    T* const zeros = sums + products * sum_plane;
    std::fill_n(zeros, g.in_channels, T{0});
    std::fill_n(sums, products * sum_plane, T{0});
    const std::ptrdiff_t y_row = y_pixel * g.out_w;
    const std::ptrdiff_t x_image = g.input().stride();
    const std::ptrdiff_t y_image = g.output().stride();
    const int count = n * cut.count;
    for (int first = 0; first < count; first += at_once) {
        const int here = std::min(at_once, count - first);
        for (int t = 0; t < here; ++t) {
            const int image = (first + t) / cut.count;
            const int tile = (first + t) % cut.count;
            const int row = tile / cut.across * F.out_h;
            const int column = tile % cut.across * F.out_w;
            winograd::gather_tile<F.points_h(), F.points_w()>(g, x + image * x_image, zeros, row - g.pad_top,
                                                              column - g.pad_left, in_plane, tiles + t * x_pixel);
            winograd::gather_gradient_tile<F>(dy + image * y_image + row * y_row + column * y_pixel, y_row,
                                              g.out_channels, std::min(F.out_h, g.out_h - row),
                                              std::min(F.out_w, g.out_w - column), out_plane, gradients + t * y_pixel);
        }
        for (int k = 0; k < products; ++k) {
            winograd::accumulate_tiles(here, g.in_channels, g.out_channels, tiles + k * in_plane,
                                       gradients + k * out_plane, sums + k * sum_plane, table);
        }
    }
    winograd::add_taps<F>(sums, sum_plane, pairs, dw);
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

// SPDX-License-Identifier: MIT
//
// detail/convolution.hpp - convolutions of all kinds, and dense layers as 1x1 convolutions: forward and both gradients.
// Floor 2 (kernels). Letters: N = samples, I, O = input, output channels, G = groups, kh, kw = kernel, W = lanes.
//
// Tensors are dense (N,H,W,C). Weights come as [kh][kw][I/G][O] and are packed once for forward() and once for
// backward_data(); backward_weights() accumulates into the unpacked form. Each output element is one sum, in an order
// fixed by the geometry alone. It therefore does not depend on N, on threads, or on whether the geometry is a constant.
#ifndef EENN_KERNELS_DETAIL_CONVOLUTION_HPP
#define EENN_KERNELS_DETAIL_CONVOLUTION_HPP

#include <eenn/core/detail/constant.hpp>
#include <eenn/kernels/detail/depthwise.hpp>
#include <eenn/kernels/detail/elementwise.hpp>
#include <eenn/kernels/detail/plane.hpp>
#include <eenn/kernels/detail/share.hpp>
#include <eenn/kernels/detail/winograd.hpp>
#include <eenn/kernels/detail/winograd_gradient.hpp>
#include <eenn/tensor/shape.hpp>

#include <type_traits>
#include <utility>

namespace eenn::kernels {

/// @brief Geometry of a convolution, a structural value. Bottom and right padding follow from `out`.
struct convolution {
    shape in{};
    shape out{};
    int kernel_h = 1;
    int kernel_w = 1;
    int stride_h = 1;
    int stride_w = 1;
    int pad_top = 0;
    int pad_left = 0;
    int dilation_h = 1;
    int dilation_w = 1;
    int groups = 1;

    friend constexpr bool operator==(const convolution&, const convolution&) = default;

    [[nodiscard]] constexpr axis rows() const noexcept {
        return {in.h, out.h, kernel_h, stride_h, dilation_h, pad_top};
    }
    [[nodiscard]] constexpr axis columns() const noexcept {
        return {in.w, out.w, kernel_w, stride_w, dilation_w, pad_left};
    }
    [[nodiscard]] constexpr bool depthwise() const noexcept { return groups > 1 && groups == in.c && groups == out.c; }
    /// y[pixel] = f(x[pixel]), so pixels of any shape can be treated as one row.
    [[nodiscard]] constexpr bool pointwise() const noexcept {
        return kernel_h == 1 && kernel_w == 1 && stride_h == 1 && stride_w == 1 && pad_top == 0 && pad_left == 0 &&
               in.h == out.h && in.w == out.w;
    }
};

/// @brief A convolution and its kernel choice, a structural value made by select() and accepted by all functions below.
struct selected_convolution {
    convolution geometry{};
    kernel_choice chosen{};  ///< the result of select() for this geometry

    friend constexpr bool operator==(const selected_convolution&, const selected_convolution&) = default;
};

inline namespace EENN_ISA {

namespace detail {

/// The image as winograd.hpp sees it: of the output for forward, of the input for the data gradient.
[[nodiscard]] constexpr winograd_image image_of(const convolution& g) noexcept {
    return {g.in.h, g.in.w, g.in.c, g.out.h, g.out.w, g.out.c, g.pad_top, g.pad_left};
}
[[nodiscard]] constexpr winograd_image gradient_image_of(const convolution& g) noexcept {
    return {g.out.h, g.out.w, g.out.c, g.in.h, g.in.w, g.in.c, g.kernel_h - 1 - g.pad_top, g.kernel_w - 1 - g.pad_left};
}

/// Calls f(constant<method>) with the same form if the method is Winograd and T supports it; returns whether it did.
template <class T, class F>
constexpr bool with_form(const method& how, F&& f) {
    if constexpr (has_winograd<T>) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return how.by == algorithm::winograd &&
                   ((how.which == I && (f(constant<method{winograd_forms[I]}>{}), true)) || ...);
        }
        (std::make_index_sequence<std::size(winograd_forms)>{});
    }
    return false;
}

/// The method for T. Winograd exists for some types only; the others use the direct sum, which also covers pointwise.
template <class T>
[[nodiscard]] constexpr method compiled(const method& how) noexcept {
    if (how.by == algorithm::depthwise || (how.by == algorithm::winograd && has_winograd<T>)) return how;
    return algorithm::direct;
}

/// f(constant<method>) for one pass, so that a constant geometry compiles only the kernels of its own method.
template <class T, method kernel_choice::*Pass, class P, class F>
constexpr void with_method(P p, F&& f) {
    if constexpr (P::known) {
        f(constant<compiled<T>(P::value.chosen.*Pass)>{});
    } else {
        const method how = p.value.chosen.*Pass;
        if (how.by == algorithm::depthwise) return f(constant<method{algorithm::depthwise}>{});
        if (with_form<T>(how, f)) return;
        f(constant<method{algorithm::direct}>{});
    }
}

/// Vectors per block of packed weights.
[[nodiscard]] constexpr int block_of(const convolution& g) noexcept {
    return g.depthwise() ? 1 : tuning::block_vectors;
}

/// Samples processed at once. Several samples of a small pointwise problem are joined, so that their pixels form one
/// row of full tiles.
[[nodiscard]] constexpr int samples_at_once(const convolution& g) noexcept {
    if (!g.pointwise() || g.depthwise()) return 1;
    return std::max(1, tuning::pointwise_pixels / g.in.pixels());
}
/// The geometry of `samples` samples joined into one.
[[nodiscard]] constexpr convolution joined(convolution g, int samples) noexcept {
    if (g.pointwise()) {
        const int pixels = g.in.pixels() * samples;
        g.in = {1, pixels, g.in.c};
        g.out = {1, pixels, g.out.c};
    }
    return g;
}

/// The window of one group.
[[nodiscard]] constexpr plane plane_of(const convolution& g) noexcept {
    const std::ptrdiff_t x_pixel = g.in.c;
    const std::ptrdiff_t y_pixel = g.out.c;
    const int groups = g.depthwise() ? 1 : g.groups;
    return {g.rows(),         g.columns(), g.in.c / groups,   g.out.c / groups,
            x_pixel * g.in.w, x_pixel,     y_pixel * g.out.w, y_pixel};
}

/// Number of packed weight groups; a depthwise problem has one.
[[nodiscard]] constexpr std::size_t packed_groups(const convolution& g) noexcept {
    return static_cast<std::size_t>(g.depthwise() ? 1 : g.groups);
}
template <class T>
[[nodiscard]] constexpr std::size_t group_size(const convolution& g) noexcept {
    const int groups = g.depthwise() ? 1 : g.groups;
    return packed_block_size<T>(g.kernel_h * g.kernel_w, g.in.c / g.groups, g.out.c / groups);
}

/// The outputs of one share as a problem of its own, and the start of its input and output.
struct slice {
    convolution g;
    std::ptrdiff_t x = 0;
    std::ptrdiff_t y = 0;
};

/// Splits rows in whole tiles, or columns if there is only one row; pixels for a pointwise problem.
[[nodiscard]] constexpr slice slice_of(const convolution& all, share mine, int tile_h, int tile_w) noexcept {
    slice part{all};
    if (mine.count == 1) return part;
    convolution& g = part.g;
    const std::ptrdiff_t in_pixel = all.in.c;
    const std::ptrdiff_t out_pixel = all.out.c;
    if (all.pointwise()) {
        const int first = mine.first(all.out.pixels());
        g.in = {1, mine.last(all.out.pixels()) - first, all.in.c};
        g.out = {1, g.in.w, all.out.c};
        part.x = first * in_pixel;
        part.y = first * out_pixel;
    } else if (all.out.h > 1) {
        const int first = mine.first(all.out.h, tile_h);
        g.out.h = mine.last(all.out.h, tile_h) - first;
        g.pad_top -= first * all.stride_h;
        part.y = first * out_pixel * all.out.w;
    } else {
        const int first = mine.first(all.out.w, tile_w);
        g.out.w = mine.last(all.out.w, tile_w) - first;
        g.pad_left -= first * all.stride_w;
        part.y = first * out_pixel;
    }
    return part;
}

/// Processes image after image; the residual may be y.
template <winograd_form F, class T>
void convolve_images(const winograd_image& image, int n, const T* x, const T* packed, const T* residual, activation act,
                     T* y, T* scratch, const winograd::product_table<T>& products = winograd::products_of<T>) noexcept {
    const std::ptrdiff_t out = image.output().stride();
    for (int i = 0; i < n; ++i, y += out) {
        convolve_winograd<F>(image, x, packed, residual, act, y, scratch, products);
        x += image.input().stride();
        if (residual != nullptr) residual += out;
    }
}

template <algorithm How, class T>
void convolve_samples(const convolution& each, int n, const T* x, const T* packed, const T* residual, activation act,
                      T* y, const tile_table<T>& tiles) noexcept {
    const std::size_t packed_group = group_size<T>(each);
    const int step = samples_at_once(each);
    for (int i = 0; i < n; i += step) {
        const convolution g = joined(each, std::min(step, n - i));
        const plane one = plane_of(g);
        if constexpr (How == algorithm::depthwise) {
            convolve_depthwise(one, x, packed, residual, act, y);
        } else {
            const T* weights = packed;
            for (int group = 0; group < g.groups; ++group, weights += packed_group) {
                const int skip = group * one.out_channels;
                convolve(one, x + group * one.in_channels, weights, residual == nullptr ? nullptr : residual + skip,
                         act, y + skip, tiles);
            }
        }
        x += g.in.elements();
        y += g.out.elements();
        if (residual != nullptr) residual += g.out.elements();
    }
}

/// The residue classes of the data gradient: f(row class, column class, elements of the packed group).
template <class T, class F>
constexpr void for_each_class(const convolution& g, F&& f) {
    const int groups = g.depthwise() ? 1 : g.groups;
    for (int ry = 0; ry < std::min(g.stride_h, g.in.h); ++ry) {
        for (int rx = 0; rx < std::min(g.stride_w, g.in.w); ++rx) {
            const auto rows = gradient_window(g.rows(), ry);
            const auto columns = gradient_window(g.columns(), rx);
            const std::size_t size = packed_block_size<T>(rows.window.taps * columns.window.taps,
                                                          g.depthwise() ? 1 : g.out.c / groups, g.in.c / groups);
            f(ry, rx, rows, columns, size);
        }
    }
}

template <algorithm How, class T>
void spread_samples(const convolution& each, int n, const T* dy, const T* packed, bool accumulate, T* dx,
                    const tile_table<T>& tiles) noexcept {
    const int groups = each.depthwise() ? 1 : each.groups;
    const int step = samples_at_once(each);
    for (int i = 0; i < n; i += step) {
        const convolution g = joined(each, std::min(step, n - i));
        const T* weights = packed;
        for_each_class<T>(
            g, [&](int ry, int rx, const residue_class& rows, const residue_class& columns, std::size_t size) {
                plane c{rows.window, columns.window, g.out.c / groups, g.in.c / groups, 0, g.out.c, 0, 0};
                c.x_row = c.x_pixel * g.out.w;
                const std::ptrdiff_t in_pixel = g.in.c;
                const std::ptrdiff_t in_row = in_pixel * g.in.w;
                c.y_pixel = g.stride_w * in_pixel;
                c.y_row = g.stride_h * in_row;
                T* to = dx + ry * in_row + rx * in_pixel;
                for (int group = 0; group < groups; ++group, weights += size) {
                    T* const part = to + group * c.out_channels;
                    const T* const before = accumulate ? part : nullptr;
                    if constexpr (How == algorithm::depthwise) {
                        convolve_depthwise(c, dy, weights, before, activation{}, part);
                    } else {
                        convolve(c, dy + group * c.in_channels, weights, before, activation{}, part, tiles);
                    }
                }
            });
        dy += g.out.elements();
        dx += g.in.elements();
    }
}

/// Folds a bias, scale and shift per channel into one bias: bias * scale + shift. Each may be null.
template <class T>
struct folded_bias {
    const T* bias;
    const T* scale;
    const T* shift;
    constexpr T operator()(int o) const noexcept {
        T b = bias == nullptr ? T{0} : bias[o];
        if (scale != nullptr) b *= scale[o];
        return shift == nullptr ? b : b + shift[o];
    }
};

template <class T>
[[gnu::noinline]] constexpr void pack_groups(const convolution& g, const T* weights, const folded_bias<T>& bias,
                                             T* packed) noexcept {
    const int groups = g.depthwise() ? 1 : g.groups;
    const int out_channels = g.out.c / groups;
    const int depth = g.kernel_h * g.kernel_w * (g.in.c / g.groups);
    for (int group = 0; group < groups; ++group) {
        const int first = group * out_channels;
        const auto folded_weight = [&](std::ptrdiff_t k, int o) {
            const T w = weights[k * g.out.c + first + o];
            return bias.scale == nullptr ? w : w * bias.scale[first + o];
        };
        packed = pack_blocks(
            block_of(g), depth, out_channels, folded_weight, [&](int o) { return bias(first + o); }, packed);
    }
}

template <class T>
[[gnu::noinline]] constexpr void pack_gradient_groups(const convolution& g, const T* weights, T* packed) noexcept {
    const int groups = g.depthwise() ? 1 : g.groups;
    const int in_group = g.in.c / groups;
    const int depth_of_tap = g.depthwise() ? 1 : g.out.c / groups;
    for_each_class<T>(g, [&](int, int, const residue_class& rows, const residue_class& columns, std::size_t) {
        for (int group = 0; group < groups; ++group) {
            packed = pack_blocks(
                block_of(g), rows.window.taps * columns.window.taps * depth_of_tap, in_group,
                [&](int k, int i) {
                    const int tap = k / depth_of_tap;
                    const int ky = rows.first_tap - tap / columns.window.taps * rows.tap_step;
                    const int kx = columns.first_tap - tap % columns.window.taps * columns.tap_step;
                    const std::ptrdiff_t at = ky * g.kernel_w + kx;
                    if (g.depthwise()) return weights[at * g.out.c + i];
                    return weights[(at * in_group + i) * g.out.c + group * depth_of_tap + k % depth_of_tap];
                },
                [](int) { return T{0}; }, packed);
        }
    });
}

/// dw += the contribution of `samples` samples and the outputs [oy] x [ox], for `across` rows of dw starting at tap
/// (ky, kx), in one group.
template <class T>
void correlate(const convolution& g, int samples, axis::range oy, axis::range ox, int ky, int kx, int across,
               const T* x, const T* dy, int out_channels, T* dw, const tile_table<T>& tiles) noexcept {
    if (oy.first == oy.last || ox.first == ox.last) return;
    const std::ptrdiff_t in_pixel = g.in.c;
    const std::ptrdiff_t out_pixel = g.out.c;
    sweep<T> s;
    s.r = samples;
    s.q = oy.last - oy.first;
    s.k = ox.last - ox.first;
    s.a_r = g.in.stride();
    s.b_r = g.out.stride();
    s.a_q = g.stride_h * g.in.w * in_pixel;
    s.b_q = g.out.w * out_pixel;
    s.a_k = g.stride_w * in_pixel;
    s.b_k = out_pixel;
    s.out_row = out_pixel;
    x += (g.rows().input_of(oy.first, ky) * g.in.w + g.columns().input_of(ox.first, kx)) * in_pixel;
    dy += (oy.first * g.out.w + ox.first) * out_pixel;
    for_each_pair<T>(out_channels, [&](int o, int vectors, int last) {
        s.last = last;
        s.b = dy + o;
        s.a = x;
        s.out = dw + o;
        accumulate_rows(s, across, vectors, tiles);
    });
}

/// With few channels, a tile also covers neighbouring taps where all of them are inside the input. The border is
/// handled tap by tap.
[[nodiscard]] constexpr bool joins_taps(const convolution& g) noexcept {
    return g.groups == 1 && g.dilation_w == 1 && g.in.c < tuning::few_channels && g.kernel_w > 1;
}

/// dw += the contribution of `samples` samples.
template <class T>
void correlate_taps(const convolution& g, int samples, const T* x, const T* dy, T* dw,
                    const tile_table<T>& tiles) noexcept {
    const int in_group = g.in.c / g.groups;
    const int out_group = g.out.c / g.groups;
    const axis rows = g.rows();
    const axis columns = g.columns();
    const std::ptrdiff_t out_pixel = g.out.c;
    const std::ptrdiff_t tap = in_group * out_pixel;
    const auto inside = joins_taps(g) ? columns.interior() : axis::range{0, 0};
    for (int ky = 0; ky < g.kernel_h; ++ky) {
        const auto oy = rows.outputs_of(ky);
        T* const row = dw + ky * g.kernel_w * tap;
        if (inside.first < inside.last) {
            correlate(g, samples, oy, inside, ky, 0, g.kernel_w * in_group, x, dy, out_group, row, tiles);
        }
        for (int kx = 0; kx < g.kernel_w; ++kx) {
            const auto ox = columns.outputs_of(kx);
            for (int group = 0; group < g.groups; ++group) {
                const T* from = x + group * in_group;
                const T* by = dy + group * out_group;
                T* to = row + kx * tap + group * out_group;
                if (inside.first < inside.last) {
                    correlate(g, samples, oy, axis::range{ox.first, std::min(ox.last, inside.first)}, ky, kx, in_group,
                              from, by, out_group, to, tiles);
                    correlate(g, samples, oy, axis::range{std::max(ox.first, inside.last), ox.last}, ky, kx, in_group,
                              from, by, out_group, to, tiles);
                } else {
                    correlate(g, samples, oy, ox, ky, kx, in_group, from, by, out_group, to, tiles);
                }
            }
        }
    }
}

template <class T>
void correlate_channels(const convolution& g, int n, const T* x, const T* dy, T* dw) noexcept {
    const plane one = plane_of(g);
    auto* correlate_image = &correlate_depthwise<T>;
    if constexpr (has_narrow<T>) {
        if (g.out.c <= lane_count<narrow<T>>) correlate_image = &correlate_depthwise<narrow<T>>;
    }
    for (int i = 0; i < n; ++i, x += g.in.elements(), dy += g.out.elements()) correlate_image(one, x, dy, dw);
}

template <class T>
void correlate_samples(const convolution& g, int n, const T* x, const T* dy, T* dw,
                       const tile_table<T>& tiles) noexcept {
    const std::ptrdiff_t x_step = g.in.stride();
    const std::ptrdiff_t y_step = g.out.stride();
    // Summing several samples at once saves loads and stores of dw. Joined taps would change the order of the sum, so
    // they take one sample at a time.
    const int fit = static_cast<int>(tuning::chunk_elements / (x_step + y_step));
    const int chunk = joins_taps(g) ? 1 : std::max(1, fit);
    for (int i = 0; i < n; i += chunk) {
        const int samples = std::min(chunk, n - i);
        const bool one_row = g.pointwise();
        correlate_taps(one_row ? joined(g, samples) : g, one_row ? 1 : samples, x + i * x_step, dy + i * y_step, dw,
                       tiles);
    }
}

/// Adds the tiles for the runs of outputs along an axis.
template <class T>
constexpr void insert_runs(tile_set& set, const axis& a, int channels) noexcept {
    for_each_run(a, [&](axis::range outputs, auto) { insert_side<T>(set, outputs.last - outputs.first, channels); });
}

/// Adds the tiles for joined pointwise samples: the maximum number of samples, and the remainder of a batch, in halves
/// or in any count.
template <class T>
constexpr void insert_joined(tile_set& set, const convolution& each, int channels) noexcept {
    const int pixels = joined(each, samples_at_once(each)).in.w;
    const bool any = each.in.c / each.groups * each.out.c > tuning::many_weights;
    for (int count = any ? std::min(pixels, most_rows_of_any) : 0; count > 0; --count)
        insert_side<T>(set, count, channels);
    insert_side<T>(set, pixels, channels);
    insert_halves<T>(set, pixels, channels);
}

/// Tiles of the direct sum: for whole samples, and for shares of two threads. Shares of more threads use the halves.
template <class T>
struct forward_tiles {
    static constexpr unit_stride unit = unit_stride::sum;
    constexpr tile_set operator()(const convolution& each) const noexcept {
        tile_set set;
        if (each.depthwise()) return set;
        const int channels = each.out.c / each.groups;
        if (each.pointwise()) insert_joined<T>(set, each, channels);
        insert_halves<T>(set, std::max(each.out.h, each.out.w), channels);
        for (const share mine : {share{}, share{0, 2}, share{1, 2}}) {
            const convolution part = joined(slice_of(each, mine, 1, 1).g, 1);
            insert_runs<T>(set, part.rows(), channels);
            insert_runs<T>(set, part.columns(), channels);
        }
        return set;
    }
};
/// As forward_tiles, but without shares.
template <class T>
struct gradient_tiles {
    static constexpr unit_stride unit = unit_stride::sum;
    constexpr tile_set operator()(const convolution& each) const noexcept {
        tile_set set;
        if (each.depthwise()) return set;
        const int channels = each.in.c / each.groups;
        if (each.pointwise()) insert_joined<T>(set, each, channels);
        const auto insert = [&](int, int, const residue_class& rows, const residue_class& columns, std::size_t) {
            insert_runs<T>(set, rows.window, channels);
            insert_runs<T>(set, columns.window, channels);
        };
        for_each_class<T>(joined(each, 1), insert);
        return set;
    }
};
/// Also the tiles of correlate_winograd(), whose rows are the input channels.
template <class T>
struct weight_tiles {
    static constexpr unit_stride unit = unit_stride::rows;
    constexpr tile_set operator()(const convolution& g) const noexcept {
        tile_set set;
        if (g.depthwise()) return set;
        const int channels = g.in.c / g.groups;
        for_each_pair<T>(g.out.c / g.groups, [&](int, int vectors, int last) {
            insert_rows<T>(set, channels, vectors, last);
            if (joins_taps(g)) insert_rows<T>(set, g.kernel_w * channels, vectors, last);
        });
        return set;
    }
};

/// The tiles of a constant geometry; all tiles at run time.
template <class T, template <class> class Tiles, class G>
[[nodiscard]] constexpr const tile_table<T>& tiles_for(G) noexcept {
    if constexpr (G::known) {
        return tiles_of<T, Tiles<T>::unit, Tiles<T>{}(G::value.geometry)>;
    } else {
        return tiles_of<T, Tiles<T>::unit>;
    }
}
/// The Winograd products of a constant geometry's image; all products at run time.
template <class T, winograd_form F, winograd_image (*Image)(const convolution&) noexcept, class G>
[[nodiscard]] constexpr const winograd::product_table<T>& products_for(G) noexcept {
    if constexpr (G::known) {
        return winograd::products_of<T, winograd::products_taken<T>(F, Image(G::value.geometry))>;
    } else {
        return winograd::products_of<T>;
    }
}

}  // namespace detail

/// @brief Selects the fastest method for each pass of a convolution. Called once, when a plan is made.
///
/// @par Cost  a few hundred operations in double.
[[nodiscard]] constexpr selected_convolution select(const convolution& g, const target& on = {}) noexcept {
    const method plain = g.depthwise()   ? algorithm::depthwise
                         : g.pointwise() ? algorithm::pointwise
                                         : algorithm::direct;
    selected_convolution made{g, {plain, plain, plain}};
    if (g.stride_h != 1 || g.stride_w != 1 || g.dilation_h != 1 || g.dilation_w != 1 || g.groups != 1) return made;
    const auto take = [](method& pass, const winograd_form& form) {
        if (form != winograd_form{}) pass = form;
    };
    const winograd_image image = detail::image_of(g);
    take(made.chosen.forward, winograd_form_of<float>(image, g.kernel_h, g.kernel_w, on.far));
    take(made.chosen.data_gradient, winograd_form_of<float>(detail::gradient_image_of(g), g.kernel_h, g.kernel_w));
    take(made.chosen.weight_gradient, winograd_gradient_form_of<float>(image, g.kernel_h, g.kernel_w));
    return made;
}

/// @brief Elements of T that pack() writes.
template <class T>
[[nodiscard]] constexpr std::size_t packed_size(const selected_convolution& p) noexcept {
    const convolution& g = p.geometry;
    if (const method how = detail::compiled<T>(p.chosen.forward); how.by == algorithm::winograd)
        return packed_winograd_size(how.form(), g.in.c, g.out.c);
    return detail::group_size<T>(g) * detail::packed_groups(g);
}

/// @brief Packs weights for forward() and folds in a scale and shift per output channel: w * scale, bias * scale +
/// shift.
///
/// @par Shapes  weights (kh,kw,I/G,O); bias, scale, shift (O), each may be null; packed (packed_size).
template <class T, Parameter<selected_convolution> P>
constexpr void pack(P p, const T* weights, const std::type_identity_t<T>* bias, const std::type_identity_t<T>* scale,
                    const std::type_identity_t<T>* shift, T* packed) noexcept {
    const detail::folded_bias<T> biases{bias, scale, shift};
    detail::with_method<T, &kernel_choice::forward>(p, [&](auto how) {
        if constexpr (how.value.by == algorithm::winograd) {
            const int in = p.value.geometry.in.c;
            const int out = p.value.geometry.out.c;
            for (int o = 0; o < out; ++o) packed[o] = biases(o);
            const std::ptrdiff_t row = out;
            const filter_view<T> filter{weights, in * row, row, 1, scale};
            pack_winograd<how.value.form()>(in, out, filter, packed + out);
        } else {
            detail::pack_groups(p.value.geometry, weights, biases, packed);
        }
    });
}

/// @brief Elements of T that pack_gradient() writes.
template <class T>
[[nodiscard]] constexpr std::size_t packed_gradient_size(const selected_convolution& p) noexcept {
    const convolution& g = p.geometry;
    if (const method how = detail::compiled<T>(p.chosen.data_gradient); how.by == algorithm::winograd)
        return packed_winograd_size(how.form(), g.out.c, g.in.c);
    std::size_t sum = 0;
    const std::size_t groups = detail::packed_groups(g);
    detail::for_each_class<T>(
        g, [&](int, int, const residue_class&, const residue_class&, std::size_t size) { sum += groups * size; });
    return sum;
}

/// @brief Packs weights for backward_data(): transposed, with the taps of each residue class of the stride grouped
/// together.
///
/// @par Shapes  weights (kh,kw,I/G,O); packed (packed_gradient_size).
template <class T, Parameter<selected_convolution> P>
constexpr void pack_gradient(P p, const T* weights, T* packed) noexcept {
    detail::with_method<T, &kernel_choice::data_gradient>(p, [&](auto how) {
        if constexpr (how.value.by == algorithm::winograd) {  // taps reversed, inputs and outputs swapped
            const int in = p.value.geometry.in.c;
            const int out = p.value.geometry.out.c;
            for (int i = 0; i < in; ++i) packed[i] = T{0};
            const std::ptrdiff_t row = out;
            const std::ptrdiff_t tap = in * row;
            const T* const last = weights + (p.value.geometry.kernel_h * p.value.geometry.kernel_w - 1) * tap;
            pack_winograd<how.value.form()>(out, in, filter_view<T>{last, -tap, 1, out, nullptr}, packed + in);
        } else {
            detail::pack_gradient_groups(p.value.geometry, weights, packed);
        }
    });
}

/// @brief Elements of scratch that forward() needs.
template <class T>
[[nodiscard]] constexpr std::size_t scratch_size(const selected_convolution& p) noexcept {
    const method how = detail::compiled<T>(p.chosen.forward);
    return how.by == algorithm::winograd ? winograd_scratch<T>(how.form(), detail::image_of(p.geometry)) : 0;
}

/// @brief Elements of scratch that backward_data() needs.
template <class T>
[[nodiscard]] constexpr std::size_t gradient_scratch_size(const selected_convolution& p) noexcept {
    const method how = detail::compiled<T>(p.chosen.data_gradient);
    return how.by == algorithm::winograd ? winograd_scratch<T>(how.form(), detail::gradient_image_of(p.geometry)) : 0;
}

/// @brief Elements of scratch that backward_weights() needs.
template <class T>
[[nodiscard]] constexpr std::size_t weight_scratch_size(const selected_convolution& p) noexcept {
    const method how = detail::compiled<T>(p.chosen.weight_gradient);
    return how.by == algorithm::winograd ? winograd_gradient_scratch(how.form(), detail::image_of(p.geometry)) : 0;
}

/// @brief y = act(x * w + bias + residual).
///
/// @par Shapes   x (N,H,W,I), packed by pack(), residual null or (N,H',W',O), y (N,H',W',O); residual may be y. scratch
///               (scratch_size), null if that is zero.
/// @par Cost     2 N H' W' O kh kw I / G flops, minus the taps on padding; between 1/4 and 4/7 of that if
///               winograd_form_of() selects a form.
/// @par Threads  Safe with separate scratch per thread. Threads divide the samples, or the shares of one sample's y.
///               The elements are bit-identical for any number of threads.
/// @param mine   the share of y to compute if n == 1; must be everything if n > 1.
template <class T, Parameter<selected_convolution> P>
void forward(P p, int n, const T* x, const T* packed, const std::type_identity_t<T>* residual, activation act, T* y,
             std::type_identity_t<T>* scratch, share mine = {}) noexcept {
    detail::with_method<T, &kernel_choice::forward>(p, [&](auto how) {
        constexpr winograd_form F = how.value.form();
        const detail::slice part = detail::slice_of(p.value.geometry, mine, std::max(F.out_h, 1), std::max(F.out_w, 1));
        if (part.g.out.pixels() == 0) return;
        x += part.x;
        y += part.y;
        if (residual != nullptr) residual += part.y;
        if constexpr (how.value.by == algorithm::winograd) {
            detail::convolve_images<F>(detail::image_of(part.g), n, x, packed, residual, act, y, scratch,
                                       detail::products_for<T, F, detail::image_of>(p));
        } else {
            detail::convolve_samples<how.value.by>(part.g, n, x, packed, residual, act, y,
                                                   detail::tiles_for<T, detail::forward_tiles>(p));
        }
    });
}

/// @brief dx = dy * w transposed, or dx += if `accumulate`.
///
/// @par Shapes  dy (N,H',W',O), packed_gradient by pack_gradient(), dx (N,H,W,I); scratch (gradient_scratch_size).
/// @par Cost    as forward(): a stride s gives s x s windows of stride 1 over dy, each with its own taps.
template <class T, Parameter<selected_convolution> P>
void backward_data(P p, int n, const T* dy, const T* packed_gradient, bool accumulate, T* dx,
                   std::type_identity_t<T>* scratch) noexcept {
    detail::with_method<T, &kernel_choice::data_gradient>(p, [&](auto how) {
        if constexpr (how.value.by == algorithm::winograd) {
            const T* const before = accumulate ? dx : nullptr;
            constexpr winograd_form F = how.value.form();
            detail::convolve_images<F>(detail::gradient_image_of(p.value.geometry), n, dy, packed_gradient, before,
                                       activation{}, dx, scratch,
                                       detail::products_for<T, F, detail::gradient_image_of>(p));
        } else {
            detail::spread_samples<how.value.by>(p.value.geometry, n, dy, packed_gradient, accumulate, dx,
                                                 detail::tiles_for<T, detail::gradient_tiles>(p));
        }
    });
}

/// @brief dw += x^T dy and dbias += sum of dy, over all samples and pixels.
///
/// @par Shapes   x (N,H,W,I), dy (N,H',W',O), dw (kh,kw,I/G,O), dbias null or (O); scratch (weight_scratch_size), null if zero.
/// @par Cost     as forward().
/// @par Threads  Safe with separate dw, dbias and scratch per thread. One call for all samples is bit-identical to one
///               call per sample in order, unless scratch is nonzero (winograd_gradient.hpp).
template <class T, Parameter<selected_convolution> P>
void backward_weights(P p, int n, const T* x, const T* dy, T* dw, std::type_identity_t<T>* dbias,
                      std::type_identity_t<T>* scratch) noexcept {
    detail::with_method<T, &kernel_choice::weight_gradient>(p, [&](auto how) {
        if constexpr (how.value.by == algorithm::winograd) {
            correlate_winograd<how.value.form()>(detail::image_of(p.value.geometry), n, x, dy, dw, scratch,
                                                 detail::tiles_for<T, detail::weight_tiles>(p));
        } else if constexpr (how.value.by == algorithm::depthwise) {
            detail::correlate_channels(p.value.geometry, n, x, dy, dw);
        } else {
            detail::correlate_samples(p.value.geometry, n, x, dy, dw, detail::tiles_for<T, detail::weight_tiles>(p));
        }
    });
    if (dbias != nullptr) {
        const std::ptrdiff_t pixels = p.value.geometry.out.pixels();
        add_rows(n * pixels, p.value.geometry.out.c, dy, dbias);
    }
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

// SPDX-License-Identifier: MIT
//
// detail/winograd.hpp - stride-1 convolution of one image with fewer multiplications: 3x3, and rows of 3, 5 or 7 taps.
// Floor 2 (kernels). Letters: I, O = input, output channels; W = lanes of one vector; d, g, m = input tile, filter, product.
//
// The image is divided into tiles of outputs, for example 4x4. The inputs d of a tile (6x6) and the filter g (3x3) are
// each transformed to the tile's number of points, multiplied element by element, summed over I, and transformed into
// the tile's outputs: y = A' [(G g G') (B' d B)] A, with one transform along each axis (winograd_forms.hpp). All three
// steps are vectorised over channels. The middle step thus becomes one product of several tiles by the weights for each
// point: the microkernel of outer_product.hpp without its loops over taps. The largest tiles need the fewest
// multiplications; F(2x2,3x3) has less than half the weights of F(4x4,3x3), which matters if weights come from memory.
// Source: Lavin and Gray (2016), "Fast algorithms for convolutional neural networks", sections 4.1 and 4.2. They
// transform the whole batch into memory. Here, a few tiles at a time go through all three steps in the nearest caches,
// and the last step applies residual, activation and borders.
#ifndef EENN_KERNELS_DETAIL_WINOGRAD_HPP
#define EENN_KERNELS_DETAIL_WINOGRAD_HPP

#include <eenn/kernels/detail/tiles.hpp>
#include <eenn/kernels/detail/winograd_forms.hpp>
#include <eenn/tensor/shape.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace eenn::kernels {

/// @brief One image for convolve_winograd(): dense (H,W,I) to (H',W',O), windows of stride 1.
struct winograd_image {
    int in_h, in_w, in_channels;     ///< a multiple of W
    int out_h, out_w, out_channels;  ///< a multiple of winograd::block
    int pad_top, pad_left;

    [[nodiscard]] constexpr shape input() const noexcept { return {in_h, in_w, in_channels}; }
    [[nodiscard]] constexpr shape output() const noexcept { return {out_h, out_w, out_channels}; }
};

inline namespace EENN_ISA {

namespace winograd {

/// Extra elements between the planes of two products, so that they do not map to the same few cache sets.
inline constexpr int gap = 16;

/// Copies the H x L inputs of one tile, starting at (row, column) of the image, to `to`. Product k of channel c is at k
/// * plane + c.
/// @param zeros  (I), used for inputs outside the image.
template <int H, int L, class T>
[[gnu::noinline]] void gather_tile(const winograd_image& g, const T* x, const T* zeros, int row, int column,
                                   std::ptrdiff_t plane, T* to) noexcept {
    using V = lanes<T>;
    const T* pixels[H][L];
    const std::ptrdiff_t in_w = g.in_w;
    for (int i = 0; i < H; ++i) {
        const bool row_inside = row + i >= 0 && row + i < g.in_h;
        for (int j = 0; j < L; ++j) {
            const bool inside = row_inside && column + j >= 0 && column + j < g.in_w;
            const std::ptrdiff_t at = (row + i) * in_w + column + j;
            pixels[i][j] = inside ? x + at * g.in_channels : zeros;
        }
    }
    for (int c = 0; c < g.in_channels; c += lane_count<T>) {
        V half[H][L];
        EENN_UNROLL
        for (int i = 0; i < H; ++i) {
            V d[L];
            EENN_UNROLL
            for (int j = 0; j < L; ++j) d[j] = load<T>(pixels[i][j] + c);
            transform_input<T>(d, half[i]);
        }
        EENN_UNROLL
        for (int j = 0; j < L; ++j) {
            V d[H];
            EENN_UNROLL
            for (int i = 0; i < H; ++i) d[i] = half[i][j];
            V t[H];
            transform_input<T>(d, t);
            EENN_UNROLL
            for (int i = 0; i < H; ++i) store<T>(to + (i * L + j) * plane + c, t[i]);
        }
    }
}

/// Operands of the products of several tiles: `groups` groups of P tiles.
template <class T>
struct product_sweep {
    const T* tiles = nullptr;    ///< (products)(groups P)(I), planes `tile_plane` apart
    const T* weights = nullptr;  ///< (products)(I)(V W)
    T* out = nullptr;            ///< (products)(groups P)(V W), planes `out_plane` apart
    std::ptrdiff_t tile_plane = 0, out_plane = 0;
    int channels = 0;
    int products = 0;
    int groups = 0;
};

/// @brief All products for groups of P tiles and V vectors of output channels. Reads the weights once.
///
/// @par Cost  2 products groups P V W I flops.
template <class T, int P, int V>
[[gnu::noinline]] void multiply_tiles(const product_sweep<T>& s) noexcept {
    constexpr int W = lane_count<T>;
    const std::ptrdiff_t depth = s.channels;
    for (int k = 0; k < s.products; ++k) {
        const T* a = s.tiles + k * s.tile_plane;
        T* out = s.out + k * s.out_plane;
        for (int group = 0; group < s.groups; ++group, a += P * depth, out += P * V * W) {
            const T* b = s.weights + k * depth * V * W;
            lanes<T> acc[P][V];
            const T* row[P];
            EENN_UNROLL
            for (int p = 0; p < P; ++p) {
                row[p] = a + p * depth;
                EENN_UNROLL
                for (int v = 0; v < V; ++v) acc[p][v] = broadcast(T{0});
            }
            for (std::ptrdiff_t c = 0; c < depth; ++c, b += V * W) {
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
}

/// The product kernel for each number of vectors and tiles, [V - 1][P - 1]; null if the set does not contain it.
template <class T>
using product_table = std::array<std::array<void (*)(const product_sweep<T>&) noexcept, tuning::winograd_tiles>,
                                 tuning::winograd_vectors>;

inline constexpr tile_set every_product{.one = (1U << tuning::winograd_tiles) - 1,
                                        .two = (1U << tuning::winograd_tiles) - 1};

template <class T, int P, int V, bool Held>
[[nodiscard]] consteval auto product() noexcept -> void (*)(const product_sweep<T>&) noexcept {
    if constexpr (Held) {
        return &multiply_tiles<T, P, V>;
    } else {
        return nullptr;
    }
}
template <class T, tile_set Set = every_product>
inline constexpr product_table<T> products_of = []<int... P>(std::integer_sequence<int, P...>) {
    product_table<T> table{};
    table[0] = {product<T, P + 1, 1, Set.holds(1, P + 1)>()...};
    if constexpr (tuning::winograd_vectors == 2) table[1] = {product<T, P + 1, 2, Set.holds(2, P + 1)>()...};
    return table;
}
(std::make_integer_sequence<int, tuning::winograd_tiles>{});

/// Vectors of output channels per product: the table's two if they divide the channels, else one.
[[nodiscard]] constexpr int product_vectors(int out_channels, int lanes) noexcept {
    return out_channels % (tuning::winograd_vectors * lanes) == 0 ? tuning::winograd_vectors : 1;
}
/// The same in channels.
template <class T>
[[nodiscard]] constexpr int product_channels(int out_channels) noexcept {
    return product_vectors(out_channels, lane_count<T>) * lane_count<T>;
}

/// Computes some channels of a tile's outputs: y = act(A' m A + bias + residual), for the rows and columns that exist.
/// A square tile takes one vector per call, because a loop around it costs 8 % of the whole convolution. Row tiles are
/// so short that a call per vector would take nearly half of their time.
template <winograd_form F, class T>
[[gnu::noinline]] void scatter_tile(const T* m, std::ptrdiff_t plane, const T* bias, const T* residual, activation act,
                                    int rows, int columns, std::ptrdiff_t y_row, std::ptrdiff_t y_pixel,
                                    [[maybe_unused]] int channels, T* y) noexcept {
    using V = lanes<T>;
    constexpr int H = F.points_h();
    constexpr int L = F.points_w();
    const detail::clamp<T> bounds(act);
    for (int v = 0; v < (H == 1 ? channels : lane_count<T>); v += lane_count<T>) {
        V half[L][F.out_h];
        EENN_UNROLL
        for (int j = 0; j < L; ++j) {
            V column[H];
            EENN_UNROLL
            for (int i = 0; i < H; ++i) column[i] = load<T>(m + (i * L + j) * plane + v);
            transform_output<T>(column, half[j]);
        }
        const V start = load<T>(bias + v);
        EENN_UNROLL
        for (int i = 0; i < F.out_h; ++i) {
            V row[L];
            EENN_UNROLL
            for (int j = 0; j < L; ++j) row[j] = half[j][i];
            V out[F.out_w];
            transform_output<T>(row, out);
            EENN_UNROLL
            for (int j = 0; j < F.out_w; ++j) {
                if (i < rows && j < columns) {
                    const std::ptrdiff_t at = i * y_row + j * y_pixel + v;
                    V value = plus(out[j], start);
                    if (residual != nullptr) value = plus(value, load<T>(residual + at));
                    store<T>(y + at, is_clamp(act.kind) ? bounds(value) : detail::apply_long<T>(act, value));
                }
            }
        }
    }
}

/// The tiles of an image, and how many go through the three steps at once: whole groups for the microkernel, and more
/// groups if they are small.
struct tiling {
    int across;
    int count;
    int at_once;
    constexpr tiling(const winograd_form& f, const winograd_image& g) noexcept
        : across{(g.out_w + f.out_w - 1) / f.out_w},
          count{across * ((g.out_h + f.out_h - 1) / f.out_h)},
          at_once{std::min(
              count, tuning::winograd_tiles * std::max(1, tuning::winograd_elements / (f.products() * g.in_channels) /
                                                              tuning::winograd_tiles))} {}

    /// Number of tiles to process together, starting at `first`. The last two rounds split the remainder evenly to
    /// avoid a short round: 12x12 pixels in 9 tiles take a fifth longer as 8 + 1 than as 5 + 4.
    [[nodiscard]] constexpr int round(int first) const noexcept {
        const int left = count - first;
        return left > at_once && left < 2 * at_once ? (left + 1) / 2 : std::min(left, at_once);
    }
};

/// Elements from one product's plane to the next.
[[nodiscard]] constexpr std::ptrdiff_t tile_plane(const winograd_form& f, const winograd_image& g) noexcept {
    const std::ptrdiff_t channels = g.in_channels;
    return tiling(f, g).at_once * channels + gap;
}
template <class T>
[[nodiscard]] constexpr std::ptrdiff_t out_plane(const winograd_form& f, const winograd_image& g) noexcept {
    const std::ptrdiff_t channels = product_channels<T>(g.out_channels);
    return tiling(f, g).at_once * channels + gap;
}

/// The products that convolve_winograd() needs for an image and for any share of it: rows of tiles, or the tiles of one
/// row.
template <class T>
[[nodiscard]] constexpr tile_set products_taken(const winograd_form& f, winograd_image g) noexcept {
    tile_set set;
    const auto vectors = static_cast<std::size_t>(product_vectors(g.out_channels, lane_count<T>));
    const int step = g.out_h > 1 ? f.out_h : f.out_w;
    for (int& side = g.out_h > 1 ? g.out_h : g.out_w; side > 0; side -= step) {
        const tiling cut(f, g);
        for (int first = 0, here = 0; first < cut.count; first += here) {
            here = cut.round(first);
            const balanced_tiles groups(here, tuning::winograd_tiles);
            set.insert(vectors, groups.size);
            if (groups.larger > 0) set.insert(vectors, groups.size + 1);
        }
    }
    return set;
}

}  // namespace winograd

/// @brief Whether convolve_winograd() supports T: floats in vectors of at least tuning::winograd_lanes.
template <class T>
inline constexpr bool has_winograd = (lane_count<T>) >= tuning::winograd_lanes&& std::is_same<T, float>::value;

/// @brief Half cycles of convolve_winograd<f>(), assuming full tiles of the microkernel, plus the transforms; or the
/// time to load its weights from memory if that takes longer.
template <class T>
[[nodiscard]] constexpr double winograd_cycles(const winograd_form& f, const winograd_image& g, bool far) noexcept {
    constexpr int W = lane_count<T>;
    const int vectors = winograd::product_vectors(g.out_channels, W);
    const double ins = g.in_channels;
    const double outs = g.out_channels / W;
    const winograd::tiling cut(f, g);
    const balanced_tiles groups(cut.count, tuning::winograd_tiles);
    const double rows = groups.larger * tuning::tile_cycles(groups.size + 1, vectors) +
                        groups.smaller * tuning::tile_cycles(groups.size, vectors);
    // Measured: the transforms of F(4x4,3x3), and that along one axis a transform costs four fifths as much per product
    // as along two.
    const double size = f.products() / (f.points_h() == 1 ? 45.0 : 36.0);
    const double products = f.products() * rows / vectors * ins * outs;
    const double transforms = size * cut.count * (tuning::winograd_input * ins / W + tuning::winograd_output * outs);
    const double way = f.products() * ins * g.out_channels / tuning::far_elements;
    return far ? std::max(products + transforms, way) : products + transforms;
}

/// @brief The fastest form of convolve_winograd() for this problem; {} if the direct sum is faster or no form applies.
///
/// Compares half cycles: one multiply-add per output and tap for the direct sum, against winograd_cycles(). Not
/// inlined, because tests/house/instructions.sh looks for it in the profile of a pass.
/// @param far  the weights come from beyond the caches.
template <class T>
[[nodiscard]] [[gnu::noinline]] constexpr winograd_form winograd_form_of(const winograd_image& g, int taps_h,
                                                                         int taps_w, bool far = false) noexcept {
    constexpr int W = lane_count<T>;
    winograd_form best{};
    if (!has_winograd<T> || g.in_channels % W != 0 || g.out_channels % W != 0) return best;
    double least = tuning::winograd_gain * taps_h * taps_w * g.out_h * g.out_w * g.in_channels * (g.out_channels / W);
    for (const winograd_form& f : winograd_forms) {
        if (f.taps_h != taps_h || f.taps_w != taps_w) continue;
        const double cycles = winograd_cycles<T>(f, g, far);
        if (cycles < least) {
            least = cycles;
            best = f;
        }
    }
    return best;
}

/// @brief Elements of scratch that convolve_winograd<f>() needs.
template <class T>
[[nodiscard]] constexpr std::size_t winograd_scratch(const winograd_form& f, const winograd_image& g) noexcept {
    const std::ptrdiff_t planes = winograd::tile_plane(f, g) + winograd::out_plane<T>(f, g);
    return static_cast<std::size_t>(f.products() * planes + g.in_channels);
}

/// @brief Elements of packed weights: O biases, then for each block of O (products)(I)(block).
[[nodiscard]] constexpr std::size_t packed_winograd_size(const winograd_form& f, int in_channels,
                                                         int out_channels) noexcept {
    const std::ptrdiff_t depth = in_channels;
    return static_cast<std::size_t>((1 + f.products() * depth) * out_channels);
}

/// @brief Layout of a filter's weights: tap t of input i and output o is at weights[t tap + i in + o out], multiplied
/// by scale[o].
template <class T>
struct filter_view {
    const T* weights = nullptr;
    std::ptrdiff_t tap = 0, in = 0, out = 0;
    const T* scale = nullptr;  ///< may be null
};

/// @brief Packs weights after the biases: for each block of O (products)(I)(block).
/// Not inlined: for constant geometries that do not use it, GCC 12 would falsely warn of an array overrun.
template <winograd_form F, class T>
[[gnu::noinline]] constexpr void pack_winograd(int in_channels, int out_channels, const filter_view<T>& filter,
                                               T* packed) noexcept {
    constexpr std::size_t W = lane_count<T>;
    constexpr std::size_t H = F.points_h(), L = F.points_w(), rows = F.taps_h, columns = F.taps_w;
    using row = std::array<T, W>;  // lanes innermost, so that they are computed as vectors
    const std::ptrdiff_t block = winograd::product_channels<T>(out_channels);
    const std::ptrdiff_t plane = in_channels * block;
    for (std::ptrdiff_t first = 0; first < out_channels; first += lane_count<T>) {
        T* const to_vector = packed + first / block * F.products() * plane + first % block;
        for (int i = 0; i < in_channels; ++i) {
            std::array<row, rows * columns> taps{};
            std::array<row, rows * L> half{};
            for (std::size_t t = 0; t < rows * columns; ++t) {
                const T* from = filter.weights + static_cast<std::ptrdiff_t>(t) * filter.tap + i * filter.in;
                for (std::size_t lane = 0; lane < W; ++lane) {
                    const std::ptrdiff_t o = first + static_cast<std::ptrdiff_t>(lane);
                    taps[t][lane] = from[o * filter.out] * (filter.scale == nullptr ? T{1} : filter.scale[o]);
                }
            }
            for (std::size_t ky = 0; ky < rows; ++ky) {
                for (std::size_t lane = 0; lane < W; ++lane) {
                    std::array<T, columns> g{};
                    for (std::size_t kx = 0; kx < columns; ++kx) g[kx] = taps[columns * ky + kx][lane];
                    const auto u = winograd::transformed_filter<L>(g);
                    for (std::size_t b = 0; b < L; ++b) half[rows * b + ky][lane] = u[b];
                }
            }
            T* const to = to_vector + i * block;
            for (std::size_t b = 0; b < L; ++b) {
                for (std::size_t lane = 0; lane < W; ++lane) {
                    std::array<T, rows> g{};
                    for (std::size_t ky = 0; ky < rows; ++ky) g[ky] = half[rows * b + ky][lane];
                    const auto u = winograd::transformed_filter<H>(g);
                    for (std::size_t a = 0; a < H; ++a)
                        to[static_cast<std::ptrdiff_t>(a * L + b) * plane + static_cast<std::ptrdiff_t>(lane)] = u[a];
                }
            }
        }
    }
}

/// @brief y = act(window over x, weighted, + bias + residual) for one image.
///
/// @par Shapes  x (H,W,I), packed by pack_winograd<F>(), residual null or (H',W',O), y (H',W',O); residual may be y, x
///              must not. scratch (winograd_scratch).
/// @par Cost    2 products() flops per tile and pair of channels, which is 1/4 of the direct sum for F(4x4,3x3), 4/9
///              for F(2x2,3x3) and rows of 3 taps, 2/5 for rows of 5 and 4/7 for rows of 7. The 6x6 transforms add
///              about 300 flops per tile and vector of channels, the others 60 to 100.
/// @par Threads  safe with separate scratch per thread.
/// @param table  at least winograd::products_taken().
/// @par Errors  Rounding, as the maximum over many random problems, in epsilons of the sum of the terms' magnitudes:
///              F(4x4,3x3) 52, F(2x2,3x3) 3, rows of 3, 5 and 7 taps 33, 18 and 13. For F(4x4,3x3) at 64 channels this
///              is about 1e-5 of the largest output, ten times the error of the direct sum. An output is affected by
///              roundings in its whole tile. A NaN in x spreads to all tiles whose inputs contain it, not only to its
///              own windows.
template <winograd_form F, class T>
void convolve_winograd(const winograd_image& g, const T* x, const T* packed, const T* residual, activation act, T* y,
                       T* scratch, const winograd::product_table<T>& table = winograd::products_of<T>) noexcept {
    constexpr int products = F.products();
    const winograd::tiling cut(F, g);
    const std::ptrdiff_t in_plane = winograd::tile_plane(F, g);
    const std::ptrdiff_t out_plane = winograd::out_plane<T>(F, g);
    T* const tiles = scratch;
    T* const made = tiles + products * in_plane;
    T* const zeros = made + products * out_plane;
    std::fill_n(zeros, g.in_channels, T{0});
    const std::ptrdiff_t x_pixel = g.in_channels;
    const std::ptrdiff_t y_pixel = g.out_channels;
    const std::ptrdiff_t y_row = y_pixel * g.out_w;
    const T* const weights = packed + g.out_channels;
    const int block = winograd::product_channels<T>(g.out_channels);
    const auto* const of_rows = table[static_cast<std::size_t>(block / lane_count<T> - 1)].data();
    const int scattered = F.points_h() == 1 ? block : lane_count<T>;
    for (int first = 0, here = 0; first < cut.count; first += here) {
        here = cut.round(first);
        for (int t = 0; t < here; ++t) {
            winograd::gather_tile<F.points_h(), F.points_w()>(
                g, x, zeros, (first + t) / cut.across * F.out_h - g.pad_top,
                (first + t) % cut.across * F.out_w - g.pad_left, in_plane, tiles + t * x_pixel);
        }
        const balanced_tiles groups(here, tuning::winograd_tiles);
        for (int o = 0; o < g.out_channels; o += block) {
            winograd::product_sweep<T> s;
            s.tiles = tiles;
            s.weights = weights + o * x_pixel * products;
            s.out = made;
            s.tile_plane = in_plane;
            s.out_plane = out_plane;
            s.channels = g.in_channels;
            s.products = products;
            if (groups.larger > 0) {
                s.groups = groups.larger;
                of_rows[groups.size](s);
                const std::ptrdiff_t done = groups.larger * (groups.size + 1);
                s.tiles += done * g.in_channels;
                s.out += done * block;
            }
            s.groups = groups.smaller;
            of_rows[groups.size - 1](s);
            for (int t = 0; t < here; ++t) {
                const int row = (first + t) / cut.across * F.out_h;
                const int column = (first + t) % cut.across * F.out_w;
                for (int v = 0; v < block; v += scattered) {
                    const std::ptrdiff_t at = row * y_row + column * y_pixel + o + v;
                    winograd::scatter_tile<F>(made + t * block + v, out_plane, packed + o + v,
                                              residual == nullptr ? nullptr : residual + at, act,
                                              std::min(F.out_h, g.out_h - row), std::min(F.out_w, g.out_w - column),
                                              y_row, y_pixel, scattered, y + at);
                }
            }
        }
    }
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

// SPDX-License-Identifier: MIT
//
// detail/plane.hpp - convolution of one image: covers it with tiles, without padding, copies or edge cases inside a
// tile.
// Floor 2 (kernels). Tested by tests/kernels/convolution.cpp.
// Letters: I, O = input, output channels; V = vectors; W = lanes of one vector.
#ifndef EENN_KERNELS_DETAIL_PLANE_HPP
#define EENN_KERNELS_DETAIL_PLANE_HPP

#include <eenn/kernels/detail/tiles.hpp>
#include <eenn/kernels/detail/window.hpp>

namespace eenn::kernels {

/// @brief A window over an image with explicit strides. Serves the forward pass, groups, and the residue classes of the
/// gradients.
struct plane {
    axis rows;
    axis columns;
    int in_channels;   ///< channels in the sum
    int out_channels;  ///< channels produced
    std::ptrdiff_t x_row, x_pixel;
    std::ptrdiff_t y_row, y_pixel;
};

inline namespace EENN_ISA {

/// @brief Elements of packed weights. Each block of vectors, see next_block(), holds its bias, then [taps][I][lanes],
/// padded with zeros.
template <class T>
[[nodiscard]] constexpr std::size_t packed_block_size(int taps, int in_channels, int out_channels) noexcept {
    constexpr int W = lane_count<T>;
    const std::ptrdiff_t depth = in_channels;
    const int vectors = (out_channels + W - 1) / W;
    return static_cast<std::size_t>((1 + taps * depth) * vectors * W);
}

/// @brief Packs weights in that layout, from weight(k, o) for k = tap I + i and bias(o). Returns the end of the packed
/// data.
template <class T, class Weight, class Bias>
constexpr T* pack_blocks(int block, int depth, int out_channels, Weight weight, Bias bias, T* packed) noexcept {
    constexpr int W = lane_count<T>;
    for (int start = 0; start < out_channels;) {
        const int width = std::min(block, next_block<T>(out_channels - start)) * W;
        for (int k = -1; k < depth; ++k) {
            for (int lane = 0; lane < width; ++lane) {
                const int o = start + lane;
                *packed++ = o >= out_channels ? T{0} : k < 0 ? bias(o) : weight(k, o);
            }
        }
        start += width;
    }
    return packed;
}

namespace detail {

/// Half cycles for a run of `count` rows in tiles of `vectors` vectors.
template <class Held>
[[nodiscard]] constexpr int run_cycles(int count, int vectors, Held held) noexcept {
    int cycles = 0;
    for_each_size(count, most_rows(vectors), held,
                  [&](int rows, int tiles) { cycles += tiles * tuning::tile_cycles(rows, vectors); });
    return cycles;
}

/// Vectors in a tile of `rows` rows, out of `left`: tiles with few rows take several blocks side by side.
[[nodiscard]] constexpr int vectors_beside(int rows, int left) noexcept {
    return rows <= tuning::rows_of_eight && left >= 8  ? 8
           : rows <= tuning::rows_of_four && left >= 4 ? 4
           : left >= 2                                 ? 2
                                                       : 1;
}

/// Calls f(from, to, block) for vectors [from, to) of the output: first blocks of two, then the remainder one by one.
template <class T, class F>
constexpr void for_each_width(int out_channels, F&& f) noexcept {
    constexpr int W = lane_count<T>;
    for (int from = 0; from * W < out_channels;) {
        const int block = next_block<T>(out_channels - from * W);
        int to = from + block;
        while (block == 2 && next_block<T>(out_channels - to * W) == 2) to += 2;
        f(from, to, block);
        from = to;
    }
}

/// Calls run(v, vectors, last) for the tiles of `rows` rows over vectors [from, to) of the output.
template <class T, class Run>
constexpr void for_each_block(int out_channels, int from, int to, int rows, Run&& run) noexcept {
    constexpr int W = lane_count<T>;
    for (int v = from; v < to;) {
        const int vectors = vectors_beside(rows, to - v);
        run(v, vectors, std::min(W, out_channels - (v + vectors - 1) * W));
        v += vectors;
    }
}

/// Adds the tiles of `rows` rows over vectors [from, to) of the output.
template <class T>
constexpr void insert_blocks(tile_set& set, int out_channels, int from, int to, int rows) noexcept {
    for_each_block<T>(out_channels, from, to, rows,
                      [&](int, int vectors, int last) { set.insert(tile_width<T>(vectors, last), rows); });
}
/// Whether the table contains these tiles. It contains either all or none.
template <class T>
[[nodiscard]] constexpr bool holds_blocks(const tile_table<T>& tiles, int out_channels, int from, int to,
                                          int rows) noexcept {
    const int vectors = vectors_beside(rows, to - from);
    const int last = std::min(lane_count<T>, out_channels - (from + vectors - 1) * lane_count<T>);
    return tiles[tile_width<T>(vectors, last)][static_cast<std::size_t>(rows - 1)] != nullptr;
}

template <class T>
[[gnu::noinline]] void run_blocks(sweep<T> s, const T* packed, std::ptrdiff_t depth, std::ptrdiff_t skipped,
                                  int out_channels, int from, int to, int rows, const tile_table<T>& tiles) noexcept {
    constexpr int W = lane_count<T>;
    const T* residual = s.residual;
    T* out = s.out;
    for_each_block<T>(out_channels, from, to, rows, [&](int v, int vectors, int last) {
        const int width = std::min(vectors, 2) * W;
        s.bias = packed + v * W * (1 + depth);
        s.b = s.bias + width + skipped * width;
        s.out = out + v * W;
        s.residual = residual == nullptr ? nullptr : residual + v * W;
        s.last = last;
        run_tiles(s, rows, vectors, tiles);
    });
}

}  // namespace detail

/// @brief y = act(window over x, weighted, + bias + residual) for one image.
///
/// The outputs are divided into rectangles with the same taps inside the input: one interior, and borders. Each
/// rectangle is tiled along its rows, or down its columns if that gives fuller tiles. Tiles thus never meet padding and
/// skip the work for it.
///
/// @par Shapes  packed in the layout of pack_blocks(2, ...); residual null or strided like y, may be y.
/// @param tiles  for runs of rows and columns: at least those of insert_side() or insert_halves().
template <class T>
[[gnu::noinline]] void convolve(const plane& g, const T* x, const T* packed, const T* residual, activation act, T* y,
                                const tile_table<T>& tiles) noexcept {
    constexpr int W = lane_count<T>;
    const bool one_run = g.columns.dilation == 1 && g.x_pixel == g.in_channels;
    const std::ptrdiff_t tap = g.in_channels;
    const std::ptrdiff_t depth = g.rows.taps * g.columns.taps * tap;
    for_each_run(g.rows, [&](axis::range oy, axis::range ky) {
        for_each_run(g.columns, [&](axis::range ox, axis::range kx) {
            sweep<T> s;
            const int height = oy.last - oy.first;
            const int width = ox.last - ox.first;
            const int across = kx.last - kx.first;
            std::ptrdiff_t skipped = 0;
            s.a = x;
            s.r = across == 0 ? 0 : ky.last - ky.first;
            if (s.r > 0) {
                s.a +=
                    g.rows.input_of(oy.first, ky.first) * g.x_row + g.columns.input_of(ox.first, kx.first) * g.x_pixel;
                skipped = (ky.first * g.columns.taps + kx.first) * tap;
            }
            s.q = one_run ? 1 : across;
            s.k = one_run ? across * g.in_channels : g.in_channels;
            s.a_r = g.rows.dilation * g.x_row;
            s.a_q = g.columns.dilation * g.x_pixel;
            s.act = act;
            const std::ptrdiff_t start = oy.first * g.y_row + ox.first * g.y_pixel;

            detail::for_each_width<T>(g.out_channels, [&](int from, int to, int block) {
                s.b_k = block * W;
                s.b_q = s.b_k * g.in_channels;
                s.b_r = s.b_q * g.columns.taps;
                s.b_block = (1 + depth) * block * W;
                const auto held = [&](int rows) { return detail::holds_blocks(tiles, g.out_channels, from, to, rows); };
                const std::int64_t of_column = detail::run_cycles(height, block, held);
                const std::int64_t of_row = detail::run_cycles(width, block, held);
                const bool down = of_column * width < of_row * height;
                const std::ptrdiff_t a_row = g.columns.stride * g.x_pixel;
                const std::ptrdiff_t a_line = g.rows.stride * g.x_row;
                s.lines = down ? width : height;
                s.a_row = down ? a_line : a_row;
                s.a_line = down ? a_row : a_line;
                s.out_row = down ? g.y_row : g.y_pixel;
                s.out_line = down ? g.y_pixel : g.y_row;
                sweep<T> part = s;
                part.out = y + start;
                part.residual = residual == nullptr ? nullptr : residual + start;
                for_each_size(down ? height : width, most_rows(block), held, [&](int rows, int count) {
                    part.tiles = count;
                    detail::run_blocks(part, packed, depth, skipped, g.out_channels, from, to, rows, tiles);
                    const std::ptrdiff_t done = count * rows;
                    part.a += done * s.a_row;
                    part.out += done * s.out_row;
                    if (residual != nullptr) part.residual += done * s.out_row;
                });
            });
        });
    });
}

/// @brief Adds the balanced tiles for a rectangle side of `count` outputs.
template <class T>
constexpr void insert_side(tile_set& set, int count, int out_channels) noexcept {
    detail::for_each_width<T>(out_channels, [&](int from, int to, int block) {
        const balanced_tiles t(count, most_rows(block));
        for (int rows = t.size; rows <= t.size + (t.larger > 0 ? 1 : 0); ++rows)
            detail::insert_blocks<T>(set, out_channels, from, to, rows);
    });
}

/// @brief Adds the halves that cover any side of up to `most` outputs.
template <class T>
constexpr void insert_halves(tile_set& set, int most, int out_channels) noexcept {
    detail::for_each_width<T>(out_channels, [&](int from, int to, int block) {
        for (int rows = most_rows(block); rows > 0; rows /= 2) {
            if (rows <= most) detail::insert_blocks<T>(set, out_channels, from, to, rows);
        }
    });
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

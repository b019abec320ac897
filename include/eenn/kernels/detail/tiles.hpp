// SPDX-License-Identifier: MIT
//
// detail/tiles.hpp - tables of the tiles of outer_product.hpp, and the selection of tiles for a problem.
// Floor 2 (kernels). Letters: P = rows of a tile, V = its vectors, W = lanes of one vector.
//
// Each tile costs the compiler as much as a small program, so a constant geometry has a table with only its own tiles.
#ifndef EENN_KERNELS_DETAIL_TILES_HPP
#define EENN_KERNELS_DETAIL_TILES_HPP

#include <eenn/kernels/detail/outer_product.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace eenn::kernels {
inline namespace EENN_ISA {

/// @brief Maximum number of rows of a tile with V vectors.
[[nodiscard]] constexpr int most_rows(int vectors) noexcept {
    return vectors == 1   ? tuning::rows_of_one
           : vectors == 2 ? tuning::rows_of_two
           : vectors == 4 ? tuning::rows_of_four
                          : tuning::rows_of_eight;
}
inline constexpr int most_rows_of_any =
    std::max({tuning::rows_of_one, tuning::rows_of_two, tuning::rows_of_four, tuning::rows_of_eight});

/// @brief Divides a number of rows into tiles whose sizes differ by at most one: `larger` tiles of size + 1, then
/// `smaller` tiles of `size`.
struct balanced_tiles {
    int size;
    int larger;
    int smaller;

    constexpr balanced_tiles(int count, int most) noexcept {
        const int tiles = (count + most - 1) / most;
        size = count / tiles;
        larger = count % tiles;
        smaller = tiles - larger;
    }
};

/// @brief Calls f(rows, tiles) for tiles that cover `count` rows. The tiles are balanced if held(rows) confirms that
/// both sizes were compiled. Otherwise they have `most` rows, then repeatedly half as many, each size as often as it
/// fits.
template <class Held, class F>
constexpr void for_each_size(int count, int most, Held held, F&& f) {
    const balanced_tiles t(count, most);
    const bool balanced = held(t.size) && (t.larger == 0 || held(t.size + 1));
    int size = balanced ? t.size + 1 : most;
    int tiles = balanced ? t.larger : count / most;
    for (int left = count;;) {
        if (tiles > 0) f(size, tiles);
        left -= tiles * size;
        if (left == 0) return;
        size = balanced ? t.size : size / 2;
        tiles = left / size;
    }
}

/// @brief Tile widths: 0 for a single narrow vector that covers all channels; 1, 2, 3, 4 for 1, 2, 4, 8 vectors.
inline constexpr std::size_t tile_widths = 5;
template <class T>
[[nodiscard]] constexpr std::size_t tile_width(int vectors, int last) noexcept {
    if (has_narrow<T> && vectors == 1 && last <= lane_count<narrow<T>>) return 0;
    return static_cast<std::size_t>(std::bit_width(static_cast<unsigned>(vectors)));
}

/// @brief A set of tiles, a structural value: bit P - 1 of a width stands for its tile of P rows.
///
/// Not an array: GCC 12 omits zeros of arrays from symbol names, so {0, 1} and {1} would denote the same table.
struct tile_set {
    std::uint32_t narrow = 0, one = 0, two = 0, four = 0, eight = 0;

    constexpr void insert(std::size_t width, int p) noexcept { this->*rows(width) |= std::uint32_t{1} << (p - 1); }
    [[nodiscard]] constexpr bool holds(std::size_t width, int p) const noexcept {
        return (this->*rows(width) >> (p - 1) & 1) != 0;
    }
    friend constexpr bool operator==(const tile_set&, const tile_set&) = default;

private:
    [[nodiscard]] static constexpr std::uint32_t tile_set::*rows(std::size_t width) noexcept {
        constexpr std::array by_width{&tile_set::narrow, &tile_set::one, &tile_set::two, &tile_set::four,
                                      &tile_set::eight};
        return by_width[width];
    }
};

/// @brief All tiles that an arbitrary geometry may need.
template <class T, unit_stride Unit>
inline constexpr tile_set every_tile = [] {
    tile_set all;
    for (std::size_t width = has_narrow<T> ? 0 : 1; width < (Unit == unit_stride::sum ? tile_widths : 3); ++width) {
        for (int p = 1; p <= most_rows(width == 0 ? 1 : 1 << (width - 1)); ++p) all.insert(width, p);
    }
    return all;
}();

/// @brief The tile for each width and number of rows, [width][P - 1]; null if the set does not contain it.
template <class T>
using tile_table = std::array<std::array<void (*)(const sweep<T>&) noexcept, most_rows_of_any>, tile_widths>;

namespace detail {

template <class T, unit_stride Unit, std::size_t Width, int P, bool Held>
[[nodiscard]] consteval auto tile() noexcept -> void (*)(const sweep<T>&) noexcept {
    using K = std::conditional_t<Width == 0, narrow<T>, T>;
    constexpr int V = Width == 0 ? 1 : 1 << (Width == 0 ? 0 : Width - 1);
    if constexpr (!Held) {
        return nullptr;
    } else if constexpr (Unit == unit_stride::sum) {
        return &outer_product<K, P, V>;
    } else {
        return &accumulate_outer_product<K, P, V>;
    }
}

}  // namespace detail

template <class T, unit_stride Unit, tile_set Set = every_tile<T, Unit>>
inline constexpr tile_table<T> tiles_of = []<std::size_t... Width>(std::index_sequence<Width...>) {
    constexpr auto row =
        []<std::size_t At, int... P>(std::integral_constant<std::size_t, At>, std::integer_sequence<int, P...>) {
        return typename tile_table<T>::value_type{detail::tile<T, Unit, At, P + 1, Set.holds(At, P + 1)>()...};
    };
    return tile_table<T>{
        row(std::integral_constant<std::size_t, Width>{}, std::make_integer_sequence<int, most_rows_of_any>{})...};
}
(std::make_index_sequence<tile_widths>{});

/// @brief Runs a sweep whose tiles all have `rows` rows and `vectors` vectors: 1, 2, 4 or 8; 1 or 2 when accumulating.
template <class T>
void run_tiles(const sweep<T>& s, int rows, int vectors, const tile_table<T>& tiles) noexcept {
    tiles[tile_width<T>(vectors, s.last)][static_cast<std::size_t>(rows - 1)](s);
}

/// @brief Covers `rows` rows of `vectors` vectors with tiles of accumulate_outer_product().
template <class T>
void accumulate_rows(sweep<T> s, int rows, int vectors, const tile_table<T>& tiles) noexcept {
    const balanced_tiles t(rows, most_rows(vectors));
    if (t.larger > 0) {
        s.tiles = t.larger;
        run_tiles(s, t.size + 1, vectors, tiles);
        s.a += t.larger * (t.size + 1);
        s.out += t.larger * (t.size + 1) * s.out_row;
    }
    s.tiles = t.smaller;
    run_tiles(s, t.size, vectors, tiles);
}

/// @brief Vectors per tile for the remaining output channels: two, or one if at most a full vector plus a narrow one
/// remain. A narrow vector of 8 takes half the time of a vector of 16, or at worst the same time.
template <class T>
[[nodiscard]] constexpr int next_block(int channels) noexcept {
    constexpr int W = lane_count<T>;
    constexpr int half = has_narrow<T> && lane_count<narrow<T>> >= 8 ? lane_count<narrow<T>> : 0;
    return channels > W + half ? 2 : 1;
}

/// @brief Calls f(o, vectors, last) for the output channels of a weight gradient, two vectors at a time. The last
/// vector has `last` lanes.
template <class T, class F>
constexpr void for_each_pair(int out_channels, F&& f) noexcept {
    constexpr int W = lane_count<T>;
    for (int o = 0; o < out_channels;) {
        const int vectors = next_block<T>(out_channels - o);
        f(o, vectors, std::min(W, out_channels - o - (vectors - 1) * W));
        o += vectors * W;
    }
}

/// @brief Adds the tiles for `rows` rows; the last of the vectors has `last` lanes.
template <class T>
constexpr void insert_rows(tile_set& set, int rows, int vectors, int last) noexcept {
    const balanced_tiles t(rows, most_rows(vectors));
    const std::size_t width = tile_width<T>(vectors, last);
    set.insert(width, t.size);
    if (t.larger > 0) set.insert(width, t.size + 1);
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

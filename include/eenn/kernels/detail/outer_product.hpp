// SPDX-License-Identifier: MIT
//
// detail/outer_product.hpp - the microkernel: a tile of P rows by V vectors, accumulated over up to three loops.
// Floor 2 (kernels). Tested by tests/kernels/tiles.cpp.
// Letters: P = rows of the tile, V = its vectors, W = lanes of one vector, r, q, k = the loops of the sum.
//
// Only the tile size is a template argument; sizes and strides are run-time values. A program therefore contains at
// most a few dozen of these functions (tiles.hpp). Compiled and run-time networks run the same functions and agree bit
// for bit.
#ifndef EENN_KERNELS_DETAIL_OUTER_PRODUCT_HPP
#define EENN_KERNELS_DETAIL_OUTER_PRODUCT_HPP

#include <eenn/kernels/detail/epilogue.hpp>
#include <eenn/kernels/tuning.hpp>

#include <cstddef>

namespace eenn::kernels {

/// @brief One sweep of tiles. Strides in elements.
///
/// For line l, tile t, row p, vector v, with the row's start at a + l a_line + (t P + p) a_row:
///
///     sum(r < R, q < Q, k < K) a[r a_r + q a_q + k a_k] * b[r b_r + q b_q + k b_k + vector v]
///
/// in the order r, q, k, with one madd() per term. Vector v of b is at (v / 2) b_block + (v % 2) W.
template <class T>
struct sweep {
    const T* a = nullptr;
    const T* b = nullptr;
    const T* bias = nullptr;      ///< initial value of the sum, vectors as in b; null: zero
    const T* residual = nullptr;  ///< added to the sum, strides as out; null: none
    T* out = nullptr;
    std::ptrdiff_t a_line = 0, a_row = 0, a_r = 0, a_q = 0, a_k = 0;
    std::ptrdiff_t b_block = 0, b_r = 0, b_q = 0, b_k = 0;
    std::ptrdiff_t out_line = 0, out_row = 0;
    int lines = 1, tiles = 1;
    int r = 1, q = 1, k = 1;
    int last = 0;  ///< lanes of the last vector that exist in out, in [1, W]
    activation act{};
};

inline namespace EENN_ISA {

/// @brief Which stride of a is 1: the stride of the sum (convolutions) or of the rows (weight gradients).
enum class unit_stride : unsigned char { sum, rows };

namespace detail {

/// acc[p][v] += the sum of one tile.
template <class T, int P, int V, unit_stride Unit>
EENN_ALWAYS_INLINE void add_products(const sweep<element<T>>& s, const element<T>* a, lanes<T> (&acc)[P][V]) noexcept {
    using E = element<T>;
    constexpr int W = lane_count<T>;
    // A single loop, interrupted at the ends of the inner two: separate short loops spent more time on loop control
    // than on work.
    const std::ptrdiff_t a_k = Unit == unit_stride::sum ? 1 : s.a_k;
    const std::ptrdiff_t a_row = Unit == unit_stride::sum ? s.a_row : 1;
    const std::ptrdiff_t a_q = s.a_q - s.k * a_k;
    const std::ptrdiff_t b_q = s.b_q - s.k * s.b_k;
    const std::ptrdiff_t a_r = s.a_r - s.q * s.a_q;
    const std::ptrdiff_t b_r = s.b_r - s.q * s.b_q;
    const E* from = a;
    const E* b = s.b;
    int k = s.k;
    int q = s.q;
    int r = s.r;
    if (r * q * k == 0) return;
    for (;;) {
        const auto vector = [&](int v) {
            if constexpr (Unit == unit_stride::sum) {
                return load<T>(b + (v / 2) * s.b_block + (v % 2) * W);
            } else {  // b is a caller's tensor, whose last vector is not padded
                return v + 1 < V ? load<T>(b + v * W) : load_first<T>(b + v * W, s.last);
            }
        };
        const auto scalar = [&](int p) { return broadcast<T>(from[p * a_row]); };
        // The shorter side of the tile stays in registers: P V + min(P, V) + 1 registers in total.
        if constexpr (V > P) {
            lanes<T> av[P];
            EENN_UNROLL
            for (int p = 0; p < P; ++p) av[p] = scalar(p);
            EENN_UNROLL
            for (int v = 0; v < V; ++v) {
                lanes<T> bv = vector(v);
                if constexpr (P > 1) keep_loaded(bv);
                EENN_UNROLL
                for (int p = 0; p < P; ++p) acc[p][v] = madd(av[p], bv, acc[p][v]);
            }
        } else {
            lanes<T> bv[V];
            EENN_UNROLL
            for (int v = 0; v < V; ++v) {
                bv[v] = vector(v);
                if constexpr (P > 1) keep_loaded(bv[v]);
            }
            EENN_UNROLL
            for (int p = 0; p < P; ++p) {
                const lanes<T> av = scalar(p);
                EENN_UNROLL
                for (int v = 0; v < V; ++v) acc[p][v] = madd(av, bv[v], acc[p][v]);
            }
        }
        from += a_k;
        b += s.b_k;
        if (--k > 0) continue;
        k = s.k;
        from += a_q;
        b += b_q;
        if (--q > 0) continue;
        if (--r == 0) return;
        q = s.q;
        from += a_r;
        b += b_r;
    }
}

}  // namespace detail

/// @brief out = act(bias + sum + residual) for a sweep of tiles; requires a_k = 1.
///
/// @par Cost  2 lines tiles P V W r q k flops.
template <class T, int P, int V>
[[gnu::noinline]] void outer_product(const sweep<element<T>>& s) noexcept {
    constexpr int W = lane_count<T>;
    for (int line = 0; line < s.lines; ++line) {
        const element<T>* a = s.a + line * s.a_line;
        std::ptrdiff_t at = line * s.out_line;
        for (int tile = 0; tile < s.tiles; ++tile, a += P * s.a_row, at += P * s.out_row) {
            lanes<T> acc[P][V];
            EENN_UNROLL
            for (int v = 0; v < V; ++v) {
                const lanes<T> start = s.bias != nullptr ? load<T>(s.bias + (v / 2) * s.b_block + (v % 2) * W)
                                                         : broadcast<T>(element<T>{0});
                EENN_UNROLL
                for (int p = 0; p < P; ++p) acc[p][v] = start;
            }
            detail::add_products<T, P, V, unit_stride::sum>(s, a, acc);
            detail::finish<T, P, V>(acc, s.residual == nullptr ? nullptr : s.residual + at, s.act, s.last, s.out_row,
                                    s.out + at);
        }
    }
}

/// @brief out += sum for a sweep of tiles; requires a_row = 1 and V <= 2. Each sum starts from the value in out, so the
/// grouping of samples does not matter.
template <class T, int P, int V>
[[gnu::noinline]] void accumulate_outer_product(const sweep<element<T>>& s) noexcept {
    constexpr int W = lane_count<T>;
    const element<T>* a = s.a;
    element<T>* out = s.out;
    for (int tile = 0; tile < s.tiles; ++tile, a += P, out += P * s.out_row) {
        lanes<T> acc[P][V];
        detail::tile_rows<T, P, V> rows;
        const element<T>* const before = rows.read(out, s.out_row, s.last);
        const std::ptrdiff_t step = rows.stride(s.last, s.out_row);
        EENN_UNROLL
        for (int p = 0; p < P; ++p) {
            EENN_UNROLL
            for (int v = 0; v < V; ++v) acc[p][v] = load<T>(before + p * step + v * W);
        }
        detail::add_products<T, P, V, unit_stride::rows>(s, a, acc);
        rows.write(acc, out, s.out_row, s.last);
    }
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

// SPDX-License-Identifier: MIT
//
// detail/epilogue.hpp - the operations after a sum, while it is still in registers: residual, activation, store.
// Floor 2 (kernels). Tested by tests/kernels/convolution.cpp.
// Letters: P = rows of a tile, V = vectors of a row, W = lanes of one vector.
#ifndef EENN_KERNELS_DETAIL_EPILOGUE_HPP
#define EENN_KERNELS_DETAIL_EPILOGUE_HPP

#include <eenn/kernels/detail/activation.hpp>

#include <cstddef>

namespace eenn::kernels {
inline namespace EENN_ISA {
namespace detail {

/// The other activations, applied to rows that were just stored and are still in the nearest cache. Takes an end
/// pointer instead of a row count, which compilers would turn into one copy per count.
template <class T>
[[gnu::noinline]] void activate_rows(activation f, T* row, const T* end, std::ptrdiff_t stride, int count) noexcept {
    constexpr int W = lane_count<T>;
    for (; row != end; row += stride) {
        for (int i = 0; i < count; i += W) {
            const int lanes_left = count - i < W ? count - i : W;
            store_first<T>(row + i, apply<T>(f, load_first<T>(row + i, lanes_left)), lanes_left);
        }
    }
}

/// Copies rows of `count` elements. Not inlined, so that odd channel counts do not add code to every tile.
template <class T>
[[gnu::noinline]] inline void move_rows(int rows, int count, const T* from, std::ptrdiff_t from_stride, T* to,
                                        std::ptrdiff_t to_stride) noexcept {
    for (int p = 0; p < rows; ++p, from += from_stride, to += to_stride) {
        for (int i = 0; i < count; ++i) to[i] = from[i];
    }
}

/// The rows of a tile: directly in memory if the last vector is whole, else in a buffer of whole vectors.
template <class T, int P, int V>
struct tile_rows {
    using E = element<T>;
    static constexpr int width = V * lane_count<T>;
    alignas(64) E buffer[P * width];

    [[nodiscard]] EENN_ALWAYS_INLINE static constexpr std::ptrdiff_t stride(int last, std::ptrdiff_t outside) noexcept {
        return last == lane_count<T> ? outside : width;
    }
    [[nodiscard]] EENN_ALWAYS_INLINE const E* read(const E* from, std::ptrdiff_t outside, int last) noexcept {
        if (last == lane_count<T>) return from;
        move_rows<E>(P, width - lane_count<T> + last, from, outside, buffer, width);
        return buffer;
    }
    EENN_ALWAYS_INLINE void write(const lanes<T> (&acc)[P][V], E* to, std::ptrdiff_t outside, int last) noexcept {
        E* const place = last == lane_count<T> ? to : buffer;
        const std::ptrdiff_t step = stride(last, outside);
        EENN_UNROLL
        for (int p = 0; p < P; ++p) {
            EENN_UNROLL
            for (int v = 0; v < V; ++v) store<T>(place + p * step + v * lane_count<T>, acc[p][v]);
        }
        if (last != lane_count<T>) move_rows<E>(P, width - lane_count<T> + last, buffer, width, to, outside);
    }
};

/// y = act(acc + residual). The last vector has `last` lanes; residual may be null or y.
template <class T, int P, int V>
EENN_ALWAYS_INLINE void finish(lanes<T> (&acc)[P][V], const element<T>* residual, activation f, int last,
                               std::ptrdiff_t stride, element<T>* y) noexcept {
    constexpr int W = lane_count<T>;
    tile_rows<T, P, V> rows;
    if (residual != nullptr) {
        const element<T>* const from = rows.read(residual, stride, last);
        const std::ptrdiff_t step = rows.stride(last, stride);
        EENN_UNROLL
        for (int p = 0; p < P; ++p) {
            EENN_UNROLL
            for (int v = 0; v < V; ++v) acc[p][v] = plus(acc[p][v], load<T>(from + p * step + v * W));
        }
    }
    // In a tile with few terms, a clamp without effect costs more than this branch.
    if (f.kind == activation_kind::relu || f.kind == activation_kind::relu6) {
        const lanes<T> low = broadcast<T>(element<T>{0});
        EENN_UNROLL
        for (int p = 0; p < P; ++p) {
            EENN_UNROLL
            for (int v = 0; v < V; ++v) acc[p][v] = at_least(acc[p][v], low);
        }
    }
    if (f.kind == activation_kind::relu6) {
        const lanes<T> high = broadcast<T>(element<T>{6});
        EENN_UNROLL
        for (int p = 0; p < P; ++p) {
            EENN_UNROLL
            for (int v = 0; v < V; ++v) acc[p][v] = at_most(acc[p][v], high);
        }
    }
    rows.write(acc, y, stride, last);
    if (!is_clamp(f.kind)) activate_rows<element<T>>(f, y, y + P * stride, stride, (V - 1) * W + last);
}

}  // namespace detail
}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

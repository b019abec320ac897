// SPDX-License-Identifier: MIT
//
// epilogue.hpp - what follows a sum while it is still in registers: residual, activation, store.
// Floor 2 (kernels). Letters: P = rows of a tile, V = vectors of a row, W = lanes of one vector.
#ifndef EENN_KERNELS_EPILOGUE_HPP
#define EENN_KERNELS_EPILOGUE_HPP

#include <eenn/kernels/activation.hpp>

#include <cstddef>

namespace eenn::kernels::inline EENN_ISA::detail {

/// The other activations, over rows that were just stored and still lie in the nearest cache.
template <class T>
[[gnu::noinline]] void activate_rows(activation f, int rows, std::ptrdiff_t stride, int count, T* y) noexcept {
    constexpr int W = lane_count<T>;
    for (int p = 0; p < rows; ++p) {
        T* row = y + p * stride;
        for (int i = 0; i < count; i += W) {
            const int lanes_left = count - i < W ? count - i : W;
            store_first<T>(row + i, apply<T>(f, load_first<T>(row + i, lanes_left)), lanes_left);
        }
    }
}

/// y = act(acc + residual); the last vector has `last` lanes. residual may be null or y.
template <class T, int P, int V>
EIGEN_ALWAYS_INLINE void finish(lanes<T> (&acc)[P][V], const T* residual, activation f, int last, std::ptrdiff_t stride,
                                T* y) noexcept {
    constexpr int W = lane_count<T>;
    if (residual != nullptr) {
        EENN_UNROLL
        for (int p = 0; p < P; ++p) {
            EENN_UNROLL
            for (int v = 0; v < V; ++v) {
                const T* from = residual + p * stride + v * W;
                acc[p][v] = plus(acc[p][v], v + 1 < V ? load<T>(from) : load_first<T>(from, last));
            }
        }
    }
    const clamp<T> bounds(f);
    EENN_UNROLL
    for (int p = 0; p < P; ++p) {
        EENN_UNROLL
        for (int v = 0; v < V; ++v) {
            const lanes<T> value = bounds(acc[p][v]);
            if (v + 1 < V) {
                store<T>(y + p * stride + v * W, value);
            } else {
                store_first<T>(y + p * stride + v * W, value, last);
            }
        }
    }
    if (!is_clamp(f.kind)) activate_rows<T>(f, P, stride, (V - 1) * W + last, y);
}

}  // namespace eenn::kernels::inline EENN_ISA::detail

#endif

// SPDX-License-Identifier: MIT
//
// detail/dropout.hpp - inverted dropout. The mask is a function of the element index, so it need not be stored.
// Floor 2 (kernels).
#ifndef EENN_KERNELS_DETAIL_DROPOUT_HPP
#define EENN_KERNELS_DETAIL_DROPOUT_HPP

#include <eenn/core/random.hpp>
#include <eenn/kernels/detail/elementwise.hpp>

namespace eenn::kernels {
inline namespace EENN_ISA {

/// @brief Whether element `counter` of a stream is kept; false with probability `rate`.
[[nodiscard]] constexpr bool kept(float rate, std::uint64_t seed, std::uint64_t stream,
                                  std::uint64_t counter) noexcept {
    return static_cast<double>(random_bits(seed, stream, counter) >> 11) * 0x1p-53 >= rate;
}

/// @brief y = x / (1 - rate) where kept, else 0. Element i has index first + i in the stream.
///
/// @par Shapes  x, y (count); y may be x. rate in [0, 1).
template <class T>
void dropout_forward(std::size_t count, float rate, std::uint64_t seed, std::uint64_t stream, std::uint64_t first,
                     const T* x, T* y) noexcept {
    const T scale = T{1} / (T{1} - rate);
    for (std::size_t i = 0; i < count; ++i) y[i] = kept(rate, seed, stream, first + i) ? x[i] * scale : T{0};
}

/// @brief dx = dy / (1 - rate) where kept, else 0; dx += if `accumulate`.
template <class T>
void dropout_backward(std::size_t count, float rate, std::uint64_t seed, std::uint64_t stream, std::uint64_t first,
                      const T* dy, bool accumulate, T* dx) noexcept {
    const lanes<T> scale = broadcast(T{1} / (T{1} - rate));
    constexpr std::size_t W = lane_count<T>;
    for (std::size_t i = 0; i < count; i += W) {
        const std::size_t here = std::min(W, count - i);
        const auto lanes_left = static_cast<int>(here);
        alignas(64) T mask[W]{};
        for (std::size_t lane = 0; lane < here; ++lane) {
            mask[lane] = kept(rate, seed, stream, first + i + lane) ? T{1} : T{0};
        }
        const auto zero = broadcast(T{0});
        const lanes<T> d = times(load_first<T>(dy + i, lanes_left), scale);
        const lanes<T> given = where_equal(load<T>(mask), zero, zero, d);
        store_first<T>(dx + i, accumulate ? plus(load_first<T>(dx + i, lanes_left), given) : given, lanes_left);
    }
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

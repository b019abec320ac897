// SPDX-License-Identifier: MIT
//
// detail/simd.hpp - lane-wise arithmetic on vectors, with the same names for scalars.
// Floor 1 (tensor). Letters: V = a vector, or a floating-point number.
//
// Uses operators on compiler vectors where they exist, and builtins for the rest: fused multiply-add, and minimum and
// maximum in one instruction. <immintrin.h> is avoided because it costs each translation unit 0.7 s and 85 MB (g++ 12).
#ifndef EENN_TENSOR_DETAIL_SIMD_HPP
#define EENN_TENSOR_DETAIL_SIMD_HPP

#include <eenn/tensor/detail/lanes.hpp>

#include <utility>

namespace eenn {
inline namespace EENN_ISA {

/// @brief a * b + c, with a single rounding if the target has FMA.
template <class V>
[[nodiscard]] EENN_ALWAYS_INLINE V madd(const V& a, const V& b, const V& c) noexcept {
    [[maybe_unused]] constexpr bool is_single = sizeof(typename lane_of<V>::type) == 4;
    if constexpr (lane_of<V>::count == 1) {
#if defined(__FP_FAST_FMAF)
        if constexpr (std::is_same_v<V, float>) return __builtin_fmaf(a, b, c);
#endif
#if defined(__FP_FAST_FMA)
        if constexpr (std::is_same_v<V, double>) return __builtin_fma(a, b, c);
#endif
    } else {
#if defined(__clang__) && __has_builtin(__builtin_elementwise_fma)
        return __builtin_elementwise_fma(a, b, c);
#elif defined(__FMA__)
#if EENN_VECTOR_BYTES == 64
        constexpr int current_rounding = 4;
        if constexpr (sizeof(V) == 64 && is_single)
            return __builtin_ia32_vfmaddps512_mask(a, b, c, static_cast<std::uint16_t>(-1), current_rounding);
        if constexpr (sizeof(V) == 64 && !is_single)
            return __builtin_ia32_vfmaddpd512_mask(a, b, c, static_cast<std::uint8_t>(-1), current_rounding);
#endif
        if constexpr (sizeof(V) == 32 && is_single) return __builtin_ia32_vfmaddps256(a, b, c);
        if constexpr (sizeof(V) == 32 && !is_single) return __builtin_ia32_vfmaddpd256(a, b, c);
        if constexpr (sizeof(V) == 16 && is_single) return __builtin_ia32_vfmaddps(a, b, c);
        if constexpr (sizeof(V) == 16 && !is_single) return __builtin_ia32_vfmaddpd(a, b, c);
#elif EENN_VECTOR_BYTES > 0 && defined(__aarch64__)
        if constexpr (is_single) return vfmaq_f32(c, a, b);
        if constexpr (!is_single) return vfmaq_f64(c, a, b);
#endif
    }
    return a * b + c;
}

// Plain arithmetic. A product that feeds a sum must be written as madd() above or wrapped in rounded().
template <class V>
[[nodiscard]] EENN_ALWAYS_INLINE V plus(const V& a, const V& b) noexcept {
    return a + b;
}
template <class V>
[[nodiscard]] EENN_ALWAYS_INLINE V minus(const V& a, const V& b) noexcept {
    return a - b;
}
template <class V>
[[nodiscard]] EENN_ALWAYS_INLINE V times(const V& a, const V& b) noexcept {
    return a * b;
}
template <class V>
[[nodiscard]] EENN_ALWAYS_INLINE V divide(const V& a, const V& b) noexcept {
    return a / b;
}

/// @brief Returns v but hides its origin from the compiler, which then cannot fuse a product with a following sum,
/// whatever -ffp-contract says. Costs no instruction.
template <class V>
[[nodiscard]] EENN_ALWAYS_INLINE V rounded(V v) noexcept {
#if defined(__SSE2__)
    asm("" : "+v"(v));
#elif defined(__aarch64__)
    asm("" : "+w"(v));
#elif defined(__riscv_flen)
    asm("" : "+f"(v));
#else
    asm("" : "+m"(v));
#endif
    return v;
}

/// @brief max(x, bound) and min(x, bound) per lane. NaN in x is kept; the bound must not be NaN.
template <class V>
[[nodiscard]] EENN_ALWAYS_INLINE V at_least(const V& x, const V& bound) noexcept {
#if defined(__SSE2__) && !defined(__clang__)  // x86: of two operands of which one is NaN, or that are equal, the second
    [[maybe_unused]] constexpr bool is_single = sizeof(typename lane_of<V>::type) == 4;
#if EENN_VECTOR_BYTES == 64
    constexpr int current_rounding = 4;
    if constexpr (sizeof(V) == 64 && is_single)
        return __builtin_ia32_maxps512_mask(bound, x, V{}, static_cast<std::uint16_t>(-1), current_rounding);
    if constexpr (sizeof(V) == 64 && !is_single)
        return __builtin_ia32_maxpd512_mask(bound, x, V{}, static_cast<std::uint8_t>(-1), current_rounding);
#endif
#if EENN_VECTOR_BYTES >= 32
    if constexpr (sizeof(V) == 32 && is_single) return __builtin_ia32_maxps256(bound, x);
    if constexpr (sizeof(V) == 32 && !is_single) return __builtin_ia32_maxpd256(bound, x);
#endif
    if constexpr (sizeof(V) == 16 && is_single) return __builtin_ia32_maxps(bound, x);
    if constexpr (sizeof(V) == 16 && !is_single) return __builtin_ia32_maxpd(bound, x);
#endif
    return bound > x ? bound : x;
}
template <class V>
[[nodiscard]] EENN_ALWAYS_INLINE V at_most(const V& x, const V& bound) noexcept {
#if defined(__SSE2__) && !defined(__clang__)
    [[maybe_unused]] constexpr bool is_single = sizeof(typename lane_of<V>::type) == 4;
#if EENN_VECTOR_BYTES == 64
    constexpr int current_rounding = 4;
    if constexpr (sizeof(V) == 64 && is_single)
        return __builtin_ia32_minps512_mask(bound, x, V{}, static_cast<std::uint16_t>(-1), current_rounding);
    if constexpr (sizeof(V) == 64 && !is_single)
        return __builtin_ia32_minpd512_mask(bound, x, V{}, static_cast<std::uint8_t>(-1), current_rounding);
#endif
#if EENN_VECTOR_BYTES >= 32
    if constexpr (sizeof(V) == 32 && is_single) return __builtin_ia32_minps256(bound, x);
    if constexpr (sizeof(V) == 32 && !is_single) return __builtin_ia32_minpd256(bound, x);
#endif
    if constexpr (sizeof(V) == 16 && is_single) return __builtin_ia32_minps(bound, x);
    if constexpr (sizeof(V) == 16 && !is_single) return __builtin_ia32_minpd(bound, x);
#endif
    return bound < x ? bound : x;
}
/// @brief The larger value per lane; NaN if either is NaN.
template <class V>
[[nodiscard]] EENN_ALWAYS_INLINE V larger(const V& a, const V& b) noexcept {
    const V most = at_least(b, a);  // b where b is NaN
    return a == a ? most : a;
}
/// @brief x <= bound ? then : otherwise, per lane; NaN selects `otherwise`.
template <class V>
[[nodiscard]] EENN_ALWAYS_INLINE V where_at_most(const V& x, const V& bound, const V& then,
                                                 const V& otherwise) noexcept {
    return x <= bound ? then : otherwise;
}
/// @brief a == b ? then : otherwise, per lane; NaN equals nothing.
template <class V>
[[nodiscard]] EENN_ALWAYS_INLINE V where_equal(const V& a, const V& b, const V& then, const V& otherwise) noexcept {
    return a == b ? then : otherwise;
}

/// @brief Adds the upper half of the lanes to the lower half. The result has half the bytes, or is a scalar if one lane
/// is left.
template <class V>
[[nodiscard]] EENN_ALWAYS_INLINE auto halves_added(const V& v) noexcept {
    constexpr int half = lane_of<V>::count / 2;
    if constexpr (half == 1) {
        return v[0] + v[1];
    } else {
        return [&]<int... I>(std::integer_sequence<int, I...>) {
            return __builtin_shufflevector(v, v, I...) + __builtin_shufflevector(v, v, (I + half)...);
        }
        (std::make_integer_sequence<int, half>{});
    }
}
/// @brief The sum of all lanes. Halves are added until one lane is left. AVX-512 doubles are halved down to four lanes,
/// then neighbours are added.
template <class T>
[[nodiscard]] EENN_ALWAYS_INLINE element<T> sum_of_lanes(const lanes<T>& v) noexcept {
    constexpr int W = lane_count<T>;
    if constexpr (W == 1) {
        return v;
    } else if constexpr (W == 2) {
        return halves_added(v);
    } else if constexpr (W == 4) {
        return halves_added(halves_added(v));
    } else if constexpr (sizeof v == 64 && sizeof(element<T>) == 8) {
        const auto four = halves_added(v);
        return (four[0] + four[1]) + (four[2] + four[3]);
    } else if constexpr (W == 8) {
        return halves_added(halves_added(halves_added(v)));
    } else {
        return halves_added(halves_added(halves_added(halves_added(v))));
    }
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

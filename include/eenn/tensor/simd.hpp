// SPDX-License-Identifier: MIT
//
// simd.hpp - the machine's vector of T, and the one header of this floor that names Eigen.
// Floor 1 (tensor). Letters: W = lanes of one vector.
#ifndef EENN_TENSOR_SIMD_HPP
#define EENN_TENSOR_SIMD_HPP

// GCC 12 takes the AVX-512 intrinsics' deliberately undefined operands for a mistake (GCC bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <Eigen/Core>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include <eenn/core/isa.hpp>

#include <cmath>
#include <cstddef>
#include <cstring>
#include <type_traits>

// Loops over accumulators must vanish, or the accumulators live in memory instead of registers.
#if defined(__clang__)
#define EENN_UNROLL _Pragma("clang loop unroll(full)")
#else
#define EENN_UNROLL _Pragma("GCC unroll 32")
#endif

namespace eenn {
inline namespace EENN_ISA {

/// @brief Stands for T where vectors of half the lanes are meant, for channels that fill no more: load<narrow<float>>()
/// makes 8 floats where load<float>() makes 16.
template <class T>
struct narrow {};

/// @brief What Eigen calls a packet of T, or of narrow<T>. Here and not in a namespace detail: an inline namespace's would be
/// ambiguous beside eenn::detail.
template <class T>
struct vector_of {
    using element = T;
    using type = typename Eigen::internal::packet_traits<T>::type;
};
template <class T>
struct vector_of<narrow<T>> {
    using element = T;
    using type = typename Eigen::internal::packet_traits<T>::half;
};

/// @brief The widest vector of T that Eigen offers for the target: 16, 8 or 4 floats, or a plain T.
///
/// All multiply-adds of the library go through madd(), so that the compiler has nothing left to contract and the two
/// phases, any tile and any number of threads round alike: fused where the target has FMA, two roundings where not.
template <class T>
using lanes = typename vector_of<T>::type;

template <class T>
inline constexpr int lane_count = Eigen::internal::unpacket_traits<lanes<T>>::size;

/// @brief What T, or narrow<T>, is a vector of.
template <class T>
using element = typename vector_of<T>::element;

/// @brief Whether narrow<T> is worth a kernel: a vector of at least 4 lanes.
template <class T>
inline constexpr bool has_narrow = lane_count<narrow<T>> >= 4 && lane_count<narrow<T>> < lane_count<T>;

template <class T>
[[nodiscard]] EIGEN_ALWAYS_INLINE lanes<T> load(const element<T>* from) noexcept {
    return Eigen::internal::ploadu<lanes<T>>(from);
}
template <class T>
EIGEN_ALWAYS_INLINE void store(element<T>* to, const lanes<T>& v) noexcept {
    Eigen::internal::pstoreu(to, v);
}
/// @brief A vector of T's, or with broadcast<narrow<T>>(value) one of half the lanes.
template <class K = void, class T>
[[nodiscard]] EIGEN_ALWAYS_INLINE auto broadcast(const T& value) noexcept {
    return Eigen::internal::pset1<lanes<std::conditional_t<std::is_void_v<K>, T, K>>>(value);
}
/// @brief a * b + c, one rounding where the target has FMA.
template <class V>
[[nodiscard]] EIGEN_ALWAYS_INLINE V madd(const V& a, const V& b, const V& c) noexcept {
    return Eigen::internal::pmadd(a, b, c);
}

/// @brief v, which the compiler then may not load a second time: GCC 12 folds one load into every multiply-add that uses
/// it, and tiles of few rows become bound by loads (4 x 2 vectors: 65 instead of 100 GFLOP/s).
template <class V>
EIGEN_ALWAYS_INLINE void keep_loaded([[maybe_unused]] V& v) noexcept {
#if defined(__GNUC__) && !defined(__clang__) && defined(__SSE2__)
    if constexpr (sizeof(V) >= 16) asm("" : "+v"(v));
#endif
}

// Plain arithmetic. A product that feeds a sum is written madd(), see above.
template <class V>
[[nodiscard]] EIGEN_ALWAYS_INLINE V plus(const V& a, const V& b) noexcept {
    return Eigen::internal::padd(a, b);
}
template <class V>
[[nodiscard]] EIGEN_ALWAYS_INLINE V minus(const V& a, const V& b) noexcept {
    return Eigen::internal::psub(a, b);
}
template <class V>
[[nodiscard]] EIGEN_ALWAYS_INLINE V times(const V& a, const V& b) noexcept {
    return Eigen::internal::pmul(a, b);
}
template <class V>
[[nodiscard]] EIGEN_ALWAYS_INLINE V divide(const V& a, const V& b) noexcept {
    return Eigen::internal::pdiv(a, b);
}

/// @brief max(x, bound) and min(x, bound) per lane; a NaN in x stays, the bound is a number.
template <class V>
[[nodiscard]] EIGEN_ALWAYS_INLINE V at_least(const V& x, const V& bound) noexcept {
    return Eigen::internal::pmax(x, bound);  // x86: of two operands of which one is NaN, the first
}
template <class V>
[[nodiscard]] EIGEN_ALWAYS_INLINE V at_most(const V& x, const V& bound) noexcept {
    return Eigen::internal::pmin(x, bound);
}
/// @brief The larger per lane; NaN where either is NaN.
template <class V>
[[nodiscard]] EIGEN_ALWAYS_INLINE V larger(const V& a, const V& b) noexcept {
    return Eigen::internal::template pmax<Eigen::PropagateNaN>(a, b);
}
/// @brief x <= bound ? then : otherwise, per lane; NaN takes `otherwise`.
template <class V>
[[nodiscard]] EIGEN_ALWAYS_INLINE V where_at_most(const V& x, const V& bound, const V& then,
                                                  const V& otherwise) noexcept {
    return Eigen::internal::pselect(Eigen::internal::pcmp_le(x, bound), then, otherwise);
}

/// @brief a == b ? then : otherwise, per lane; NaN equals nothing.
template <class V>
[[nodiscard]] EIGEN_ALWAYS_INLINE V where_equal(const V& a, const V& b, const V& then, const V& otherwise) noexcept {
    return Eigen::internal::pselect(Eigen::internal::pcmp_eq(a, b), then, otherwise);
}
/// @brief The sum of all lanes, in an order that the target fixes.
template <class T>
[[nodiscard]] EIGEN_ALWAYS_INLINE T sum_of_lanes(const lanes<T>& v) noexcept {
    return Eigen::internal::predux(v);
}

/// @brief exp per lane, to about 2 ulp.
template <class T>
[[nodiscard]] inline lanes<T> exponential(const lanes<T>& x) noexcept {
    if constexpr (Eigen::internal::packet_traits<T>::HasExp) {
        return Eigen::internal::pexp(x);
    } else {
        alignas(64) T each[lane_count<T>];
        store<T>(each, x);
        for (T& value : each) value = std::exp(value);
        return load<T>(each);
    }
}
/// @brief tanh per lane.
template <class T>
[[nodiscard]] inline lanes<T> hyperbolic_tangent(const lanes<T>& x) noexcept {
    if constexpr (Eigen::internal::packet_traits<T>::HasTanh) {
        return Eigen::internal::ptanh(x);
    } else {
        alignas(64) T each[lane_count<T>];
        store<T>(each, x);
        for (T& value : each) value = std::tanh(value);
        return load<T>(each);
    }
}

#if defined(__AVX__) && !defined(__AVX512F__)
namespace masks {
// Sliding window over ones and zeros: 32 bytes from entry 8 - count (4 - count) select the first `count` lanes.
alignas(64) inline constexpr int first_floats[16]{-1, -1, -1, -1, -1, -1, -1, -1};
alignas(64) inline constexpr long long first_doubles[8]{-1, -1, -1, -1};
template <class T>
[[nodiscard]] EIGEN_ALWAYS_INLINE __m256i first_mask(int count) noexcept {
    if constexpr (sizeof(T) == 4) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(first_floats + 8 - count));
    } else {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(first_doubles + 4 - count));
    }
}
}  // namespace masks
#endif

/// @brief The first `count` lanes of memory, the rest zero; count in [0, W]. Touches no byte beyond them.
template <class T>
[[nodiscard]] EIGEN_ALWAYS_INLINE lanes<T> load_first(const element<T>* from, int count) noexcept {
#if defined(__AVX512F__)
    if constexpr (lane_count<T> == 16) {
        return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << count) - 1U), from);
    } else if constexpr (std::is_same_v<T, double>) {
        return _mm512_maskz_loadu_pd(static_cast<__mmask8>((1U << count) - 1U), from);
    } else if constexpr (std::is_same_v<T, narrow<float>>) {
        return _mm512_castps512_ps256(load_first<float>(from, count));
    } else {
        return _mm512_castpd512_pd256(load_first<double>(from, count));
    }
#elif defined(__AVX__)
    if constexpr (lane_count<T> == 8) {
        return _mm256_maskload_ps(from, masks::first_mask<T>(count));
    } else if constexpr (std::is_same_v<T, double>) {
        return _mm256_maskload_pd(from, masks::first_mask<T>(count));
    } else {
        return _mm256_castps256_ps128(load_first<float>(from, count));
    }
#else
    if (count == lane_count<T>) return load<T>(from);
    alignas(64) T buffer[lane_count<T>]{};
    for (int i = 0; i < count; ++i) buffer[i] = from[i];
    return load<T>(buffer);
#endif
}
/// @brief Stores the first `count` lanes; count in [0, W]. Touches no byte beyond them.
template <class T>
EIGEN_ALWAYS_INLINE void store_first(element<T>* to, const lanes<T>& v, int count) noexcept {
    if (count == lane_count<T>) return store<T>(to, v);
    // Halves of falling size from memory: on AMD a masked store costs ten times as much.
    alignas(64) element<T> buffer[lane_count<T>];
    store<T>(buffer, v);
    const element<T>* from = buffer;
    for (int size = lane_count<T> / 2; size > 0; size /= 2) {
        if ((count & size) == 0) continue;
        std::memcpy(to, from, static_cast<std::size_t>(size) * sizeof *to);
        to += size;
        from += size;
    }
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

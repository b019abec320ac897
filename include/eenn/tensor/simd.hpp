// SPDX-License-Identifier: MIT
//
// simd.hpp - the machine's vector of T, and the one header of this floor that names Eigen.
// Floor 1 (tensor). Letters: W = lanes of one vector.
#ifndef EENN_TENSOR_SIMD_HPP
#define EENN_TENSOR_SIMD_HPP

#include <Eigen/Core>

#include <cstring>

// Every function that uses vectors lives in this inline namespace, so that two translation units built with different
// -march flags never share one definition (the linker would keep either, and the program could meet an illegal instruction).
#if defined(__AVX512F__)
#define EENN_ISA avx512
#elif defined(__FMA__) && defined(__AVX2__)
#define EENN_ISA avx2
#elif defined(__AVX__)
#define EENN_ISA avx
#elif defined(__ARM_NEON)
#define EENN_ISA neon
#else
#define EENN_ISA baseline
#endif

namespace eenn {
inline namespace EENN_ISA {

/// @brief The widest vector of T that Eigen offers for the target: 16, 8 or 4 floats, or a plain T.
///
/// All multiply-adds of the library go through madd(), so that the compiler has nothing left to contract and the two
/// phases, any tile and any number of threads round alike: fused where the target has FMA, two roundings where not.
template <class T>
using lanes = typename Eigen::internal::packet_traits<T>::type;

template <class T>
inline constexpr int lane_count = Eigen::internal::unpacket_traits<lanes<T>>::size;

template <class T>
[[nodiscard]] EIGEN_ALWAYS_INLINE lanes<T> load(const T* from) noexcept {
    return Eigen::internal::ploadu<lanes<T>>(from);
}
template <class T>
EIGEN_ALWAYS_INLINE void store(T* to, const lanes<T>& v) noexcept {
    Eigen::internal::pstoreu(to, v);
}
template <class T>
[[nodiscard]] EIGEN_ALWAYS_INLINE lanes<T> broadcast(const T& value) noexcept {
    return Eigen::internal::pset1<lanes<T>>(value);
}
/// @brief a * b + c, one rounding where the target has FMA.
template <class V>
[[nodiscard]] EIGEN_ALWAYS_INLINE V madd(const V& a, const V& b, const V& c) noexcept {
    return Eigen::internal::pmadd(a, b, c);
}

/// @brief The first `count` lanes of memory, the rest zero; count in [0, W].
template <class T>
[[nodiscard]] inline lanes<T> load_first(const T* from, int count) noexcept {
    alignas(64) T buffer[lane_count<T>]{};
    std::memcpy(buffer, from, static_cast<std::size_t>(count) * sizeof(T));
    return load<T>(buffer);
}
/// @brief Stores the first `count` lanes; count in [0, W].
template <class T>
inline void store_first(T* to, const lanes<T>& v, int count) noexcept {
    alignas(64) T buffer[lane_count<T>];
    store<T>(buffer, v);
    std::memcpy(to, buffer, static_cast<std::size_t>(count) * sizeof(T));
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

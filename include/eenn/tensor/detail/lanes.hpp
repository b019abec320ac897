// SPDX-License-Identifier: MIT
//
// detail/lanes.hpp - the machine's vector of T as a type: how many lanes it has, what they hold, how it comes from
// memory.
// Floor 1 (tensor). tests/tensor/simd.cpp reaches it. Letters: W = lanes of one vector.
//
// Vectors are those of GCC and clang, which + - * / < and [] work on. Where a target has none for T, the vector is a T.
#ifndef EENN_TENSOR_DETAIL_LANES_HPP
#define EENN_TENSOR_DETAIL_LANES_HPP

#include <eenn/core/isa.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#if defined(__aarch64__) && EENN_VECTOR_BYTES > 0
#include <arm_neon.h>
#endif

// Inlined whatever the compiler thinks of it: a vector that is handed over in memory costs more than the operation.
#define EENN_ALWAYS_INLINE __attribute__((always_inline)) inline

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

/// @brief A vector of so many bytes; 0: a plain T. `in_memory` is the same among other T's, at any of them.
template <class T, std::size_t Bytes>
struct vector_of_bytes {  // NOLINTBEGIN: an alias cannot carry the attributes
    typedef T type __attribute__((vector_size(Bytes)));
    typedef type in_memory __attribute__((aligned(alignof(T)), may_alias));  // NOLINTEND
};
template <class T>
struct vector_of_bytes<T, 0> {
    using type = T;
    using in_memory = T;
};

/// @brief The vector that T, or narrow<T>, means. Here and not in a namespace detail: an inline namespace's would be
/// ambiguous beside eenn::detail.
template <class T>
struct vector_of : vector_of_bytes<T, std::floating_point<T> && sizeof(T) <= 8 ? EENN_VECTOR_BYTES : 0> {
    using element = T;
};
template <class T>
struct vector_of<narrow<T>> : vector_of_bytes<T, (EENN_VECTOR_BYTES > 16 ? EENN_VECTOR_BYTES / 2 : EENN_VECTOR_BYTES)> {
    using element = T;
};

/// @brief The widest vector of T that the target has: 16, 8 or 4 floats, or a plain T.
///
/// All multiply-adds of the library go through madd(), so that the compiler has nothing left to contract and the two
/// phases, any tile and any number of threads round alike: fused where the target has FMA, two roundings where not.
template <class T>
using lanes = typename vector_of<T>::type;

/// @brief What T, or narrow<T>, is a vector of.
template <class T>
using element = typename vector_of<T>::element;

template <class T>
inline constexpr int lane_count = sizeof(lanes<T>) / sizeof(element<T>);

/// @brief Whether narrow<T> is worth a kernel: a vector of at least 4 lanes.
template <class T>
inline constexpr bool has_narrow = lane_count<narrow<T>> >= 4 && lane_count<narrow<T>> < lane_count<T>;

/// @brief What is known of V, a vector or a plain floating-point number: its element, and unsigned integers of the same
/// width, as many.
template <class V>
struct lane_of {
    using type = std::remove_cvref_t<decltype(std::declval<V&>()[0])>;
    using bits =
        typename vector_of_bytes<std::conditional_t<sizeof(type) == 4, std::uint32_t, std::uint64_t>, sizeof(V)>::type;
    static constexpr int count = sizeof(V) / sizeof(type);
};
template <std::floating_point T>
struct lane_of<T> {
    using type = T;
    using bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    static constexpr int count = 1;
};
/// A number of another kind, as one that counts its operations.
template <class T>
requires std::is_class_v<T>
struct lane_of<T> {
    using type = T;
    static constexpr int count = 1;
};

// Not by std::memcpy: GCC 12 moves its bytes as integers, and copies accumulators that are loaded that way.
template <class T>
[[nodiscard]] EENN_ALWAYS_INLINE lanes<T> load(const element<T>* from) noexcept {
    return *reinterpret_cast<const typename vector_of<T>::in_memory*>(from);
}
template <class T>
EENN_ALWAYS_INLINE void store(element<T>* to, const lanes<T>& v) noexcept {
    *reinterpret_cast<typename vector_of<T>::in_memory*>(to) = v;
}

/// @brief V with the value in every lane; V may be a plain number.
template <class V>
[[nodiscard]] EENN_ALWAYS_INLINE V every_lane(typename lane_of<V>::type value) noexcept {
    if constexpr (lane_of<V>::count == 1) {
        return value;
    } else {
        return value - V{};  // not + V{}, which would make -0 to 0
    }
}
/// @brief A vector of T's, or with broadcast<narrow<T>>(value) one of half the lanes.
template <class K = void, class T>
[[nodiscard]] EENN_ALWAYS_INLINE auto broadcast(const T& value) noexcept {
    return every_lane<lanes<std::conditional_t<std::is_void_v<K>, T, K>>>(value);
}

#if EENN_VECTOR_BYTES == 32
namespace masks {
// Sliding window over ones and zeros: 32 bytes from entry 8 - count (4 - count) select the first `count` lanes.
alignas(64) inline constexpr int first_floats[16]{-1, -1, -1, -1, -1, -1, -1, -1};
alignas(64) inline constexpr long long first_doubles[8]{-1, -1, -1, -1};
template <class T>
[[nodiscard]] EENN_ALWAYS_INLINE auto first_mask(int count) noexcept {
    if constexpr (sizeof(T) == 4) {
        return *reinterpret_cast<const vector_of_bytes<int, 32>::in_memory*>(first_floats + 8 - count);
    } else {
        return *reinterpret_cast<const vector_of_bytes<long long, 32>::in_memory*>(first_doubles + 4 - count);
    }
}
}  // namespace masks
#endif

/// @brief The first `count` lanes of memory, the rest zero; count in [0, W]. Touches no byte beyond them.
template <class T>
[[nodiscard]] EENN_ALWAYS_INLINE lanes<T> load_first(const element<T>* from, int count) noexcept {
    // Half a vector is the lower half of one that is loaded whole.
    [[maybe_unused]] const auto lower_half = []<class V>(const V& v) {
        if constexpr (lane_of<V>::count == 16) {
            return __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7);
        } else if constexpr (lane_of<V>::count == 8) {
            return __builtin_shufflevector(v, v, 0, 1, 2, 3);
        } else {
            return __builtin_shufflevector(v, v, 0, 1);
        }
    };
#if EENN_VECTOR_BYTES == 64
    if constexpr (lane_count<T> == 16) {
        return __builtin_ia32_loadups512_mask(from, lanes<T>{}, static_cast<std::uint16_t>((1U << count) - 1U));
    } else if constexpr (std::is_same_v<T, double>) {
        return __builtin_ia32_loadupd512_mask(from, lanes<T>{}, static_cast<std::uint8_t>((1U << count) - 1U));
    } else {
        return lower_half(load_first<element<T>>(from, count));
    }
#elif EENN_VECTOR_BYTES == 32
    if constexpr (lane_count<T> == 8) {
        return __builtin_ia32_maskloadps256(reinterpret_cast<const lanes<T>*>(from), masks::first_mask<T>(count));
    } else if constexpr (std::is_same_v<T, double>) {
        return __builtin_ia32_maskloadpd256(reinterpret_cast<const lanes<T>*>(from), masks::first_mask<T>(count));
    } else {
        return lower_half(load_first<element<T>>(from, count));
    }
#else
    if (count == lane_count<T>) return load<T>(from);
    alignas(64) element<T> buffer[lane_count<T>]{};
    for (int i = 0; i < count; ++i) buffer[i] = from[i];
    return load<T>(buffer);
#endif
}
/// @brief Stores the first `count` lanes; count in [0, W]. Touches no byte beyond them.
template <class T>
EENN_ALWAYS_INLINE void store_first(element<T>* to, const lanes<T>& v, int count) noexcept {
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

/// @brief v, which the compiler then may not load a second time: GCC 12 folds one load into every multiply-add that uses
/// it, and tiles of few rows become bound by loads (4 x 2 vectors: 65 instead of 100 GFLOP/s).
template <class V>
EENN_ALWAYS_INLINE void keep_loaded([[maybe_unused]] V& v) noexcept {
#if defined(__GNUC__) && !defined(__clang__) && defined(__SSE2__)
    if constexpr (sizeof(V) >= 16) asm("" : "+v"(v));
#endif
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

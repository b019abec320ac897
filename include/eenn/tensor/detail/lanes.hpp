// SPDX-License-Identifier: MIT
//
// detail/lanes.hpp - the machine's vector of T as a type: lane count, element type, loads and stores.
// Floor 1 (tensor). Tested by tests/tensor/simd.cpp. Letters: W = lanes of one vector.
//
// Uses the vector extensions of GCC and clang, which support + - * / < and []. If the target has no vector of T, the
// vector is a plain T.
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

// Forced inline: passing a vector through memory costs more than the operation.
#define EENN_ALWAYS_INLINE __attribute__((always_inline)) inline

// Loops over accumulators must be unrolled completely; otherwise the accumulators live in memory instead of registers.
#if defined(__clang__)
#define EENN_UNROLL _Pragma("clang loop unroll(full)")
#else
#define EENN_UNROLL _Pragma("GCC unroll 32")
#endif

namespace eenn {
inline namespace EENN_ISA {

/// @brief A tag for vectors of half the lanes, used if the channels fill no more: load<narrow<float>>() loads 8 floats
/// where load<float>() loads 16.
template <class T>
struct narrow {};

/// @brief A vector of the given number of bytes; 0: a plain T. `in_memory` may alias T and needs only the alignment of
/// T.
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

/// @brief The vector type of T or narrow<T>. Not in a namespace detail, because one inside the inline namespace would
/// be ambiguous with eenn::detail.
template <class T>
struct vector_of : vector_of_bytes<T, std::floating_point<T> && sizeof(T) <= 8 ? EENN_VECTOR_BYTES : 0> {
    using element = T;
};
template <class T>
struct vector_of<narrow<T>> : vector_of_bytes<T, (EENN_VECTOR_BYTES > 16 ? EENN_VECTOR_BYTES / 2 : EENN_VECTOR_BYTES)> {
    using element = T;
};

/// @brief The widest vector of T on the target: 16, 8 or 4 floats, or a plain T.
///
/// All multiply-adds of the library use madd(), which leaves the compiler nothing to contract. Both phases, all tiles
/// and any number of threads therefore round identically: fused if the target has FMA, with two roundings if not.
template <class T>
using lanes = typename vector_of<T>::type;

/// @brief The element type of T or narrow<T>.
template <class T>
using element = typename vector_of<T>::element;

template <class T>
inline constexpr int lane_count = sizeof(lanes<T>) / sizeof(element<T>);

/// @brief Whether a kernel for narrow<T> pays off: its vector has at least 4 lanes.
template <class T>
inline constexpr bool has_narrow = lane_count<narrow<T>> >= 4 && lane_count<narrow<T>> < lane_count<T>;

/// @brief Traits of V, a vector or a plain floating-point number: its element type, lane count, and the matching
/// unsigned integers.
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
/// A class type used as a number, for example one that counts its operations.
template <class T>
requires std::is_class_v<T>
struct lane_of<T> {
    using type = T;
    static constexpr int count = 1;
};

// Not std::memcpy: GCC 12 moves its bytes as integers, and copies accumulators that are loaded that way.
template <class T>
[[nodiscard]] EENN_ALWAYS_INLINE lanes<T> load(const element<T>* from) noexcept {
    return *reinterpret_cast<const typename vector_of<T>::in_memory*>(from);
}
template <class T>
EENN_ALWAYS_INLINE void store(element<T>* to, const lanes<T>& v) noexcept {
    *reinterpret_cast<typename vector_of<T>::in_memory*>(to) = v;
}

/// @brief V with `value` in every lane; V may be a plain number.
template <class V>
[[nodiscard]] EENN_ALWAYS_INLINE V every_lane(typename lane_of<V>::type value) noexcept {
    if constexpr (lane_of<V>::count == 1) {
        return value;
    } else {
        return value - V{};  // not + V{}, which would turn -0 into 0
    }
}
/// @brief A vector with `value` in every lane; broadcast<narrow<T>>(value) makes one of half the lanes.
template <class K = void, class T>
[[nodiscard]] EENN_ALWAYS_INLINE auto broadcast(const T& value) noexcept {
    return every_lane<lanes<std::conditional_t<std::is_void_v<K>, T, K>>>(value);
}

#if EENN_VECTOR_BYTES == 32
namespace masks {
// Sliding window over ones and zeros: the 32 bytes at entry 8 - count (4 - count) mask the first `count` lanes.
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

/// @brief Loads the first `count` lanes and zeroes the rest; count in [0, W]. Touches no byte beyond them.
template <class T>
[[nodiscard]] EENN_ALWAYS_INLINE lanes<T> load_first(const element<T>* from, int count) noexcept {
    // Half a vector is the lower half of a masked full load.
    [[maybe_unused]] const auto lower_half = [](const auto& v) {
        return [&]<int... I>(std::integer_sequence<int, I...>) { return __builtin_shufflevector(v, v, I...); }
        (std::make_integer_sequence<int, lane_count<T>>{});
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
    // Via a buffer, in halves of decreasing size: on AMD a masked store costs ten times as much.
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

/// @brief Prevents the compiler from loading v a second time. GCC 12 folds a load into every multiply-add that uses it,
/// which makes tiles of few rows load-bound (4 x 2 vectors: 65 instead of 100 GFLOP/s).
template <class V>
EENN_ALWAYS_INLINE void keep_loaded([[maybe_unused]] V& v) noexcept {
#if defined(__GNUC__) && !defined(__clang__) && defined(__SSE2__)
    if constexpr (sizeof(V) >= 16) asm("" : "+v"(v));
#endif
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// detail/passes.hpp - vectorised loops: over consecutive elements, and over pixels with coefficients per channel.
// Floor 2 (kernels). Tested by tests/network/phases.cpp.
// Letters: C = channels, V = vectors side by side, W = lanes of one vector.
#ifndef EENN_KERNELS_DETAIL_PASSES_HPP
#define EENN_KERNELS_DETAIL_PASSES_HPP

#include <eenn/tensor/detail/simd.hpp>

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace eenn::kernels {
inline namespace EENN_ISA {
namespace detail {

/// The number of lanes of a full vector, as a constant.
template <class T>
using all_lanes = std::integral_constant<int, lane_count<T>>;

/// Calls f(index, lanes) for [0, count) in vectors. All but the last have W lanes, passed as a constant.
template <class T, class F>
EENN_ALWAYS_INLINE void for_each_vector(std::ptrdiff_t count, F&& f) noexcept {
    constexpr int W = lane_count<T>;
    std::ptrdiff_t i = 0;
    for (; i + W <= count; i += W) f(i, all_lanes<T>{});
    if (i < count) f(i, static_cast<int>(count - i));
}
template <class T>
[[nodiscard]] EENN_ALWAYS_INLINE lanes<T> load_lanes(const T* from, all_lanes<T>) noexcept {
    return load<T>(from);
}
template <class T>
[[nodiscard]] EENN_ALWAYS_INLINE lanes<T> load_lanes(const T* from, int count) noexcept {
    return load_first<T>(from, count);
}
template <class T>
EENN_ALWAYS_INLINE void store_lanes(T* to, const lanes<T>& v, all_lanes<T>) noexcept {
    store<T>(to, v);
}
template <class T>
EENN_ALWAYS_INLINE void store_lanes(T* to, const lanes<T>& v, int count) noexcept {
    store_first<T>(to, v, count);
}

/// Pixels whose channel count divides a vector, joined into fewer pixels that fill it.
template <class T>
struct joined_pixels {
    int times;
    int pixels;
    int channels;
    constexpr joined_pixels(int p, int c) noexcept
        : times{c < lane_count<T> && lane_count<T> % c == 0 && p % (lane_count<T> / c) == 0 ? lane_count<T> / c : 1},
          pixels{p / times},
          channels{c * times} {}
};

/// to[i] = from[i % period] for `count` elements. Never inlined: otherwise every pass would contain a copy that few
/// need.
template <class T>
[[gnu::noinline]] void repeat(const T* from, int period, int count, T* to) noexcept {
    for (int i = 0; i < count; ++i) to[i] = from[i % period];
}

/// Per-channel coefficients, repeated for joined pixels; null stays null.
template <class T>
class repeated {
public:
    repeated(const T* from, const joined_pixels<T>& in) noexcept : at_{from} {
        if (in.times == 1 || from == nullptr) return;
        repeat(from, in.channels / in.times, in.channels, buffer_);
        at_ = buffer_;
    }
    repeated(const repeated&) = delete;
    repeated& operator=(const repeated&) = delete;
    [[nodiscard]] operator const T*() const noexcept { return at_; }

private:
    alignas(64) T buffer_[lane_count<T>];
    const T* at_;
};

/// Pixels that a pass processes before it moves to the next channels. They are summed in T, with a rounding error of at
/// most 32 ulp.
inline constexpr int pixels_of_a_pass = 32;

/// Processes some pixels of V vectors, from channel c on.
template <class T, int V, class Pass, class Lanes>
EENN_ALWAYS_INLINE void run_columns(const Pass& pass, int start, int end, int channels, int c, Lanes k) noexcept {
    constexpr int W = lane_count<T>;
    typename Pass::column columns[V];
    EENN_UNROLL
    for (int v = 0; v < V; ++v) pass.begin(columns[v], c + v * W, k);
    for (std::ptrdiff_t p = start; p < end; ++p) {
        EENN_UNROLL
        for (int v = 0; v < V; ++v) pass.step(columns[v], p * channels + c + v * W, k);
    }
    if constexpr (requires { pass.end(columns[0], c, k); }) {
        EENN_UNROLL
        for (int v = 0; v < V; ++v) pass.end(columns[v], c + v * W, k);
    }
}

/// Maximum number of adjacent columns that fit the registers.
inline constexpr int most_columns = vector_registers >= 32 ? 4 : 2;

/// Runs a pass over (pixels,C). A pass has a type `column`, its state for one vector of channels, and these members:
/// begin(column, channel, lanes), step(column, index, lanes) for each pixel and, if it has sums, end(column, channel,
/// lanes).
///
/// Columns are processed 4, 2 or 1 side by side, which hides their latency and reads memory in order.
template <class T, class Pass>
EENN_ALWAYS_INLINE void run_pass(int pixels, int channels, const Pass& pass) noexcept {
    constexpr int W = lane_count<T>;
    for (int start = 0; start < pixels; start += pixels_of_a_pass) {
        const int end = std::min(pixels, start + pixels_of_a_pass);
        int c = 0;
        if constexpr (most_columns > 2) {
            for (; c + 4 * W <= channels; c += 4 * W) run_columns<T, 4>(pass, start, end, channels, c, all_lanes<T>{});
        }
        for (; c + 2 * W <= channels; c += 2 * W) run_columns<T, 2>(pass, start, end, channels, c, all_lanes<T>{});
        for (; c + W <= channels; c += W) run_columns<T, 1>(pass, start, end, channels, c, all_lanes<T>{});
        if (c < channels) run_columns<T, 1>(pass, start, end, channels, c, channels - c);
    }
}

}  // namespace detail
}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

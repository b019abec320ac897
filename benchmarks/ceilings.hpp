// SPDX-License-Identifier: MIT
//
// ceilings.hpp - upper limits of one thread on this machine: multiply-adds, bandwidth of each cache and of memory, and
// memory latency.
#ifndef EENN_BENCHMARKS_CEILINGS_HPP
#define EENN_BENCHMARKS_CEILINGS_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/core/random.hpp>
#include <eenn/tensor/detail/simd.hpp>

#include <array>
#include <cstdint>
#include <utility>

#include "measure.hpp"

namespace measure {

/// Bandwidth for a working set that fits into one level, in bytes per second: reading it, and copying one half to the
/// other. A copy counts the bytes read and the bytes written.
struct level {
    const char* name;
    std::size_t bytes;
    double read_bytes_per_s = 0;
    double copy_bytes_per_s = 0;
};

struct ceilings {
    double flops_per_s = 0;
    std::array<level, 4> levels{{{"L1", 16 << 10}, {"L2", 256 << 10}, {"L3", 4 << 20}, {"memory", 256 << 20}}};
    double latency_us = 0;  ///< of a load from memory, in a chain of dependent loads

    [[nodiscard]] const level& l2() const { return levels[1]; }
    [[nodiscard]] const level& memory() const { return levels[3]; }
};

/// Bytes per second of pass(), which touches `bytes`. Small sets are repeated until the clock can resolve them.
template <class Pass>
double bytes_per_s(std::size_t bytes, double seconds, Pass&& pass) {
    const std::size_t repeats = std::max<std::size_t>(1, (4 << 20) / bytes);
    const double us = median_us(
        [&] {
            for (std::size_t r = 0; r < repeats; ++r) {
                pass();
                asm volatile("" ::: "memory");  // keeps the compiler from merging the passes
            }
        },
        seconds);
    return static_cast<double>(repeats * bytes) / us * 1e6;
}

inline void measure_level(level& l, double seconds) {
    constexpr std::size_t W = eenn::lane_count<float>;
    constexpr std::size_t chains = 8;  // independent sums, so that no addition waits for another
    // Every page is written first: untouched pages all map to one page of zeros.
    eenn::aligned_vector<float> memory(l.bytes / sizeof(float), 1.0F);
    float* const from = memory.data();
    const std::size_t count = memory.size();
    float sum = 0;
    l.read_bytes_per_s = bytes_per_s(l.bytes, seconds, [&] {
        eenn::lanes<float> sums[chains];
        EENN_UNROLL
        for (std::size_t c = 0; c < chains; ++c) sums[c] = eenn::broadcast(0.0F);
        for (std::size_t i = 0; i < count; i += chains * W) {
            EENN_UNROLL
            for (std::size_t c = 0; c < chains; ++c) sums[c] = eenn::plus(sums[c], eenn::load<float>(from + i + c * W));
        }
        EENN_UNROLL
        for (std::size_t c = 0; c < chains; ++c) sum += eenn::sum_of_lanes<float>(sums[c]);
    });
    volatile float keep = sum;
    (void)keep;
    // Includes an addition, or the compiler would call memcpy, whose large copies bypass the caches.
    l.copy_bytes_per_s = bytes_per_s(l.bytes, seconds, [&] {
        const auto change = eenn::broadcast(1.0F);
        float* const to = from + count / 2;
        for (std::size_t i = 0; i < count / 2; i += chains * W) {
            EENN_UNROLL
            for (std::size_t c = 0; c < chains; ++c)
                eenn::store<float>(to + i + c * W, eenn::plus(eenn::load<float>(from + i + c * W), change));
        }
    });
}

/// Follows a chain through `bytes` of memory that visits every line once in random order. Measures the latency of a
/// load that no cache or prefetcher helps with, including address translation.
inline double load_latency_us(std::size_t bytes, double seconds) {
    constexpr std::size_t line = 64 / sizeof(std::uint32_t);
    constexpr int loads = 10000;
    const auto lines = static_cast<std::uint32_t>(bytes / 64);
    eenn::aligned_vector<std::uint32_t> next(lines * line);
    for (std::uint32_t i = 0; i < lines; ++i) next[i * line] = i;
    eenn::random_stream random{.seed = 1};
    for (std::uint32_t i = lines - 1; i > 0; --i)  // Sattolo's shuffle: one cycle through all
        std::swap(next[i * line], next[random.below(i) * line]);
    std::uint32_t at = 0;
    const double us = median_us(
        [&] {
            for (int i = 0; i < loads; ++i) at = next[at * line];
        },
        seconds);
    volatile std::uint32_t keep = at;
    (void)keep;
    return us / loads;
}

inline ceilings measure_ceilings(double seconds) {
    ceilings c{.flops_per_s = fma_peak()};
    for (level& l : c.levels) measure_level(l, seconds);
    c.latency_us = load_latency_us(c.memory().bytes, seconds);
    return c;
}

}  // namespace measure

#endif

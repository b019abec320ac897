// SPDX-License-Identifier: MIT
//
// measure.hpp - how the benchmarks measure: medians of single calls, and the machine's FMA rate in the same process.
#ifndef EENN_BENCHMARKS_MEASURE_HPP
#define EENN_BENCHMARKS_MEASURE_HPP

#include <eenn/tensor/simd.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

namespace measure {

using clock = std::chrono::steady_clock;

/// Microseconds of one call.
template <class F>
double once(F&& call) {
    const auto start = clock::now();
    call();
    return std::chrono::duration<double, std::micro>(clock::now() - start).count();
}

/// Median microseconds of single calls, timed one by one for about `seconds` after a warm-up.
template <class F>
double median_us(F&& call, double seconds = 0.5, std::size_t fewest = 5) {
    call();
    std::vector<double> times;
    const auto start = clock::now();
    while (times.size() < fewest ||
           (std::chrono::duration<double>(clock::now() - start).count() < seconds && times.size() < 20000)) {
        times.push_back(once(call));
    }
    std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
    return times[times.size() / 2];
}

/// FLOP/s of independent multiply-adds in registers: what no kernel on one thread can exceed. The best of several runs.
inline double fma_peak() {
    constexpr int chains = 10;
    constexpr int rounds = 20000;
    using vector = eenn::lanes<float>;
    double best = 0;
    float sink = 0;
    for (int run = 0; run < 40; ++run) {
        vector acc[chains];
        const vector a = eenn::broadcast(0.999F + 1e-9F * static_cast<float>(run));
        const vector b = eenn::broadcast(1e-3F);
        for (auto& x : acc) x = eenn::broadcast(1.0F);
        const double us = once([&] {
            for (int i = 0; i < rounds; ++i) {
                for (auto& x : acc) x = eenn::madd(x, a, b);
            }
        });
        for (const auto& x : acc) {
            float lanes[eenn::lane_count<float>];
            eenn::store(lanes, x);
            sink += lanes[0];
        }
        best = std::max(best, 2.0 * rounds * chains * eenn::lane_count<float> / us * 1e6);
    }
    if (sink == 12345.0F) std::puts("");
    return best;
}

}  // namespace measure

#endif

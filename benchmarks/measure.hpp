// SPDX-License-Identifier: MIT
//
// measure.hpp - measurement for the benchmarks: medians of single calls, and the machine's FMA rate in the same process.
#ifndef EENN_BENCHMARKS_MEASURE_HPP
#define EENN_BENCHMARKS_MEASURE_HPP

#include <eenn/tensor/detail/simd.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
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

/// Does nothing between two calls, so each finds the caches as the previous one left them.
struct warm_caches {
    void operator()() const noexcept {}
};

/// Touches 96 MB between two calls, more than any cache holds, to simulate a device that wakes, infers and sleeps. Cores
/// have private caches, so as many threads as take part in the call touch all of it.
class cold_caches {
public:
    explicit cold_caches(int thread_count = 1) : memory_(96'000'000, 1), thread_count_{thread_count} {}
    void operator()() {
        std::vector<std::thread> others;
        for (int t = 1; t < thread_count_; ++t) others.emplace_back([this] { touch(); });
        touch();
        for (auto& t : others) t.join();
    }

private:
    void touch() const {
        unsigned sum = 0;
        for (std::size_t i = 0; i < memory_.size(); i += 64) sum += memory_[i];
        volatile unsigned keep = sum;
        (void)keep;
    }
    std::vector<unsigned char> memory_;
    int thread_count_;
};

/// Median microseconds of single calls, timed one by one for about `seconds` after a warm-up. `between` runs before each
/// call.
template <class F, class Between = warm_caches>
double median_us(F&& call, double seconds = 0.5, std::size_t fewest = 5, Between&& between = {}) {
    call();
    std::vector<double> times;
    const auto start = clock::now();
    while (times.size() < fewest ||
           (std::chrono::duration<double>(clock::now() - start).count() < seconds && times.size() < 20000)) {
        between();
        times.push_back(once(call));
    }
    std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
    return times[times.size() / 2];
}

/// FLOP/s of independent multiply-adds in registers: the upper limit for any kernel on one thread. The best of many short
/// runs.
inline double fma_peak() {
    constexpr int chains = 12;  // with different starting values, or the compiler would compute only one
    constexpr int rounds = 4096;
    const auto a = eenn::broadcast(0.999F);
    const auto b = eenn::broadcast(1e-3F);
    float sum = 0;
    double us = 1e9;
    for (int run = 0; run < 400; ++run) {
        const double now = once([&] {
            eenn::lanes<float> acc[chains];
            EENN_UNROLL
            for (int c = 0; c < chains; ++c) acc[c] = eenn::broadcast(static_cast<float>(c));
            for (int i = 0; i < rounds; ++i) {
                EENN_UNROLL
                for (int c = 0; c < chains; ++c) acc[c] = eenn::madd(acc[c], a, b);
            }
            EENN_UNROLL
            for (int c = 1; c < chains; ++c) acc[0] = eenn::plus(acc[0], acc[c]);
            sum += eenn::sum_of_lanes<float>(acc[0]);
        });
        us = std::min(us, now);
    }
    volatile float keep = sum;
    (void)keep;
    return 2.0 * rounds * chains * eenn::lane_count<float> / us * 1e6;
}

}  // namespace measure

#endif

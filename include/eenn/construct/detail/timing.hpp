// SPDX-License-Identifier: MIT
//
// detail/timing.hpp - measures the time that early exits save, alternating with the base network.
// Floor 8 (construct); host subset. Tested by tests/construct/measure.cpp.
#ifndef EENN_CONSTRUCT_DETAIL_TIMING_HPP
#define EENN_CONSTRUCT_DETAIL_TIMING_HPP

#include <eenn/construct/detail/watcher.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/data/data_set.hpp>
#include <eenn/exits/infer_batch.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief Mean times per sample, in microseconds, on one thread.
struct exit_times {
    double base = 0;              ///< the network without exits
    double early = 0;             ///< with exits
    double batch_base = 0;        ///< 64 at a time, per sample
    double batch_early = 0;       ///< with compaction after exits
    double decision = 0;          ///< all decisions for a sample that leaves at no early exit
    std::vector<double> at_exit;  ///< (E), median of samples that leave there; 0 if none do
};

namespace detail {

[[nodiscard]] inline double median(std::vector<double> values) {
    if (values.empty()) return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

[[nodiscard]] inline double microseconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace detail

/// @brief Times both networks on the same samples. They alternate, so that a drift in machine speed affects both
/// equally.
///
/// @param rules  of `early`, one per exit.
/// @param told   receives progress; false stops the measurement.
/// @return       nothing if it was stopped.
/// @par Cost     About three passes of each network over at most `most` samples.
[[nodiscard]] inline std::optional<exit_times> time_exits(const executable<float>& base,
                                                          std::span<const float> base_parameters,
                                                          const executable<float>& early,
                                                          std::span<const float> early_parameters,
                                                          std::span<const exit_rule> rules, const data_set& set,
                                                          int most = 2500, const share_observer& told = {}) {
    using clock = std::chrono::steady_clock;
    const packed_weights<float> base_packed{base, base_parameters};
    const packed_weights<float> early_packed{early, early_parameters};
    aligned_vector<float> workspace(std::max(base.plan.sizes.workspace, early.plan.sizes.workspace));
    const std::size_t exits = early.plan.exits.size();
    const int count = std::min(most, set.size());

    exit_times times;
    std::vector<std::vector<double>> at(exits);
    const exit_rule never{never_exit, 1};
    const threshold_rules<> plain{{&never, 1}};
    const threshold_rules<> rule{rules};
    exit_state state;
    double base_sum = 0;
    double early_sum = 0;
    // Each network runs several samples in a row, so that its own weights are in the cache, as in normal use.
    constexpr int turn = 25;
    constexpr int turns_untold = 4;
    for (int first = -turn; first < count; first += turn) {
        const int last = std::min(first + turn, count);
        if (told && first >= 0 && first / turn % turns_untold == 0) {
            if (!told(0.6 * first / count)) return {};
            // Reloads the caches after the observer's call, untimed.
            (void)infer(early, early_packed, set[first], workspace, rule, state);
        }
        for (int i = first; i < last; ++i) {
            const auto start = clock::now();
            const decision d = infer(early, early_packed, set[std::max(i, 0)], workspace, rule, state);
            const double taken = detail::microseconds_since(start);
            if (first < 0) continue;  // warm-up
            early_sum += taken;
            at[static_cast<std::size_t>(d.exit)].push_back(taken);
        }
        for (int i = first; i < last; ++i) {
            const auto start = clock::now();
            (void)infer(base, base_packed, set[std::max(i, 0)], workspace, plain, state);
            if (first >= 0) base_sum += detail::microseconds_since(start);
        }
    }
    times.base = base_sum / count;
    times.early = early_sum / count;
    for (const auto& those : at) times.at_exit.push_back(detail::median(those));

    // Times the decisions alone, on the logits of the last run.
    constexpr int repeats = 2000;
    const auto start = clock::now();
    float sink = 0;
    for (int r = 0; r < repeats; ++r) {
        rule.begin(state);
        for (std::size_t e = 0; e + 1 < exits; ++e) {
            sink += decide(rule, view_exit(early.plan, e, workspace), state).confidence;
        }
    }
    volatile float keep = sink;
    (void)keep;
    times.decision = detail::microseconds_since(start) / repeats;

    // Blocks of 64, alternating.
    batch_inference<float> with{early};
    batch_inference<float> without{base};
    std::vector<decision> decisions(64);
    serial here;
    const std::size_t each = set.sample.elements();
    double sums[2] = {};
    int samples = 0;
    for (int first = count < 64 ? count : -64; first + 64 <= count; first += 64) {
        if (told && first >= 0 && !told(0.6 + 0.4 * first / count)) return {};
        const std::span<const float> inputs =
            std::span{set.pixels}.subspan(static_cast<std::size_t>(std::max(first, 0)) * each, 64 * each);
        auto begin = clock::now();
        with(early_packed, inputs, rule, decisions, here);
        const double a = detail::microseconds_since(begin);
        begin = clock::now();
        without(base_packed, inputs, plain, decisions, here);
        const double b = detail::microseconds_since(begin);
        if (first < 0) continue;
        sums[0] += a;
        sums[1] += b;
        samples += 64;
    }
    if (samples > 0) {
        times.batch_early = sums[0] / samples;
        times.batch_base = sums[1] / samples;
    }
    return times;
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

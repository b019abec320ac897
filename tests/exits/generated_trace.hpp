// SPDX-License-Identifier: MIT
//
// generated_trace.hpp - small random traces and the exhaustive search over them, for the tests of this folder.
#ifndef EENN_TESTS_EXITS_GENERATED_TRACE_HPP
#define EENN_TESTS_EXITS_GENERATED_TRACE_HPP

#include <algorithm>
#include <eenn/core/random.hpp>
#include <eenn/exits/detail/objective.hpp>
#include <eenn/exits/trace.hpp>
#include <functional>
#include <vector>

namespace eenn_tests {

// A sample has a difficulty; later exits are right more often, and confidence follows being right, with noise.
// `levels` > 0 rounds confidences to that many values, so that many are equal.
inline eenn::exit_trace generated_trace(int samples, int exits, std::uint64_t seed, int levels = 0) {
    eenn::random_stream random{seed, 99};
    eenn::exit_trace trace;
    trace.samples = samples;
    trace.exits = exits;
    double cost = 0;
    for (int e = 0; e < exits; ++e) trace.cost.push_back(cost += 1 + static_cast<double>(random.below(5)));
    for (int i = 0; i < samples; ++i) {
        const double difficulty = random.uniform();
        for (int e = 0; e < exits; ++e) {
            const double skill = (e + 1.0) / (exits + 0.3);
            const bool right =
                random.uniform() < 0.4 * (random.uniform() < 0.5) + 0.6 * (skill > difficulty * random.uniform());
            double c = 0.5 * random.uniform() + 0.3 * (right ? 1 : 0) + 0.2 * (1 - difficulty);
            if (levels > 0) c = static_cast<int>(c * levels) / static_cast<double>(levels);
            trace.confidence.push_back(static_cast<float>(c));
            trace.correct.push_back(right ? 1 : 0);
        }
    }
    return trace;
}

// visit(thresholds, evaluation) for every combination of distinct confidences and never_exit.
inline void for_all_thresholds(
    const eenn::exit_trace& trace,
    const std::function<void(const std::vector<float>&, const eenn::exit_evaluation&)>& visit) {
    std::vector<std::vector<float>> values(static_cast<std::size_t>(trace.exits - 1));
    for (std::size_t e = 0; e < values.size(); ++e) {
        for (int i = 0; i < trace.samples; ++i) values[e].push_back(trace.confidence[trace.at(i, static_cast<int>(e))]);
        values[e].push_back(eenn::never_exit);
        std::sort(values[e].begin(), values[e].end());
        values[e].erase(std::unique(values[e].begin(), values[e].end()), values[e].end());
    }
    std::vector<float> thresholds(values.size());
    const std::function<void(std::size_t)> choose = [&](std::size_t e) {
        if (e == values.size()) return visit(thresholds, eenn::evaluate(trace, thresholds));
        for (const float t : values[e]) {
            thresholds[e] = t;
            choose(e + 1);
        }
    };
    choose(0);
}

// The best rank that any thresholds have, by exhaustion.
inline eenn::exit_ranking::rank best_of_all_thresholds(const eenn::exit_trace& trace,
                                                       const eenn::exit_objective& objective) {
    const eenn::exit_ranking ranking{trace, objective};
    eenn::exit_ranking::rank best{1e300, 0, 0};
    for_all_thresholds(trace, [&](const std::vector<float>&, const eenn::exit_evaluation& e) {
        int right = 0;
        for (const int r : e.right) right += r;
        best = std::min(best, ranking(e.mean_cost * trace.samples, right));
    });
    return best;
}

}  // namespace eenn_tests

#endif

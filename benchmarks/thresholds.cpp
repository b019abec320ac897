// SPDX-License-Identifier: MIT
//
// thresholds.cpp - how good chosen thresholds are, and how long the proof takes.
//
// 1. The gap to exhaustion on generated small traces of 2 to 5 exits (1,000), for every objective.
// 2. Seconds and proven gap on 10,000 samples of 3, 4, 5 and 8 exits, every distinct confidence a threshold.
// 3. On the same traces, what the published graph, one shared threshold and one coordinate descent give away, and all of
//    them on 10,000 fresh samples, paired.
#include <eenn/core/random.hpp>
#include <eenn/exits/thresholds.hpp>

#include "../examples/command_line.hpp"
#include "../tests/exits/generated_trace.hpp"
#include "measure.hpp"

#include <cmath>
#include <cstdio>

namespace {

using namespace eenn;
using namespace eenn_tests;

struct named_objective {
    const char* name;
    exit_objective what;
};

void small_traces(int count) {
    double worst = 0;
    int unproven = 0;
    double seconds = 0;
    for (int k = 1; k <= count; ++k) {
        const int exits = 2 + k % 4;
        const int samples = exits < 4 ? 12 : exits == 4 ? 9 : 6;
        const exit_trace trace = generated_trace(samples, exits, static_cast<std::uint64_t>(k), k % 3 == 0 ? 4 : 0);
        for (const exit_objective& objective :
             {exit_objective::least_cost(k % 2 == 0 ? 0 : 0.15),
              exit_objective::best_accuracy(0.5 * (trace.cost.front() + trace.cost.back())),
              exit_objective::weighted_sum(1, k % 5 + 0.5)}) {
            const auto best = best_of_all_thresholds(trace, objective);
            threshold_choice c;
            seconds += 1e-6 * measure::once([&] { c = choose_thresholds(trace, objective); });
            worst = std::max(worst, best[1] > 0 ? (c.objective - best[1]) / best[1] : c.objective);
            unproven += c.proven ? 0 : 1;
        }
    }
    std::printf("%d traces x 3 objectives: largest gap to exhaustion %.1e, %d unproven; %.1f us each\n\n", count, worst,
                unproven, seconds / (3 * count) * 1e6);
}

/// A sample has a difficulty; each exit sees it through noise of its own and some that the exits share. Later exits see
/// better. Confidences follow what the exit sees, and no two are alike.
exit_trace large_trace(int samples, int exits, std::uint64_t seed) {
    exit_trace trace;
    trace.samples = samples;
    trace.exits = exits;
    random_stream random{.seed = seed};
    for (int e = 0; e < exits; ++e) trace.cost.push_back(100.0 * (e + 1) / exits);
    const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
    for (int i = 0; i < samples; ++i) {
        const double difficulty = random.normal();
        double noise = 0;
        for (int e = 0; e < exits; ++e) {
            noise = 0.6 * noise + 0.8 * random.normal();
            const double margin = 1 + 1.6 * (e + 1) / exits - difficulty + 0.7 * noise;
            trace.confidence.push_back(static_cast<float>(sigmoid(2 * margin + random.normal())));
            trace.correct.push_back(random.uniform() < 0.1 + 0.9 * sigmoid(2.2 * margin) ? 1 : 0);
        }
    }
    return trace;
}

void large_traces() {
    constexpr int samples = 10000;
    std::printf("%d samples, one thread\n", samples);
    std::printf(
        "exits  objective              seconds  objective     bound      gap      against it: one descent, shared, "
        "published\n");
    for (const int exits : {3, 4, 5, 8}) {
        const exit_trace trace = large_trace(samples, exits, 1);
        const exit_trace fresh = large_trace(samples, exits, 2);
        for (const auto& asked : {named_objective{"cost, 1 point lost", exit_objective::least_cost(0.01)},
                                  named_objective{"error, half the cost", exit_objective::best_accuracy(50)},
                                  named_objective{"cost + error", exit_objective::weighted_sum(0.5, 0.5)},
                                  named_objective{"cost + 8 x error", exit_objective::weighted_sum(1, 8)}}) {
            threshold_choice best;
            const double seconds = 1e-6 * measure::once([&] { best = choose_thresholds(trace, asked.what); });
            std::printf("%5d  %-21s %8.2f %10.5f %10.5f %8.4f%%", exits, asked.name, seconds, best.objective,
                        best.bound, 100 * best.gap() / best.objective);
            std::string unseen;
            const auto judged = evaluate(fresh, best.thresholds);
            char line[120];
            std::snprintf(line, sizeof line, "       fresh samples: cost %.2f error %.4f", judged.mean_cost,
                          1 - judged.accuracy);
            unseen += line;
            for (const auto solver :
                 {threshold_solver::descent, threshold_solver::shared, threshold_solver::published}) {
                const auto other = try_thresholds(trace, asked.what, {.solver = solver});
                if (!other) {
                    std::printf("      none");
                    continue;
                }
                std::printf(" %+8.3f%%", 100 * (other->objective - best.objective) / best.objective);
                const auto e = evaluate(fresh, other->thresholds);
                std::snprintf(line, sizeof line, "; %s %+.2f %+.4f", std::string{to_string(solver)}.c_str(),
                              e.mean_cost - judged.mean_cost, judged.accuracy - e.accuracy);
                unseen += line;
            }
            std::printf("\n%s\n", unseen.c_str());
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    int instances = 1000;
    examples::command_line line{"thresholds",
                                "measures how good chosen thresholds are, and how long the proof takes: the gap to "
                                "exhaustion on small traces, and seconds and proven gaps on large ones."};
    line.option("[INSTANCES]", instances, "small traces that are searched exhaustively", {0, 1000000});
    line.read(argc, argv);
    small_traces(instances);
    large_traces();
}

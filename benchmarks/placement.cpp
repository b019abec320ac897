// SPDX-License-Identifier: MIT
//
// placement.cpp - how good placements are, and how long they take.
//
// 1. The gap to an exhaustive search over exits, thresholds and assignments on generated small problems (1,000).
// 2. Seconds for 50 segments, 6 exits, 3 processors, 2,500 samples; with the gap that the default limit leaves.
// 3. Seconds to solve a range of bandwidths, and microseconds to look up the plan for a new one.
#include <eenn/platform/bandwidth_plans.hpp>

#include "../examples/command_line.hpp"
#include "../tests/platform/generated_task.hpp"
#include "measure.hpp"

#include <cmath>
#include <cstdio>
#include <limits>

namespace {

using namespace eenn;
using namespace eenn_tests;

void small_problems(int count) {
    int feasible = 0;
    int unproven = 0;
    int disagree = 0;
    double worst_gap = 0;
    double seconds = 0;
    for (int k = 1; k <= count; ++k) {
        random_stream random{static_cast<std::uint64_t>(k), 7};
        const problem_size size{.segments = 2 + static_cast<int>(random.below(4)),
                                .exits = 1 + static_cast<int>(random.below(4)),
                                .processors = 1 + static_cast<int>(random.below(4)),
                                .samples = 6 + static_cast<int>(random.below(5)),
                                .levels = static_cast<int>(random.below(2)) * 6};
        const placement_task task = generated_task(random, size);
        const platform on = generated_platform(random, size, k % 2 == 0, k % 3 == 0);
        const placement_objective objective{k % 4 != 1 ? 1.0 : 0.0, k % 4 == 1 || k % 4 == 3 ? 1.0 : 0.0,
                                            k % 4 == 2 ? 1e-9 : 0.0, random.uniform() * 0.3 - 0.05};
        const double worst = k % 5 == 0 ? 0.005 + 0.05 * random.uniform() : std::numeric_limits<double>::infinity();
        const double best = exhausted(task, on, objective, worst);
        placement p;
        seconds += 1e-6 * measure::once([&] { p = place(task, on, objective, {.worst_seconds = worst}); });
        if (p.feasible != std::isfinite(best)) ++disagree;
        if (!p.feasible || !std::isfinite(best)) continue;
        ++feasible;
        unproven += p.proven ? 0 : 1;
        worst_gap = std::max(worst_gap, (p.objective - best) / best);
    }
    std::printf("%d problems, %d feasible: largest gap to exhaustion %.1e, %d unproven, %d disagree; %.1f us each\n",
                count, feasible, worst_gap, unproven, disagree, seconds / count * 1e6);
}

struct large_problem {
    placement_task task;
    platform on;
};
large_problem large(std::uint64_t seed, double noise) {
    random_stream random{seed, 5};
    const problem_size size{.segments = 50,
                            .exits = 6,
                            .processors = 3,
                            .samples = 2500,
                            .noise = noise,
                            .ambiguous = 0.15,
                            .narrowing = true};
    large_problem made{generated_task(random, size), generated_platform(random, size, false, false)};
    made.on.processors[0].macs_per_second = 2e8;
    made.on.processors[1].macs_per_second = 1e9;
    made.on.processors[2].macs_per_second = 1e10;
    for (auto& link : made.on.links) link.bytes_per_second = 4e5;
    return made;
}

void large_problems() {
    std::printf("50 segments, 6 exits, 3 processors, 2,500 samples\n");
    for (const double noise : {0.2, 0.6, 1.2}) {
        for (std::uint64_t seed = 1; seed <= 4; ++seed) {
            const auto [task, on] = large(seed, noise);
            for (const double loss : {0.0, 0.01}) {
                placement p;
                const double us = measure::once(
                    [&, t = &task, o = &on] { p = place(*t, *o, placement_objective::least_seconds(loss)); });
                std::printf("  noise %.1f seed %d loss %.2f: %.3f s, gap %.2f %%, %s, %d boxes, %d cost vectors\n",
                            noise, static_cast<int>(seed), loss, us * 1e-6, 100 * p.gap() / p.objective,
                            p.proven ? "proven" : "not proven", static_cast<int>(p.nodes),
                            static_cast<int>(p.candidates));
            }
        }
    }
}

void bandwidths() {
    const auto [task, on] = large(2, 0.2);
    bandwidth_plans plans;
    const double us = measure::once([&, t = &task, o = &on] {
        plans = plan_bandwidths(*t, *o, 0, 2e4, 2e7, placement_objective::least_seconds(0.01));
    });
    int proven = 0;
    double widest = 0;
    double b = 2e4;
    int looked_up = 0;
    double sum = 0;
    for (; b <= 2e7; b *= 1.01, ++looked_up) {
        const auto choice = plans.at(b);
        proven += choice.proven;
        widest = std::max(widest, (choice.objective - choice.bound) / choice.objective);
    }
    b = 2e4;
    const double look_up = measure::median_us([&] {
        for (int i = 0; i < 1000; ++i) sum += plans.at(b = b > 1.9e7 ? 2e4 : b * 1.01).objective;
    });
    volatile double keep = sum;
    (void)keep;
    std::printf(
        "20 KB/s to 20 MB/s: %d plans from %d solutions in %.1f s; %d of %d bandwidths proven, widest gap %.2f %%; "
        "re-planning %.3f us\n",
        static_cast<int>(plans.plans.size()), static_cast<int>(plans.certificates.size()), us * 1e-6, proven, looked_up,
        100 * widest, look_up / 1000);
}

}  // namespace

int main(int argc, char** argv) {
    int instances = 1000;
    examples::command_line line{
        "placement",
        "measures how good placements are, and how long they take: the gap to exhaustive search on small problems, "
        "seconds for large ones, and plans for a range of bandwidths."};
    line.option("[INSTANCES]", instances, "small problems that are searched exhaustively", {0, 1000000});
    line.read(argc, argv);
    small_problems(instances);
    large_problems();
    bandwidths();
}

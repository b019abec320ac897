// SPDX-License-Identifier: MIT
#include <eenn/construct/certify.hpp>

#include <doctest/doctest.h>

#include <eenn/core/random.hpp>

using namespace eenn;
using namespace eenn::construct;

namespace {

exit_trace random_trace(int samples, std::uint64_t seed) {
    exit_trace trace;
    trace.samples = samples;
    trace.exits = 4;
    trace.cost = {1, 2.5, 3, 6};
    random_stream random{.seed = seed};
    for (int i = 0; i < samples; ++i) {
        for (int e = 0; e < 4; ++e) {
            trace.confidence.push_back(static_cast<float>(static_cast<int>(random.uniform(0, 8))) / 8);
            trace.correct.push_back(random.uniform(0, 1) < 0.4 + 0.15 * e ? 1 : 0);
        }
    }
    return trace;
}

/// The least mean cost over all thresholds whose accuracy is at most `loss` below the last exit's; 1e300 if there is none.
double brute_force(const exit_trace& trace, double loss) {
    double least = 1e300;
    const double required = lone_accuracy(trace, 3) - loss - 1e-9;
    for (int a = 0; a <= 8; ++a)
        for (int b = 0; b <= 8; ++b)
            for (int c = 0; c <= 8; ++c) {
                const auto value = [](int k) { return k == 8 ? never_exit : static_cast<float>(k) / 8; };
                const float thresholds[] = {value(a), value(b), value(c)};
                const auto e = evaluate(trace, thresholds);
                if (e.accuracy >= required) least = std::min(least, e.mean_cost);
            }
    return least;
}

}  // namespace

TEST_CASE("construct/certify: four exits are proven, as every set of thresholds says") {
    int proven = 0;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        CAPTURE(seed);
        const exit_trace trace = random_trace(3 + static_cast<int>(seed % 8), seed);
        const auto objective = exit_objective::least_cost(seed % 3 == 0 ? 0.0 : 0.2);
        const auto choice = try_thresholds(trace, objective);
        const double least = brute_force(trace, objective.limit);
        REQUIRE(choice.has_value());  // the last exit alone always keeps the limit
        const threshold_choice made = certified(trace, objective, *choice);
        CHECK(made.bound <= least + 1e-9);
        CHECK(made.objective >= least - 1e-9);
        CHECK(made.objective <= choice->objective + 1e-12);
        if (!made.proven) continue;
        ++proven;
        CHECK(made.objective == doctest::Approx(least));
    }
    CHECK(proven == 300);
    // With hardly any work the bound still holds.
    const exit_trace trace = random_trace(10, 7);
    const auto objective = exit_objective::least_cost(0.1);
    const threshold_choice hasty = certified(trace, objective, choose_thresholds(trace, objective), 1);
    CHECK(hasty.bound <= brute_force(trace, 0.1) + 1e-9);
}

// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <eenn/exits/detail/objective.hpp>
#include <limits>

#include "generated_trace.hpp"

using namespace eenn;
using namespace eenn_tests;

namespace {
// Two samples, two exits, costs 1 and 4: the first exit is right on the first sample only, the last on both.
exit_trace pair() {
    exit_trace t;
    t.samples = 2;
    t.exits = 2;
    t.confidence = {0.9F, 0.9F, 0.2F, 0.9F};
    t.correct = {1, 1, 0, 1};
    t.cost = {1, 4};
    return t;
}
}  // namespace

TEST_CASE("exits/objective: weights are on cost relative to the last exit and on the error rate") {
    const exit_ranking ranking{pair(), exit_objective::weighted_sum(0.5, 0.5)};
    CHECK(ranking(5, 2)[1] == doctest::Approx(0.5 * 2.5 / 4));
    CHECK(ranking(2, 1)[1] == doctest::Approx(0.5 * 0.25 + 0.5 * 0.5));
}

TEST_CASE("exits/objective: the oracle of two samples leaves the first early and the second late") {
    CHECK(oracle_bound(pair(), exit_objective::weighted_sum(1, 1)) == doctest::Approx(2.5 / 4));
    CHECK(oracle_bound(pair(), exit_objective::least_cost(0)) == doctest::Approx(2.5));
    CHECK(oracle_bound(pair(), exit_objective::best_accuracy(2.5)) == doctest::Approx(0).epsilon(1e-9));
    CHECK(oracle_bound(pair(), exit_objective::best_accuracy(1)) == doctest::Approx(0.5));
    CHECK(oracle_bound(pair(), exit_objective::best_accuracy(std::numeric_limits<double>::infinity())) == 0);
}

TEST_CASE("exits/objective: no thresholds have an objective below the oracle's bound") {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        const exit_trace trace = generated_trace(12, 3, seed);
        for (const exit_objective& objective :
             {exit_objective::weighted_sum(1, 2), exit_objective::weighted_sum(0, 1), exit_objective::least_cost(0.1),
              exit_objective::least_cost(-0.05), exit_objective::best_accuracy(0.5 * trace.cost.back())}) {
            const exit_ranking ranking{trace, objective};
            const double bound = oracle_bound(trace, objective);
            for_all_thresholds(trace, [&](const std::vector<float>&, const exit_evaluation& e) {
                int right = 0;
                for (const int r : e.right) right += r;
                const auto rank = ranking(e.mean_cost * trace.samples, right);
                if (rank[0] <= 0) CHECK(rank[1] >= bound - 1e-9);
            });
        }
    }
}

TEST_CASE("exits/objective: a loss of 0.01 on 300 samples allows exactly three more wrong answers") {
    exit_trace t;
    t.samples = 300;
    t.exits = 1;
    t.confidence.assign(300, 1.0F);
    t.correct.assign(300, 1);
    t.cost = {1};
    const exit_ranking ranking{t, exit_objective::least_cost(0.01)};
    CHECK(ranking(300, 297)[0] == 0);
    CHECK(ranking(300, 296)[0] == 1);
}

TEST_CASE("exits/objective: limits and weights that are no numbers are refused") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_AS((exit_ranking{pair(), exit_objective::least_cost(nan)}), error);
    CHECK_THROWS_AS((exit_ranking{pair(), exit_objective::weighted_sum(nan, 1)}), error);
    CHECK_THROWS_AS((exit_ranking{pair(), exit_objective::weighted_sum(-1, 1)}), error);
    CHECK_THROWS_AS((exit_ranking{pair(), exit_objective::weighted_sum(0, 0)}), error);
}

// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <eenn/exits/thresholds.hpp>
#include <limits>
#include <string>

#include "generated_trace.hpp"

using namespace eenn;
using namespace eenn_tests;

namespace {

// The best rank any thresholds have, by exhaustion.
exit_ranking::rank exhausted(const exit_trace& trace, const exit_objective& objective) {
    const exit_ranking ranking{trace, objective};
    exit_ranking::rank best{1e300, 0, 0};
    for_all_thresholds(trace, [&](const std::vector<float>&, const exit_evaluation& e) {
        int right = 0;
        for (const int r : e.right) right += r;
        best = std::min(best, ranking(e.mean_cost * trace.samples, right));
    });
    return best;
}

std::vector<exit_objective> objectives(const exit_trace& trace) {
    return {exit_objective::least_cost(0),
            exit_objective::least_cost(0.1),
            exit_objective::best_accuracy(0.4 * trace.cost.back() + 0.6 * trace.cost.front()),
            exit_objective::best_accuracy(trace.cost.front()),
            exit_objective::weighted_sum(0.5, 0.5),
            exit_objective::weighted_sum(1, 8),
            exit_objective::weighted_sum(1, 0)};
}

std::string refusal(const exit_trace& trace, const exit_objective& objective) {
    try {
        (void)choose_thresholds(trace, objective);
    } catch (const error& e) {
        return e.what();
    }
    return "nothing was thrown";
}

}  // namespace

TEST_CASE("exits/thresholds: of three samples the two that the first exit gets right leave there at no loss") {
    exit_trace t;
    t.samples = 3;
    t.exits = 2;
    t.confidence = {0.9F, 1, 0.7F, 1, 0.3F, 1};
    t.correct = {1, 1, 1, 1, 0, 1};
    t.cost = {1, 10};
    const threshold_choice c = choose_thresholds(t, exit_objective::least_cost(0));
    CHECK(c.thresholds == std::vector<float>{0.7F});
    CHECK(c.evaluation.mean_cost == 4);
    CHECK(c.evaluation.accuracy == 1);
    CHECK(c.objective == 4);
    CHECK(c.bound == 4);
    CHECK(c.proven);
    const threshold_choice cheap = choose_thresholds(t, exit_objective::best_accuracy(1));
    CHECK(cheap.evaluation.mean_cost == 1);
    CHECK(cheap.evaluation.accuracy == doctest::Approx(2 / 3.0));
}

TEST_CASE("exits/thresholds: samples of equal confidence leave together, right or wrong") {
    exit_trace t;
    t.samples = 2;
    t.exits = 2;
    t.confidence = {0.9F, 1, 0.9F, 1};
    t.correct = {1, 1, 0, 1};
    t.cost = {1, 10};
    const threshold_choice c = choose_thresholds(t, exit_objective::least_cost(0.49));
    CHECK(c.thresholds == std::vector<float>{never_exit});
    CHECK(choose_thresholds(t, exit_objective::least_cost(0.5)).evaluation.mean_cost == 1);
}

TEST_CASE("exits/thresholds: up to three exits the choice equals exhaustion, for every objective, ties or not") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        for (const int exits : {1, 2, 3}) {
            const exit_trace trace = generated_trace(14, exits, seed, seed % 3 == 0 ? 5 : 0);
            for (const exit_objective& objective : objectives(trace)) {
                const threshold_choice c = choose_thresholds(trace, objective);
                const auto best = exhausted(trace, objective);
                CHECK(best[0] <= 0);
                CHECK(c.objective == doctest::Approx(best[1]).epsilon(1e-12));
                CHECK(c.proven);
                CHECK(c.gap() == 0);
            }
        }
    }
}

TEST_CASE(
    "exits/thresholds: with four exits the heuristic keeps every limit, lies above its bound and rarely misses the "
    "best") {
    int cases = 0;
    int missed = 0;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        const exit_trace trace = generated_trace(11, 4, seed);
        for (const exit_objective& objective : objectives(trace)) {
            const threshold_choice c = choose_thresholds(trace, objective);
            const auto best = exhausted(trace, objective);
            CHECK_FALSE(c.proven);
            CHECK(c.objective >= best[1] - 1e-9);
            CHECK(c.bound <= best[1] + 1e-9);
            if (objective.goal == exit_objective::kind::least_cost) {
                CHECK(c.evaluation.accuracy >= lone_accuracy(trace, 3) - objective.limit - 1e-9);
            }
            if (objective.goal == exit_objective::kind::best_accuracy)
                CHECK(c.evaluation.mean_cost <= objective.limit + 1e-9);
            ++cases;
            if (c.objective > best[1] + 1e-9) ++missed;
        }
    }
    MESSAGE("missed " << missed << " of " << cases);
    CHECK(missed * 10 <= cases);
}

TEST_CASE("exits/thresholds: the same trace gives the same thresholds, and a looser limit never costs more") {
    const exit_trace trace = generated_trace(300, 5, 3);
    double before = std::numeric_limits<double>::infinity();
    for (const double loss : {0.0, 0.01, 0.02, 0.05, 0.1, 0.2}) {
        const threshold_choice a = choose_thresholds(trace, exit_objective::least_cost(loss));
        const threshold_choice b = choose_thresholds(trace, exit_objective::least_cost(loss));
        CHECK(a.thresholds == b.thresholds);
        CHECK(a.objective <= before);
        before = a.objective;
    }
}

TEST_CASE("exits/thresholds: a limit that nothing reaches is refused with what can be reached") {
    exit_trace t;
    t.samples = 2;
    t.exits = 2;
    t.confidence = {0.9F, 1, 0.8F, 1};
    t.correct = {1, 1, 0, 0};
    t.cost = {3, 10};
    CHECK(refusal(t, exit_objective::least_cost(-0.1)).find("no thresholds reach accuracy 1.0") != std::string::npos);
    CHECK(refusal(t, exit_objective::least_cost(-0.1)).find("the best reachable is 0.5") != std::string::npos);
    CHECK(refusal(t, exit_objective::best_accuracy(2)).find("the least reachable is 3") != std::string::npos);
    t.confidence[0] = std::numeric_limits<float>::quiet_NaN();
    CHECK(refusal(t, exit_objective::least_cost(0)).find("nan at sample 0") != std::string::npos);
    CHECK(refusal(exit_trace{}, exit_objective::least_cost(0)).find("0 samples") != std::string::npos);
}

TEST_CASE("exits/thresholds: exits that are sometimes right where the last is wrong beat the last exit's accuracy") {
    exit_trace t;
    t.samples = 2;
    t.exits = 2;
    t.confidence = {0.9F, 1, 0.2F, 1};
    t.correct = {1, 0, 0, 1};
    t.cost = {1, 2};
    const threshold_choice c =
        choose_thresholds(t, exit_objective::least_cost(-0.5));  // half a point better than the last
    CHECK(c.evaluation.accuracy == 1);
    CHECK(c.evaluation.mean_cost == 1.5);
}

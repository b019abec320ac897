// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <eenn/exits/thresholds.hpp>
#include <limits>
#include <string>

#include "generated_trace.hpp"

using namespace eenn;
using namespace eenn_tests;

namespace {

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

TEST_CASE("exits/thresholds: a choice becomes one rule an exit, the last included, at the temperatures of its trace") {
    const threshold_choice c{.thresholds = {0.7F, never_exit}, .evaluation = {}};
    CHECK(c.rules() == std::vector<exit_rule>{{0.7F, 1}, {never_exit, 1}, {0, 1}});
    const std::vector<float> temperatures{2, 3, 4};
    CHECK(c.rules(temperatures) == std::vector<exit_rule>{{0.7F, 2}, {never_exit, 3}, {0, 4}});
    CHECK_THROWS_WITH_AS((void)c.rules(std::span{temperatures}.first(2)),
                         doctest::Contains("2 temperatures for 3 exits"), error);
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
                const auto best = best_of_all_thresholds(trace, objective);
                CHECK(best[0] <= 0);
                CHECK(c.objective == doctest::Approx(best[1]).epsilon(1e-12));
                CHECK(c.proven);
                CHECK(c.gap() == 0);
            }
        }
    }
}

TEST_CASE("exits/thresholds: with four and five exits the choice is proven and equals exhaustion, ties or not") {
    int heuristic_misses = 0;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        for (const int exits : {4, 5}) {
            const exit_trace trace = generated_trace(exits == 4 ? 9 : 6, exits, seed, seed % 3 == 0 ? 4 : 0);
            for (const exit_objective& objective : objectives(trace)) {
                CAPTURE(seed);
                CAPTURE(exits);
                const threshold_choice c = choose_thresholds(trace, objective);
                const auto best = best_of_all_thresholds(trace, objective);
                CHECK(c.proven);
                CHECK(c.gap() == 0);
                CHECK(c.objective == doctest::Approx(best[1]).epsilon(1e-12));
                if (objective.goal == exit_objective::kind::least_cost) {
                    CHECK(c.evaluation.accuracy >= lone_accuracy(trace, exits - 1) - objective.limit - 1e-9);
                }
                if (objective.goal == exit_objective::kind::best_accuracy)
                    CHECK(c.evaluation.mean_cost <= objective.limit + 1e-9);
                const threshold_choice quick = choose_thresholds(trace, objective, threshold_options::quick());
                CHECK(quick.objective >= best[1] - 1e-9);
                CHECK(quick.bound <= best[1] + 1e-9);
                heuristic_misses += quick.objective > best[1] + 1e-9;
            }
        }
    }
    MESSAGE("without a proof " << heuristic_misses << " of 420 missed the best");
    CHECK(heuristic_misses <= 42);
}

TEST_CASE("exits/thresholds: of six to eight exits no thresholds come below the bound, however little work it had") {
    int proven = 0;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        for (const int exits : {6, 7, 8}) {
            const exit_trace trace = generated_trace(exits == 6 ? 4 : 3, exits, seed, seed % 3 == 0 ? 4 : 0);
            for (const exit_objective& objective : objectives(trace)) {
                CAPTURE(seed);
                CAPTURE(exits);
                const auto best = best_of_all_thresholds(trace, objective);
                for (const std::int64_t work : {1, 30, 200, 20000000}) {
                    const threshold_choice c = choose_thresholds(trace, objective, {.restarts = 1, .work = work});
                    CHECK(c.bound <= best[1] + 1e-12);
                    CHECK(c.objective >= best[1] - 1e-12);
                    if (c.proven) CHECK(c.objective == doctest::Approx(best[1]).epsilon(1e-12));
                    proven += work < 200 && c.proven;
                    if (work > 200) CHECK(c.proven);
                }
            }
        }
    }
    MESSAGE("little work proved " << proven << " of 504");
}

TEST_CASE("exits/thresholds: work that runs out leaves a bound that holds and thresholds that keep the limit") {
    const exit_trace trace = generated_trace(400, 6, 5);
    for (const exit_objective& objective : objectives(trace)) {
        const threshold_choice much = choose_thresholds(trace, objective, {.work = 20000000});
        double bound = -std::numeric_limits<double>::infinity();
        for (const std::int64_t work : {std::int64_t{0}, std::int64_t{20000}, std::int64_t{400000}}) {
            const threshold_choice little = choose_thresholds(trace, objective, {.work = work});
            CHECK(little.bound <= much.objective + 1e-9);
            CHECK(little.bound >= bound);
            CHECK(little.objective >= much.objective - 1e-12);
            CHECK(exit_ranking{trace, objective}(
                      little.evaluation.mean_cost * trace.samples,
                      static_cast<int>(little.evaluation.accuracy * trace.samples + 0.5))[0] <= 0);
            bound = little.bound;
        }
    }
}

TEST_CASE("exits/thresholds: the ways to compare with never beat the proven choice, and do what they say") {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        const exit_trace trace = generated_trace(200, 4, seed);
        for (const exit_objective& objective : objectives(trace)) {
            const threshold_choice best = choose_thresholds(trace, objective);
            for (const auto solver :
                 {threshold_solver::descent, threshold_solver::shared, threshold_solver::published}) {
                const auto other = try_thresholds(trace, objective, {.solver = solver});
                if (!other) continue;
                CHECK(other->objective >= best.bound - 1e-9);
                CHECK_FALSE(other->proven);
                if (solver == threshold_solver::shared) {
                    CHECK(other->thresholds[0] == other->thresholds[1]);
                    CHECK(other->thresholds[0] == other->thresholds[2]);
                }
                if (solver == threshold_solver::published) {
                    for (const float t : other->thresholds)
                        CHECK(std::find(published_grid.begin(), published_grid.end(), t) != published_grid.end());
                }
            }
        }
    }
}

TEST_CASE("exits/threshold_graph: the shortest path of a graph that is small enough for the hand") {
    // Exit 0: at 0.6 three of four leave, two of them right; at 0.9 one, right. Classifier: three of four right.
    exit_trace t;
    t.samples = 4;
    t.exits = 2;
    t.confidence = {0.95F, 1, 0.7F, 1, 0.65F, 1, 0.1F, 1};
    t.correct = {1, 1, 1, 1, 0, 1, 0, 0};
    t.cost = {1, 4};
    // Nodes (m, t, a): (1/4, 3/4, 2/3) at 0.6, (1/4, 1/2, 1) at 0.7, (1/4, 1/4, 1) at 0.8 to 0.95; (1, 1, 3/4) at last.
    // At 0.6: [3/16 + 1/3 + (3/4)(1/4) + 1 - (2/3 - 3/4)] / 2, at 0.7: [1/8 + 0 + (3/4)(1/2) + 1 - (1 - 3/4)] / 2.
    const auto chosen = published_thresholds(t);
    REQUIRE(chosen);
    CHECK((*chosen)[0] == 0.7F);
    // With cost alone: 3/16 + 3/16 at 0.6, 1/8 + 3/8 at 0.7, 1/16 + 9/16 at 0.9: the first.
    CHECK((*published_thresholds(t, 1, 0))[0] == 0.6F);
    t.confidence = {0.5F, 1, 0.5F, 1, 0.5F, 1, 0.5F, 1};
    CHECK_FALSE(published_thresholds(t));  // nobody reaches the lowest of the grid
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

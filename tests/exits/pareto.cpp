// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <eenn/exits/pareto.hpp>
#include <map>

#include "generated_trace.hpp"

using namespace eenn;
using namespace eenn_tests;

namespace {

// Least mean cost for each accuracy, by exhaustion.
std::map<double, double> exhausted(const exit_trace& trace) {
    std::map<double, double> least;
    for_all_thresholds(trace, [&](const std::vector<float>&, const exit_evaluation& e) {
        const auto [at, fresh] = least.try_emplace(e.accuracy, e.mean_cost);
        if (!fresh && e.mean_cost < at->second) at->second = e.mean_cost;
    });
    return least;
}

}  // namespace

TEST_CASE("exits/pareto: the front of two samples has the two corners and the split between them") {
    exit_trace t;
    t.samples = 2;
    t.exits = 2;
    t.confidence = {0.9F, 0.5F, 0.2F, 0.5F};
    t.correct = {1, 1, 0, 1};
    t.cost = {1, 4};
    const pareto front = pareto_front(t);
    CHECK(front.proven);
    REQUIRE(front.points.size() == 2);  // all out first: 1 / 50 %; one out first: 2.5 / 100 %
    CHECK(front.points[0].mean_cost == 1);
    CHECK(front.points[0].accuracy == 0.5);
    CHECK(front.points[1].mean_cost == 2.5);
    CHECK(front.points[1].accuracy == 1);
    CHECK(front.points[1].thresholds == std::vector<float>{0.9F});
}

TEST_CASE("exits/pareto: with one to three exits no thresholds at all dominate a point of the front, ties or not") {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        for (const int exits : {1, 2, 3}) {
            for (const int levels : {0, 4}) {
                const exit_trace trace = generated_trace(15, exits, seed, levels);
                const pareto front = pareto_front(trace);
                CHECK(front.proven);
                std::vector<std::pair<double, double>> expected;  // accuracy, cost, undominated
                double least = 1e300;
                const auto all = exhausted(trace);
                for (auto it = all.rbegin(); it != all.rend(); ++it) {
                    if (it->second < least) expected.emplace_back(it->first, least = it->second);
                }
                REQUIRE(front.points.size() == expected.size());
                for (std::size_t p = 0; p < expected.size(); ++p) {
                    const pareto_point& point = front.points[expected.size() - 1 - p];
                    CHECK(point.accuracy == doctest::Approx(expected[p].first));
                    CHECK(point.mean_cost == doctest::Approx(expected[p].second));
                }
            }
        }
    }
}

TEST_CASE(
    "exits/pareto: every point of a front is what its thresholds evaluate to, and cost and accuracy rise together") {
    for (const int exits : {2, 3, 5}) {
        const exit_trace trace = generated_trace(150, exits, 5);
        const pareto front = pareto_front(trace);
        CHECK(front.proven == (exits <= 3));
        for (std::size_t p = 0; p < front.points.size(); ++p) {
            const exit_evaluation e = evaluate(trace, front.points[p].thresholds);
            CHECK(e.accuracy == doctest::Approx(front.points[p].accuracy).epsilon(1e-12));
            CHECK(e.mean_cost == doctest::Approx(front.points[p].mean_cost).epsilon(1e-12));
            if (p > 0) {
                CHECK(front.points[p].mean_cost > front.points[p - 1].mean_cost);
                CHECK(front.points[p].accuracy > front.points[p - 1].accuracy);
            }
        }
    }
}

TEST_CASE("exits/pareto: the order of the samples does not change the front") {
    for (const int exits : {3, 4}) {
        const exit_trace trace = generated_trace(80, exits, 11);
        std::vector<int> order(80);
        for (int i = 0; i < 80; ++i) order[static_cast<std::size_t>(i)] = i;
        shuffle(order, random_stream{1, 1});
        exit_trace mixed = trace;
        for (int i = 0; i < 80; ++i) {
            for (int e = 0; e < exits; ++e) {
                mixed.confidence[mixed.at(i, e)] = trace.confidence[trace.at(order[static_cast<std::size_t>(i)], e)];
                mixed.correct[mixed.at(i, e)] = trace.correct[trace.at(order[static_cast<std::size_t>(i)], e)];
            }
        }
        const pareto a = pareto_front(trace);
        const pareto b = pareto_front(mixed);
        REQUIRE(a.points.size() == b.points.size());
        for (std::size_t p = 0; p < a.points.size(); ++p) {
            CHECK(a.points[p].mean_cost == b.points[p].mean_cost);  // whole costs: sums are exact
            CHECK(a.points[p].accuracy == b.points[p].accuracy);
        }
    }
}

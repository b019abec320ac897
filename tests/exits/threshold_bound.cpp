// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <eenn/exits/detail/threshold_bound.hpp>
#include <functional>
#include <limits>
#include <vector>

#include "generated_trace.hpp"

using namespace eenn;
using namespace eenn_tests;

namespace {

// The least sum of values over all thresholds in a box, by exhaustion.
double least_sum(const exit_trace& trace, const threshold_bound& bound, const std::vector<double>& values,
                 const threshold_box& box) {
    const auto exits = static_cast<std::size_t>(trace.exits);
    const auto samples = static_cast<std::size_t>(trace.samples);
    const auto everything = bound.all();
    std::vector<std::uint32_t> leaving(exits - 1, 0);
    double least = std::numeric_limits<double>::infinity();
    const std::function<void(std::size_t)> choose = [&](std::size_t e) {
        if (e + 1 == exits) {
            double sum = 0;
            for (std::size_t i = 0; i < samples; ++i) {
                std::size_t k = 0;
                while (k + 1 < exits && bound.rank(i, k) >= leaving[k]) ++k;
                sum += values[2 * k + trace.correct[i * exits + k]];
            }
            least = std::min(least, sum);
            return;
        }
        const bool outer = e < bound.outer();
        for (std::uint32_t n = outer ? box.low[e] : 0; n <= (outer ? box.high[e] : samples); ++n) {
            leaving[e] = n;
            choose(e + 1);
        }
    };
    choose(0);
    return least;
}

}  // namespace

TEST_CASE("exits/threshold_bound: the tree has the least prefix sum that a plain loop finds") {
    random_stream random{7, 1};
    for (const std::size_t size : {1U, 2U, 3U, 7U, 8U, 9U, 31U, 33U}) {
        std::vector<std::int64_t> numbers(size);
        const auto draw = [&] { return static_cast<std::int64_t>(random.below(200)) - 100; };
        for (auto& x : numbers) x = draw();
        detail::prefix_minimum tree;
        tree.assign(numbers);
        for (int change = 0; change < 50; ++change) {
            std::int64_t sum = 0;
            std::int64_t least = 0;
            for (const std::int64_t x : numbers) least = std::min(least, sum += x);
            CHECK(tree.least() == least);
            const auto at = static_cast<std::size_t>(random.below(static_cast<std::uint32_t>(size)));
            const std::int64_t x = draw();
            numbers[at] += x;
            tree.add(at, x);
        }
    }
}

TEST_CASE("exits/threshold_bound: of four to eight exits no thresholds in any box come below its bound") {
    int boxes = 0;
    int exact = 0;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        const int exits = 4 + static_cast<int>(seed % 5);
        const int samples = exits < 6 ? 6 : exits == 6 ? 5 : exits == 7 ? 4 : 3;
        const exit_trace trace = generated_trace(samples, exits, seed, seed % 3 == 0 ? 4 : 0);
        random_stream random{seed, 5};
        std::vector<double> values;  // any at all: dearer later or not, right or wrong
        for (int k = 0; k < 2 * exits; ++k) values.push_back(random.uniform() * (seed % 2 == 0 ? 1 : 1e9));
        threshold_bound bound{trace};
        bound.set_values(values);
        threshold_box box = bound.all();
        // Down to a box in which nothing is undecided, by a half at random.
        while (true) {
            const double least = least_sum(trace, bound, values, box);
            const double before = box.least;
            bound.tighten(box, least * (random.uniform() + 0.5));
            CAPTURE(seed);
            CAPTURE(boxes);
            CHECK(box.least <= least);
            CHECK(box.least >= before);
            ++boxes;
            if (box.cut == threshold_box::none) {
                CHECK(box.least == doctest::Approx(least).epsilon(1e-9));
                double swept = std::numeric_limits<double>::infinity();
                bound.visit_last_two(box, [&](std::uint32_t, double sum) { swept = std::min(swept, sum); });
                CHECK(swept == doctest::Approx(least).epsilon(1e-9));
                break;
            }
            exact += box.least > least * (1 - 1e-9);
            REQUIRE(box.middle >= box.low[box.cut]);
            REQUIRE(box.middle < box.high[box.cut]);
            bound.resume(box);
            if (random.uniform() < 0.5) {
                box.high[box.cut] = box.middle;
            } else {
                box.low[box.cut] = box.middle + 1;
            }
        }
    }
    MESSAGE(boxes << " boxes, " << exact << " of which undecided and yet exact");
    CHECK(exact > boxes / 10);
}

TEST_CASE("exits/threshold_bound: prices alone close what free choices leave open") {
    // Each of two samples is best off where the other is worst off, and both have the same rank at the first exit.
    exit_trace t;
    t.samples = 2;
    t.exits = 4;
    t.confidence = {0.5F, 0, 0, 1, 0.5F, 0, 0, 1};
    t.correct = {1, 1, 1, 0, 0, 1, 1, 1};
    t.cost = {1, 1, 1, 1};
    threshold_bound bound{t};
    const std::array<double, 8> wrong_costs{1, 0, 9, 9, 9, 9, 1, 0};  // (E,2)
    bound.set_values(wrong_costs);
    threshold_box box = bound.all();
    for (int round = 0; round < 20; ++round) {
        bound.tighten(box, 1);
        bound.resume(box);
    }
    // Free, the first leaves at once and the second goes to the end: 0. Together, they pay 1 either way.
    CHECK(box.least > 0.9);
    CHECK(box.least <= 1);
}

// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <eenn/exits/smoothing.hpp>
#include <eenn/exits/thresholds.hpp>
#include <vector>

#include "generated_trace.hpp"

using namespace eenn;
using namespace eenn_tests;

TEST_CASE("exits/smoothing: isotonic regression pools what falls, by hand") {
    // By confidence 0.1 .. 0.6: right 0 1 0 1 1 0. The 1 0 pools to 1/2, the 1 1 0 to 2/3.
    const std::vector<float> confidence{0.5F, 0.1F, 0.3F, 0.2F, 0.6F, 0.4F};
    const std::vector<std::uint8_t> right{1, 0, 0, 1, 0, 1};
    const auto chance = isotonic_chance(confidence, right);
    const std::vector<double> expected{2 / 3.0, 0, 0.5, 0.5, 2 / 3.0, 2 / 3.0};
    for (std::size_t i = 0; i < chance.size(); ++i) CHECK(chance[i] == doctest::Approx(expected[i]));
}

TEST_CASE("exits/smoothing: equal confidences have one chance") {
    const std::vector<float> confidence{0.5F, 0.5F, 0.9F, 0.9F};
    const std::vector<std::uint8_t> right{0, 1, 1, 1};
    CHECK(isotonic_chance(confidence, right) == std::vector<double>{0.5, 0.5, 1, 1});
}

TEST_CASE("exits/smoothing: chances rise with confidence, keep the mean, and fit better than any other rising steps") {
    const exit_trace t = generated_trace(200, 2, 5, 30);
    std::vector<float> confidence;
    std::vector<std::uint8_t> right;
    for (int i = 0; i < t.samples; ++i) {
        confidence.push_back(t.confidence[t.at(i, 0)]);
        right.push_back(t.correct[t.at(i, 0)]);
    }
    const auto chance = isotonic_chance(confidence, right);
    double sum = 0;
    double sum_right = 0;
    for (std::size_t i = 0; i < chance.size(); ++i) {
        sum += chance[i];
        sum_right += right[i];
        for (std::size_t j = 0; j < chance.size(); ++j) {
            if (confidence[i] < confidence[j]) CHECK(chance[i] <= chance[j]);
            if (confidence[i] == confidence[j]) CHECK(chance[i] == chance[j]);
        }
    }
    CHECK(sum == doctest::Approx(sum_right));
    const auto error_of = [&](auto guess) {
        double error = 0;
        for (std::size_t i = 0; i < chance.size(); ++i) error += std::pow(guess(i) - right[i], 2);
        return error;
    };
    const double least = error_of([&](std::size_t i) { return chance[i]; });
    for (const double at : {0.2, 0.4, 0.5, 0.6, 0.8}) {
        for (const double low : {0.1, 0.3, 0.5}) {
            for (const double high : {0.5, 0.7, 0.9})
                CHECK(least <= error_of([&](std::size_t i) { return confidence[i] < at ? low : high; }) + 1e-9);
        }
    }
}

TEST_CASE("exits/smoothing: votes are half the answer's own, and sums along the confidences keep to the chances") {
    const exit_trace t = generated_trace(300, 3, 8);
    const exit_trace s = smoothed(t);
    CHECK(s.votes == 16);
    CHECK(s.confidence == t.confidence);
    CHECK(s.cost == t.cost);
    for (int e = 0; e < t.exits; ++e) {
        std::vector<float> confidence;
        std::vector<std::uint8_t> right;
        std::vector<int> order;
        for (int i = 0; i < t.samples; ++i) {
            confidence.push_back(t.confidence[t.at(i, e)]);
            right.push_back(t.correct[t.at(i, e)]);
            order.push_back(i);
        }
        const auto chance = isotonic_chance(confidence, right);
        std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
            return confidence[static_cast<std::size_t>(a)] > confidence[static_cast<std::size_t>(b)];
        });
        double owed = 0;
        for (const int i : order) {
            const auto k = static_cast<std::size_t>(i);
            const int given = s.correct[s.at(i, e)] - 8 * right[k];
            CHECK((given >= 0 && given <= 8));
            owed += 8 * chance[k] - given;
            CHECK(std::abs(owed) <= 0.5 + 1e-9);
        }
        CHECK(lone_accuracy(s, e) == doctest::Approx(lone_accuracy(t, e)).epsilon(1e-2));
    }
    CHECK_THROWS_AS((void)smoothed(s), error);
}

TEST_CASE("exits/smoothing: halved gains take four votes where the last classifier is wrong, and nothing else") {
    const exit_trace t = generated_trace(300, 3, 9);
    const exit_trace whole = smoothed(t);
    const exit_trace halved = smoothed(t, gains::halved);
    int found = 0;
    for (int i = 0; i < t.samples; ++i) {
        for (int e = 0; e < t.exits; ++e) {
            const bool gain = t.correct[t.at(i, e)] == 1 && t.correct[t.at(i, t.exits - 1)] == 0;
            found += gain;
            CHECK(whole.correct[t.at(i, e)] - halved.correct[t.at(i, e)] == (gain ? 4 : 0));
        }
    }
    CHECK(found > 0);
}

TEST_CASE("exits/smoothing: choices on smoothed traces equal exhaustion, for every objective and two to four exits") {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        for (const int exits : {2, 3, 4}) {
            const exit_trace t = smoothed(generated_trace(10, exits, seed, seed % 3 == 0 ? 5 : 0));
            for (const auto& objective : {exit_objective::least_cost(0.03),
                                          exit_objective::best_accuracy(0.5 * (t.cost.front() + t.cost.back())),
                                          exit_objective::weighted_sum(1, 4)}) {
                const threshold_choice c = choose_thresholds(t, objective);
                CHECK(c.proven);
                CHECK(c.objective == doctest::Approx(best_of_all_thresholds(t, objective)[1]).epsilon(1e-12));
            }
        }
    }
}

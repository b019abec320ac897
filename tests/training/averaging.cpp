// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>
#include <eenn/core/random.hpp>
#include <eenn/training/detail/averaging.hpp>
#include <limits>
#include <vector>

using namespace eenn;

TEST_CASE(
    "training/averaging: decay 0.5 over weights 1, 3, 7 gives 1, 2, 4.5 as it stands and 1, 7/3, 5 with warm-up") {
    std::vector<double> plain{1};
    std::vector<double> corrected{std::numeric_limits<double>::quiet_NaN()};  // what stood there counts nothing
    const double expected_plain[] = {1, 2, 4.5};
    const double expected_corrected[] = {1, (1 + 2 * 3) / 3.0, (1 + 2 * 3 + 4 * 7) / 7.0};
    const double weights[] = {1, 3, 7};
    for (int t = 0; t < 3; ++t) {
        average_weights<double>(plain, std::vector<double>{weights[t]}, 0.5, t + 1, false);
        average_weights<double>(corrected, std::vector<double>{weights[t]}, 0.5, t + 1);
        CHECK(plain[0] == doctest::Approx(expected_plain[t]).epsilon(1e-14));
        CHECK(corrected[0] == doctest::Approx(expected_corrected[t]).epsilon(1e-14));
    }
}

TEST_CASE("training/averaging: with warm-up the average equals the bias-corrected sum after any number of updates") {
    random_stream random{6, 1};
    const double decay = 0.97;
    std::vector<double> average{5};
    double sum = 0;
    for (int t = 1; t <= 300; ++t) {
        const double w = random.normal();
        sum = decay * sum + (1 - decay) * w;
        average_weights<double>(average, std::vector<double>{w}, decay, t);
        CHECK(std::abs(average[0] - sum / (1 - std::pow(decay, t))) < 1e-12);
    }
}

TEST_CASE("training/averaging: weights that stay are their own average, decay 0 follows the last weights") {
    const std::vector<float> w{1.5F, -2, 3};
    std::vector<float> average(3);
    for (int t = 1; t <= 50; ++t) average_weights(average, w, 0.999, t);
    CHECK(average == w);
    average_weights(average, std::vector<float>{4, 5, 6}, 0, 51);
    CHECK(average == std::vector<float>{4, 5, 6});
}

TEST_CASE("training/averaging: another size, a decay of 1 or update 0 is refused and changes nothing") {
    std::vector<float> average{1, 2};
    CHECK_THROWS_AS(average_weights(average, std::vector<float>{1}, 0.9, 1), error);
    CHECK_THROWS_AS(average_weights(average, std::vector<float>{3, 4}, 1, 1), error);
    CHECK_THROWS_AS(average_weights(average, std::vector<float>{3, 4}, 0.9, 0), error);
    CHECK(average == std::vector<float>{1, 2});
}

TEST_CASE("training/averaging: over ranges the rest is copied bit for bit, zeros of either sign too") {
    const std::vector<float> weights{1, -0.0F, 3, std::numeric_limits<float>::infinity(), 5};
    std::vector<float> average{0, 0.0F, 0, 0, 0};
    const std::vector<parameter_range> moving{{0, 1}, {2, 1}};
    average_weights(average, weights, moving, 0.5, 1, false);
    CHECK(average[0] == 0.5F);
    CHECK(std::signbit(average[1]));
    CHECK(average[2] == 1.5F);
    CHECK(average[3] == weights[3]);
    CHECK(average[4] == 5);
    average_weights(average, weights, moving, 0.5, 2, false);
    CHECK(average[0] == 0.75F);
    CHECK(std::signbit(average[1]));
    CHECK(average[3] == weights[3]);
    CHECK_THROWS_AS(average_weights(average, weights, std::vector<parameter_range>{{4, 2}}, 0.5, 1), error);
    std::vector<float> short_one(3);
    CHECK_THROWS_AS(average_weights(short_one, weights, moving, 0.5, 1), error);
}

// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <eenn/core/random.hpp>
#include <eenn/policies/detail/entropy.hpp>
#include <limits>
#include <vector>

using namespace eenn;

TEST_CASE("policies/entropy: probabilities 1/2, 1/4, 1/4 have 1.5 bits of log2 3") {
    const std::array<double, 3> z{std::log(2.0), 0, 0};
    exit_state state;
    const auto s = entropy{}.confidence<double>(z, 1.0, state);
    CHECK(s.label == 0);
    CHECK(s.confidence == doctest::Approx(1 - 1.5 / std::log2(3.0)).epsilon(1e-13));
}

TEST_CASE("policies/entropy: a uniform softmax gives 0, a certain one 1, a masked class counts nothing") {
    exit_state state;
    for (const std::size_t classes : {2U, 3U, 7U, 10U, 1000U}) {
        const std::vector<float> flat(classes, 5.0F);
        const float c = entropy{}.confidence(flat, 1.0F, state).confidence;
        CHECK(c >= 0);
        CHECK(c < 1e-6F);
    }
    const std::array<float, 3> sure{1e30F, 0, 0};
    CHECK(entropy{}.confidence(sure, 1.0F, state).confidence == 1.0F);
    const std::array<float, 1> lone{-3};
    CHECK(entropy{}.confidence(lone, 1.0F, state).confidence == 1.0F);
    const float inf = std::numeric_limits<float>::infinity();
    const std::array<float, 4> masked{1, 1, -inf, -inf};  // one bit of two
    CHECK(entropy{}.confidence(masked, 1.0F, state).confidence == doctest::Approx(0.5));
}

TEST_CASE("policies/entropy: equals 1 + sum p log p / log C computed from the probabilities themselves") {
    random_stream random{3, 4};
    for (int sample = 0; sample < 100; ++sample) {
        std::vector<double> z(10);
        for (double& v : z) v = 3 * random.normal();
        double sum = 0;
        for (const double v : z) sum += std::exp(v / 1.7);
        double h = 0;
        for (const double v : z) h -= std::exp(v / 1.7) / sum * std::log(std::exp(v / 1.7) / sum);
        exit_state state;
        CHECK(entropy{}.confidence<double>(z, 1.7, state).confidence ==
              doctest::Approx(1 - h / std::log(10.0)).epsilon(1e-12));
    }
}

TEST_CASE("policies/entropy: NaN stays NaN instead of being clamped into the range") {
    exit_state state;
    const std::array<float, 3> broken{0, std::numeric_limits<float>::quiet_NaN(), 1};
    CHECK(std::isnan(entropy{}.confidence(broken, 1.0F, state).confidence));
}

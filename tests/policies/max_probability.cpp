// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <eenn/core/random.hpp>
#include <eenn/policies/detail/max_probability.hpp>
#include <limits>
#include <vector>

using namespace eenn;

TEST_CASE("policies/max_probability: logits log 1, log 2, log 5 give the probability 5/8") {
    const std::array<double, 3> z{std::log(1.0), std::log(2.0), std::log(5.0)};
    exit_state state;
    const auto s = max_probability{}.confidence<double>(z, 1.0, state);
    CHECK(s.label == 2);
    CHECK(s.confidence == doctest::Approx(0.625).epsilon(1e-14));
    CHECK(state == exit_state{2, 1});
}

TEST_CASE("policies/max_probability: a temperature of 2 takes the square root of the odds") {
    const std::array<double, 2> z{std::log(9.0), 0.0};
    exit_state state;
    CHECK(max_probability{}.confidence<double>(z, 2.0, state).confidence == doctest::Approx(0.75).epsilon(1e-14));
}

TEST_CASE("policies/max_probability: logits of 1e38 neither overflow nor change the answer when shifted") {
    exit_state state;
    const std::array<float, 3> huge{3e38F, -3e38F, 1e38F};
    CHECK(max_probability{}.confidence(huge, 1.0F, state).confidence == 1.0F);
    const std::array<float, 2> equal{3e38F, 3e38F};
    CHECK(max_probability{}.confidence(equal, 1.0F, state).confidence == 0.5F);
    const std::array<float, 3> plain{1, 2, 4};
    const std::array<float, 3> shifted{1025, 1026, 1028};
    CHECK(max_probability{}.confidence(plain, 1.0F, state).confidence ==
          max_probability{}.confidence(shifted, 1.0F, state).confidence);
}

TEST_CASE("policies/max_probability: the float form is within 8 + C / 4 epsilon of the double form, in [1/C, 1]") {
    random_stream random{1, 2};
    for (const std::size_t classes : {1U, 2U, 3U, 10U, 100U, 1000U}) {
        for (int sample = 0; sample < 50; ++sample) {
            std::vector<float> z(classes);
            for (float& v : z) v = static_cast<float>(4 * random.normal());
            const std::vector<double> exact(z.begin(), z.end());
            exit_state a;
            exit_state b;
            const auto narrow = max_probability{}.confidence(z, 1.0F, a);
            const auto wide = max_probability{}.confidence<double>(exact, 1.0, b);
            CHECK(narrow.label == wide.label);
            const double bound = (8 + static_cast<double>(classes) / 4) * std::numeric_limits<float>::epsilon();
            CHECK(std::abs(narrow.confidence / wide.confidence - 1) < bound);
            CHECK(wide.confidence >= 1 / static_cast<double>(classes) - 1e-12);
            CHECK(wide.confidence <= 1);
        }
    }
}

TEST_CASE("policies/max_probability: NaN logits and unusable temperatures give NaN, label -1 and a broken streak") {
    const std::array<float, 2> fine{1, 0};
    const std::array<float, 2> broken{1, std::numeric_limits<float>::quiet_NaN()};
    exit_state state{0, 3};
    const auto s = max_probability{}.confidence(broken, 1.0F, state);
    CHECK(s.label == -1);
    CHECK(std::isnan(s.confidence));
    CHECK(state == exit_state{-1, 0});
    for (const float t :
         {0.0F, -1.0F, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
        CHECK(std::isnan(max_probability{}.confidence(fine, t, state).confidence));
    }
}

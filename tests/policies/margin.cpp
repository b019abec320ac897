// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <eenn/policies/detail/margin.hpp>
#include <limits>

using namespace eenn;

TEST_CASE("policies/margin: logits log 1, log 2, log 5 give 5/8 - 2/8") {
    const std::array<double, 3> z{std::log(1.0), std::log(5.0), std::log(2.0)};
    exit_state state;
    const auto s = margin{}.confidence<double>(z, 1.0, state);
    CHECK(s.label == 1);
    CHECK(s.confidence == doctest::Approx(0.375).epsilon(1e-14));
}

TEST_CASE("policies/margin: two equal leaders give 0, a lone class 1, and a gap of 1e-6 keeps its digits") {
    exit_state state;
    const std::array<float, 3> tie{2, 2, -5};
    CHECK(margin{}.confidence(tie, 1.0F, state).confidence == 0.0F);
    const std::array<float, 1> lone{-3};
    CHECK(margin{}.confidence(lone, 1.0F, state).confidence == 1.0F);
    const std::array<double, 2> close{1e-6, 0};
    CHECK(margin{}.confidence<double>(close, 1.0, state).confidence == doctest::Approx(5e-7).epsilon(1e-9));
}

TEST_CASE("policies/margin: huge logits stay in range and NaN stays NaN") {
    exit_state state;
    const std::array<float, 2> huge{3e38F, -3e38F};
    CHECK(margin{}.confidence(huge, 1.0F, state).confidence == 1.0F);
    const std::array<float, 2> broken{std::numeric_limits<float>::quiet_NaN(), 1};
    CHECK(std::isnan(margin{}.confidence(broken, 1.0F, state).confidence));
}

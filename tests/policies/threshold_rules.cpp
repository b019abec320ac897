// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <eenn/policies/deciders.hpp>
#include <limits>

using namespace eenn;

TEST_CASE("policies/threshold_rules: each exit's own policy decides, at the temperature and threshold of its rule") {
    const std::array<float, 3> z{std::log(1.0F), std::log(2.0F), std::log(5.0F)};
    const std::array<exit_rule, 3> rules{{{0.7F, 1}, {0.3F, 1}, {0.5F, 2}}};
    const threshold_rules<> rule{rules};
    exit_state state;
    rule.begin(state);

    const verdict sure = rule(exit_view<>{0, false, max_probability{}, z}, state);
    CHECK_FALSE(sure.leave);  // 5/8 < 0.7
    CHECK(sure.label == 2);
    CHECK(sure.confidence == doctest::Approx(0.625));
    const verdict apart = rule(exit_view<>{1, false, margin{}, z}, state);
    CHECK(apart.leave);  // 5/8 - 2/8
    CHECK(apart.confidence == doctest::Approx(0.375));
    const verdict cool = rule(exit_view<>{2, false, max_probability{}, z}, state);
    CHECK_FALSE(cool.leave);
    CHECK(cool.confidence == doctest::Approx(std::sqrt(5.0) / (1 + std::sqrt(2.0) + std::sqrt(5.0))));
    CHECK(rule(exit_view<>{0, false, patience{}, z}, state).confidence == 4);  // all four exits agreed
    rule.begin(state);
    CHECK(state == exit_state{});
}

TEST_CASE(
    "policies/threshold_rules: it gives the bits of the policy, for rules that are viewed or owned, in float or "
    "double") {
    const std::array<float, 4> z{0.3F, -1.7F, 2.1F, 1.9F};
    const std::array<double, 4> wide{0.3, -1.7, 2.1, 1.9};
    const std::array<exit_rule, 1> rules{{{0.5F, 1.3F}}};
    for (const policy p : {policy{max_probability{}}, policy{margin{}}, policy{entropy{}}, policy{patience{}}}) {
        exit_state one;
        exit_state two;
        const auto expected = p.confidence(z, 1.3F, one);
        const verdict viewed = threshold_rules<>{rules}(exit_view<>{0, false, p, z}, two);
        CHECK(viewed.confidence == expected.confidence);
        CHECK(viewed.label == expected.label);
        CHECK(viewed.leave == expected.leaves(0.5F));
        CHECK(one == two);
        exit_state three;
        CHECK(threshold_rules{rules}(exit_view<>{0, false, p, z}, three).confidence == expected.confidence);
        exit_state four;
        exit_state five;
        const auto exact = p.confidence<double>(wide, 1.3F, four);
        CHECK(threshold_rules<>{rules}(exit_view<double>{0, false, p, wide}, five).confidence ==
              static_cast<float>(exact.confidence));
    }
}

TEST_CASE("policies/threshold_rules: logits that are not numbers leave nowhere, at any threshold") {
    const std::array<float, 2> broken{1, std::nanf("")};
    const std::array<exit_rule, 1> rules{{{-std::numeric_limits<float>::infinity(), 1}}};
    exit_state state;
    const verdict said = threshold_rules<>{rules}(exit_view<>{0, false, max_probability{}, broken}, state);
    CHECK_FALSE(said.leave);
    CHECK(said.label == -1);
    CHECK(std::isnan(said.confidence));
}

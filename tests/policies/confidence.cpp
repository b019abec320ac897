// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <eenn/policies/detail/confidence.hpp>
#include <limits>
#include <vector>

using namespace eenn;

TEST_CASE("policies/confidence: the leading logits are the largest two, and the first of equals is the label") {
    const std::array<float, 5> z{1, 7, -2, 7, 3};
    const leading_logits<float> lead{z};
    CHECK(lead.label == 1);
    CHECK(lead.first == 7);
    CHECK(lead.second == 7);
    const std::array<double, 3> falling{3, 2, 1};
    const leading_logits<double> other{falling};
    CHECK(other.label == 0);
    CHECK(other.second == 2);
}

TEST_CASE("policies/confidence: a NaN at any place, an infinite maximum or no logit at all gives no label") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float inf = std::numeric_limits<float>::infinity();
    for (std::size_t at = 0; at < 4; ++at) {
        std::vector<float> z{4, 1, 2, 3};
        z[at] = nan;
        CHECK(leading_logits<float>{std::span<const float>{z}}.label == -1);
        z[at] = inf;
        CHECK(leading_logits<float>{std::span<const float>{z}}.label == -1);
    }
    CHECK(leading_logits<float>{std::span<const float>{}}.label == -1);
    const std::vector<float> masked{-inf, -1, -inf};
    CHECK(leading_logits<float>{std::span<const float>{masked}}.label == 1);
}

TEST_CASE("policies/confidence: the streak counts equal predictions in a row and breaks on another or on none") {
    exit_state state;
    std::vector<int> streaks;
    for (const int label : {3, 3, 3, 1, 3, -1, 3, 3}) {
        note_prediction(state, label);
        streaks.push_back(state.streak);
    }
    CHECK(streaks == std::vector<int>{1, 2, 3, 1, 1, 0, 1, 2});
    static_assert(
        [] {
            exit_state s;
            note_prediction(s, 2);
            note_prediction(s, 2);
            return s == exit_state{2, 2};
        }(),
        "noting a prediction is constexpr");
}

TEST_CASE("policies/confidence: NaN leaves at no threshold, and nothing leaves at a closed exit") {
    CHECK_FALSE(scored<float>{}.leaves(-never_exit));
    CHECK(scored<float>{0, 1.0F}.leaves(1.0F));
    CHECK_FALSE(scored<float>{0, 1.0F}.leaves(never_exit));
}

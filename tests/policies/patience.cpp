// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <eenn/policies/detail/max_probability.hpp>
#include <eenn/policies/detail/patience.hpp>
#include <limits>

using namespace eenn;

namespace {
const std::array<float, 3> cat{1, 0, 0};
const std::array<float, 3> dog{0, 1, 0};
}  // namespace

TEST_CASE("policies/patience: predictions cat cat dog dog dog give 1 2 1 2 3, whatever the temperature") {
    exit_state state;
    CHECK(patience{}.confidence(cat, 1.0F, state).confidence == 1);
    CHECK(patience{}.confidence(cat, 0.1F, state).confidence == 2);
    CHECK(patience{}.confidence(dog, 9.0F, state).confidence == 1);
    CHECK(patience{}.confidence(dog, 1.0F, state).confidence == 2);
    const auto s = patience{}.confidence(dog, 1.0F, state);
    CHECK(s.confidence == 3);
    CHECK(s.label == 1);
    CHECK(patience::thresholds(5) == threshold_range{1, 5});
}

TEST_CASE("policies/patience: an exit under another policy counts, and NaN breaks the streak") {
    exit_state state;
    (void)max_probability{}.confidence(cat, 1.0F, state);
    CHECK(patience{}.confidence(cat, 1.0F, state).confidence == 2);
    const std::array<float, 3> broken{std::numeric_limits<float>::quiet_NaN(), 0, 0};
    CHECK(std::isnan(patience{}.confidence(broken, 1.0F, state).confidence));
    CHECK(patience{}.confidence(cat, 1.0F, state).confidence == 1);
}

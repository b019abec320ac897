// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>
#include <eenn/data/normalize.hpp>
#include <string>
#include <vector>

#include "../raised.hpp"

using namespace eenn;

namespace {

// Channel 0: 1, 3, 5, 7; channel 1: always 4.
data_set two_channels() { return make_data_set({1, 2, 2}, 1, {1, 4, 3, 4, 5, 4, 7, 4}, {0, 0}); }

}  // namespace

TEST_CASE("data/normalize: 1 3 5 7 has mean 4 and deviation sqrt 5, a constant channel deviation 1") {
    const auto measured = measure(two_channels());
    CHECK(measured.mean == std::vector<float>{4, 4});
    CHECK(measured.deviation == std::vector<float>{std::sqrt(5.0F), 1});
}

TEST_CASE("data/normalize: only the samples of the given indices count") {
    const std::vector<int> second{1};
    const auto measured = measure(two_channels(), second);
    CHECK(measured.mean[0] == 6);
    CHECK(measured.deviation[0] == 1);
}

TEST_CASE("data/normalize: a normalised set has mean 0 and deviation 1, also far from 0") {
    data_set set = two_channels();
    for (std::size_t i = 0; i < set.pixels.size(); i += 2)
        set.pixels[i] += 1'000'000;  // a one-pass variance in float fails here
    normalize(set, measure(set));
    const auto again = measure(set);
    CHECK(again.mean[0] == doctest::Approx(0));
    CHECK(again.deviation[0] == doctest::Approx(1));
    CHECK(again.mean[1] == 0);
}

TEST_CASE("data/normalize: constants of another number of channels or without spread are refused") {
    data_set set = two_channels();
    CHECK(contains(raised([&] { normalize(set, {{1}, {1}}); }), "constants of 1 and 1 channels"));
    CHECK(contains(raised([&] { normalize(set, {{1, 1}, {1, 0}}); }), "channel 1 has mean 1.000000 and deviation 0"));
    CHECK(contains(raised([&] { normalize(set, {{1, NAN}, {1, 1}}); }), "channel 1 has mean nan"));
    CHECK(contains(raised([&] { (void)measure(set, std::vector<int>{}); }), "no samples"));
    CHECK(contains(raised([&] { (void)measure(set, std::vector<int>{2}); }), "index 2 is outside [0, 2)"));
}

// SPDX-License-Identifier: MIT
#include <eenn/core/random.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace {

using namespace eenn;
// SplitMix64 from state 0 gives this first output (Vigna's reference); three rounds of it mix seed, stream and counter.
constexpr std::uint64_t splitmix(std::uint64_t z) {
    z += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}
static_assert(splitmix(0) == 0xe220a8397b1dcdafULL, "the published first output");
static_assert(random_bits(0, 0, 0) == splitmix(splitmix(splitmix(0))), "three rounds");
static_assert(random_bits(1, 2, 3) != random_bits(1, 3, 2) && random_bits(1, 2, 3) != random_bits(2, 1, 3),
              "seed, stream and counter are not interchangeable");

}  // namespace

TEST_CASE("core/random: uniform numbers have the moments of their distribution") {
    random_stream random{.seed = 1};
    double sum = 0;
    double squares = 0;
    constexpr int count = 200000;
    for (int i = 0; i < count; ++i) {
        const double x = random.uniform();
        REQUIRE(x >= 0);
        REQUIRE(x < 1);
        sum += x;
        squares += x * x;
    }
    CHECK(sum / count == doctest::Approx(0.5).epsilon(0.01));
    CHECK(squares / count == doctest::Approx(1.0 / 3).epsilon(0.01));
}

TEST_CASE("core/random: normal numbers have mean 0 and variance 1") {
    random_stream random{.seed = 2};
    double sum = 0;
    double squares = 0;
    constexpr int count = 100000;
    for (int i = 0; i < count; ++i) {
        const double x = random.normal();
        sum += x;
        squares += x * x;
    }
    CHECK(std::abs(sum / count) < 0.015);
    CHECK(squares / count == doctest::Approx(1).epsilon(0.02));
}

TEST_CASE("core/random: below() meets every number and no other") {
    random_stream random{.seed = 3};
    int seen[7] = {};
    for (int i = 0; i < 7000; ++i) {
        const auto x = random.below(7);
        REQUIRE(x < 7);
        ++seen[x];
    }
    for (const int s : seen) CHECK(s > 850);
}

TEST_CASE("core/random: a shuffle is a permutation, the same for the same stream") {
    std::vector<int> items(100);
    for (int i = 0; i < 100; ++i) items[static_cast<std::size_t>(i)] = i;
    auto a = items;
    auto b = items;
    auto c = items;
    shuffle(a, {.seed = 4});
    shuffle(b, {.seed = 4});
    shuffle(c, {.seed = 5});
    CHECK(a == b);
    CHECK(a != c);
    CHECK(a != items);
    std::sort(a.begin(), a.end());
    CHECK(a == items);
}

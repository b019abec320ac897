// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>
#include <eenn/training/schedules.hpp>
#include <initializer_list>

using namespace eenn;

namespace {
constexpr double pi = 3.14159265358979323846;
}

TEST_CASE(
    "training/schedules: the constexpr cosine agrees with libm to 1e-15 and is exact at both ends and the middle") {
    for (int i = 0; i <= 1000; ++i) {
        const double x = i / 1000.0;
        CHECK(std::abs(schedule_curves::half_cosine(x) - 0.5 * (1 - std::cos(pi * x))) < 1e-15);
    }
    static_assert(schedule_curves::half_cosine(0) == 0 && schedule_curves::half_cosine(1) == 1, "both ends are exact");
    CHECK(schedule_curves::half_cosine(0.5) == doctest::Approx(0.5).epsilon(1e-15));
}

TEST_CASE("training/schedules: step decay drops by ten at half and at three quarters") {
    constexpr step_decay s{.rate = 1};
    CHECK(s(0, 100) == 1);
    CHECK(s(49, 100) == 1);
    CHECK(s(50, 100) == doctest::Approx(0.1));
    CHECK(s(74, 100) == doctest::Approx(0.1));
    CHECK(s(75, 100) == doctest::Approx(0.01));
    CHECK(s(99, 100) == doctest::Approx(0.01));
    static_assert(step_decay{.rate = 4, .factor = 0.5, .milestones = {0.25, 1, 1, 1}}(1, 4) == 2,
                  "milestones are constexpr");
}

TEST_CASE("training/schedules: cosine decay starts at the rate, ends at the final rate and is half way in the middle") {
    constexpr cosine_decay s{.rate = 0.4, .final_rate = 0.1};
    CHECK(s(0, 101) == 0.4);
    CHECK(s(50, 101) == doctest::Approx(0.25).epsilon(1e-14));
    CHECK(s(25, 101) == doctest::Approx(0.25 + 0.15 * std::cos(pi / 4)).epsilon(1e-14));
    CHECK(s(100, 101) == doctest::Approx(0.1).epsilon(1e-15));
    CHECK(s(500, 101) == s(100, 101));
    CHECK(s(-1, 101) == 0.4);
    CHECK(s(0, 1) == 0.4);
    for (int t = 1; t < 101; ++t) CHECK(s(t, 101) < s(t - 1, 101));
}

TEST_CASE(
    "training/schedules: a warm-up of three steps takes 1/4, 2/4 and 3/4 of the rate, then the schedule runs in full") {
    constexpr warm_up s{3, cosine_decay{.rate = 0.8}};
    CHECK(s(0, 23) == doctest::Approx(0.2));
    CHECK(s(1, 23) == doctest::Approx(0.4));
    CHECK(s(2, 23) == doctest::Approx(0.6));
    CHECK(s(3, 23) == 0.8);
    for (int t = 0; t < 20; ++t) CHECK(s(t + 3, 23) == cosine_decay{.rate = 0.8}(t, 20));
    CHECK(warm_up{2, constant_rate{.rate = 0.3}}(7, 10) == 0.3);
}

TEST_CASE("training/schedules: one cycle over 10 steps peaks after three, as PyTorch's OneCycleLR does") {
    constexpr one_cycle s{.peak = 1};
    // rising for 0.3 * 10 - 1 = 2 steps from 1/25, then falling for 7 to 1/25e4
    CHECK(s(0, 10) == doctest::Approx(0.04));
    CHECK(s(1, 10) == doctest::Approx(0.52));
    CHECK(s(2, 10) == doctest::Approx(1));
    const double low = 0.04 / 1e4;
    for (int t = 3; t < 10; ++t)
        CHECK(s(t, 10) == doctest::Approx(low + (1 - low) * 0.5 * (1 + std::cos(pi * (t - 2) / 7))).epsilon(1e-12));
    CHECK(s(9, 10) == doctest::Approx(low).epsilon(1e-9));
    for (const int total : {1, 2, 3, 4, 1000}) {
        for (int t = 0; t < total; ++t) {
            CHECK(s(t, total) > 0);
            CHECK(s(t, total) <= 1);
        }
    }
}

TEST_CASE("training/schedules: drops falls at the steps that it is given, whatever the total") {
    constexpr drops s{.rate = 1, .factor = 0.5, .steps = {10, 20}};
    for (const std::int64_t total : {no_total, std::int64_t{5}, std::int64_t{1000}}) {
        CHECK(s(0, total) == 1);
        CHECK(s(9, total) == 1);
        CHECK(s(10, total) == 0.5);
        CHECK(s(19, total) == 0.5);
        CHECK(s(20, total) == 0.25);
        CHECK(s(5000, total) == 0.25);
    }
    static_assert(s(20) == 0.25, "it needs no total");
}

TEST_CASE("training/schedules: the inverse square root is flat, then falls to a half after four times as many steps") {
    constexpr inverse_square_root s{.rate = 0.8, .steps = 100};
    CHECK(s(0) == 0.8);
    CHECK(s(99) == 0.8);
    CHECK(s(399) == doctest::Approx(0.4).epsilon(1e-15));
    for (std::int64_t t = 100; t < 1000000; t = t * 3 / 2)
        CHECK(s(t) == doctest::Approx(0.8 * std::sqrt(100.0 / static_cast<double>(t + 1))).epsilon(1e-14));
    constexpr warm_up warm{4, inverse_square_root{.rate = 0.5, .steps = 1}};
    static_assert(warm(3) == 0.4 && warm(4) == 0.5, "a warm-up of a schedule that needs no total needs none");
    CHECK(warm(7) == doctest::Approx(0.25).epsilon(1e-15));
    CHECK(warm(7, no_total) == warm(7));
    CHECK(warm(7, 1000) == warm(7));
}

TEST_CASE("training/schedules: a schedule that goes by the share of the steps says so when it is given no total") {
    const auto refused = [](auto schedule, const char* name) {
        CHECK_THROWS_WITH_AS((void)schedule(0, no_total), doctest::Contains(name), error);
        CHECK_NOTHROW((void)schedule(0, 1));
    };
    refused(step_decay{}, "step_decay: it goes by the share of the steps");
    refused(cosine_decay{}, "cosine_decay: it goes by the share of the steps");
    refused(one_cycle{}, "one_cycle: it goes by the share of the steps");
    CHECK_THROWS_WITH_AS((void)(warm_up{3, cosine_decay{}}(5, no_total)), doctest::Contains("cosine_decay"), error);
    CHECK(warm_up{10, cosine_decay{.rate = 0.3}}(10, 5) == 0.3);  // longer than all of training
}

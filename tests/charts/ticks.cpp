// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>
#include <eenn/charts/detail/ticks.hpp>
#include <eenn/core/random.hpp>
#include <string>
#include <vector>

using namespace eenn;
using namespace eenn::report;

TEST_CASE("report/ticks: 0.13 to 0.87 gets the steps 0, 0.2, ... 1") {
    const tick_range t = nice_ticks(0.13, 0.87, 5);
    CHECK(t.low == 0);
    CHECK(t.high == doctest::Approx(1));
    CHECK(t.step == doctest::Approx(0.2));
    CHECK(t.values().size() == 6);
}

TEST_CASE("report/ticks: steps are 1, 2 or 5 times a power of ten and ticks enclose the interval closely") {
    random_stream random{8, 1};
    for (int i = 0; i < 2000; ++i) {
        const double a = std::pow(10, random.uniform(-9, 12)) * (random.uniform() < 0.3 ? -1 : 1);
        const double b = a + std::abs(a) * std::pow(10, random.uniform(-4, 3));
        const tick_range t = nice_ticks(a, b);
        const double lead = t.step / std::pow(10, std::floor(std::log10(t.step) + 1e-9));
        CHECK((std::abs(lead - 1) < 1e-6 || std::abs(lead - 2) < 1e-6 || std::abs(lead - 5) < 1e-6));
        CHECK(t.low <= a + 1e-6 * t.step);
        CHECK(t.high >= b - 1e-6 * t.step);
        CHECK(a - t.low < t.step);
        CHECK(t.high - b < t.step);
        CHECK(t.values().size() >= 3);
        CHECK(t.values().size() <= 12);
    }
}

TEST_CASE("report/ticks: a single value is widened, zero included") {
    for (const double v : {0.0, 5.0, -3.0, 1e-12, 1e12}) {
        const tick_range t = nice_ticks(v, v);
        CHECK(t.low <= v);
        CHECK(t.high >= v);
        CHECK(t.high > t.low);
    }
}

TEST_CASE("report/ticks: numbers carry the digits of their step, per cent and metric suffixes, and no minus zero") {
    CHECK(number_text(0.25, 0.05) == "0.25");
    CHECK(number_text(3, 1) == "3");
    CHECK(number_text(-0.0, 0.1) == "0.0");
    CHECK(number_text(0.925, 0.005, number_style::percent) == "92.5 %");
    CHECK(number_text(0.9, 0.05, number_style::percent) == "90 %");
    CHECK(number_text(2500000, 500000, number_style::metric) == "2.5 M");
    CHECK(number_text(800, 200, number_style::metric) == "800");
    CHECK(number_text(1200, 200, number_style::metric) == "1.2 k");
    CHECK(number_text(0, 500000, number_style::metric) == "0");
}

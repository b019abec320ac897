// SPDX-License-Identifier: MIT
#include <eenn/core/detail/allowed.hpp>
#include <eenn/core/detail/checked.hpp>
#include <eenn/core/random.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdlib>

namespace {

using namespace eenn;

constexpr double infinity = allowed_range::infinity;
constexpr double no_number = std::numeric_limits<double>::quiet_NaN();

constexpr bool writes(double value, std::string_view wanted) { return fixed_text{}.append(value).view() == wanted; }
static_assert(writes(0, "0") && writes(1, "1") && writes(-7, "-7") && writes(10, "10") &&
                  writes(268435456, "268435456"),
              "whole numbers as they are");
static_assert(writes(2147483647, "2147483647") && writes(999999999999999, "999999999999999") && writes(1e15, "1e15"),
              "all digits below 10^15");
static_assert(writes(0.1, "0.1") && writes(double{0.1F}, "0.1") && writes(1.5, "1.5") && writes(-0.5, "-0.5"),
              "fractions");
static_assert(writes(0.0001, "0.0001") && writes(1e-5, "1e-5") && writes(double{1e-5F}, "1e-5") &&
                  writes(1.25e-7, "1.25e-7"),
              "the usual notation down to 0.0001");
static_assert(writes(no_number, "NaN") && writes(infinity, "infinity") && writes(-infinity, "-infinity"),
              "what is none");

constexpr bool says(const allowed_range& range, std::string_view wanted) {
    fixed_text text;
    append(text, range);
    return text.view() == wanted;
}
static_assert(says(allowed_range::closed(1, 8), "[1, 8]") && says(allowed_range::half_open(0, 1), "[0, 1)") &&
                  says(allowed_range::open(0, 1), "(0, 1)") && says(allowed_range::from(0), "[0, infinity)") &&
                  says(allowed_range::above(0), "(0, infinity)") && says(allowed_range::closed(2, 2), "2"),
              "intervals as in mathematics");
static_assert(allowed_range::closed(0, 1).contains(1) && !allowed_range::half_open(0, 1).contains(1) &&
                  !allowed_range::open(0, 1).contains(0) && !allowed_range::from(0).contains(infinity) &&
                  !allowed_range::from(0).contains(-1e-300) &&
                  !allowed_range::closed(-infinity, infinity).contains(no_number),
              "ends count as written, a NaN never does");

static_assert(saturated_sum(2, 3) == 5 && saturated_sum(uncountable, 1) == uncountable &&
                  saturated_sum(uncountable - 1, 1) == uncountable,
              "sums stop at the end");
static_assert(saturated_product(6, 7) == 42 && saturated_product(uncountable, 0) == 0 &&
                  saturated_product(uncountable / 2, 3) == uncountable,
              "products stop at the end");

}  // namespace

TEST_CASE("core/fixed_text: every float is written so that it reads as itself, in at most nine digits") {
    random_stream random{.seed = 1};
    int wrong = 0;
    int long_ones = 0;
    for (int i = 0; i < 20000; ++i) {
        const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random.bits()));
        if (!std::isfinite(value)) continue;
        const fixed_text text = fixed_text{}.append(double{value});
        wrong += std::strtof(text.letters, nullptr) != value ? 1 : 0;
        if (std::fabs(value) < 1e-4F || std::fabs(value) >= 1e15F)
            long_ones += text.size() > 15 ? 1 : 0;  // -1.23456789e-38
    }
    CHECK(wrong == 0);
    CHECK(long_ones == 0);
}

TEST_CASE("core/fixed_text: what does not fit is cut off") {
    fixed_text text;
    for (int i = 0; i < 40; ++i) text.append("0123456789");
    CHECK(text.size() == sizeof text.letters - 1);
    CHECK(text.view().ends_with("01234"));
}

TEST_CASE("core/allowed: require() names the place, the option, its value and what is allowed") {
    CHECK_NOTHROW(require("trainer", "clip_norm", 0, allowed_range::from(0)));
    CHECK_THROWS_WITH_AS(require("trainer", "clip_norm", no_number, allowed_range::from(0)),
                         "trainer: clip_norm is NaN, allowed [0, infinity)", error);
    CHECK_THROWS_WITH_AS(require("sgd", "momentum", 1, allowed_range::half_open(0, 1)),
                         "sgd: momentum is 1, allowed [0, 1)", error);
}

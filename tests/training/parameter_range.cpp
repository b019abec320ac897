// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <eenn/training/detail/parameter_range.hpp>
#include <limits>
#include <string>
#include <vector>

using namespace eenn;

TEST_CASE("training/parameter_range: ranges rise, do not overlap and end inside; gaps and empty ones are fine") {
    using ranges = std::vector<parameter_range>;
    CHECK_NOTHROW(check_ranges(ranges{}, 0));
    CHECK_NOTHROW(check_ranges(ranges{{0, 3}, {3, 0}, {5, 5}}, 10));
    CHECK_THROWS_AS(check_ranges(ranges{{0, 3}, {2, 2}}, 10), error);
    CHECK_THROWS_AS(check_ranges(ranges{{4, 2}, {0, 2}}, 10), error);
    CHECK_THROWS_AS(check_ranges(ranges{{5, 6}}, 10), error);
    CHECK_THROWS_AS(check_ranges(ranges{{5, std::numeric_limits<std::size_t>::max()}}, 10), error);
    try {
        check_ranges(ranges{{0, 3}, {2, 2}}, 10);
    } catch (const error& e) {
        CHECK(std::string{e.what()}.find("parameter_range 1: [2, 2 + 2) of 10 parameters, after one that ends at 3") ==
              0);
    }
}

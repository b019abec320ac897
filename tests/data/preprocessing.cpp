// SPDX-License-Identifier: MIT
#include <eenn/data/preprocessing.hpp>

#include <doctest/doctest.h>

using namespace eenn;

TEST_CASE("data/preprocessing: hand values, and by default nothing") {
    CHECK(preprocessing{}(7, 2) == 7);
    CHECK(preprocessing{.scale = 0.5F, .zero_point = 3}(7, 0) == 2);
    const preprocessing how{.scale = 0.5F, .zero_point = 0, .mean = {1, 2}, .deviation = {2, 4}};
    CHECK(how(10, 0) == 2);
    CHECK(how(10, 1) == 0.75F);
}

TEST_CASE("data/preprocessing: JSON goes both ways, and exporters' other members are passed over") {
    const preprocessing how{.scale = 0.25F, .zero_point = 83, .mean = {0.5F}, .deviation = {0.125F}};
    CHECK(preprocessing_from_json(preprocessing_to_json(how), "x") == how);
    CHECK(preprocessing_from_json(preprocessing_to_json({}), "x") == preprocessing{});
    const preprocessing read = preprocessing_from_json(
        R"({"input": "RGB, [x", "pixel_scale": 0.5, "list": [1, {"a": [2]}], "mean": [1, 2, 3], "std": [1, 1, 2], "n": -1e3})",
        "x");
    CHECK(read == preprocessing{0.5F, 0, {1, 2, 3}, {1, 1, 2}});
    CHECK_THROWS_AS((void)preprocessing_from_json(R"({"scale": [})", "x"), error);
    CHECK_THROWS_AS((void)preprocessing_from_json(R"({"other": )", "x"), error);
    CHECK_THROWS_AS((void)preprocessing_from_json(R"({"other": [1, 2})", "x"), error);
}

TEST_CASE("data/preprocessing: numbers that cannot be applied are refused") {
    CHECK_NOTHROW(check(preprocessing{1, 0, {0}, {1}}, 3));
    CHECK_THROWS_WITH_AS(check(preprocessing{1, 0, {0, 0}, {1, 1}}, 3), doctest::Contains("for 3 channels"), error);
    CHECK_THROWS_WITH_AS(check(preprocessing{1, 0, {0}, {-1}}, 3), doctest::Contains("std is -1"), error);
    CHECK_THROWS_WITH_AS(check(preprocessing{1.0F / 0.0F, 0, {}, {}}, 3), doctest::Contains("scale is inf"), error);
}

// SPDX-License-Identifier: MIT
#include <eenn/kernels/detail/convolution.hpp>
#include <eenn/kernels/detail/method.hpp>

#include <doctest/doctest.h>

using namespace eenn;
using kernels::algorithm;
using kernels::select;

TEST_CASE("kernels/method: a method says what it is in words") {
    CHECK(to_string(kernels::method{}) == "only one");
    CHECK(to_string(kernels::method{algorithm::direct}) == "direct");
    CHECK(to_string(kernels::method{algorithm::pointwise}) == "pointwise");
    CHECK(to_string(kernels::method{algorithm::depthwise}) == "depthwise");
    CHECK(to_string(kernels::method{kernels::winograd_form{4, 4, 3, 3}}) == "winograd F(4x4,3x3)");
    CHECK(to_string(kernels::method{kernels::winograd_form{1, 2, 1, 7}}) == "winograd F(1x2,1x7)");
    for (const auto& form : kernels::winograd_forms) CHECK(kernels::method{form}.form() == form);
    static_assert(kernels::method{algorithm::depthwise}.form() == kernels::winograd_form{});
}

TEST_CASE("kernels/method: every pass of a geometry that has one kernel gets that one") {
    const auto all = [](const kernels::convolution& g, algorithm by) {
        return select(g) == kernels::selected_convolution{g, {by, by, by}};
    };
    CHECK(all({{9, 9, 40}, {9, 9, 40}, 3, 3, 1, 1, 1, 1, 1, 1, 40}, algorithm::depthwise));
    CHECK(all({{6, 6, 16}, {6, 6, 32}}, algorithm::pointwise));
    CHECK(all({{6, 6, 16}, {6, 6, 32}, 1, 1, 1, 1, 0, 0, 1, 1, 4}, algorithm::pointwise));
    CHECK(all({{6, 6, 16}, {3, 3, 32}, 1, 1, 2, 2}, algorithm::direct));
    CHECK(all({{9, 9, 3}, {9, 9, 8}, 3, 3, 1, 1, 1, 1, 1, 1, 1}, algorithm::direct));
}

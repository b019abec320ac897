// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>
#include <eenn/core/random.hpp>
#include <eenn/training/detail/clipping.hpp>
#include <limits>
#include <vector>

using namespace eenn;

TEST_CASE("training/clipping: a gradient of 3 and 4 has norm 5 and becomes 0.6 and 0.8 at limit 1") {
    std::vector<double> g{3, 4};
    const std::vector<parameter_range> all{{0, 2}};
    CHECK(gradient_norm<double>(g, all) == 5);
    CHECK(clip_gradient<double>(g, all, 5) == 5);
    CHECK(g == std::vector<double>{3, 4});
    CHECK(clip_gradient<double>(g, all, 1) == 5);
    CHECK(g[0] == doctest::Approx(0.6));
    CHECK(g[1] == doctest::Approx(0.8));
}

TEST_CASE("training/clipping: frozen parameters neither count nor change") {
    std::vector<float> g{100, 3, 100, 4, 100};
    CHECK(clip_gradient(g, std::vector<parameter_range>{{1, 1}, {3, 1}}, 0.5) == 5);
    CHECK(g[0] == 100);
    CHECK(g[1] == doctest::Approx(0.3F));
    CHECK(g[2] == 100);
    CHECK(g[3] == doctest::Approx(0.4F));
    CHECK(clip_gradient(g, 1) > 100);
    CHECK(gradient_norm(g, std::vector<parameter_range>{{0, 5}}) == doctest::Approx(1).epsilon(1e-6));
}

TEST_CASE("training/clipping: the norm is right at odd sizes, does not overflow in float and repeats its bits") {
    for (const std::size_t size : {1U, 2U, 3U, 7U, 8U, 9U, 15U, 16U, 17U, 31U, 33U, 1000U}) {
        random_stream random{4, size};
        std::vector<float> g(size);
        double sum = 0;
        for (float& v : g) {
            v = static_cast<float>(1e25 * random.normal());
            sum += static_cast<double>(v) * static_cast<double>(v);
        }
        const std::vector<parameter_range> all{{0, size}};
        CHECK(gradient_norm(g, all) == doctest::Approx(std::sqrt(sum)).epsilon(1e-14));
        const std::vector<float> copy = g;
        CHECK(gradient_norm(g, all) == gradient_norm(copy, all));
        const double before = clip_gradient(g, all, 2);
        CHECK(before == doctest::Approx(std::sqrt(sum)).epsilon(1e-14));
        CHECK(gradient_norm(g, all) == doctest::Approx(2).epsilon(1e-6));
    }
}

TEST_CASE("training/clipping: a gradient that is not finite is reported and left alone, a limit of zero is refused") {
    std::vector<float> g{1, std::numeric_limits<float>::quiet_NaN(), 2};
    const std::vector<parameter_range> all{{0, 3}};
    CHECK(std::isnan(clip_gradient(g, all, 0.1)));
    CHECK(g[2] == 2);
    g[1] = std::numeric_limits<float>::infinity();
    CHECK(std::isinf(clip_gradient(g, all, 0.1)));
    CHECK(g[2] == 2);
    CHECK_THROWS_AS((void)clip_gradient(g, all, 0), error);
    CHECK_THROWS_AS((void)clip_gradient(g, std::vector<parameter_range>{{2, 2}}, 1), error);
}

// SPDX-License-Identifier: MIT
#include <eenn/core/random.hpp>
#include <eenn/kernels/detail/winograd_forms.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace eenn;
using kernels::winograd_form;
using kernels::winograd::transformed_filter;

namespace {

/// Vectors of small whole numbers through the three steps along one axis, lane by lane against the direct sum.
template <int M, int R>
void expect_exact(random_stream& random) {
    constexpr int W = lane_count<float>;
    constexpr std::size_t N = M + R - 1;
    const auto any = [&] { return static_cast<float>(static_cast<int>(random.below(9)) - 4); };
    float d[N][W];
    for (auto& vector : d)
        for (float& value : vector) value = any();
    std::array<float, R> g{};
    for (float& tap : g) tap = any();
    lanes<float> in[N], t[N], m[N], y[M];
    for (std::size_t i = 0; i < N; ++i) in[i] = load<float>(d[i]);
    kernels::winograd::transform_input<float>(in, t);
    const auto u = transformed_filter<N>(g);
    for (std::size_t i = 0; i < N; ++i) m[i] = times(t[i], broadcast(u[i]));
    kernels::winograd::transform_output<float>(m, y);
    for (int o = 0; o < M; ++o) {
        float made[W];
        store<float>(made, y[o]);
        for (int lane = 0; lane < W; ++lane) {
            float wanted = 0;
            for (int k = 0; k < R; ++k) wanted += g[static_cast<std::size_t>(k)] * d[o + k][lane];
            CHECK(made[lane] == doctest::Approx(wanted).epsilon(1e-4).scale(10));
        }
    }
}

template <int N>
void expect_distances() {
    using pairs = kernels::winograd::point_pairs<double, N>;
    constexpr auto& powers = kernels::winograd::powers<double>;
    for (int k = 0; k < pairs::count; ++k) {
        const double p = powers[k][1];
        double product = p * (2 * p);  // to 0 and to -p
        for (int other = 0; other < pairs::count; ++other)
            if (other != k) product *= (p - powers[other][1]) * (p + powers[other][1]);
        CHECK_EQ(pairs::distances[k], product);
    }
}

}  // namespace

TEST_CASE("kernels/winograd_forms: every form's three transforms give the direct sum") {
    random_stream random{2028, 1};
    for (int i = 0; i < 20; ++i) {
        expect_exact<2, 3>(random);
        expect_exact<4, 3>(random);
        expect_exact<6, 3>(random);
        expect_exact<4, 5>(random);
        expect_exact<2, 7>(random);
        expect_exact<1, 1>(random);
    }
}

TEST_CASE("kernels/winograd_forms: the filter's transform by hand") {
    // The first and last points are the first and last taps (of six points the first over 4); between them stand the
    // filter's values at the points over the products of their distances.
    constexpr auto six = transformed_filter<6>(std::array{4.0, 0.0, 7.0});
    static_assert(six[0] == 1 && six[5] == 7);
    constexpr auto ones = transformed_filter<6>(std::array{1.0, 1.0, 1.0});
    CHECK(ones[1] == doctest::Approx(-0.5));
    CHECK(ones[2] == doctest::Approx(-1 / 6.0));
    CHECK(ones[3] == doctest::Approx(7 / 24.0));
    CHECK(ones[4] == doctest::Approx(1 / 8.0));
    constexpr auto four = transformed_filter<4>(std::array{4.0, 2.0, 7.0});
    static_assert(four[0] == 4 && four[1] == 6.5 && four[2] == 4.5 && four[3] == 7);
    constexpr auto eight = transformed_filter<8>(std::array{4.0, 2.0, 8.0});
    static_assert(eight[0] == 4 && eight[7] == 8);
    CHECK(eight[1] == doctest::Approx(-14 * 2 / 9.0));
    CHECK(eight[2] == doctest::Approx(-10 * 2 / 9.0));
    CHECK(eight[3] == doctest::Approx(40 / 90.0));
    CHECK(eight[4] == doctest::Approx(32 / 90.0));
    CHECK(eight[5] == doctest::Approx(7 * 32 / 45.0));
    CHECK(eight[6] == doctest::Approx(5 * 32 / 45.0));
}

TEST_CASE("kernels/winograd_forms: a point's distances are its differences from all others but infinity, multiplied") {
    expect_distances<4>();
    expect_distances<6>();
    expect_distances<8>();
}

TEST_CASE("kernels/winograd_forms: points and products of a tile") {
    constexpr winograd_form square{4, 4, 3, 3}, row{1, 4, 1, 5};
    static_assert(square.points_h() == 6 && square.points_w() == 6 && square.products() == 36);
    static_assert(row.points_h() == 1 && row.points_w() == 8 && row.products() == 8);
    CHECK(square == winograd_form{4, 4, 3, 3});
}

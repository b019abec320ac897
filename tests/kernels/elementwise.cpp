// SPDX-License-Identifier: MIT
#include <eenn/kernels/detail/elementwise.hpp>
#include <eenn/kernels/detail/reference.hpp>

#include "generated.hpp"

using namespace eenn;
using namespace generated;
using kernels::activation;
using kernels::activation_kind;

TEST_CASE("kernels/elementwise: affine by hand") {
    const float x[] = {1, 2, 3, 4};
    const float scale[] = {2, -1};
    const float shift[] = {0.5F, 1};
    float y[4];
    kernels::affine(2, 2, x, scale, shift, nullptr, activation{activation_kind::relu, {}}, y);
    const float wanted[] = {2.5F, 0, 6.5F, 0};
    for (int i = 0; i < 4; ++i) CHECK_EQ(y[i], wanted[i]);
    kernels::affine(2, 2, x, nullptr, nullptr, x, activation{}, y);
    CHECK_EQ(y[3], 8.0F);
    kernels::affine(2, 2, x, nullptr, shift, nullptr, activation{}, y);
    CHECK_EQ(y[3], 5.0F);
}

TEST_CASE("kernels/elementwise: affine agrees with plain loops, in place too") {
    random_stream random{2026, 20};
    for (const int channels : odd_channels) {
        for (int kind = 0; kind <= static_cast<int>(activation_kind::tanh); ++kind) {
            const activation act{static_cast<activation_kind>(kind), 0.25};
            constexpr int pixels = 5;
            const auto count = static_cast<std::size_t>(pixels * channels);
            const numbers<float> x(count, random), scale(static_cast<std::size_t>(channels), random),
                shift(static_cast<std::size_t>(channels), random), residual(count, random);
            aligned_vector<double> wanted(count), magnitude(count, 4.0);
            kernels::reference::affine(pixels, channels, in_double(x).data(), in_double(scale).data(),
                                       in_double(shift).data(), in_double(residual).data(), act, wanted.data());
            auto in_x = x;
            auto in_residual = residual;
            kernels::affine(pixels, channels, in_x.data(), scale.data(), shift.data(), residual.data(), act,
                            in_x.data());
            kernels::affine(pixels, channels, x.data(), scale.data(), shift.data(), in_residual.data(), act,
                            in_residual.data());
            CHECK_EQ(first_difference(in_x.data(), wanted.data(), magnitude.data(), count, 8), -1);
            CHECK_EQ(first_bit_difference(in_x.data(), in_residual.data(), count), -1);
            CHECK(std::isnan(in_x[count]));  // nothing written beyond the end
        }
    }
}

TEST_CASE("kernels/elementwise: products with whole, per-channel and per-pixel factors, and their gradients") {
    random_stream random{2026, 21};
    for (const int channels : odd_channels) {
        const shape a_shape{2, 3, channels};
        for (const shape b_shape : {a_shape, shape{1, 1, channels}, shape{2, 3, 1}}) {
            constexpr int n = 3;
            const auto a_count = n * a_shape.elements();
            const auto b_count = n * b_shape.elements();
            const numbers<double> a(a_count, random), b(b_count, random), dy(a_count, random);
            aligned_vector<double> y(a_count), da(a_count), db(b_count), wanted_db(b_count, 0.0);
            kernels::multiply(n, a_shape, b_shape, a.data(), b.data(), y.data());
            kernels::multiply_backward(n, a_shape, b_shape, a.data(), b.data(), dy.data(), false, da.data(), false,
                                       db.data());
            for (std::size_t i = 0; i < a_count; ++i) {
                const auto k = static_cast<std::size_t>(
                    kernels::reference::factor_index(a_shape, b_shape, static_cast<std::ptrdiff_t>(i)));
                CHECK_EQ(y[i], a[i] * b[k]);
                CHECK_EQ(da[i], dy[i] * b[k]);
                wanted_db[k] += dy[i] * a[i];
            }
            for (std::size_t k = 0; k < b_count; ++k) CHECK(db[k] == doctest::Approx(wanted_db[k]).epsilon(1e-13));
            kernels::multiply_backward(n, a_shape, b_shape, a.data(), b.data(), dy.data(), true, da.data(), true,
                                       db.data());
            CHECK(da[0] == doctest::Approx(2 * dy[0] * b[0]).epsilon(1e-13));
            for (std::size_t k = 0; k < b_count; ++k) CHECK(db[k] == doctest::Approx(2 * wanted_db[k]).epsilon(1e-13));
            kernels::multiply_backward<double>(n, a_shape, b_shape, a.data(), b.data(), dy.data(), false, nullptr,
                                               false, db.data());
            CHECK(db[0] == doctest::Approx(wanted_db[0]).epsilon(1e-13));
        }
    }
}

TEST_CASE("kernels/elementwise: sums of rows and of tensors") {
    random_stream random{2026, 22};
    for (const int channels : {1, 2, 3, 7, 8, 9, 31, 33, 64, 70}) {
        const auto wide = static_cast<std::size_t>(channels);
        const numbers<float> x(5 * wide, random);
        numbers<float> sum(wide, random);
        aligned_vector<float> wanted(sum.begin(), sum.end());
        for (std::size_t i = 0; i < 5 * wide; ++i) wanted[i % wide] += x[i];
        kernels::add_rows(5, channels, x.data(), sum.data());
        CHECK_EQ(first_bit_difference(sum.data(), wanted.data(), wide), -1);
        CHECK(std::isnan(sum[wide]));
        auto y = x;
        kernels::accumulate(5 * wide, x.data(), y.data());
        for (std::size_t i = 0; i < 5 * wide; ++i) CHECK_EQ(y[i], 2 * x[i]);
        CHECK(std::isnan(y[5 * wide]));
    }
}

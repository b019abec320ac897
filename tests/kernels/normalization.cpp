// SPDX-License-Identifier: MIT
#include <eenn/kernels/detail/normalization.hpp>

#include "generated.hpp"

using namespace eenn;
using namespace generated;
using kernels::activation;
using kernels::activation_kind;

namespace {

/// Batch norm and activation of (pixels, channels) as training runs them.
struct normalised {
    int pixels, channels;
    aligned_vector<double> mean, istd, scale, shift, u, y;

    normalised(int p, int c, const double* z, const double* gamma, const double* beta, activation act)
        : pixels{p}, channels{c}, mean(wide()), istd(wide()), scale(wide()), shift(wide()), u(count()), y(count()) {
        aligned_vector<double> sum(wide(), 0.0), squares(wide(), 0.0);
        kernels::moments(p, c, z, sum.data(), squares.data());
        for (std::size_t i = 0; i < wide(); ++i) {
            mean[i] = sum[i] / p;
            istd[i] = 1 / std::sqrt(squares[i] / p - mean[i] * mean[i] + 1e-5);
            scale[i] = gamma[i] * istd[i];
            shift[i] = beta[i] - mean[i] * scale[i];
        }
        kernels::affine(p, c, z, scale.data(), shift.data(), nullptr, activation{}, u.data());
        kernels::affine(p, c, u.data(), nullptr, nullptr, nullptr, act, y.data());
    }
    [[nodiscard]] std::size_t wide() const { return static_cast<std::size_t>(channels); }
    [[nodiscard]] std::size_t count() const { return static_cast<std::size_t>(pixels * channels); }
};

}  // namespace

TEST_CASE("kernels/normalization: moments by hand, added to what was there") {
    const float z[] = {1, -1, 2, 0, 3, 5};  // three pixels of two channels
    double sum[] = {10, 0};
    double squares[] = {0, 100};
    kernels::moments(3, 2, z, sum, squares);
    CHECK_EQ(sum[0], 16.0);
    CHECK_EQ(sum[1], 4.0);
    CHECK_EQ(squares[0], 14.0);
    CHECK_EQ(squares[1], 126.0);
}

TEST_CASE("kernels/normalization: moments of many pixels keep the precision of short sums") {
    random_stream random{2026, 30};
    for (const int channels : {1, 3, 8, 17}) {
        constexpr int pixels = 5000;
        const auto wide = static_cast<std::size_t>(channels);
        const numbers<float> z(pixels * wide, random);
        aligned_vector<double> sum(wide, 0.0), squares(wide, 0.0), wanted(wide, 0.0), wanted_squares(wide, 0.0);
        kernels::moments(pixels, channels, z.data(), sum.data(), squares.data());
        for (std::size_t i = 0; i < pixels * wide; ++i) {
            wanted[i % wide] += static_cast<double>(z[i]);
            wanted_squares[i % wide] += static_cast<double>(z[i]) * static_cast<double>(z[i]);
        }
        // 32 terms a partial sum: at most 16 epsilon of the sum of magnitudes, here below `pixels`; 4 observed growth.
        constexpr double bound = 4 * static_cast<double>(std::numeric_limits<float>::epsilon()) * pixels;
        for (std::size_t c = 0; c < wide; ++c) {
            CHECK(std::abs(sum[c] - wanted[c]) <= bound);
            CHECK(std::abs(squares[c] - wanted_squares[c]) <= bound);
        }
    }
}

TEST_CASE("kernels/normalization: gradients through batch norm and activation agree with finite differences") {
    random_stream random{2026, 31};
    for (const int channels : {1, 3, 5, 9}) {
        for (const activation act :
             {activation{}, activation{activation_kind::relu, {}}, activation{activation_kind::hard_swish, {}},
              activation{activation_kind::sigmoid, {}}}) {
            constexpr int pixels = 7;
            const auto wide = static_cast<std::size_t>(channels);
            const auto count = pixels * wide;
            numbers<double> z(count, random), gamma(wide, random), beta(wide, random);
            const numbers<double> dy(count, random);
            const auto loss = [&] {
                const normalised f(pixels, channels, z.data(), gamma.data(), beta.data(), act);
                double sum = 0;
                for (std::size_t i = 0; i < count; ++i) sum += f.y[i] * dy[i];
                return sum;
            };
            const normalised f(pixels, channels, z.data(), gamma.data(), beta.data(), act);
            aligned_vector<double> du(count), dbeta(wide, 0.0), dgamma(wide, 0.0), a(wide), b(wide), c(wide), dz(count);
            kernels::activation_gradient_sums(pixels, channels, dy.data(), f.y.data(), f.u.data(), act, du.data(),
                                              z.data(), f.mean.data(), f.istd.data(), dbeta.data(), dgamma.data());
            for (std::size_t i = 0; i < wide; ++i) {
                a[i] = gamma[i] * f.istd[i];
                b[i] = -a[i] * f.istd[i] * dgamma[i] / pixels;
                c[i] = -a[i] * dbeta[i] / pixels - b[i] * f.mean[i];
            }
            kernels::input_gradient(pixels, channels, du.data(), z.data(), a.data(), b.data(), c.data(), dz.data());
            const auto slope = [&](double& parameter) {
                constexpr double h = 1e-6;
                const double kept = parameter;
                parameter = kept + h;
                const double above = loss();
                parameter = kept - h;
                const double below = loss();
                parameter = kept;
                return (above - below) / (2 * h);
            };
            for (std::size_t i = 0; i < count; i += 3) CHECK(slope(z[i]) == doctest::Approx(dz[i]).epsilon(1e-5));
            CHECK(slope(gamma[wide - 1]) == doctest::Approx(dgamma[wide - 1]).epsilon(1e-5));
            CHECK(slope(beta[0]) == doctest::Approx(dbeta[0]).epsilon(1e-5));

            // The passes one by one, in place, give the same.
            auto in_place = dy;
            kernels::activation_gradient(count, in_place.data(), f.y.data(), f.u.data(), act, in_place.data());
            CHECK_EQ(first_bit_difference(in_place.data(), du.data(), count), -1);
            aligned_vector<double> sum(wide, 0.0), sum_xhat(wide, 0.0);
            kernels::activation_gradient_sums(pixels, channels, in_place.data(), nullptr, nullptr, activation{},
                                              nullptr, z.data(), f.mean.data(), f.istd.data(), sum.data(),
                                              sum_xhat.data());
            CHECK_EQ(first_bit_difference(sum.data(), dbeta.data(), wide), -1);
            CHECK_EQ(first_bit_difference(sum_xhat.data(), dgamma.data(), wide), -1);
            kernels::input_gradient(pixels, channels, in_place.data(), z.data(), a.data(), b.data(), c.data(),
                                    in_place.data());
            CHECK_EQ(first_bit_difference(in_place.data(), dz.data(), count), -1);
            CHECK(std::isnan(in_place[count]));
        }
    }
}

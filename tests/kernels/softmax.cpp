// SPDX-License-Identifier: MIT
#include <eenn/kernels/detail/reference.hpp>
#include <eenn/kernels/detail/softmax.hpp>

#include "generated.hpp"

using namespace eenn;
using namespace generated;

TEST_CASE("kernels/softmax: two equal logits share, and a large one does not overflow") {
    float y[3];
    const float equal[] = {7, 7, -1000};
    kernels::softmax_forward(1, 3, equal, y);
    CHECK_EQ(y[0], 0.5F);
    CHECK_EQ(y[1], 0.5F);
    CHECK(y[2] < 1e-37F);
    const float large[] = {1e30F, 0, -1e30F};
    kernels::softmax_forward(1, 3, large, y);
    CHECK_EQ(y[0], 1.0F);
}

TEST_CASE("kernels/softmax: agrees with plain loops, in place, and each pixel alone") {
    random_stream random{2026, 50};
    for (const int channels : odd_channels) {
        constexpr int pixels = 3;
        const auto wide = static_cast<std::size_t>(channels);
        numbers<float> x(pixels * wide, random);
        for (std::size_t i = 0; i < pixels * wide; ++i) x[i] *= 10;
        aligned_vector<double> wanted(pixels * wide), magnitude(pixels * wide, 1.0);
        kernels::reference::softmax(pixels, channels, in_double(x).data(), wanted.data());
        auto y = x;
        kernels::softmax_forward(pixels, channels, y.data(), y.data());
        CHECK_EQ(first_difference(y.data(), wanted.data(), magnitude.data(), pixels * wide, 8), -1);
        CHECK(std::isnan(y[pixels * wide]));
        aligned_vector<float> one(wide);
        kernels::softmax_forward(1, channels, x.data() + wide, one.data());
        CHECK_EQ(first_bit_difference(one.data(), y.data() + wide, wide), -1);
    }
}

TEST_CASE("kernels/softmax: NaN in one pixel stays in it") {
    float x[] = {0, 1, std::numeric_limits<float>::quiet_NaN(), 0, 1, 2};
    kernels::softmax_forward(2, 3, x, x);
    for (int i = 0; i < 6; ++i) CHECK_EQ(std::isnan(x[i]), i < 3);
}

TEST_CASE("kernels/softmax: gradients agree with finite differences") {
    random_stream random{2026, 51};
    for (const int channels : {2, 5, 9}) {
        const auto wide = static_cast<std::size_t>(channels);
        numbers<double> x(2 * wide, random);
        const numbers<double> dy(2 * wide, random);
        aligned_vector<double> y(2 * wide), dx(2 * wide, 5.0);
        const auto loss = [&] {
            kernels::softmax_forward(2, channels, x.data(), y.data());
            double sum = 0;
            for (std::size_t i = 0; i < 2 * wide; ++i) sum += y[i] * dy[i];
            return sum;
        };
        loss();
        kernels::softmax_backward(2, channels, y.data(), dy.data(), true, dx.data());
        for (std::size_t i = 0; i < 2 * wide; ++i) {
            constexpr double h = 1e-6;
            const double kept = x[i];
            x[i] = kept + h;
            const double above = loss();
            x[i] = kept - h;
            const double below = loss();
            x[i] = kept;
            CHECK((above - below) / (2 * h) == doctest::Approx(dx[i] - 5).epsilon(1e-6));
        }
    }
}

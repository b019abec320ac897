// SPDX-License-Identifier: MIT
#include <eenn/kernels/detail/pooling.hpp>
#include <eenn/kernels/detail/reference.hpp>

#include "generated.hpp"

#include <memory>

using namespace eenn;
using namespace generated;
using kernels::pooling;

namespace {

pooling any_pooling(random_stream& random) {
    for (;;) {
        pooling g;
        g.in = {pick(random, 1, 9), pick(random, 1, 9), odd_channels[random.below(std::size(odd_channels))]};
        g.kernel_h = pick(random, 1, 4);
        g.kernel_w = pick(random, 1, 4);
        g.stride_h = pick(random, 1, 3);
        g.stride_w = pick(random, 1, 3);
        g.pad_top = pick(random, 0, g.kernel_h - 1);
        g.pad_left = pick(random, 0, g.kernel_w - 1);
        g.count_padding = random.below(2) == 0;
        const int room_h = g.in.h + g.pad_top + pick(random, 0, g.kernel_h - 1) - g.kernel_h;
        const int room_w = g.in.w + g.pad_left + pick(random, 0, g.kernel_w - 1) - g.kernel_w;
        if (room_h < 0 || room_w < 0) continue;
        g.out = {room_h / g.stride_h + 1, room_w / g.stride_w + 1, g.in.c};
        return g;
    }
}

}  // namespace

TEST_CASE("kernels/pooling: 2x2 windows by hand; the first of equals takes the gradient") {
    constexpr pooling g{{2, 4, 1}, {1, 2, 1}, 2, 2, 2, 2, 0, 0, false};
    const float x[] = {1, 5, -1, -1, 5, 2, -3, -1};
    const float dy[] = {10, 20};
    float y[2];
    float dx[8];
    kernels::max_pool_forward(constant<g>{}, 1, x, y);
    CHECK_EQ(y[0], 5.0F);
    CHECK_EQ(y[1], -1.0F);
    kernels::max_pool_backward(constant<g>{}, 1, x, dy, false, dx);
    const float wanted[] = {0, 10, 20, 0, 0, 0, 0, 0};
    for (int i = 0; i < 8; ++i) CHECK_EQ(dx[i], wanted[i]);
    kernels::average_pool_forward(constant<g>{}, 1, x, y);
    CHECK_EQ(y[0], 3.25F);
    CHECK_EQ(y[1], -1.5F);
    kernels::average_pool_backward(constant<g>{}, 1, dy, true, dx);
    CHECK_EQ(dx[1], 12.5F);
    CHECK_EQ(dx[7], 5.0F);
}

TEST_CASE("kernels/pooling: a border window divides by what is inside, or by the window") {
    pooling g{{1, 2, 1}, {1, 2, 1}, 1, 3, 1, 1, 0, 1, false};
    const float x[] = {2, 4};
    float y[2];
    kernels::average_pool_forward(dynamic{g}, 1, x, y);
    CHECK_EQ(y[0], 3.0F);
    g.count_padding = true;
    kernels::average_pool_forward(dynamic{g}, 1, x, y);
    CHECK_EQ(y[0], 2.0F);
}

TEST_CASE("kernels/pooling: windows agree with plain loops, forward and backward") {
    random_stream random{2026, 40};
    for (int i = 0; i < 120; ++i) {
        const pooling g = any_pooling(random);
        constexpr int n = 2;
        const auto inputs = n * g.in.elements();
        const auto outputs = n * g.out.elements();
        numbers<float> x(inputs, random);
        for (std::size_t k = 0; k < inputs; k += 2) x[k] = std::round(4 * x[k]);  // ties
        const numbers<float> dy(outputs, random);
        const auto wide_x = in_double(x), wide_dy = in_double(dy);
        aligned_vector<double> wanted(outputs), gradient(inputs, 0.0), in_magnitude(inputs, 16.0),
            out_magnitude(outputs, 4.0);
        aligned_vector<float> y(outputs), dx(inputs);
        const auto taken = std::make_unique<bool[]>(outputs);

        kernels::reference::max_pool_forward(g, n, wide_x.data(), wanted.data());
        kernels::max_pool_forward(dynamic{g}, n, x.data(), y.data());
        CHECK_EQ(first_difference(y.data(), wanted.data(), out_magnitude.data(), outputs, 0), -1);
        kernels::reference::max_pool_backward(g, n, wide_x.data(), wanted.data(), wide_dy.data(), gradient.data(),
                                              taken.get());
        kernels::max_pool_backward(dynamic{g}, n, x.data(), dy.data(), false, dx.data());
        CHECK_EQ(first_difference(dx.data(), gradient.data(), in_magnitude.data(), inputs, 4), -1);

        aligned_vector<double> counts(outputs);
        kernels::reference::average_pool_counts(g, n, counts.data());
        kernels::reference::average_pool_forward(g, n, wide_x.data(), counts.data(), wanted.data());
        kernels::average_pool_forward(dynamic{g}, n, x.data(), y.data());
        CHECK_EQ(first_difference(y.data(), wanted.data(), out_magnitude.data(), outputs, 4), -1);
        for (std::size_t k = 0; k < inputs; ++k) gradient[k] = static_cast<double>(dx[k]);
        kernels::reference::average_pool_backward(g, n, wide_dy.data(), counts.data(), gradient.data());
        kernels::average_pool_backward(dynamic{g}, n, dy.data(), true, dx.data());
        CHECK_EQ(first_difference(dx.data(), gradient.data(), in_magnitude.data(), inputs, 4), -1);
    }
}

TEST_CASE("kernels/pooling: NaN wins, and the first NaN takes the gradient") {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    for (const int at : {0, 1, 2, 3}) {
        float x[] = {1, 9, 2, 3};
        x[at] = nan;
        constexpr pooling g{{2, 2, 1}, {1, 1, 1}, 2, 2, 1, 1, 0, 0, false};
        float y = 0;
        kernels::max_pool_forward(dynamic{g}, 1, x, &y);
        CHECK(std::isnan(y));
        const float dy = 1;
        float dx[4];
        kernels::max_pool_backward(dynamic{g}, 1, x, &dy, false, dx);
        for (int i = 0; i < 4; ++i) CHECK_EQ(dx[i], i == at ? 1.0F : 0.0F);
        kernels::global_average_pool_forward(1, {2, 2, 1}, x, &y);
        CHECK(std::isnan(y));
    }
}

TEST_CASE("kernels/pooling: whole planes") {
    random_stream random{2026, 41};
    for (const int channels : odd_channels) {
        const shape in{3, 5, channels};
        const auto wide = static_cast<std::size_t>(channels);
        const numbers<double> x(2 * in.elements(), random), dy(2 * wide, random);
        aligned_vector<double> mean(2 * wide), most(2 * wide), dx(2 * in.elements(), 1.0);
        kernels::global_average_pool_forward(2, in, x.data(), mean.data());
        kernels::global_max_pool_forward(2, in, x.data(), most.data());
        for (std::size_t s = 0; s < 2; ++s) {
            for (std::size_t c = 0; c < wide; ++c) {
                double sum = 0;
                double largest = -2;
                for (std::size_t p = 0; p < 15; ++p) {
                    const double value = x[(s * 15 + p) * wide + c];
                    sum += value;
                    largest = std::max(largest, value);
                }
                CHECK(mean[s * wide + c] == doctest::Approx(sum / 15).epsilon(1e-13));
                CHECK_EQ(most[s * wide + c], largest);
            }
        }
        kernels::global_average_pool_backward(2, in, dy.data(), true, dx.data());
        CHECK(dx[15 * wide] == doctest::Approx(1 + dy[wide] / 15).epsilon(1e-13));
        kernels::global_max_pool_backward(2, in, x.data(), dy.data(), false, dx.data());
        for (std::size_t i = 0; i < dx.size(); ++i) {
            const std::size_t to = i / (15 * wide) * wide + i % wide;
            CHECK_EQ(dx[i], x[i] == most[to] ? dy[to] : 0.0);
        }
    }
}

// SPDX-License-Identifier: MIT
#include <eenn/kernels/detail/dropout.hpp>

#include "generated.hpp"

using namespace eenn;

TEST_CASE("kernels/dropout: backward drops what forward dropped, and scales alike") {
    random_stream random{2026, 70};
    constexpr std::size_t count = 1003;
    const generated::numbers<float> x(count, random);
    aligned_vector<float> y(count), dx(count), added(count, 1.0F);
    kernels::dropout_forward(count, 0.25F, 1, 2, 3, x.data(), y.data());
    kernels::dropout_backward(count, 0.25F, 1, 2, 3, x.data(), false, dx.data());
    kernels::dropout_backward(count, 0.25F, 1, 2, 3, x.data(), true, added.data());
    for (std::size_t i = 0; i < count; ++i) {
        CHECK((y[i] == 0 || y[i] == doctest::Approx(x[i] / 0.75F)));
        CHECK_EQ(dx[i], y[i]);
        CHECK_EQ(added[i], 1 + y[i]);
    }
}

TEST_CASE("kernels/dropout: the mask belongs to the element's number, not to the range it came in") {
    constexpr std::size_t count = 100;
    const aligned_vector<float> x(count, 1.0F);
    aligned_vector<float> whole(count), parts(count);
    kernels::dropout_forward(count, 0.5F, 7, 1, 40, x.data(), whole.data());
    kernels::dropout_forward(33, 0.5F, 7, 1, 40, x.data(), parts.data());
    kernels::dropout_forward(count - 33, 0.5F, 7, 1, 73, x.data() + 33, parts.data() + 33);
    CHECK_EQ(generated::first_bit_difference(whole.data(), parts.data(), count), -1);
}

TEST_CASE("kernels/dropout: the rate is met to four standard deviations, and 0 keeps everything") {
    constexpr std::size_t count = 20000;
    const aligned_vector<float> x(count, 1.0F);
    aligned_vector<float> y(count);
    kernels::dropout_forward(count, 0.1F, 5, 0, 0, x.data(), y.data());
    const auto dropped = static_cast<double>(std::count(y.begin(), y.end(), 0.0F));
    CHECK(std::abs(dropped - 0.1 * count) < 4 * std::sqrt(0.1 * 0.9 * count));
    kernels::dropout_forward(count, 0.0F, 5, 0, 0, x.data(), y.data());
    CHECK_EQ(std::count(y.begin(), y.end(), 1.0F), static_cast<std::ptrdiff_t>(count));
}

// SPDX-License-Identifier: MIT
#include <eenn/kernels/detail/copy.hpp>

#include "generated.hpp"

using namespace eenn;

TEST_CASE("kernels/copy: two inputs side by side, and their gradients apart") {
    const float a[] = {1, 2};            // two pixels of one channel
    const float b[] = {10, 20, 30, 40};  // of two
    float y[6];
    kernels::concat_forward(2, 1, 3, 0, a, y);
    kernels::concat_forward(2, 2, 3, 1, b, y);
    const float wanted[] = {1, 10, 20, 2, 30, 40};
    for (int i = 0; i < 6; ++i) CHECK_EQ(y[i], wanted[i]);
    float db[] = {1, 1, 1, 1};
    kernels::concat_backward(2, 2, 3, 1, y, true, db);
    CHECK_EQ(db[0], 11.0F);
    CHECK_EQ(db[3], 41.0F);
    kernels::concat_backward(2, 2, 3, 1, y, false, db);
    CHECK_EQ(db[3], 40.0F);
}

TEST_CASE("kernels/copy: padding on every side, and back") {
    random_stream random{2026, 60};
    constexpr int n = 2;
    const shape in{2, 3, 5};
    const shape out{2 + 1 + 2, 3 + 0 + 4, 5 + 2 + 1};
    const generated::numbers<float> x(n * in.elements(), random);
    aligned_vector<float> y(n * out.elements()), back(n * in.elements());
    kernels::pad_forward(n, in, out, 1, 0, 2, 9.0F, x.data(), y.data());
    for (int s = 0; s < n; ++s) {
        for (int h = 0; h < out.h; ++h) {
            for (int w = 0; w < out.w; ++w) {
                for (int c = 0; c < out.c; ++c) {
                    const bool inner = h >= 1 && h < 3 && w < 3 && c >= 2 && c < 7;
                    const float wanted =
                        inner ? x[static_cast<std::size_t>(((s * 2 + h - 1) * 3 + w) * 5 + c - 2)] : 9.0F;
                    CHECK_EQ(y[static_cast<std::size_t>(((s * out.h + h) * out.w + w) * out.c + c)], wanted);
                }
            }
        }
    }
    kernels::pad_backward(n, in, out, 1, 0, 2, y.data(), false, back.data());
    CHECK_EQ(generated::first_bit_difference(back.data(), x.data(), back.size()), -1);
    kernels::pad_backward(n, in, out, 1, 0, 2, y.data(), true, back.data());
    CHECK_EQ(back[7], 2 * x[7]);
}

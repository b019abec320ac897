// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <eenn/core/random.hpp>
#include <eenn/tensor/detail/float16.hpp>
#include <limits>

using namespace eenn;

TEST_CASE("tensor/float16: numbers are exact: 1, -2, the largest, the smallest, infinity, NaN") {
    CHECK(float{float16{0x3c00}} == 1.0F);
    CHECK(float{float16{0xc000}} == -2.0F);
    CHECK(float{float16{0x7bff}} == 65504.0F);
    CHECK(float{float16{0x0001}} == 0x1p-24F);
    CHECK(float{float16{0x03ff}} == 1023 * 0x1p-24F);
    CHECK(float{float16{0x0400}} == 0x1p-14F);
    CHECK(std::signbit(float{float16{0x8000}}));
    CHECK(float{float16{0xfc00}} == -std::numeric_limits<float>::infinity());
    CHECK(std::isnan(float{float16{0x7e00}}));
    CHECK(float{bfloat16{0x3fc0}} == 1.5F);
}

TEST_CASE("tensor/float16: every half number comes back from a float with its bits, NaN as NaN") {
    int different = 0;
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
        const float16 x{static_cast<std::uint16_t>(bits)};
        const float16 back = to_float16(x);
        if (std::isnan(float{x})) {
            different += std::isnan(float{back}) ? 0 : 1;
        } else {
            different += back.bits == x.bits ? 0 : 1;
        }
    }
    CHECK(different == 0);
}

TEST_CASE("tensor/float16: floats between two half numbers go to the nearer one, from the middle to the even one") {
    int wrong = 0;
    for (std::uint32_t bits = 0; bits < 0x7bff; ++bits) {
        const float low{float16{static_cast<std::uint16_t>(bits)}};
        const float high{float16{static_cast<std::uint16_t>(bits + 1)}};
        const float middle = low + (high - low) / 2;
        wrong += to_float16(std::nextafter(middle, low)).bits == bits ? 0 : 1;
        wrong += to_float16(std::nextafter(middle, high)).bits == bits + 1 ? 0 : 1;
        wrong += to_float16(middle).bits == (bits + 1) / 2 * 2 ? 0 : 1;
        wrong += to_float16(-middle).bits == ((bits + 1) / 2 * 2 | 0x8000U) ? 0 : 1;
    }
    CHECK(wrong == 0);
    CHECK(to_float16(65519.0F).bits == 0x7bff);
    CHECK(to_float16(65520.0F).bits == 0x7c00);
    CHECK(to_float16(-std::numeric_limits<float>::infinity()).bits == 0xfc00);
}

TEST_CASE("tensor/float16: bfloat16 keeps eight significant bits, rounded to even") {
    CHECK(float{to_bfloat16(1.0F)} == 1.0F);
    CHECK(float{to_bfloat16(-0.15625F)} == -0.15625F);
    CHECK(float{to_bfloat16(1.00390625F)} == 1.0F);       // 1 + 2^-8: half way, to even
    CHECK(float{to_bfloat16(1.01171875F)} == 1.015625F);  // 1 + 3 * 2^-8: half way, to even
    random_stream random{.seed = 2};
    for (int i = 0; i < 1000; ++i) {
        const auto x = static_cast<float>(random.normal());
        CHECK(std::abs(float{to_bfloat16(x)} - x) <= std::abs(x) / 256);
        CHECK(std::abs(float{to_float16(x)} - x) <= std::max(std::abs(x) / 2048, 0x1p-25F));
    }
}

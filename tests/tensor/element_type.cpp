// SPDX-License-Identifier: MIT
#include <eenn/tensor/detail/element_type.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string_view>

using namespace eenn;

TEST_CASE("tensor/element_type: half numbers are exact: 1, -2, the largest, the smallest, infinity, NaN") {
    CHECK(static_cast<float>(float16{0x3c00}) == 1.0F);
    CHECK(static_cast<float>(float16{0xc000}) == -2.0F);
    CHECK(static_cast<float>(float16{0x7bff}) == 65504.0F);
    CHECK(static_cast<float>(float16{0x0001}) == 0x1p-24F);
    CHECK(static_cast<float>(float16{0x03ff}) == 1023 * 0x1p-24F);
    CHECK(static_cast<float>(float16{0x0400}) == 0x1p-14F);
    CHECK(std::signbit(static_cast<float>(float16{0x8000})));
    CHECK(static_cast<float>(float16{0xfc00}) == -std::numeric_limits<float>::infinity());
    CHECK(std::isnan(static_cast<float>(float16{0x7e00})));
    CHECK(static_cast<float>(bfloat16{0x3fc0}) == 1.5F);
}

TEST_CASE("tensor/element_type: every type has the bytes of the C++ type that stands for it, and a name of its own") {
    const auto all = {element_type::boolean, element_type::u8,  element_type::i8,  element_type::u16, element_type::i16,
                      element_type::u32,     element_type::i32, element_type::u64, element_type::i64, element_type::f16,
                      element_type::bf16,    element_type::f32, element_type::f64};
    for (const element_type type : all) {
        with_element_type(type, [&]<class T>(T) {
            CHECK(size_bytes(type) == sizeof(T));
            CHECK((type == element_type::boolean || element_type_of<T> == type));
        });
        for (const element_type other : all)
            CHECK((std::string_view{to_string(type)} == to_string(other)) == (type == other));
    }
    CHECK(std::string_view{to_string(element_type_of<bool>)} == "boolean");
}

TEST_CASE("tensor/element_type: numbers stand for themselves unless said otherwise") {
    CHECK(float{quantization{}.scale} == 1.0F);
    CHECK(quantization{}.zero_point == 0);
    CHECK(quantization{0.5, 3} != quantization{0.5, 4});
}

// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <eenn/io/array.hpp>
#include <limits>
#include <string>
#include <vector>

#include "folder.hpp"

using namespace eenn;

TEST_CASE("io/bytes: checked_product says nothing for negative or overflowing dims") {
    using dims = std::vector<std::int64_t>;
    CHECK(io::checked_product(dims{}, 4) == 4U);
    CHECK(io::checked_product(dims{2, 3}, 4) == 24U);
    CHECK(io::checked_product(dims{0, 3}, 4) == 0U);
    CHECK_FALSE(io::checked_product(dims{-1, 0}, 1).has_value());
    CHECK_FALSE(io::checked_product(dims{std::int64_t{1} << 62, 2}, 1).has_value());
    CHECK_FALSE(io::checked_product(dims{std::int64_t{1} << 32, std::int64_t{1} << 32, 0}, 1).has_value());
    CHECK_FALSE(io::checked_product(dims{(std::int64_t{1} << 61) + 1}, 8).has_value());
}

TEST_CASE("io/bytes: numbers are loaded and stored in either byte order") {
    const std::byte raw[] = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
    CHECK(io::load<std::uint32_t>(raw, std::endian::big) == 0x01020304U);
    CHECK(io::load<std::uint32_t>(raw, std::endian::little) == 0x04030201U);
    std::byte stored[2];
    io::store(stored, std::uint16_t{0x0102}, std::endian::big);
    CHECK(stored[0] == std::byte{1});
}

TEST_CASE("io/array: as() gives the elements in place, and refuses another type by name") {
    const std::vector<std::int32_t> values{1, -2, 3, 4};
    const auto made = io::make_array({2, 2}, std::span<const std::int32_t>{values});
    CHECK(made.elements() == 4);
    CHECK(made.as<std::int32_t>()[1] == -2);
    CHECK(contains(raised([&] { (void)made.as<float>("weights.npy"); }), "weights.npy: its elements are i32, not f32"));
    CHECK(contains(raised([&] { (void)io::make_array({3}, std::span<const std::int32_t>{values}); }),
                   "dims [3] do not hold 4 values"));
}

TEST_CASE("io/array: to() converts where the value fits and names the element where it does not") {
    const std::vector<double> values{1.0, -2.0, 300.0};
    const auto made = io::make_array({3}, std::span<const double>{values});
    CHECK(made.to<float>() == aligned_vector<float>{1, -2, 300});
    CHECK(made.to<int>() == aligned_vector<int>{1, -2, 300});
    CHECK(contains(raised([&] { (void)made.to<std::uint8_t>(); }), "element 1 of type f64 has no value in u8"));
    CHECK(contains(raised([&] { (void)made.to<std::int8_t>(); }), "element 2"));
    const auto refuses = [](double value, auto target) {
        const std::vector<double> one{value};
        return !raised([&] { (void)io::make_array({1}, std::span<const double>{one}).to<decltype(target)>(); }).empty();
    };
    CHECK(refuses(0.5, int{}));
    CHECK(refuses(std::nan(""), int{}));
    CHECK(refuses(2147483648.0, int{}));
    CHECK_FALSE(refuses(-2147483648.0, int{}));
    CHECK(refuses(0x1p63, std::int64_t{}));
    CHECK_FALSE(refuses(-0x1p63, std::int64_t{}));
    CHECK(refuses(0x1p64, std::uint64_t{}));
    CHECK_FALSE(refuses(0x1p63, std::uint64_t{}));
    CHECK(refuses(-1.0, std::uint64_t{}));
    const std::vector<std::int64_t> wide{-1};
    CHECK(contains(raised([&] { (void)io::make_array({1}, std::span<const std::int64_t>{wide}).to<std::uint64_t>(); }),
                   "element 0 of type i64"));
}

// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <array>
#include <concepts>
#include <eenn/core/detail/exact_span.hpp>
#include <vector>

using namespace eenn;

namespace {

std::size_t first_of(exact_span<const int, 3> three) { return static_cast<std::size_t>(three.data()[0]); }

}  // namespace

TEST_CASE("core/exact_span: arrays of the size convert without a check, vectors and spans of it with one") {
    const std::array<int, 3> array{7, 8, 9};
    const int plain[3] = {4, 5, 6};
    CHECK(first_of(array) == 7);
    CHECK(first_of(plain) == 4);
    CHECK(first_of(std::vector<int>{1, 2, 3}) == 1);
    CHECK(first_of(std::span<const int>{plain}) == 4);
    CHECK(std::is_nothrow_constructible_v<exact_span<const int, 3>, const std::array<int, 3>&>);
    CHECK_FALSE(std::is_nothrow_constructible_v<exact_span<const int, 3>, const std::vector<int>&>);
    CHECK_FALSE(std::constructible_from<exact_span<const int, 3>, int>);
}

TEST_CASE("core/exact_span: a vector of another size is an error that names both") {
    CHECK_THROWS_WITH_AS(first_of(std::vector<int>{1, 2}), doctest::Contains("2 elements, where 3 are wanted"), error);
    CHECK_THROWS_WITH_AS(first_of(std::vector<int>(4)), doctest::Contains("4 elements, where 3 are wanted"), error);
}

// SPDX-License-Identifier: MIT
#include <eenn/core/aligned.hpp>
#include <eenn/core/detail/constant.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/version.hpp>
#include <eenn/tensor/shape.hpp>

#include <doctest/doctest.h>

#include <cstdint>

namespace {

using namespace eenn;

struct option {
    int size = 3;
    real slope = 0.1;
};
struct doubled {
    constexpr int operator()(const option& o) const { return 2 * o.size; }
};
static_assert(transformed(constant<option{4}>{}, doubled{}).value == 8, "a constant stays a constant");
static_assert(float{real{0.1}} == 0.1F && real{0.5} == real{0.5} && !(real{0.5} == real{0.25}), "a real is its float");
static_assert(shape{2, 3, 4}.elements() == 24 && shape{2, 3, 4}.pixels() == 6, "rows, columns, channels");
static_assert(version.major == 0, "no release yet");

}  // namespace

TEST_CASE("core/constant: both phases give the same value") {
    CHECK(transformed(dynamic{option{4}}, doubled{}).value == 8);
    CHECK_FALSE(decltype(transformed(dynamic{option{}}, doubled{}))::known);
}

TEST_CASE("core/aligned: storage starts on a cache line") {
    for (const std::size_t count : {1U, 3U, 17U, 1000U}) {
        aligned_vector<float> v(count);
        CHECK(reinterpret_cast<std::uintptr_t>(v.data()) % alignment == 0);
    }
}

TEST_CASE("core/error: a message reads where, what, remedy") {
    CHECK_THROWS_WITH_AS(raise("here", "went wrong", "do that"), "here: went wrong; do that", error);
    CHECK_THROWS_WITH_AS(raise("here", "went wrong"), "here: went wrong", error);
}

TEST_CASE("tensor/shape: text is height, width, channels") { CHECK(to_string(shape{32, 16, 3}) == "32x16x3"); }

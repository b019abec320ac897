// SPDX-License-Identifier: MIT
#include <eenn/tensor/shape.hpp>

#include <doctest/doctest.h>

namespace {

using namespace eenn;

static_assert(shape{4, 5, 6}.elements() == 120 && shape{4, 5, 6}.pixels() == 20, "by hand");
static_assert(shape{1 << 30, 1 << 30, 16}.elements() == uncountable, "2^64 elements are not 0 elements");
static_assert(shape{1 << 30, 1 << 30, 1}.elements() == std::size_t{1} << 60, "2^60 can be counted");
static_assert(shape{1 << 16, 1 << 16, 1}.pixels() == std::numeric_limits<int>::max(), "more pixels than an int holds");
static_assert(shape{-1, 4, 4}.elements() == 0 && shape{-3, -4, 1}.pixels() == 0, "a negative axis has nothing");
static_assert(shape{1, 1, most_elements}.fits() && shape{1 << 14, 1 << 14, 1}.fits(), "the largest values");
static_assert(!shape{1 << 14, 1 << 14, 2}.fits() && !shape{1, 1, most_elements + 1}.fits() && !shape{0, 1, 1}.fits() &&
                  !shape{-1, -1, 1}.fits() && !shape{1 << 30, 1 << 30, 16}.fits(),
              "too large, or nothing");

}  // namespace

TEST_CASE("tensor/shape: the sizes above hold at run time too, where an int would wrap") {
    volatile int large = 1 << 30;
    CHECK(shape{large, large, 16}.elements() == uncountable);
    CHECK(shape{large, large, 1}.pixels() == std::numeric_limits<int>::max());
    CHECK(to_string(shape{large, 1, 3}) == "1073741824x1x3");
}

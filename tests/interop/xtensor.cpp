// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cstdint>
#include <eenn/interop/xtensor.hpp>
#include <limits>
#include <string>
#include <xtensor/xarray.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

#include "../raised.hpp"

using namespace eenn;

namespace {

data_set small() { return make_data_set({2, 1, 2}, 2, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {0, 1, 1}); }

}  // namespace

TEST_CASE("interop/xtensor: a set is seen as (N,H,W,C) without a copy, and written through") {
    data_set set = small();
    auto pixels = pixels_as_xtensor(set);
    CHECK(pixels.dimension() == 4);
    CHECK(pixels(2, 1, 0, 1) == 11);
    CHECK(&pixels(0, 0, 0, 0) == set.pixels.data());
    xt::view(pixels, 1) = 0.5F;
    CHECK(set[1][3] == 0.5F);
    const data_set& constant = set;
    CHECK(&pixels_as_xtensor(constant)(1, 0, 0, 0) == constant[1].data());
    CHECK(xt::sum(labels_as_xtensor(set))() == 2);
}

TEST_CASE("interop/xtensor: a batch is seen as (B,H,W,C) without a copy") {
    const data_set set = small();
    batch_loader loader{set, {.size = 2, .shuffle = false}};
    const batch* samples = loader.next();
    const auto pixels = pixels_as_xtensor(*samples);
    CHECK(pixels.shape()[0] == 2);
    CHECK(&pixels(1, 0, 0, 0) == samples->pixels + 4);
    CHECK(labels_as_xtensor(*samples)(1) == 1);
}

TEST_CASE("interop/xtensor: an array file is seen with its dims without a copy, and another type is refused") {
    const std::vector<std::int16_t> values{1, 2, 3, 4, 5, 6};
    const auto made = io::make_array({2, 3}, std::span<const std::int16_t>{values});
    const auto seen = as_xarray<std::int16_t>(made);
    CHECK(seen.dimension() == 2);
    CHECK(seen(1, 0) == 4);
    CHECK(static_cast<const void*>(&seen(0, 0)) == made.bytes.data());
    CHECK(contains(raised([&] { (void)as_xarray<float>(made); }), "elements are i16, not f32"));
}

TEST_CASE("interop/xtensor: any expression becomes an array, row-major whatever its layout") {
    const xt::xarray<double, xt::layout_type::column_major> columns{{1, 2, 3}, {4, 5, 6}};
    const auto made = to_array(columns + 1.0);
    CHECK(made.dims == std::vector<std::int64_t>{2, 3});
    CHECK(made.to<int>() == aligned_vector<int>{2, 3, 4, 5, 6, 7});
}

TEST_CASE("interop/xtensor: expressions become a checked data set") {
    const xt::xtensor<int, 3> images{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}};
    const xt::xtensor<std::int64_t, 1> labels{1, 0};
    const data_set set = make_data_set({2, 2, 1}, 2, images / 2.0, labels);
    CHECK(set[1][3] == 4);
    CHECK(set.labels == std::vector<int>{1, 0});
    CHECK(contains(raised([&] {
                       (void)make_data_set({2, 3, 1}, 2, images, labels);
                   }),
                   "pixels of dims (2, 2, 2) are not 2 samples"));
    CHECK(contains(raised([&] { (void)make_data_set({2, 2, 1}, 2, images, images); }), "labels of 3 dims"));
    CHECK(contains(raised([&] { (void)make_data_set({2, 2, 1}, 1, images, labels); }), "sample 0 has label 1"));
    CHECK(contains(raised([&] {
                       (void)make_data_set({2, 2, 1}, 2, images, labels * 5'000'000'000LL);
                   }),
                   "sample 0 has label 5000000000"));
    CHECK(contains(raised([&] { (void)make_data_set({2, 2, 1}, 2, images / 0.0, labels); }), "infinity"));
}

// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cstdint>
#include <eenn/data/data_set.hpp>
#include <limits>
#include <string>
#include <vector>

#include "../raised.hpp"

using namespace eenn;

namespace {

data_set three() { return make_data_set({1, 2, 1}, 2, {1, 2, 3, 4, 5, 6}, {0, 1, 0}, {7, 8, 7}); }

}  // namespace

TEST_CASE("data/data_set: sample i is the i-th block of H * W * C pixels") {
    const data_set set = three();
    CHECK(set.size() == 3);
    CHECK(set[1].size() == 2);
    CHECK(set[1][0] == 3);
    CHECK(set[2][1] == 6);
    CHECK(class_counts(set) == std::vector<int>{2, 1});
}

TEST_CASE("data/data_set: bytes become scale * pixel + offset") {
    const std::vector<std::uint8_t> pixels{0, 255, 51, 102};
    const std::vector<std::uint8_t> labels{1, 0};
    const data_set set =
        make_data_set({1, 1, 2}, 2, std::span<const std::uint8_t>{pixels}, std::span<const std::uint8_t>{labels});
    CHECK(set[0][1] == doctest::Approx(1.0));
    CHECK(set[1][0] == doctest::Approx(0.2));
    CHECK(set.labels == std::vector<int>{1, 0});
    const std::vector<std::int8_t> mfcc{-128, 83};
    const std::vector<std::int64_t> label{0};
    const data_set shifted = make_data_set({1, 1, 2}, 1, std::span<const std::int8_t>{mfcc},
                                           std::span<const std::int64_t>{label}, 0.5F, -41.5F);
    CHECK(shifted[0][0] == -105.5F);
    CHECK(shifted[0][1] == 0.0F);
}

TEST_CASE("data/data_set: floats of a plain vector or a span are taken as they are") {
    const std::vector<float> pixels{1, -2, 300, 4, 5, 6};
    const std::vector<int> labels{0, 1, 0};
    const data_set set = make_data_set({1, 2, 1}, 2, pixels, labels, {7, 8, 7});
    CHECK(set.pixels == aligned_vector<float>(pixels.begin(), pixels.end()));
    CHECK(set.labels == labels);
    CHECK(set.groups == std::vector<int>{7, 8, 7});
    CHECK(make_data_set({1, 2, 1}, 2, std::span<const float>{pixels}.first(2), {1})[0][1] == -2);
    CHECK(contains(raised([&] { (void)make_data_set({1, 4, 1}, 2, pixels, labels); }), "6 pixels are not 3 samples"));
}

TEST_CASE("data/data_set: a wrong set is refused and the message names the sample") {
    const auto make = [](aligned_vector<float> pixels, std::vector<int> labels, std::vector<int> groups = {}) {
        return raised([&] { (void)make_data_set({1, 2, 1}, 2, pixels, labels, groups); });
    };
    CHECK(make({1, 2, 3, 4}, {0, 1}).empty());
    CHECK(contains(make({}, {}), "no samples"));
    CHECK(contains(make({1, 2, 3}, {0}), "3 pixels are not 1 samples"));
    CHECK(contains(make({1, 2, 3, 4}, {0}), "4 pixels are not 1 samples"));
    CHECK(contains(make({1, 2, 3, 4}, {0, 2}), "sample 1 has label 2, outside [0, 2)"));
    CHECK(contains(make({1, 2, 3, 4}, {-1, 0}), "sample 0 has label -1"));
    CHECK(contains(make({1, 2, 3, 4}, {0, 1}, {5}), "1 groups for 2 samples"));
    CHECK(contains(make({1, 2, 3, std::numeric_limits<float>::quiet_NaN()}, {0, 1}), "sample 1 has the pixel NaN"));
    CHECK(contains(make({1, std::numeric_limits<float>::infinity(), 3, 4}, {0, 1}), "sample 0 has the pixel infinity"));
    CHECK(contains(raised([] { (void)make_data_set({0, 2, 1}, 2, {}, {0}); }), "no elements"));
    CHECK(contains(raised([] { (void)make_data_set({1, 1, 1}, 0, {1}, {0}); }), "classes"));
}

TEST_CASE("data/data_set: a subset holds the samples of its indices in their order, with labels and groups") {
    const data_set set = three();
    const std::vector<int> chosen{2, 0, 2};
    const data_set part = subset(set, chosen);
    CHECK(part.pixels == aligned_vector<float>{5, 6, 1, 2, 5, 6});
    CHECK(part.labels == std::vector<int>{0, 0, 0});
    CHECK(part.groups == std::vector<int>{7, 7, 7});
    const std::vector<int> beyond{0, 3};
    CHECK(contains(raised([&] { (void)subset(set, beyond); }), "index 3 is outside [0, 3)"));
    CHECK(contains(raised([&] { (void)subset(set, {}); }), "no index"));
}

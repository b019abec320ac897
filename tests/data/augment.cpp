// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <eenn/data/augment.hpp>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

using namespace eenn;

namespace {

// Applies a change to the 2x3x1 image 1 2 3 / 4 5 6 with fill 0.
std::vector<float> changed(const image_change& change) {
    const std::vector<float> source{1, 2, 3, 4, 5, 6};
    std::vector<float> target(6, -1);
    apply_change(change, {2, 3, 1}, 0, source.data(), target.data());
    return target;
}

}  // namespace

TEST_CASE("data/augment: shift, flip and cutout of a 2x3 image by hand") {
    CHECK(changed({}) == std::vector<float>{1, 2, 3, 4, 5, 6});
    CHECK(changed({.flipped = true}) == std::vector<float>{3, 2, 1, 6, 5, 4});
    CHECK(changed({.down = 1}) == std::vector<float>{0, 0, 0, 1, 2, 3});
    CHECK(changed({.down = -1, .right = 1}) == std::vector<float>{0, 4, 5, 0, 0, 0});
    CHECK(changed({.right = 1, .flipped = true}) == std::vector<float>{2, 1, 0, 5, 4, 0});
    CHECK(changed({.cut_y = 0, .cut_x = 1, .cut_side = 1}) == std::vector<float>{1, 0, 3, 4, 5, 6});
    CHECK(changed({.cut_y = -1, .cut_x = 2, .cut_side = 2}) == std::vector<float>{1, 2, 0, 4, 5, 6});
    CHECK(changed({.down = 9}) == std::vector<float>(6, 0));
}

TEST_CASE("data/augment: all channels of a pixel move together") {
    const std::vector<float> source{1, 10, 2, 20};
    std::vector<float> target(4);
    apply_change({.flipped = true}, {1, 2, 2}, 0, source.data(), target.data());
    CHECK(target == std::vector<float>{2, 20, 1, 10});
}

TEST_CASE("data/augment: a padding of 2 draws each of the 25 shifts, and a signal is shifted along its length only") {
    std::set<std::pair<int, int>> image, signal;
    for (std::uint64_t sample = 0; sample < 2000; ++sample) {
        auto random = augmentation_stream(1, 0, sample);
        const auto drawn = draw_change({.crop_padding = 2}, {8, 8, 1}, random);
        image.emplace(drawn.down, drawn.right);
        auto again = augmentation_stream(1, 0, sample);
        const auto step = draw_change({.crop_padding = 2}, {1, 64, 1}, again);
        signal.emplace(step.down, step.right);
    }
    CHECK(image.size() == 25);
    CHECK(signal.size() == 5);
    for (const auto& [down, right] : image) CHECK((std::abs(down) <= 2 && std::abs(right) <= 2));
}

TEST_CASE("data/augment: about half of 10,000 samples are flipped, and another epoch flips others") {
    int flipped = 0, same = 0;
    for (std::uint64_t sample = 0; sample < 10'000; ++sample) {
        auto first = augmentation_stream(7, 0, sample), second = augmentation_stream(7, 1, sample);
        const bool now = draw_change({.flip = true}, {4, 4, 1}, first).flipped;
        flipped += now;
        same += now == draw_change({.flip = true}, {4, 4, 1}, second).flipped;
    }
    CHECK(std::abs(flipped - 5000) < 250);  // 5 standard deviations
    CHECK(std::abs(same - 5000) < 250);
}

TEST_CASE("data/augment: the centre of a cutout is any pixel") {
    std::set<std::pair<int, int>> places;
    for (std::uint64_t sample = 0; sample < 1000; ++sample) {
        auto random = augmentation_stream(1, 2, sample);
        const auto drawn = draw_change({.cutout = 4}, {4, 5, 1}, random);
        CHECK(drawn.cut_side == 4);
        places.emplace(drawn.cut_y + 2, drawn.cut_x + 2);
    }
    CHECK(places.size() == 20);
    CHECK(places.begin()->first == 0);
    CHECK(places.rbegin()->second == 4);
}

TEST_CASE("data/augment: Beta(a, a) has mean 1/2 and variance 1 / (4 (2 a + 1))") {
    for (const double alpha : {0.2, 1.0, 2.0}) {
        random_stream random{5, 6, 0};
        double sum = 0, squares = 0;
        constexpr int draws = 40'000;
        for (int i = 0; i < draws; ++i) {
            const double w = beta_weight(alpha, random);
            REQUIRE((w >= 0 && w <= 1));
            sum += w;
            squares += (w - 0.5) * (w - 0.5);
        }
        CAPTURE(alpha);
        CHECK(std::abs(sum / draws - 0.5) < 0.01);  // 0.5 / sqrt(draws) = 0.0025 at most
        CHECK(std::abs(squares / draws - 1 / (4 * (2 * alpha + 1))) < 0.005);
    }
}

TEST_CASE("data/augment: mix-up weighs the sample itself by the weight") {
    std::array<float, 2> target{1, 2};
    const std::array<float, 2> other{5, 10};
    mix_samples(target, other.data(), 0.75F);
    CHECK(target == std::array<float, 2>{2, 4});
}

TEST_CASE("data/augment: nothing is on by default, and each member switches something on") {
    CHECK_FALSE(augmentation{}.any());
    CHECK(augmentation{.crop_padding = 1}.any());
    CHECK(augmentation{.flip = true}.any());
    CHECK(augmentation{.cutout = 1}.any());
    CHECK(augmentation{.mix_up = 1}.any());
    CHECK_THROWS_AS(check(augmentation{.fill = NAN}, {4, 4, 1}), error);
    CHECK_THROWS_AS(check(augmentation{.mix_up = NAN}, {4, 4, 1}), error);
    CHECK_THROWS_AS(check(augmentation{.crop_padding = -1}, {4, 4, 1}), error);
}

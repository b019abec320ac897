// SPDX-License-Identifier: MIT
#include <eenn/data/detail/mirror.hpp>

#include <doctest/doctest.h>

using namespace eenn;

TEST_CASE("data/mirror: each sample is followed by its mirror image, rows kept, channels kept together") {
    data_set set{{2, 3, 2}, 2, {}, {1, 0}, {}};
    for (int i = 0; i < 24; ++i) set.pixels.push_back(static_cast<float>(i));
    const data_set both = with_mirror_images(set);
    REQUIRE(both.size() == 4);
    CHECK(both.labels == std::vector<std::int32_t>{1, 0, 1, 0});
    for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t y = 0; y < 2; ++y)
            for (std::size_t x = 0; x < 3; ++x)
                for (std::size_t c = 0; c < 2; ++c) {
                    const std::size_t row = i * 12 + y * 6;
                    CHECK(both.pixels[row + x * 2 + c] == set.pixels[row + x * 2 + c]);
                    CHECK(both.pixels[24 + row + x * 2 + c] == set.pixels[row + (2 - x) * 2 + c]);
                }
}

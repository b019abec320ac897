// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <eenn/data/glyphs.hpp>
#include <vector>

using namespace eenn;

namespace {

// Share of `test` that the nearest class mean of `train` labels rightly: only its easy or hard half counts.
double nearest_mean_accuracy(const data_set& train, const data_set& test, std::uint64_t seed, bool hard) {
    std::vector<std::array<double, 784>> mean(10);
    for (int i = 0; i < train.size(); ++i) {
        for (std::size_t p = 0; p < 784; ++p)
            mean[std::size_t(train.labels[std::size_t(i)])][p] += 10.0 * train[i][p] / train.size();
    }
    int right = 0, count = 0;
    for (int i = 0; i < test.size(); ++i) {
        if ((glyph_difficulty(seed, std::uint64_t(i)) > 0.125) != hard) continue;  // the median of u^3
        std::size_t best = 0;
        double least = 1e30;
        for (std::size_t k = 0; k < 10; ++k) {
            double distance = 0;
            for (std::size_t p = 0; p < 784; ++p) distance += (test[i][p] - mean[k][p]) * (test[i][p] - mean[k][p]);
            if (distance < least) {
                least = distance;
                best = k;
            }
        }
        right += static_cast<int>(best) == test.labels[std::size_t(i)];
        ++count;
    }
    return static_cast<double>(right) / count;
}

}  // namespace

TEST_CASE("data/glyphs: the set is sound, balanced and the same for the same seed") {
    const data_set set = make_glyphs(200, 7);
    CHECK_NOTHROW(check(set));
    CHECK(set.sample == shape{28, 28, 1});
    CHECK(class_counts(set) == std::vector<int>(10, 20));
    CHECK(set.pixels == make_glyphs(200, 7).pixels);
    CHECK(set.pixels != make_glyphs(200, 8).pixels);
    CHECK_THROWS_AS((void)make_glyphs(0, 1), error);
}

TEST_CASE("data/glyphs: a longer set continues a shorter one") {
    const data_set longer = make_glyphs(30, 3), shorter = make_glyphs(20, 3);
    CHECK(std::equal(shorter.pixels.begin(), shorter.pixels.end(), longer.pixels.begin()));
}

TEST_CASE("data/glyphs: nearest class means label over 80 % of the easy half, and 15 points less of the hard one") {
    const data_set train = make_glyphs(2000, 1), test = make_glyphs(1000, 2);
    const double easy = nearest_mean_accuracy(train, test, 2, false),
                 hard = nearest_mean_accuracy(train, test, 2, true);
    CAPTURE(easy);
    CAPTURE(hard);
    CHECK(easy > 0.8);
    CHECK(hard < easy - 0.15);
    CHECK(hard > 0.3);
}

// Both compilers of the house gave this number, with and without -march=native, under -ffp-contract=off.
TEST_CASE("data/glyphs: the bits of 100 samples are those of every other machine") {
    std::uint64_t hash = 0;
    for (const float pixel : make_glyphs(100, 42).pixels)
        hash = random_bits(hash, std::bit_cast<std::uint32_t>(pixel), 0);
    CHECK(hash == 11414597027017320094ULL);
}

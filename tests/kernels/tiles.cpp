// SPDX-License-Identifier: MIT
#include <eenn/kernels/detail/tiles.hpp>

#include "generated.hpp"

using namespace eenn;
using namespace generated;
using kernels::convolution;
using kernels::tile_set;
using kernels::unit_stride;

namespace {

/// The tiles of a set alone: another one would be a call of null.
kernels::tile_table<float> only(const tile_set& set, kernels::tile_table<float> all) {
    for (std::size_t width = 0; width < kernels::tile_widths; ++width) {
        for (int p = 1; p <= kernels::most_rows_of_any; ++p) {
            if (!set.holds(width, p)) all[width][static_cast<std::size_t>(p - 1)] = nullptr;
        }
    }
    return all;
}

convolution pointwise(random_stream& random) {
    convolution g;
    g.in = g.out = {pick(random, 1, 5), pick(random, 1, 7), 0};
    g.in.c = odd_channels[random.below(std::size(odd_channels))];
    g.out.c = odd_channels[random.below(std::size(odd_channels))];
    return g;
}

}  // namespace

TEST_CASE(
    "kernels/tiles: a direct sum takes the tiles of its sets alone, whatever the samples and shares, to the same "
    "bits") {
    using kernels::algorithm;
    const auto& sum = kernels::tiles_of<float, unit_stride::sum>;
    const auto& rows = kernels::tiles_of<float, unit_stride::rows>;
    random_stream random{.seed = 1, .stream = 71};
    const numbers<float> packed(2 * kernels::packed_block_size<float>(64, 64, 64), random);  // enough for any
    const float* const none = nullptr;
    for (int i = 0; i < 600; ++i) {
        const convolution g = i % 3 == 0 ? pointwise(random) : any_convolution(random);
        if (g.depthwise()) continue;
        const std::string what = describe(g);
        CAPTURE(what);
        const int n = pick(random, 1, 70);
        const auto count = static_cast<std::size_t>(n);
        const std::size_t inputs = count * g.in.elements();
        const std::size_t outputs = count * g.out.elements();
        const numbers<float> x(inputs, random), dy(outputs, random);
        aligned_vector<float> y(outputs), wanted_y(outputs), dx(inputs), wanted_dx(inputs);
        const auto forward = only(kernels::detail::forward_tiles<float>{}(g), sum);
        const auto run = [&](const convolution& part, int samples, std::ptrdiff_t from, std::ptrdiff_t to,
                             const kernels::tile_table<float>& tiles, float* out) {
            kernels::detail::convolve_samples<algorithm::direct>(part, samples, x.data() + from, packed.data(), none,
                                                                 {}, out + to, tiles);
        };
        run(g, n, 0, 0, sum, wanted_y.data());
        run(g, n, 0, 0, forward, y.data());
        CHECK_EQ(first_bit_difference(y.data(), wanted_y.data(), outputs), -1);
        for (int threads = 1; threads <= 5; ++threads) {
            aligned_vector<float> divided(g.out.elements());
            for (int t = 0; t < threads; ++t) {
                const auto part = kernels::detail::slice_of(g, {t, threads}, 1, 1);
                if (part.g.out.pixels() > 0) run(part.g, 1, part.x, part.y, forward, divided.data());
            }
            CHECK_EQ(first_bit_difference(divided.data(), wanted_y.data(), divided.size()), -1);
        }
        const auto spread = [&](const kernels::tile_table<float>& tiles, float* out) {
            kernels::detail::spread_samples<algorithm::direct>(g, n, dy.data(), packed.data(), false, out, tiles);
        };
        spread(sum, wanted_dx.data());
        spread(only(kernels::detail::gradient_tiles<float>{}(g), sum), dx.data());
        CHECK_EQ(first_bit_difference(dx.data(), wanted_dx.data(), inputs), -1);
        numbers<float> w(static_cast<std::size_t>(g.kernel_h * g.kernel_w * g.in.c * g.out.c), random);
        kernels::detail::correlate_samples(g, n, x.data(), dy.data(), w.data(),
                                           only(kernels::detail::weight_tiles<float>{}(g), rows));
    }
}

TEST_CASE("kernels/tiles: a count is covered once, by balanced tiles or by halves, whichever were compiled") {
    for (int most = 1; most <= 16; ++most) {
        for (int count = 1; count <= 70; ++count) {
            for (const bool all : {true, false}) {
                const auto held = [&](int rows) {
                    for (int half = most; half > 0; half /= 2) {
                        if (rows == half) return true;
                    }
                    return all;
                };
                int covered = 0, tiles = 0;
                kernels::for_each_size(count, most, held, [&](int rows, int times) {
                    CHECK(held(rows));
                    CHECK(rows <= most);
                    CHECK(times > 0);
                    covered += rows * times;
                    tiles += times;
                });
                CHECK_EQ(covered, count);
                if (all) CHECK_EQ(tiles, (count + most - 1) / most);
            }
        }
    }
}

TEST_CASE("kernels/tiles: a constant geometry compiles the tiles of its set alone") {
    constexpr int W = lane_count<float>;
    constexpr convolution g{{8, 8, 6}, {8, 8, W}, 3, 3, 1, 1, 1, 1, 1, 1, 1};
    constexpr tile_set set = kernels::detail::weight_tiles<float>{}(g);
    const auto& table = kernels::tiles_of<float, unit_stride::rows, set>;
    const kernels::balanced_tiles six(6, kernels::most_rows(1));
    for (std::size_t width = 0; width < kernels::tile_widths; ++width) {
        for (int p = 1; p <= kernels::most_rows_of_any; ++p) {
            const bool wanted =
                width == kernels::tile_width<float>(1, W) && (p == six.size || (six.larger > 0 && p == six.size + 1));
            CHECK_EQ(table[width][static_cast<std::size_t>(p - 1)] != nullptr, wanted);
        }
    }
}

TEST_CASE("kernels/tiles: sets of the same rows at other widths have other tables") {
    constexpr auto lone = [](std::size_t width) {
        tile_set set;
        set.insert(width, 1);
        return set;
    };
    const auto& one = kernels::tiles_of<float, unit_stride::sum, lone(1)>;
    const auto& four = kernels::tiles_of<float, unit_stride::sum, lone(3)>;
    for (std::size_t width = 0; width < kernels::tile_widths; ++width) {
        CHECK_EQ(one[width][0] != nullptr, width == 1);
        CHECK_EQ(four[width][0] != nullptr, width == 3);
    }
}

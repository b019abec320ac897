// SPDX-License-Identifier: MIT
#include <eenn/kernels/tiles.hpp>

#include "generated.hpp"

using namespace eenn;
using namespace generated;
using kernels::convolution;
using kernels::tile_set;
using kernels::unit_stride;

namespace {

int strangers = 0;
void stranger(const kernels::sweep<float>&) noexcept { ++strangers; }

/// The tiles of a set; in place of all others, one that counts.
kernels::tile_table<float> only(const tile_set& set, const kernels::tile_table<float>& all) {
    kernels::tile_table<float> table{};
    for (std::size_t width = 0; width < kernels::tile_widths; ++width) {
        for (int p = 1; p <= kernels::most_rows_of_any; ++p) {
            const auto at = static_cast<std::size_t>(p - 1);
            table[width][at] = set.holds(width, p) ? all[width][at] : &stranger;
        }
    }
    return table;
}

convolution pointwise(random_stream& random) {
    convolution g;
    g.in = g.out = {pick(random, 1, 5), pick(random, 1, 7), 0};
    g.in.c = odd_channels[random.below(std::size(odd_channels))];
    g.out.c = odd_channels[random.below(std::size(odd_channels))];
    return g;
}

}  // namespace

TEST_CASE("kernels/tiles: a direct sum takes no tile outside of its sets, whatever the samples and shares") {
    using kernels::algorithm;
    const auto& sum = kernels::tiles_of<float, unit_stride::sum>;
    const auto& rows = kernels::tiles_of<float, unit_stride::rows>;
    random_stream random{.seed = 1, .stream = 71};
    const numbers<float> packed(2 * kernels::packed_block_size<float>(64, 64, 64), random);  // enough for any
    const float* const none = nullptr;
    strangers = 0;
    for (int i = 0; i < 400; ++i) {
        const convolution g = i % 4 == 0 ? pointwise(random) : any_convolution(random);
        if (g.depthwise()) continue;
        const std::string what = describe(g);
        CAPTURE(what);
        const int n = pick(random, 1, 20);
        const auto count = static_cast<std::size_t>(n);
        numbers<float> x(count * g.in.elements(), random), y(count * g.out.elements(), random);
        numbers<float> w(static_cast<std::size_t>(g.kernel_h * g.kernel_w * g.in.c * g.out.c), random);
        const auto forward = only(kernels::detail::forward_tiles<float>{}(g), sum);
        kernels::detail::convolve_samples<algorithm::direct>(g, n, x.data(), packed.data(), none, {}, y.data(),
                                                             forward);
        const int threads = pick(random, 2, 4);
        for (int t = 0; t < threads; ++t) {
            const auto part = kernels::detail::slice_of(g, {t, threads}, 1, 1);
            if (part.g.out.pixels() == 0) continue;
            kernels::detail::convolve_samples<algorithm::direct>(part.g, 1, x.data() + part.x, packed.data(), none, {},
                                                                 y.data() + part.y, forward);
        }
        kernels::detail::spread_samples<algorithm::direct>(g, n, y.data(), packed.data(), false, x.data(),
                                                           only(kernels::detail::gradient_tiles<float>{}(g), sum));
        kernels::detail::correlate_samples(g, n, x.data(), y.data(), w.data(),
                                           only(kernels::detail::weight_tiles<float>{}(g), rows));
        CHECK_EQ(strangers, 0);
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

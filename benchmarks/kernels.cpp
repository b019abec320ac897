// SPDX-License-Identifier: MIT
//
// kernels.cpp - GFLOP/s of the convolution kernels on the layers of small networks, as a share of what the core can do.
//
// Method: one thread, float. A call is repeated until it takes 0.5 ms; of 41 such samples the median counts, and the
// quickest is shown beside it, since on a shared machine the two differ. The peak is the rate of independent multiply-adds
// in registers, measured the same way before every layer. GFLOP/s are nominal: 2 x MACs, taps on padding included, so
// that kernels which skip them can pass the peak.
#include <eenn/core/aligned.hpp>
#include <eenn/core/random.hpp>
#include <eenn/kernels/detail/convolution.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "../examples/command_line.hpp"
#include "measure.hpp"

namespace {

using namespace eenn;
using kernels::convolution;

struct timing {
    double median;
    double best;
};

template <class F>
timing seconds(F&& call) {
    using clock = std::chrono::steady_clock;
    const auto measure = [&](long repeats) {
        const auto start = clock::now();
        for (long i = 0; i < repeats; ++i) call();
        return std::chrono::duration<double>(clock::now() - start).count();
    };
    call();
    long repeats = 1;
    while (measure(repeats) < 0.5e-3) repeats *= 2;
    std::vector<double> samples(41);
    for (double& s : samples) s = measure(repeats) / static_cast<double>(repeats);
    std::sort(samples.begin(), samples.end());
    return {samples[samples.size() / 2], samples[0]};
}

struct layer {
    const char* name;
    convolution g;
    int samples;
};

constexpr layer layers[] = {
    {"3x3 16->16 32x32", {{32, 32, 16}, {32, 32, 16}, 3, 3, 1, 1, 1, 1, 1, 1, 1}, 1},
    {"3x3 32->32 16x16", {{16, 16, 32}, {16, 16, 32}, 3, 3, 1, 1, 1, 1, 1, 1, 1}, 1},
    {"3x3 64->64 8x8", {{8, 8, 64}, {8, 8, 64}, 3, 3, 1, 1, 1, 1, 1, 1, 1}, 1},
    {"3x3 3->16 32x32", {{32, 32, 3}, {32, 32, 16}, 3, 3, 1, 1, 1, 1, 1, 1, 1}, 1},
    {"3x3 16->32 32x32 s2", {{32, 32, 16}, {16, 16, 32}, 3, 3, 2, 2, 0, 0, 1, 1, 1}, 1},
    {"1x1 16->32 32x32 s2", {{32, 32, 16}, {16, 16, 32}, 1, 1, 2, 2, 0, 0, 1, 1, 1}, 1},
    {"1x1 64->64 25x5", {{25, 5, 64}, {25, 5, 64}, 1, 1, 1, 1, 0, 0, 1, 1, 1}, 1},
    {"1x1 8->16 48x48", {{48, 48, 8}, {48, 48, 16}, 1, 1, 1, 1, 0, 0, 1, 1, 1}, 1},
    {"1x1 128->128 6x6", {{6, 6, 128}, {6, 6, 128}, 1, 1, 1, 1, 0, 0, 1, 1, 1}, 1},
    {"dw3x3 64 25x5", {{25, 5, 64}, {25, 5, 64}, 3, 3, 1, 1, 1, 1, 1, 1, 64}, 1},
    {"dw3x3 16 48x48", {{48, 48, 16}, {48, 48, 16}, 3, 3, 1, 1, 1, 1, 1, 1, 16}, 1},
    {"dw3x3 128 6x6", {{6, 6, 128}, {6, 6, 128}, 3, 3, 1, 1, 1, 1, 1, 1, 128}, 1},
    {"dw3x3 16 48x48 s2", {{48, 48, 16}, {24, 24, 16}, 3, 3, 2, 2, 0, 0, 1, 1, 16}, 1},
    {"10x4 1->64 49x10 s2", {{49, 10, 1}, {25, 5, 64}, 10, 4, 2, 2, 4, 1, 1, 1, 1}, 1},
    {"1-D k7 1->16 187", {{1, 187, 1}, {1, 187, 16}, 1, 7, 1, 1, 0, 3, 1, 1, 1}, 1},
    {"1-D k5 16->32 93", {{1, 93, 16}, {1, 93, 32}, 1, 5, 1, 1, 0, 2, 1, 1, 1}, 1},
    {"1-D k5 32->64 46", {{1, 46, 32}, {1, 46, 64}, 1, 5, 1, 1, 0, 2, 1, 1, 1}, 1},
    {"1-D k3 64->64 23", {{1, 23, 64}, {1, 23, 64}, 1, 3, 1, 1, 0, 1, 1, 1, 1}, 1},
    {"1-D k5 32->32 187", {{1, 187, 32}, {1, 187, 32}, 1, 5, 1, 1, 0, 2, 1, 1, 1}, 1},
    {"dense 64->10", {{1, 1, 64}, {1, 1, 10}, 1, 1, 1, 1, 0, 0, 1, 1, 1}, 1},
    {"dense 64->10, 64 samples", {{1, 1, 64}, {1, 1, 10}, 1, 1, 1, 1, 0, 0, 1, 1, 1}, 64},
    {"dense 256->128", {{1, 1, 256}, {1, 1, 128}, 1, 1, 1, 1, 0, 0, 1, 1, 1}, 1},
    {"3x3 64->64 8x8, 16 samples", {{8, 8, 64}, {8, 8, 64}, 3, 3, 1, 1, 1, 1, 1, 1, 1}, 16},
};

aligned_vector<float> noise(std::size_t count) {
    aligned_vector<float> v(count);
    random_stream random{1};
    for (float& x : v) x = static_cast<float>(random.uniform(-1, 1));
    return v;
}

void run(const layer& l, double core) {
    const convolution& g = l.g;
    const kernels::selected_convolution p = kernels::select(g);
    const auto n = static_cast<std::size_t>(l.samples);
    const auto weights = static_cast<std::size_t>(g.kernel_h * g.kernel_w * (g.in.c / g.groups) * g.out.c);
    const auto x = noise(n * g.in.elements());
    const auto dy = noise(n * g.out.elements());
    const auto w = noise(weights);
    const auto bias = noise(static_cast<std::size_t>(g.out.c));
    auto y = dy;
    auto dx = x;
    auto dw = w;
    aligned_vector<float> packed(kernels::packed_size<float>(p));
    aligned_vector<float> packed_gradient(kernels::packed_gradient_size<float>(p));
    kernels::pack(dynamic{p}, w.data(), bias.data(), nullptr, nullptr, packed.data());
    kernels::pack_gradient(dynamic{p}, w.data(), packed_gradient.data());

    const double flops =
        2.0 * static_cast<double>(g.out.elements() * n) * g.kernel_h * g.kernel_w * (g.in.c / g.groups);
    aligned_vector<float> scratch(std::max({kernels::scratch_size<float>(p), kernels::gradient_scratch_size<float>(p),
                                            kernels::weight_scratch_size<float>(p)}));
    constexpr kernels::activation relu{kernels::activation_kind::relu, {}};
    const timing t[] = {
        seconds([&] {
            kernels::forward(dynamic{p}, l.samples, x.data(), packed.data(), nullptr, relu, y.data(), scratch.data());
        }),
        seconds([&] {
            kernels::backward_data(dynamic{p}, l.samples, dy.data(), packed_gradient.data(), false, dx.data(),
                                   scratch.data());
        }),
        seconds([&] {
            kernels::backward_weights(dynamic{p}, l.samples, x.data(), dy.data(), dw.data(), nullptr, scratch.data());
        })};
    std::printf("%-27s", l.name);
    for (const auto& one : t) {
        std::printf(" %8.2f us %5.1f GF %3.0f %% (%3.0f)", one.median * 1e6, flops / one.median / 1e9,
                    100 * flops / one.median / 1e9 / core, 100 * flops / one.best / 1e9 / core);
    }
    std::printf("\n");
}

// One tile at a time over 3 rows of 96 inputs, a 3x3 window over 32 channels: what tuning.hpp chooses from.
void run_tile_table(double core) {
    constexpr int depth = 96;
    constexpr int repeats = 20;
    const auto a = noise(1 << 17);
    const auto b = noise(1 << 17);
    auto out = noise(1 << 17);
    std::printf("share of the core's peak by rows x vectors: convolution, weight gradient\n");
    for (const int vectors : {1, 2, 4, 8}) {
        for (int rows = 1; rows <= kernels::most_rows(vectors); ++rows) {
            constexpr int W = lane_count<float>;
            kernels::sweep<float> s;
            s.a = a.data();
            s.b = s.bias = b.data();
            s.out = out.data();
            s.r = 3;
            s.k = depth;
            s.a_row = s.a_r = depth;
            s.b_k = std::min(vectors, 2) * W;
            s.b_r = s.b_k * depth;
            s.b_block = s.b_r * s.r;
            s.out_row = vectors * W;
            s.last = W;
            s.lines = repeats;
            const double flops = 2.0 * repeats * rows * vectors * W * s.r * depth;
            const auto rate = [&](auto run) { return 100 * flops / seconds(run).best / 1e9 / core; };
            std::printf("%2d x %d  %3.0f", rows, vectors, rate([&] {
                            kernels::run_tiles(s, rows, vectors, kernels::tiles_of<float, kernels::unit_stride::sum>);
                        }));
            if (vectors <= 2) {
                kernels::sweep<float> g = s;
                g.lines = 1;
                g.tiles = repeats;
                g.a_k = repeats * rows;
                g.a_r = g.a_k * depth;
                std::printf(" %3.0f", rate([&] {
                                kernels::run_tiles(g, rows, vectors,
                                                   kernels::tiles_of<float, kernels::unit_stride::rows>);
                            }));
            }
            std::printf("\n");
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::string part;
    examples::command_line line{
        "kernels",
        "measures the convolution kernels on the layers of small networks, as shares of what a core can do."};
    line.option("[LAYER]", part,
                "a part of the names of the layers to measure, all by default; 'tiles': rates of tiles");
    line.read(argc, argv);
    if (part == "tiles") {
        run_tile_table(measure::fma_peak() * 1e-9);
        return 0;
    }
    std::printf(
        "%d floats a vector; per kernel: median time, rate, share of the core's peak (of the quickest sample)\n",
        lane_count<float>);
    std::printf("%-27s %-33s %-33s %-33s\n", "layer", "forward", "data gradient", "weight gradient");
    double core = 0;
    for (const auto& l : layers) {
        if (std::string_view{l.name}.find(part) == std::string_view::npos) continue;
        core = std::max(core, measure::fma_peak() * 1e-9);
        run(l, core);
    }
    std::printf("peak %.1f GFLOP/s\n", core);
}

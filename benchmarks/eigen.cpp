// SPDX-License-Identifier: MIT
//
// eigen.cpp - the library's vectors and dense layers against Eigen's public fixed-size arrays and products: what each is used for.
//
// Method: one thread, float, all operands in the nearest caches; the median of single calls, taken in turns. This source is
// compiled with -ffp-contract=fast, since Eigen's arrays have no multiply-add of their own; the library's have.
#include <eenn/core/aligned.hpp>
#include <eenn/core/random.hpp>
#include <eenn/kernels/detail/convolution.hpp>
#include <eenn/tensor/eigen.hpp>

#include <cstdio>

#include "../examples/command_line.hpp"
#include "measure.hpp"

namespace {

using namespace eenn;

aligned_vector<float> noise(std::size_t count) {
    aligned_vector<float> v(count);
    random_stream random{1};
    for (float& x : v) x = static_cast<float>(random.uniform(-1, 1));
    return v;
}

constexpr int W = lane_count<float>;

/// out(P, V W) = a(P, depth) b(depth, V W) in the machine's vectors.
template <int P, int V>
[[gnu::noinline]] void tile_of_vectors(int depth, const float* a, const float* b, float* out) {
    lanes<float> acc[P][V];
    EENN_UNROLL
    for (int i = 0; i < P * V; ++i) acc[i / V][i % V] = broadcast(0.0F);
    for (int k = 0; k < depth; ++k, b += V * W) {
        lanes<float> row[V];
        EENN_UNROLL
        for (int v = 0; v < V; ++v) {
            row[v] = load<float>(b + v * W);
            keep_loaded(row[v]);
        }
        EENN_UNROLL
        for (int p = 0; p < P; ++p) {
            const auto left = broadcast(a[p * depth + k]);
            EENN_UNROLL
            for (int v = 0; v < V; ++v) acc[p][v] = madd(left, row[v], acc[p][v]);
        }
    }
    EENN_UNROLL
    for (int i = 0; i < P * V; ++i) store<float>(out + i * W, acc[i / V][i % V]);
}

/// The same in Eigen's arrays.
template <int P, int V>
[[gnu::noinline]] void tile_of_arrays(int depth, const float* a, const float* b, float* out) {
    using array = Eigen::Array<float, W, 1>;
    array acc[P][V];
    EENN_UNROLL
    for (int i = 0; i < P * V; ++i) acc[i / V][i % V].setZero();
    for (int k = 0; k < depth; ++k, b += V * W) {
        array row[V];
        EENN_UNROLL
        for (int v = 0; v < V; ++v) row[v] = Eigen::Map<const array>{b + v * W};
        EENN_UNROLL
        for (int p = 0; p < P; ++p) {
            EENN_UNROLL
            for (int v = 0; v < V; ++v) acc[p][v] += a[p * depth + k] * row[v];
        }
    }
    EENN_UNROLL
    for (int i = 0; i < P * V; ++i) Eigen::Map<array>{out + i* W} = acc[i / V][i % V];
}

/// Microseconds of each, in turns, so that other work on the machine meets both.
template <class A, class B>
std::pair<double, double> in_turns(A&& a, B&& b, int repeats) {
    const auto many = [repeats](auto& call) {
        return [&call, repeats] {
            for (int i = 0; i < repeats; ++i) {
                call();
                asm volatile("" ::: "memory");  // or the compiler would call once
            }
        };
    };
    std::vector<double> of_a, of_b;
    many(a)();
    many(b)();
    for (int turn = 0; turn < 201; ++turn) {
        of_a.push_back(measure::once(many(a)) / repeats);
        of_b.push_back(measure::once(many(b)) / repeats);
    }
    const auto median = [](std::vector<double>& v) {
        std::nth_element(v.begin(), v.begin() + 100, v.end());
        return v[100];
    };
    return {median(of_a), median(of_b)};
}

template <int P, int V>
void compare_tiles(double peak) {
    constexpr int depth = 288;  // 3 x 3 taps of 32 channels
    const auto a = noise(P * depth);
    const auto b = noise(depth * V * W);
    auto out = noise(P * V * W);
    const auto [vectors, arrays] = in_turns([&] { tile_of_vectors<P, V>(depth, a.data(), b.data(), out.data()); },
                                            [&] { tile_of_arrays<P, V>(depth, a.data(), b.data(), out.data()); }, 200);
    constexpr double flops = 2.0 * P * V * W * depth;
    std::printf(
        "tile of %2d x %d vectors           vectors %6.1f GFLOP/s %3.0f %%    Eigen's arrays  %6.1f GFLOP/s %3.0f %%\n",
        P, V, flops / vectors / 1e3, 100 * flops / vectors * 1e6 / peak, flops / arrays / 1e3,
        100 * flops / arrays * 1e6 / peak);
}

void compare_dense(int in, int out, int samples, double peak) {
    const kernels::convolution g{{1, 1, in}, {1, 1, out}, 1, 1, 1, 1, 0, 0, 1, 1, 1};
    const kernels::selected_convolution chosen = kernels::select(g);
    const auto x = noise(static_cast<std::size_t>(samples) * g.in.elements());
    const auto w = noise(g.in.elements() * g.out.elements());
    const auto bias = noise(g.out.elements());
    auto y = noise(static_cast<std::size_t>(samples) * g.out.elements());
    aligned_vector<float> packed(kernels::packed_size<float>(chosen));
    kernels::pack(dynamic{chosen}, w.data(), bias.data(), nullptr, nullptr, packed.data());
    const auto rows = batch_matrix(x.data(), samples, g.in);
    const matrix_map<const float> weights{w.data(), in, out};
    const Eigen::Map<const Eigen::RowVectorXf> start{bias.data(), out};
    auto result = batch_matrix(y.data(), samples, g.out);
    const auto ours = [&] {
        kernels::forward(dynamic{chosen}, samples, x.data(), packed.data(), nullptr, kernels::activation{}, y.data(),
                         nullptr);
    };
    const auto eigens = [&] {
        if (samples == 1) {
            result.row(0) = start;
            result.row(0).noalias() += rows.row(0) * weights;
        } else {
            result.rowwise() = start;
            result.noalias() += rows * weights;
        }
    };
    ours();
    const auto check = y;
    eigens();
    for (std::size_t i = 0; i < y.size(); ++i) {
        if (!(std::abs(y[i] - check[i]) < 1e-3F)) return void(std::printf("dense %d -> %d: results differ\n", in, out));
    }
    const double flops = 2.0 * in * out * samples;
    const auto [kernel, product] = in_turns(ours, eigens, std::max(1, static_cast<int>(2e6 / flops)));
    std::printf(
        "dense %4d -> %4d, %3d samples     kernel  %6.1f GFLOP/s %3.0f %%    Eigen's product %6.1f GFLOP/s %3.0f %%\n",
        in, out, samples, flops / kernel / 1e3, 100 * flops / kernel * 1e6 / peak, flops / product / 1e3,
        100 * flops / product * 1e6 / peak);
}

}  // namespace

int main(int argc, char** argv) {
    examples::command_line line{
        "eigen",
        "measures the library's vectors and dense layers beside Eigen's public fixed-size arrays and products."};
    line.read(argc, argv);
    const double peak = measure::fma_peak();
    std::printf("multiply-adds in registers: %.1f GFLOP/s; vectors of %d floats\n", peak / 1e9, W);
    compare_tiles<4, 2>(peak);
    compare_tiles<6, 2>(peak);
    compare_tiles<12, 1>(peak);
    if constexpr (vector_registers >= 32) compare_tiles<8, 2>(peak);
    for (const int samples : {1, 64}) {
        compare_dense(64, 10, samples, peak);
        compare_dense(64, 12, samples, peak);
        compare_dense(256, 128, samples, peak);
        compare_dense(1024, 256, samples, peak);
    }
}

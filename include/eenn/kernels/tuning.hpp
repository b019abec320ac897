// SPDX-License-Identifier: MIT
//
// tuning.hpp - the numbers that measurement chose.
// Floor 2 (kernels). Letters: P = rows of a tile, V = vectors of a tile, W = lanes of one vector.
//
// Measured on 2026-11-21 on one core of a shared AMD Zen 3 (AVX2, 104 GFLOP/s) with g++ 12 and clang 14, -O3 -march=native:
// `benchmarks/kernels tiles` and `benchmarks/kernels`. Percentages are shares of that peak.
// A constant without a percentage follows from the reason beside it and was not varied.
#ifndef EENN_KERNELS_TUNING_HPP
#define EENN_KERNELS_TUNING_HPP

#include <eenn/tensor/simd.hpp>

namespace eenn::kernels {
inline namespace EENN_ISA {
namespace tuning {

#if defined(__AVX512F__) || defined(__aarch64__)
inline constexpr int vector_registers = 32;
#else
inline constexpr int vector_registers = 16;
#endif

/// Vectors of one block of packed weights. Two, so that every broadcast feeds two multiply-adds: 6 x 2 reaches 98 %,
/// one vector with its load for every multiply-add at most 82 %.
inline constexpr int block_vectors = 2;

/// Most rows of a tile with one vector and with two. Accumulators, vectors of b and one broadcast must fit the registers:
/// of 16 the 6 x 2 tile takes 15. 4 x 2 and 5 x 2 reach 97 %; 8 x 1 81 %, and with g++ 12 x 1 fell to 66 %.
/// With 32 registers: 4 x 2 to 8 x 2 and 16 x 1 come from a trial on Zen 4, not from this program.
inline constexpr int rows_of_one = vector_registers == 32 ? 16 : 8;
inline constexpr int rows_of_two = vector_registers == 32 ? 8 : 6;

/// Tiles of few rows take several blocks side by side: a multiply-add has a latency of 4 cycles and two start in each, so
/// eight accumulators are the least that keep the unit busy. 3 x 2 reaches 74 %, 3 x 4 97 %; 2 x 2 50 %, 2 x 4 95 %.
/// 1 x 8 is bound by its weights, 32 bytes a cycle from L2.
inline constexpr int rows_of_four = 3;
inline constexpr int rows_of_eight = 1;

/// Most output pixels of a depthwise tile: accumulators, and beside them one row of weights and one input vector.
inline constexpr int depthwise_pixels = 8;

/// Pixels that one pass of a pointwise convolution should have at least: small samples are joined.
inline constexpr int pointwise_pixels = 64;

/// Output pixels that the depthwise weight gradient takes before it turns to the next channels.
inline constexpr int depthwise_band = 128;

/// Input channels below which the weight gradient tiles over (kx, channel) together instead of over channels.
inline constexpr int few_channels = 4;

/// Tiles and vectors of channels that one product of a Winograd convolution takes: as rows and vectors above. One vector where
/// a multiply-add takes its broadcast from memory, so that 16 channels suffice there too.
inline constexpr int winograd_vectors = vector_registers == 32 ? 1 : 2;
inline constexpr int winograd_tiles = vector_registers == 32 ? 8 : rows_of_two;

/// Half cycles that the transforms of a Winograd convolution (M = 4) take a tile and vector of channels.
inline constexpr int winograd_input = 360;
inline constexpr int winograd_output = 240;
/// Winograd must come to this share of the direct sum.
inline constexpr double winograd_gain = 0.9;
/// Vectors of fewer lanes than these stay with the direct sum, whose weights are a quarter as large.
inline constexpr int winograd_lanes = 4;
/// Elements of transformed inputs that wait for their products, so that the weights are read once for all of them.
inline constexpr int winograd_elements = 20 * 1024;

/// Elements of weights that arrive in half a cycle where a network is larger than the caches (plan.hpp, near_parameters).
inline constexpr double far_elements = 0.5;

/// Elements of input and output that the weight gradient takes at a time: half of an L2 cache of 512 KiB.
inline constexpr int chunk_elements = 64 * 1024;

/// @brief Half cycles that one step of a P x V tile takes: two multiply-adds and two loads a cycle, and the latency.
[[nodiscard]] constexpr int tile_cycles(int rows, int vectors) noexcept {
    const int work = rows * vectors > rows + vectors ? rows * vectors : rows + vectors;
    return work > 8 ? work : 8;
}

}  // namespace tuning
}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

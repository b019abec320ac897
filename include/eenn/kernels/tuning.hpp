// SPDX-License-Identifier: MIT
//
// tuning.hpp - the numbers that measurement chose.
// Floor 2 (kernels). tests/compile_fail/tuning_table.cpp reaches it.
// Letters: P = rows of a tile, V = vectors of a tile, W = lanes of one vector.
//
// What depends on the machine stands in a table: detail/tuning/ has one for AVX-512, one for AVX2, one for all others. Or
// it is your own, whose quoted path is EENN_TUNING in every translation unit; build/bench/tune measures and writes one.
// Here stand what a table holds, with the ranges that the kernels can do, and what follows from reasoning.
//
// A table may change speed, memory (packed weights, scratch) and the order of sums, and so the last bits of results; what
// the kernels' tests allow holds for every legal table. One serves both phases, which agree bit for bit under each.
#ifndef EENN_KERNELS_TUNING_HPP
#define EENN_KERNELS_TUNING_HPP

#include <eenn/core/isa.hpp>

#if defined(EENN_TUNING)
#include EENN_TUNING
#define EENN_TABLE own
#elif EENN_VECTOR_BYTES == 64
#include <eenn/kernels/detail/tuning/avx512.hpp>
#define EENN_TABLE avx512
#elif defined(__AVX2__) && defined(__FMA__)
#include <eenn/kernels/detail/tuning/avx2.hpp>
#define EENN_TABLE avx2
#else
#include <eenn/kernels/detail/tuning/portable.hpp>
#define EENN_TABLE portable
#endif

namespace eenn::kernels {
inline namespace EENN_ISA {
namespace tuning {

using namespace tables::EENN_TABLE;

/// Vectors of one block of packed weights. Two, so that every broadcast feeds two multiply-adds: 6 x 2 reaches 98 % of
/// the peak on Zen 3, one vector with its load for every multiply-add at most 82 %. No table's choice: all kernels know it.
inline constexpr int block_vectors = 2;

/// Vectors of fewer lanes than these stay with the direct sum, whose weights are a quarter as large.
inline constexpr int winograd_lanes = 4;

/// Weights of a pointwise layer above which they are read once for few samples. Fewer are near, and halves (tiles.hpp) of a
/// batch's rest, which read them up to four times, cost a fraction of a microsecond more.
inline constexpr int many_weights = 4096;

/// @brief Registers of a P x V tile: its accumulators, the shorter side, and one of the longer.
[[nodiscard]] constexpr int tile_registers(int rows, int vectors) noexcept {
    return rows * vectors + (rows < vectors ? rows : vectors) + 1;
}

/// @brief Half cycles that one step of a P x V tile takes: two multiply-adds and two loads a cycle, and the latency.
[[nodiscard]] constexpr int tile_cycles(int rows, int vectors) noexcept {
    const int work = rows * vectors > rows + vectors ? rows * vectors : rows + vectors;
    return work > 8 ? work : 8;
}

// rows_of_one, _two, _four, _eight: most rows of a tile with so many vectors.
static_assert(rows_of_one >= 1 && tile_registers(rows_of_one, 1) <= vector_registers,
              "tuning table: a tile of rows_of_one x 1 vectors needs 1 row and fits the registers");
static_assert(rows_of_two >= 1 && tile_registers(rows_of_two, 2) <= vector_registers,
              "tuning table: a tile of rows_of_two x 2 vectors needs 1 row and fits the registers");
static_assert(rows_of_four >= 1 && tile_registers(rows_of_four, 4) <= vector_registers,
              "tuning table: a tile of rows_of_four x 4 vectors needs 1 row and fits the registers");
static_assert(rows_of_eight >= 1 && tile_registers(rows_of_eight, 8) <= vector_registers,
              "tuning table: a tile of rows_of_eight x 8 vectors needs 1 row and fits the registers");

// depthwise_pixels: most output pixels of a depthwise tile. Three taps and an input are beside their accumulators, and
// its loop over inputs, two a pixel at stride 2, is unrolled 32 times at most.
static_assert(depthwise_pixels >= 1 && depthwise_pixels + 4 <= vector_registers && 2 * depthwise_pixels + 1 <= 32,
              "tuning table: depthwise_pixels is at least 1, and 4 less than the registers or 15 at most");
// depthwise_band: output pixels that the depthwise weight gradient takes before it turns to the next channels.
static_assert(depthwise_band >= 1, "tuning table: depthwise_band is at least 1 pixel");

// pointwise_pixels: that one pass of a pointwise convolution should have at least; small samples are joined.
static_assert(pointwise_pixels >= 1, "tuning table: pointwise_pixels is at least 1");
// few_channels: input channels below which the weight gradient tiles over (kx, channel) together, not over channels.
static_assert(few_channels >= 1, "tuning table: few_channels is at least 1, which joins no taps");
// chunk_elements: of input and output that the weight gradient takes at a time; by Winograd, of their transformed tiles.
static_assert(chunk_elements >= 1, "tuning table: chunk_elements is at least 1");

// winograd_tiles, winograd_vectors: most tiles and vectors of channels that one product of a Winograd convolution takes.
static_assert(winograd_vectors == 1 || winograd_vectors == 2, "tuning table: winograd_vectors is 1 or 2");
static_assert(winograd_tiles >= 1 && winograd_tiles * winograd_vectors + winograd_vectors + 1 <= vector_registers,
              "tuning table: winograd_tiles x winograd_vectors needs 1 tile and fits the registers");
// winograd_input, _output: half cycles that the transforms (M = 4) take a tile and vector of channels.
static_assert(winograd_input >= 0 && winograd_output >= 0, "tuning table: half cycles of winograd_input and _output");
// winograd_gain: the share of the direct sum that Winograd must come to.
static_assert(winograd_gain >= 0, "tuning table: winograd_gain is at least 0, which never takes Winograd");
// winograd_elements: of transformed inputs that wait for their products, so that the weights are read once for all.
static_assert(winograd_elements >= 1, "tuning table: winograd_elements is at least 1");

// near_parameters: a network of more finds its weights, which Winograd enlarges by four, no longer in the caches when
// its next sample comes. far_elements: of these weights, how many arrive in half a cycle.
static_assert(far_elements > 0, "tuning table: far_elements is above 0");
static_assert(near_parameters >= 0, "tuning table: near_parameters is at least 0");

// thread_grain: multiply-accumulates of a step below which threads that divide it wait for each other longer than they save.
static_assert(thread_grain >= 0, "tuning table: thread_grain is at least 0");

}  // namespace tuning
}  // namespace EENN_ISA
}  // namespace eenn::kernels

#undef EENN_TABLE

#endif

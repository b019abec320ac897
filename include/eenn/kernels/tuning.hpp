// SPDX-License-Identifier: MIT
//
// tuning.hpp - the tuning constants, chosen by measurement.
// Floor 2 (kernels). Tested by tests/compile_fail/tuning_table.cpp.
// Letters: P = rows of a tile, V = vectors of a tile, W = lanes of one vector.
//
// Machine-dependent constants are in a table. detail/tuning/ has one for AVX-512, one for AVX2 and one for all other
// targets. To use a custom table, define EENN_TUNING as its quoted path in every translation unit; build/bench/tune
// measures and writes one. This header documents the entries of a table, checks the ranges that the kernels support,
// and holds the constants that do not need measurement.
//
// A table may change speed, memory (packed weights, scratch) and the order of sums, and with it the last bits of
// results. The tolerances of the kernel tests hold for every legal table. Both phases use the same table and agree bit
// for bit under each.
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

/// Vectors per block of packed weights. Two, so that every broadcast feeds two multiply-adds: 6 x 2 reaches 98 % of the
/// peak on Zen 3; a single vector, with one load per multiply-add, reaches at most 82 %. Not in the tables, because all
/// kernels depend on it.
inline constexpr int block_vectors = 2;

/// Vectors with fewer lanes use the direct sum, whose weights are a quarter of the size.
inline constexpr int winograd_lanes = 4;

/// Weights of a pointwise layer above which few samples read them only once. Smaller weight sets are cached. There the
/// remainder of a batch uses halved tiles (tiles.hpp), which read the weights up to four times and cost a fraction of a
/// microsecond more.
inline constexpr int many_weights = 4096;

/// @brief Registers of a P x V tile: its accumulators, the shorter side, and one vector of the longer side.
[[nodiscard]] constexpr int tile_registers(int rows, int vectors) noexcept {
    return rows * vectors + (rows < vectors ? rows : vectors) + 1;
}

/// @brief Half cycles of one step of a P x V tile, from two multiply-adds and two loads per cycle, and the latency.
[[nodiscard]] constexpr int tile_cycles(int rows, int vectors) noexcept {
    const int work = rows * vectors > rows + vectors ? rows * vectors : rows + vectors;
    return work > 8 ? work : 8;
}

// rows_of_one, _two, _four, _eight: maximum number of rows of a tile with that many vectors.
static_assert(rows_of_one >= 1 && tile_registers(rows_of_one, 1) <= vector_registers,
              "tuning table: a tile of rows_of_one x 1 vectors needs 1 row and fits the registers");
static_assert(rows_of_two >= 1 && tile_registers(rows_of_two, 2) <= vector_registers,
              "tuning table: a tile of rows_of_two x 2 vectors needs 1 row and fits the registers");
static_assert(rows_of_four >= 1 && tile_registers(rows_of_four, 4) <= vector_registers,
              "tuning table: a tile of rows_of_four x 4 vectors needs 1 row and fits the registers");
static_assert(rows_of_eight >= 1 && tile_registers(rows_of_eight, 8) <= vector_registers,
              "tuning table: a tile of rows_of_eight x 8 vectors needs 1 row and fits the registers");

// depthwise_pixels: maximum number of output pixels of a depthwise tile. Three taps and one input share the registers
// with the accumulators. The loop over inputs, two per pixel at stride 2, is unrolled at most 32 times.
static_assert(depthwise_pixels >= 1 && depthwise_pixels + 4 <= vector_registers && 2 * depthwise_pixels + 1 <= 32,
              "tuning table: depthwise_pixels is at least 1, and 4 less than the registers or 15 at most");
// depthwise_band: output pixels that the depthwise weight gradient processes before it moves to the next channels.
static_assert(depthwise_band >= 1, "tuning table: depthwise_band is at least 1 pixel");

// pointwise_pixels: minimum number of pixels for one pass of a pointwise convolution; small samples are joined.
static_assert(pointwise_pixels >= 1, "tuning table: pointwise_pixels is at least 1");
// few_channels: below this number of input channels, the weight gradient tiles over (kx, channel) jointly instead of
// over channels.
static_assert(few_channels >= 1, "tuning table: few_channels is at least 1, which joins no taps");
// chunk_elements: input and output elements that the weight gradient processes at a time; with Winograd, elements of
// their transformed tiles.
static_assert(chunk_elements >= 1, "tuning table: chunk_elements is at least 1");

// winograd_tiles, winograd_vectors: maximum numbers of tiles and channel vectors in one product of a Winograd
// convolution.
static_assert(winograd_vectors == 1 || winograd_vectors == 2, "tuning table: winograd_vectors is 1 or 2");
static_assert(winograd_tiles >= 1 && winograd_tiles * winograd_vectors + winograd_vectors + 1 <= vector_registers,
              "tuning table: winograd_tiles x winograd_vectors needs 1 tile and fits the registers");
// winograd_input, _output: half cycles of the transforms (M = 4) per tile and vector of channels.
static_assert(winograd_input >= 0 && winograd_output >= 0, "tuning table: half cycles of winograd_input and _output");
// winograd_gain: Winograd is used if its time is at most this fraction of the direct sum's.
static_assert(winograd_gain >= 0, "tuning table: winograd_gain is at least 0, which never takes Winograd");
// winograd_elements: transformed input elements held before their products, so that the weights are read once for all.
static_assert(winograd_elements >= 1, "tuning table: winograd_elements is at least 1");

// near_parameters: with more parameters, a network no longer finds its weights, which Winograd enlarges by four, in the
// caches at the next sample. far_elements: number of these weights that arrive per half cycle.
static_assert(far_elements > 0, "tuning table: far_elements is above 0");
static_assert(near_parameters >= 0, "tuning table: near_parameters is at least 0");

// thread_grain: multiply-accumulates of a step below which dividing it among threads costs more waiting than it saves.
static_assert(thread_grain >= 0, "tuning table: thread_grain is at least 0");

}  // namespace tuning
}  // namespace EENN_ISA
}  // namespace eenn::kernels

#undef EENN_TABLE

#endif

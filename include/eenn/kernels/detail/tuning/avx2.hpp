// SPDX-License-Identifier: MIT
//
// detail/tuning/avx2.hpp - the tuning table for AVX2 with FMA: 16 registers of 8 floats.
// Floor 2 (kernels). tuning.hpp explains each number.
//
// Measured on 2026-11-21 on one core of a shared AMD Zen 3 (104 GFLOP/s) with g++ 12 and clang 14, -O3 -march=native:
// `benchmarks/kernels tiles` and `benchmarks/kernels`. Percentages are shares of that peak.
// Gains and losses against the current values are from `build/bench/tune` on 2026-11-22, with other work on the
// machine. They are means over the layers that a constant affects, listed if above the noise of about 2 %.
#ifndef EENN_KERNELS_DETAIL_TUNING_AVX2_HPP
#define EENN_KERNELS_DETAIL_TUNING_AVX2_HPP

#include <eenn/core/isa.hpp>

namespace eenn::kernels {
inline namespace EENN_ISA {
namespace tables::avx2 {

/// The 6 x 2 tile uses 15 of 16 registers. 4 x 2 and 5 x 2 reach 97 %; 8 x 1 reaches 81 %; 12 x 1 drops to 66 % with
/// g++. Limiting tiles of two vectors to 5 rows loses 11 %, of one vector to 6 rows loses 3 %.
inline constexpr int rows_of_one = 8;
inline constexpr int rows_of_two = 6;

/// Tiles with few rows take several blocks side by side. A multiply-add has a latency of 4 cycles and two start per
/// cycle, so it takes at least eight accumulators to keep the unit busy. 3 x 2 reaches 74 %, 3 x 4 97 %; 2 x 2 50 %,
/// 2 x 4 95 %. 1 x 8 is bound by loading its weights, 32 bytes per cycle from L2.
inline constexpr int rows_of_four = 3;
inline constexpr int rows_of_eight = 1;

/// The accumulators share the registers with one row of weights and one input vector.
inline constexpr int depthwise_pixels = 8;
inline constexpr int depthwise_band = 128;

/// 32 loses 6 to 7 %; 128 and 256 gain 1.5 %.
inline constexpr int pointwise_pixels = 64;
/// With 4 channels, joining taps and channels takes 0.75 of the time; with 8 it gains on some layers and loses on
/// others. Never joining loses 7 to 12 %.
inline constexpr int few_channels = 5;
/// Half of a 512 KiB L2 cache; using all of it loses 8 %.
inline constexpr int chunk_elements = 64 * 1024;

/// As for rows and vectors above; 2 x 5 is as fast as 2 x 6.
inline constexpr int winograd_vectors = 2;
inline constexpr int winograd_tiles = 6;
inline constexpr int winograd_input = 360;
inline constexpr int winograd_output = 240;
/// Laxer rules lose: a gain of 1 loses 2 %, two thirds of the half cycles above lose 4 %.
inline constexpr double winograd_gain = 0.9;
inline constexpr int winograd_elements = 20 * 1024;

inline constexpr double far_elements = 0.5;
/// The last-level cache of 32 MB is shared with other work. 64 x 64 channels on an 8 x 8 plane took 16 us with
/// F(4x4,3x3) and 8 MB of weights in total, 45 us with 14 MB, and 25 us with F(2x2,3x3). Twice this limit would count
/// ResNet-56 as near and slow it by a fifth.
inline constexpr int near_parameters = 512 * 1024;

inline constexpr int thread_grain = 40'000;

}  // namespace tables::avx2
}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

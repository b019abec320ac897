// SPDX-License-Identifier: MIT
//
// detail/tuning/avx2.hpp - the tuning table for AVX2 with FMA: 16 registers of 8 floats.
// Floor 2 (kernels). tuning.hpp says what each number is.
//
// Measured on 2026-11-21 on one core of a shared AMD Zen 3 (104 GFLOP/s) with g++ 12 and clang 14, -O3 -march=native:
// `benchmarks/kernels tiles` and `benchmarks/kernels`. Percentages are shares of that peak.
// What loses or gains against the present value is from `build/bench/tune` on 2026-11-22, the machine busy with other
// work: in the mean over the layers that the constant affects, where it is beyond the noise of some 2 %.
#ifndef EENN_KERNELS_DETAIL_TUNING_AVX2_HPP
#define EENN_KERNELS_DETAIL_TUNING_AVX2_HPP

#include <eenn/core/isa.hpp>

namespace eenn::kernels {
inline namespace EENN_ISA {
namespace tables::avx2 {

/// Of 16 registers the 6 x 2 tile takes 15. 4 x 2 and 5 x 2 reach 97 %; 8 x 1 81 %, and with g++ 12 x 1 fell to 66 %.
/// Two vectors in at most 5 rows lose 11 %, one in at most 6 loses 3 %.
inline constexpr int rows_of_one = 8;
inline constexpr int rows_of_two = 6;

/// Tiles of few rows take several blocks side by side: a multiply-add has a latency of 4 cycles and two start in each, so
/// eight accumulators are the least that keep the unit busy. 3 x 2 reaches 74 %, 3 x 4 97 %; 2 x 2 50 %, 2 x 4 95 %.
/// 1 x 8 is bound by its weights, 32 bytes a cycle from L2.
inline constexpr int rows_of_four = 3;
inline constexpr int rows_of_eight = 1;

/// Accumulators, and beside them one row of weights and one input vector.
inline constexpr int depthwise_pixels = 8;
inline constexpr int depthwise_band = 128;

/// 32 lose 6 to 7 %, 128 and 256 gain 1.5 %.
inline constexpr int pointwise_pixels = 64;
/// At 4 channels taps and channels together take 0.75 of the time, at 8 more here and less there; never loses 7 to 12 %.
inline constexpr int few_channels = 5;
/// Half of an L2 cache of 512 KiB; all of it loses 8 %.
inline constexpr int chunk_elements = 64 * 1024;

/// As rows and vectors above; 2 x 5 is as quick as 2 x 6.
inline constexpr int winograd_vectors = 2;
inline constexpr int winograd_tiles = 6;
inline constexpr int winograd_input = 360;
inline constexpr int winograd_output = 240;
/// Less strict, by a gain of 1 or by two thirds of the half cycles above, loses 2 and 4 %.
inline constexpr double winograd_gain = 0.9;
inline constexpr int winograd_elements = 20 * 1024;

inline constexpr double far_elements = 0.5;
/// The last cache of 32 MB is shared with others: 64 x 64 channels of an 8 x 8 plane took 16 us by F(4x4,3x3) with 8 MB of
/// weights in all and 45 us with 14 MB, 25 us by F(2x2,3x3). Twice as many, which takes ResNet-56 for near, slows it by a
/// fifth.
inline constexpr int near_parameters = 512 * 1024;

inline constexpr int thread_grain = 40'000;

}  // namespace tables::avx2
}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

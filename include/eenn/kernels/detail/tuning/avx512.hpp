// SPDX-License-Identifier: MIT
//
// detail/tuning/avx512.hpp - the tuning table for AVX-512: 32 registers of 16 floats.
// Floor 2 (kernels). tuning.hpp explains each number.
//
// AMD Zen 4, g++ 12: build/bench/tune --quick found nothing better for the tiles, the bands and the Winograd tiles than
// these values. The numbers for whole networks (far_elements to thread_grain) are those of avx2.hpp.
#ifndef EENN_KERNELS_DETAIL_TUNING_AVX512_HPP
#define EENN_KERNELS_DETAIL_TUNING_AVX512_HPP

#include <eenn/core/isa.hpp>

namespace eenn::kernels {
inline namespace EENN_ISA {
namespace tables::avx512 {

/// 10 x 2 is as fast as 8 x 2, but takes longer to compile.
inline constexpr int rows_of_one = 16;
inline constexpr int rows_of_two = 8;
inline constexpr int rows_of_four = 3;
inline constexpr int rows_of_eight = 1;

inline constexpr int depthwise_pixels = 8;
inline constexpr int depthwise_band = 128;

inline constexpr int pointwise_pixels = 64;
inline constexpr int few_channels = 4;
inline constexpr int chunk_elements = 64 * 1024;

inline constexpr int winograd_vectors = 2;
inline constexpr int winograd_tiles = 8;
inline constexpr int winograd_input = 360;
inline constexpr int winograd_output = 240;
inline constexpr double winograd_gain = 0.9;
inline constexpr int winograd_elements = 20 * 1024;

inline constexpr double far_elements = 0.5;
inline constexpr int near_parameters = 512 * 1024;

inline constexpr int thread_grain = 40'000;

}  // namespace tables::avx512
}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

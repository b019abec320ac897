// SPDX-License-Identifier: MIT
//
// detail/tuning/portable.hpp - the tuning table for all other targets (SSE2, AVX, NEON, ...): safe values, not
// measured.
// Floor 2 (kernels). tuning.hpp explains each number.
//
// Tiles are as large as the registers allow, for the reasons in avx2.hpp and, with 32 registers, avx512.hpp.
#ifndef EENN_KERNELS_DETAIL_TUNING_PORTABLE_HPP
#define EENN_KERNELS_DETAIL_TUNING_PORTABLE_HPP

#include <eenn/core/isa.hpp>

namespace eenn::kernels {
inline namespace EENN_ISA {
namespace tables::portable {

inline constexpr int rows_of_one = vector_registers / 2;
inline constexpr int rows_of_two = vector_registers == 32 ? 8 : 6;
inline constexpr int rows_of_four = 3;
inline constexpr int rows_of_eight = 1;

inline constexpr int depthwise_pixels = 8;
inline constexpr int depthwise_band = 128;

inline constexpr int pointwise_pixels = 64;
inline constexpr int few_channels = 4;
inline constexpr int chunk_elements = 64 * 1024;

inline constexpr int winograd_vectors = vector_registers == 32 ? 1 : 2;
inline constexpr int winograd_tiles = rows_of_two;
inline constexpr int winograd_input = 360;
inline constexpr int winograd_output = 240;
inline constexpr double winograd_gain = 0.9;
inline constexpr int winograd_elements = 20 * 1024;

inline constexpr double far_elements = 0.5;
inline constexpr int near_parameters = 512 * 1024;

inline constexpr int thread_grain = 40'000;

}  // namespace tables::portable
}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

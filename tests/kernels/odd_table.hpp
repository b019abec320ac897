// SPDX-License-Identifier: MIT
//
// odd_table.hpp - a tuning table that nobody would choose: every number differs from the library's own and is legal.
#ifndef EENN_TESTS_KERNELS_ODD_TABLE_HPP
#define EENN_TESTS_KERNELS_ODD_TABLE_HPP

#include <eenn/core/isa.hpp>

namespace eenn::kernels {
inline namespace EENN_ISA {
namespace tables::own {

inline constexpr int rows_of_one = 7;
inline constexpr int rows_of_two = 5;
inline constexpr int rows_of_four = 2;
inline constexpr int rows_of_eight = vector_registers == 32 ? 2 : 1;  // 16 registers leave no choice
inline constexpr int depthwise_pixels = 5;
inline constexpr int depthwise_band = 7;
inline constexpr int pointwise_pixels = 9;
inline constexpr int few_channels = 3;
inline constexpr int chunk_elements = 999;
inline constexpr int winograd_vectors = vector_registers == 32 ? 2 : 1;
inline constexpr int winograd_tiles = 5;
inline constexpr int winograd_input = 77;
inline constexpr int winograd_output = 55;
inline constexpr double winograd_gain = 0.95;
inline constexpr int winograd_elements = 999;
inline constexpr double far_elements = 0.25;
inline constexpr int near_parameters = 99;
inline constexpr int thread_grain = 1;

}  // namespace tables::own
}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

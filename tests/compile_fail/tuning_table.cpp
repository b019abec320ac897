// expect: tuning table: a tile of rows_of_two x 2 vectors needs 1 row and fits the registers
// expect: tuning table: winograd_vectors is 1 or 2
// SPDX-License-Identifier: MIT
#define EENN_TUNING "eenn/core/isa.hpp"  // the table stands below
#include EENN_TUNING

namespace eenn::kernels {
inline namespace EENN_ISA {
namespace tables::own {
inline constexpr int rows_of_one = 8;
inline constexpr int rows_of_two = 99;
inline constexpr int rows_of_four = 3;
inline constexpr int rows_of_eight = 1;
inline constexpr int depthwise_pixels = 8;
inline constexpr int depthwise_band = 128;
inline constexpr int pointwise_pixels = 64;
inline constexpr int few_channels = 4;
inline constexpr int chunk_elements = 64 * 1024;
inline constexpr int winograd_vectors = 3;
inline constexpr int winograd_tiles = 2;
inline constexpr int winograd_input = 360;
inline constexpr int winograd_output = 240;
inline constexpr double winograd_gain = 0.9;
inline constexpr int winograd_elements = 20 * 1024;
inline constexpr double far_elements = 0.5;
inline constexpr int near_parameters = 512 * 1024;
inline constexpr int thread_grain = 40'000;
}  // namespace tables::own
}  // namespace EENN_ISA
}  // namespace eenn::kernels

#include <eenn/kernels/tuning.hpp>

int main() {}

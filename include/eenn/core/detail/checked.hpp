// SPDX-License-Identifier: MIT
//
// detail/checked.hpp - sums and products of sizes that saturate instead of wrapping.
// Floor 0 (core). Tested by tests/layers/fault.cpp.
#ifndef EENN_CORE_DETAIL_CHECKED_HPP
#define EENN_CORE_DETAIL_CHECKED_HPP

#include <eenn/core/isa.hpp>

#include <cstddef>
#include <limits>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Stands for a size that does not fit std::size_t; it exceeds every limit.
inline constexpr std::size_t uncountable = std::numeric_limits<std::size_t>::max();

/// @brief a + b, or `uncountable`.
[[nodiscard]] constexpr std::size_t saturated_sum(std::size_t a, std::size_t b) noexcept {
    std::size_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? uncountable : sum;
}

/// @brief a * b, or `uncountable`.
[[nodiscard]] constexpr std::size_t saturated_product(std::size_t a, std::size_t b) noexcept {
    std::size_t product = 0;
    return __builtin_mul_overflow(a, b, &product) ? uncountable : product;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

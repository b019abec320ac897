// SPDX-License-Identifier: MIT
//
// detail/float16.hpp - the two 16-bit floating-point formats: IEEE half precision and bfloat16.
// Floor 1 (tensor); device subset.
#ifndef EENN_TENSOR_DETAIL_FLOAT16_HPP
#define EENN_TENSOR_DETAIL_FLOAT16_HPP

#include <eenn/core/isa.hpp>

#include <bit>
#include <cstdint>

namespace eenn {
inline namespace EENN_ISA {

/// @brief The bits of an IEEE 754 half-precision number: 11 significant bits, at most 65504.
struct float16 {
    std::uint16_t bits = 0;

    /// Exact.
    constexpr operator float() const noexcept {
        const std::uint32_t sign = (bits & 0x8000u) << 16;
        const std::uint32_t exponent = (bits >> 10) & 0x1fu;
        const std::uint32_t fraction = bits & 0x3ffu;
        if (exponent == 0) {  // zero and subnormals: fraction * 2^-24 is exact in float
            const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
            return sign != 0 ? -magnitude : magnitude;
        }
        const std::uint32_t wide = exponent == 31 ? 255 : exponent + 112;
        return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
    }
};

/// @brief Rounds to nearest, ties to even. Relative error at most 2^-11 from 2^-14 to 65504, absolute error at most
/// 2^-25 below. 65520 and above become infinity; NaN stays NaN.
[[nodiscard]] constexpr float16 to_float16(float value) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = bits >> 16 & 0x8000u;
    const std::uint32_t magnitude = bits & 0x7fffffffu;
    std::uint32_t made = 0;
    if (magnitude > 0x7f800000u) {
        made = 0x7e00u;
    } else if (magnitude >= std::bit_cast<std::uint32_t>(65520.0F)) {
        made = 0x7c00u;
    } else if (magnitude < std::bit_cast<std::uint32_t>(0x1p-14F)) {
        // Floats from 0.5 to 1 are multiples of 2^-24, like the subnormals here, so the addition does the rounding.
        made =
            std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5F) - std::bit_cast<std::uint32_t>(0.5F);
    } else {
        made = (magnitude + 0xfffu + (magnitude >> 13 & 1u) - (112u << 23)) >> 13;
    }
    return {static_cast<std::uint16_t>(sign | made)};
}

/// @brief The upper half of a float: 8 significant bits and the range of float.
struct bfloat16 {
    std::uint16_t bits = 0;

    /// Exact.
    constexpr operator float() const noexcept { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
};

/// @brief Rounds to nearest, ties to even, with a relative error of at most 2^-8. For finite numbers.
[[nodiscard]] constexpr bfloat16 to_bfloat16(float value) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    return {static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16)};
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

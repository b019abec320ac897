// SPDX-License-Identifier: MIT
//
// shape.hpp - the shape of one sample: height, width, channels; channels last.
// Floor 1 (tensor).
#ifndef EENN_TENSOR_SHAPE_HPP
#define EENN_TENSOR_SHAPE_HPP

#include <eenn/core/detail/checked.hpp>
#include <eenn/core/isa.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

namespace eenn {

/// @brief Upper limit for the elements of one tensor per sample, and for each of its axes: 1 GiB of floats.
///
/// Layers reject larger tensors, windows and strides, so kernels can count the pixels, channels and taps of one tensor
/// in int, even times small factors.
inline constexpr int most_elements = 1 << 28;

/// @brief Shape (H,W,C) of one sample; element (y,x,c) is at index (y * w + x) * c_count + c.
///
/// A one-dimensional signal of L steps is (1,L,C), a feature vector (1,1,C). Any three ints form a shape; fits() tells
/// whether a network can hold it.
struct shape {
    int h = 1;
    int w = 1;
    int c = 1;

    /// Never overflows: saturates at the largest int; 0 if an axis is negative.
    [[nodiscard]] constexpr int pixels() const noexcept {
        if (h < 0 || w < 0) return 0;
        std::int64_t exact = h;
        exact *= w;
        return exact > std::numeric_limits<int>::max() ? std::numeric_limits<int>::max() : static_cast<int>(exact);
    }
    /// Never overflows: saturates at `uncountable`; 0 if an axis is negative.
    [[nodiscard]] constexpr std::size_t elements() const noexcept {
        if (h < 0 || w < 0 || c < 0) return 0;
        return saturated_product(saturated_product(static_cast<std::size_t>(h), static_cast<std::size_t>(w)),
                                 static_cast<std::size_t>(c));
    }
    /// c as a std::size_t.
    [[nodiscard]] constexpr std::size_t channels() const noexcept { return static_cast<std::size_t>(c); }
    /// Elements from one sample to the next, for a shape that fits().
    [[nodiscard]] constexpr std::ptrdiff_t stride() const noexcept {
        const std::ptrdiff_t pixel = c;
        return pixel * w * h;
    }
    /// Whether every axis is at least 1 and the element count is at most most_elements.
    [[nodiscard]] constexpr bool fits() const noexcept {
        return h > 0 && w > 0 && c > 0 && std::cmp_less_equal(elements(), most_elements);
    }
    friend constexpr bool operator==(const shape&, const shape&) = default;
};

inline namespace EENN_ISA {

/// @brief "32x32x3".
[[nodiscard]] inline std::string to_string(const shape& s) {
    return std::to_string(s.h) + "x" + std::to_string(s.w) + "x" + std::to_string(s.c);
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// shape.hpp - the shape of one sample: height, width, channels, channels last.
// Floor 1 (tensor).
#ifndef EENN_TENSOR_SHAPE_HPP
#define EENN_TENSOR_SHAPE_HPP

#include <eenn/core/isa.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace eenn {

/// @brief Shape (H,W,C) of one sample; element (y,x,c) lies at (y * w + x) * c_count + c.
///
/// A one-dimensional signal of L steps is (1,L,C), a feature vector (1,1,C).
struct shape {
    int h = 1;
    int w = 1;
    int c = 1;

    [[nodiscard]] constexpr int pixels() const noexcept { return h * w; }
    [[nodiscard]] constexpr std::size_t elements() const noexcept {
        return static_cast<std::size_t>(h) * static_cast<std::size_t>(w) * static_cast<std::size_t>(c);
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

// SPDX-License-Identifier: MIT
//
// detail/clipping.hpp - the norm of a gradient, and clipping to a limit.
// Floor 7 (training). Letters: P = parameters.
#ifndef EENN_TRAINING_DETAIL_CLIPPING_HPP
#define EENN_TRAINING_DETAIL_CLIPPING_HPP

#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>

#include <eenn/core/detail/allowed.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/training/detail/parameter_range.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Euclidean norm of the gradient over the given ranges.
///
/// Accumulates eight sums in double, by position modulo 8 within a range, and adds them pairwise. The order is fixed,
/// so the result is bit-reproducible on every machine, and the loop vectorises.
///
/// @par Cost    2 flops and one load per element.
/// @par Errors  eenn::error if a range is invalid.
template <std::floating_point T = float>
[[nodiscard]] double gradient_norm(std::span<const std::type_identity_t<T>> gradient,
                                   std::span<const parameter_range> ranges) {
    check_ranges(ranges, gradient.size());
    constexpr std::size_t places = 8;
    double sums[places] = {};
    for (const parameter_range& range : ranges) {
        const T* g = gradient.data() + range.offset;
        std::size_t i = 0;
        for (; i + places <= range.count; i += places) {
            for (std::size_t k = 0; k < places; ++k)
                sums[k] += static_cast<double>(g[i + k]) * static_cast<double>(g[i + k]);
        }
        for (std::size_t k = 0; i + k < range.count; ++k)
            sums[k] += static_cast<double>(g[i + k]) * static_cast<double>(g[i + k]);
    }
    return std::sqrt(((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7])));
}

/// @brief Scales the gradient so that its norm over the ranges is at most `limit`; returns the norm before scaling.
///
/// A non-finite norm is returned and the gradient left unchanged. The caller must check for it and skip the step.
///
/// @par Errors  eenn::error if a range is invalid or the limit is not positive.
/// @par Source  Pascanu, Mikolov, Bengio (2013), "On the difficulty of training recurrent neural networks", algorithm
///              1.
template <std::floating_point T = float>
double clip_gradient(std::span<std::type_identity_t<T>> gradient, std::span<const parameter_range> ranges,
                     double limit) {
    require("clip_gradient", "limit", limit, allowed_range::above(0));
    const double norm = gradient_norm<T>(gradient, ranges);
    if (!(norm > limit) || !std::isfinite(norm)) return norm;
    const T factor = static_cast<T>(limit / norm);
    for (const parameter_range& range : ranges) {
        T* g = gradient.data() + range.offset;
        for (std::size_t i = 0; i < range.count; ++i) g[i] *= factor;
    }
    return norm;
}

/// @brief The same over the whole vector.
template <std::floating_point T = float>
double clip_gradient(std::span<std::type_identity_t<T>> gradient, double limit) {
    const parameter_range all{0, gradient.size()};
    return clip_gradient<T>(gradient, {&all, 1}, limit);
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

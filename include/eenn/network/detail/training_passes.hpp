// SPDX-License-Identifier: MIT
//
// detail/training_passes.hpp - what training runs beside the layers' kernels: norms by the batch, activations and
// their gradients.
// Floor 4 (network). tests/network/phases.cpp reaches it.
#ifndef EENN_NETWORK_DETAIL_TRAINING_PASSES_HPP
#define EENN_NETWORK_DETAIL_TRAINING_PASSES_HPP

#include <eenn/core/isa.hpp>
#include <eenn/kernels/detail/elementwise.hpp>
#include <eenn/kernels/detail/normalization.hpp>

namespace eenn {

/// @brief The passes over activations that training runs, as functions of one instruction set; the kernels of these names
/// say what they do. A step calls each some times for a block of samples.
template <class T>
struct training_passes {
    decltype(&kernels::affine<T>) affine;
    decltype(&kernels::accumulate<T>) accumulate;
    decltype(&kernels::moments<T>) moments;
    decltype(&kernels::activation_gradient<T>) activation_gradient;
    decltype(&kernels::activation_gradient_sums<T>) activation_gradient_sums;
    decltype(&kernels::recomputed_gradient_sums<T>) recomputed_gradient_sums;
    decltype(&kernels::input_gradient<T>) input_gradient;
    decltype(&kernels::recomputed_input_gradient<T>) recomputed_input_gradient;
};

inline namespace EENN_ISA {

/// @brief Those of this translation unit's instruction set.
template <class T>
inline constexpr training_passes<T> training_passes_here{kernels::affine<T>,
                                                         kernels::accumulate<T>,
                                                         kernels::moments<T>,
                                                         kernels::activation_gradient<T>,
                                                         kernels::activation_gradient_sums<T>,
                                                         kernels::recomputed_gradient_sums<T>,
                                                         kernels::input_gradient<T>,
                                                         kernels::recomputed_input_gradient<T>};

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// detail/training_passes.hpp - the passes that training runs besides the layers' kernels: batch-statistics norms,
// activations and their gradients.
// Floor 4 (network). Tested by tests/network/phases.cpp.
#ifndef EENN_NETWORK_DETAIL_TRAINING_PASSES_HPP
#define EENN_NETWORK_DETAIL_TRAINING_PASSES_HPP

#include <eenn/core/isa.hpp>
#include <eenn/kernels/detail/elementwise.hpp>
#include <eenn/kernels/detail/normalization.hpp>

namespace eenn {

/// @brief Training's passes over activations, as functions for one instruction set. The kernels of the same names document
/// them. A step calls each a few times per block of samples.
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

/// @brief The passes for this translation unit's instruction set.
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

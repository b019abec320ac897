// SPDX-License-Identifier: MIT
//
// activation_kind.hpp - which activation functions there are: a name and a parameter, without the arithmetic.
// Floor 2 (kernels). Letters: u = what goes in, y = what comes out.
#ifndef EENN_KERNELS_ACTIVATION_KIND_HPP
#define EENN_KERNELS_ACTIVATION_KIND_HPP

#include <eenn/core/constant.hpp>

namespace eenn::kernels {

/// @brief Which function.
enum class activation_kind : unsigned char {
    none,          ///< u
    relu,          ///< max(u, 0)
    relu6,         ///< min(max(u, 0), 6)
    leaky_relu,    ///< u > 0 ? u : slope u
    sigmoid,       ///< 1 / (1 + exp(-u))
    hard_sigmoid,  ///< clamp(u / 6 + 1/2, 0, 1)
    hard_swish,    ///< u hard_sigmoid(u)
    tanh,
};

/// @brief A function and its parameter, a structural value.
struct activation {
    activation_kind kind = activation_kind::none;
    real slope{};  ///< of leaky_relu below zero, in (0, 1)

    friend constexpr bool operator==(const activation&, const activation&) = default;
};

/// @brief Whether the derivative needs u; of all others it follows from y.
[[nodiscard]] constexpr bool needs_input(activation_kind kind) noexcept { return kind == activation_kind::hard_swish; }

/// @brief Whether the function is min(max(u, low), high).
[[nodiscard]] constexpr bool is_clamp(activation_kind kind) noexcept { return kind <= activation_kind::relu6; }

}  // namespace eenn::kernels

#endif

// SPDX-License-Identifier: MIT
//
// detail/activation_kind.hpp - the activation functions by name and parameter, without their arithmetic.
// Floor 2 (kernels). Tested by tests/kernels/activation.cpp. Letters: u = input, y = output.
#ifndef EENN_KERNELS_DETAIL_ACTIVATION_KIND_HPP
#define EENN_KERNELS_DETAIL_ACTIVATION_KIND_HPP

#include <eenn/core/detail/constant.hpp>
#include <eenn/core/isa.hpp>

#include <string_view>

namespace eenn::kernels {

/// @brief The activation function.
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
    real slope{};  ///< leaky_relu: the factor below zero, in (0, 1)

    friend constexpr bool operator==(const activation&, const activation&) = default;
};

/// @brief Whether the derivative needs u; for all other functions it follows from y.
[[nodiscard]] constexpr bool needs_input(activation_kind kind) noexcept { return kind == activation_kind::hard_swish; }

/// @brief Whether the function is min(max(u, low), high).
[[nodiscard]] constexpr bool is_clamp(activation_kind kind) noexcept { return kind <= activation_kind::relu6; }

inline namespace EENN_ISA {

/// @brief "relu6".
[[nodiscard]] constexpr std::string_view to_string(activation_kind kind) noexcept {
    switch (kind) {
        case activation_kind::none: return "none";
        case activation_kind::relu: return "relu";
        case activation_kind::relu6: return "relu6";
        case activation_kind::leaky_relu: return "leaky_relu";
        case activation_kind::sigmoid: return "sigmoid";
        case activation_kind::hard_sigmoid: return "hard_sigmoid";
        case activation_kind::hard_swish: return "hard_swish";
        case activation_kind::tanh: return "tanh";
    }
    return "no activation";
}

}  // namespace EENN_ISA

}  // namespace eenn::kernels

#endif

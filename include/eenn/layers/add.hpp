// SPDX-License-Identifier: MIT
//
// add.hpp - the sum of two tensors.
// Floor 3 (layers).
#ifndef EENN_LAYERS_ADD_HPP
#define EENN_LAYERS_ADD_HPP

#include <eenn/layers/layer.hpp>

namespace eenn {

/// @brief a + b, two inputs of one shape.
struct add {
    static constexpr std::string_view kind = "add";
    static constexpr layer_role role = layer_role::sum;
    static constexpr int arity = 2;
    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const { return same_shapes(in, 2); }
    friend constexpr bool operator==(const add&, const add&) = default;
};

}  // namespace eenn

#endif

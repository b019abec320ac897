// SPDX-License-Identifier: MIT
//
// batch_norm.hpp - batch normalisation. Letters: C = channels.
// Floor 3 (layers). Tested by tests/layers/shapes.cpp.
#ifndef EENN_LAYERS_BATCH_NORM_HPP
#define EENN_LAYERS_BATCH_NORM_HPP

#include <eenn/layers/layer.hpp>

namespace eenn {

/// @brief y = gamma (x - mean) / sqrt(var + epsilon) + beta, per channel.
///
/// Training normalises with the batch's mean and biased variance, and updates the running statistics by `momentum`
/// (with the unbiased variance, as in PyTorch). Inference uses the running statistics. Tensors: gamma, beta [C]; state:
/// mean, var [C].
///
/// @par Source  Ioffe, Szegedy (2015), algorithm 1.
struct batch_norm {
    static constexpr std::string_view kind = "batch_norm";
    static constexpr layer_role role = layer_role::norm;

    real epsilon = 1e-5;
    real momentum = 0.1;

    static constexpr std::string_view option_names[]{"epsilon", "momentum"};
    friend constexpr bool operator==(const batch_norm&, const batch_norm&) = default;

    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const {
        layer_fault wrong{};
        if (not_allowed(wrong, "epsilon", epsilon, allowed_range::from(0)) ||
            not_allowed(wrong, "momentum", momentum, allowed_range::closed(0, 1))) {
            return wrong;
        }
        return same_shapes(in, 1);
    }
    [[nodiscard]] constexpr tensor_list tensors(std::span<const shape> in) const {
        const std::array<int, 4> per_channel{in[0].c, 1, 1, 1};
        tensor_list list;
        list.push_back({.name = "gamma", .dims = per_channel, .start = initializer::ones});
        list.push_back({.name = "beta", .dims = per_channel});
        list.push_back({.name = "mean", .dims = per_channel, .trainable = false});
        list.push_back({.name = "var", .dims = per_channel, .start = initializer::ones, .trainable = false});
        return list;
    }
};

}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// composites.hpp - names for common sequences of layers; the graph contains only their parts.
// Floor 3 (layers). Tested by tests/network/graph.cpp.
#ifndef EENN_LAYERS_COMPOSITES_HPP
#define EENN_LAYERS_COMPOSITES_HPP

#include <eenn/layers/activations.hpp>
#include <eenn/layers/arithmetic.hpp>
#include <eenn/layers/batch_norm.hpp>
#include <eenn/layers/conv2d.hpp>
#include <eenn/layers/dense.hpp>
#include <eenn/layers/pooling.hpp>

namespace eenn {

/// @brief Depthwise separable convolution: depthwise, batch norm, relu, pointwise, batch norm, relu.
///
/// @par Source  Howard et al. (2017), figure 3.
struct separable {
    int filters = 0;
    int kernel_h = 3;
    int kernel_w = 3;
    int stride = 1;
    padding pad = same;
    int dilation = 1;

    template <class Graph>
    constexpr void build(Graph& g) const {
        g(
            depthwise_conv2d{
                .kernel_h = kernel_h, .kernel_w = kernel_w, .stride = stride, .pad = pad, .dilation = dilation},
            batch_norm{}, relu{}, conv2d{.filters = filters, .kernel_h = 1, .kernel_w = 1}, batch_norm{}, relu{});
    }
};

/// @brief Reweights the channels by a gate on their global averages: x * gate(W2 relu(W1 mean(x))).
///
/// @par Source  Hu, Shen, Sun (2018), section 3; the hard gate is MobileNetV3's (Howard et al. 2019).
struct squeeze_excite {
    int reduction = 4;  ///< hidden units = channels / reduction, at least 1
    bool hard = false;  ///< hard_sigmoid instead of sigmoid

    template <class Graph>
    constexpr void build(Graph& g) const {
        const auto x = g.here();
        const int channels = g.shape_of(x).c;
        const int hidden = reduction > 0 && channels > reduction ? channels / reduction : 1;
        g(global_average_pool{}, dense{.units = hidden}, relu{}, dense{.units = channels});
        if (hard) {
            g(hard_sigmoid{});
        } else {
            g(sigmoid{});
        }
        g.join(multiply{}, x, g.here());
    }
};

/// @brief A classifier head: global average pool, an optional hidden layer, logits.
struct exit_head {
    int classes = 0;
    int filters = 0;  ///< > 0: starts with a 3x3 convolution of stride 2, batch norm and relu
    int hidden = 0;   ///< > 0: adds a dense layer of this many units, with relu

    template <class Graph>
    constexpr void build(Graph& g) const {
        if (filters > 0) g(conv2d{.filters = filters, .stride = 2}, batch_norm{}, relu{});
        g(global_average_pool{});
        if (hidden > 0) g(dense{.units = hidden}, relu{});
        g(dense{.units = classes});
    }
};

}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// standard.hpp - eenn::graph: the graph over the standard set of layers.
// Floor 4 (network). Tested by tests/layers/shapes.cpp.
#ifndef EENN_NETWORK_STANDARD_HPP
#define EENN_NETWORK_STANDARD_HPP

#include <eenn/core/isa.hpp>
#include <eenn/layers/activations.hpp>
#include <eenn/layers/arithmetic.hpp>
#include <eenn/layers/batch_norm.hpp>
#include <eenn/layers/composites.hpp>
#include <eenn/layers/conv2d.hpp>
#include <eenn/layers/dense.hpp>
#include <eenn/layers/detail/identity.hpp>
#include <eenn/layers/dropout.hpp>
#include <eenn/layers/pooling.hpp>
#include <eenn/layers/shaping.hpp>
#include <eenn/network/graph.hpp>

namespace eenn {

/// @brief The standard set of layers.
struct standard_layers {
    using layer = std::variant<identity, conv2d, dense, batch_norm, relu, relu6, leaky_relu, sigmoid, hard_sigmoid,
                               hard_swish, tanh, softmax, max_pool, average_pool, global_average_pool, global_max_pool,
                               flatten, dropout, add, multiply, concat, pad>;
};

inline namespace EENN_ISA {

namespace detail {
template <class Variant, class... More>
struct extended;
template <class... L, class... More>
struct extended<std::variant<L...>, More...> {
    using type = std::variant<L..., More...>;
};
}  // namespace detail

}  // namespace EENN_ISA

/// @brief The standard layers plus custom ones: `struct my_layers { using layer = with_standard_layers<swish>; };`.
template <Layer... Mine>
using with_standard_layers = typename detail::extended<standard_layers::layer, Mine...>::type;

/// @brief A network of standard layers, as a value.
using graph = basic_graph<standard_layers>;

}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// generated.hpp - random networks, the same at compile time and at run time.
#ifndef EENN_TESTS_NETWORK_GENERATED_HPP
#define EENN_TESTS_NETWORK_GENERATED_HPP

#include <eenn/core/random.hpp>
#include <eenn/network/standard.hpp>

namespace generated {

using namespace eenn;

constexpr void some_activation(graph& g, random_stream& random) {
    switch (random.below(8)) {
        case 0: g(relu{}); break;
        case 1: g(relu6{}); break;
        case 2: g(leaky_relu{.slope = 0.1}); break;
        case 3: g(sigmoid{}); break;
        case 4: g(hard_sigmoid{}); break;
        case 5: g(hard_swish{}); break;
        case 6: g(eenn::tanh{}); break;
        default: break;
    }
}

constexpr int some(random_stream& random, int low, int high) {
    return low + static_cast<int>(random.below(static_cast<std::uint64_t>(high - low + 1)));
}

constexpr void some_convolution(graph& g, random_stream& random) {
    const int channels = g.shape_of(g.here()).c;
    const bool narrow = g.shape_of(g.here()).h < 2 || g.shape_of(g.here()).w < 4;  // too little for any padding below
    switch (random.below(4)) {
        case 0: g(depthwise_conv2d{.kernel_h = some(random, 1, 3), .kernel_w = some(random, 1, 5)}); break;
        case 1:
            g(conv2d{.filters = 2 * channels,
                     .kernel_h = 3,
                     .kernel_w = 2,
                     .groups = channels % 2 == 0 ? 2 : 1,
                     .bias = true});
            break;
        case 2:
            g(conv2d{.filters = some(random, 1, 19), .kernel_h = 1, .kernel_w = 1, .bias = random.below(2) == 0});
            break;
        default:
            g(conv2d{.filters = some(random, 1, 19),
                     .kernel_h = some(random, 1, 3),
                     .kernel_w = some(random, 1, 4),
                     .stride = some(random, 1, 2),
                     .pad = random.below(2) == 0 || narrow ? same : padding{2, 1, 0, 3},
                     .dilation = some(random, 1, 2),
                     .bias = true});
            break;
    }
    if (random.below(2) == 0) g(batch_norm{});
}

/// A network of about ten layers: convolutions of every kind, pools, residual blocks, branches, gates, exits.
constexpr graph network_of(std::uint64_t seed) {
    random_stream random{.seed = seed, .stream = 77};
    graph g{{some(random, 6, 10), some(random, 6, 10), some(random, 1, 4)}};
    const int blocks = some(random, 2, 4);
    for (int block = 0; block < blocks; ++block) {
        switch (random.below(7)) {
            case 0: {
                const int channels = g.shape_of(g.here()).c;
                g.residual([&](graph& b) {
                    b(conv2d{.filters = channels, .bias = true}, batch_norm{});
                    some_activation(b, random);
                    b(conv2d{.filters = channels, .kernel_h = 1});
                });
                some_activation(g, random);
                break;
            }
            case 1:
                g.branches(
                    concat{}, [&](graph& b) { b(conv2d{.filters = 3}, relu{}); },
                    [&](graph& b) {
                        b(conv2d{.filters = 5, .kernel_h = 1, .kernel_w = 1, .bias = true}, batch_norm{});
                    },
                    [](graph&) {});
                break;
            case 2: g(squeeze_excite{.reduction = 2, .hard = random.below(2) == 0}); break;
            case 3: g(max_pool{.kernel_h = 2, .kernel_w = 3, .stride = 1, .pad = same}, batch_norm{}, relu{}); break;
            case 4:
                g(average_pool{.kernel_h = 3, .stride = 2, .pad = padding{1}, .count_padding = random.below(2) == 0});
                break;
            case 5: g(pad{.top = 1, .right = 2, .channels_after = 1, .value = 0.5}, dropout{.rate = 0.25}); break;
            default: break;
        }
        some_convolution(g, random);
        some_activation(g, random);
        if (random.below(3) == 0) {
            const int hidden = random.below(2) == 0 ? 5 : 0;
            const policy decides = random.below(2) == 0 ? policy{entropy{}} : policy{margin{}};
            g.exit(exit_head{.classes = 3, .hidden = hidden}, decides);
        }
    }
    if (random.below(2) == 0) return g(global_max_pool{}, dense{.units = 3});
    if (random.below(2) == 0) return g(flatten{}, dense{.units = 7}, relu{}, dense{.units = 3});
    return g(global_average_pool{}, dense{.units = 3});
}

}  // namespace generated

#endif

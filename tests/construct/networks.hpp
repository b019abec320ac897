// SPDX-License-Identifier: MIT
//
// networks.hpp - small networks that tests of constructions share.
#ifndef EENN_TESTS_CONSTRUCT_NETWORKS_HPP
#define EENN_TESTS_CONSTRUCT_NETWORKS_HPP

#include <eenn/network/standard.hpp>

namespace eenn::test {

/// A residual network as the CIFAR ones: stem, `blocks` blocks in each of two stages, classifier.
inline graph small_resnet(int blocks, int classes = 4, shape input = {8, 8, 3}) {
    graph g{input};
    g(conv2d{.filters = 4}, batch_norm{}, relu{});
    for (int stage = 0; stage < 2; ++stage) {
        for (int b = 0; b < blocks; ++b) {
            const int stride = stage == 1 && b == 0 ? 2 : 1;
            const int filters = 4 << stage;
            const auto body = [&](graph& n) {
                n(conv2d{.filters = filters, .stride = stride}, batch_norm{}, relu{}, conv2d{.filters = filters},
                  batch_norm{});
            };
            if (stride == 2) {
                g.residual(body, [&](graph& n) {
                    n(conv2d{.filters = filters, .kernel_h = 1, .kernel_w = 1, .stride = stride});
                });
            } else {
                g.residual(body);
            }
            g(relu{});
        }
    }
    return g(global_average_pool{}, dense{.units = classes});
}

/// Depthwise separable blocks behind a convolution, as keyword spotters are.
inline graph small_separable(int blocks, int classes = 4) {
    graph g{{12, 6, 1}};
    g(conv2d{.filters = 8, .kernel_h = 4, .kernel_w = 3, .stride = 2, .bias = true}, relu{});
    for (int b = 0; b < blocks; ++b) g(separable{.filters = 8});
    return g(global_average_pool{}, dense{.units = classes});
}

}  // namespace eenn::test

#endif

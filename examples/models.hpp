// SPDX-License-Identifier: MIT
//
// models.hpp - the networks of the examples and benchmarks, in the library's vocabulary.
//
// The MACs and parameters of each are checked below. Speed is compared on these six networks.
#ifndef EENN_EXAMPLES_MODELS_HPP
#define EENN_EXAMPLES_MODELS_HPP

#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace models {

using namespace eenn;

/// CIFAR ResNets (He et al. 2016, section 4.2) with 1x1 projections: `blocks` blocks in each stage of 16, 32, 64 channels.
/// One block a stage is MLPerf Tiny's ResNet-8. With `exits`, a head after each of the first two stages.
constexpr graph cifar_resnet(int blocks, bool exits = false) {
    graph g{{32, 32, 3}};
    g(conv2d{.filters = 16, .pad = padding{1}}, batch_norm{}, relu{});
    for (int stage = 0; stage < 3; ++stage) {
        const int filters = 16 << stage;
        for (int block = 0; block < blocks; ++block) {
            const int stride = stage > 0 && block == 0 ? 2 : 1;
            g.residual(
                [=](auto& b) {
                    b(conv2d{.filters = filters, .stride = stride, .pad = padding{1}}, batch_norm{}, relu{},
                      conv2d{.filters = filters, .pad = padding{1}}, batch_norm{});
                },
                [=](auto& b) {
                    if (stride == 2)
                        b(conv2d{.filters = filters, .kernel_h = 1, .kernel_w = 1, .stride = 2, .pad = valid});
                });
            g(relu{});
        }
        if (exits && stage < 2) g.exit(exit_head{.classes = 10});
    }
    return g(global_average_pool{}, dense{.units = 10});
}

constexpr graph resnet8() { return cifar_resnet(1); }
constexpr graph resnet20() { return cifar_resnet(3); }
constexpr graph resnet56() { return cifar_resnet(9); }

/// DS-CNN for keyword spotting (Zhang et al. 2017): 49 frames of 10 coefficients, 12 classes.
constexpr graph dscnn() {
    graph g{{49, 10, 1}};
    g(conv2d{.filters = 64, .kernel_h = 10, .kernel_w = 4, .stride = 2, .pad = padding{5, 1}}, batch_norm{}, relu{});
    for (int block = 0; block < 4; ++block) g(separable{.filters = 64});
    return g(global_average_pool{}, dense{.units = 12});
}

/// MobileNetV1 (Howard et al. 2017) with width multiplier 0.25, 96x96, two classes (visual wake words).
constexpr graph mobilenet_v1_025_96() {
    graph g{{96, 96, 3}};
    g(conv2d{.filters = 8, .stride = 2, .pad = padding{1}}, batch_norm{}, relu{});
    struct block {
        int filters;
        int stride;
    };
    for (const auto& [filters, stride] :
         {block{16, 1}, block{32, 2}, block{32, 1}, block{64, 2}, block{64, 1}, block{128, 2}, block{128, 1},
          block{128, 1}, block{128, 1}, block{128, 1}, block{128, 1}, block{256, 2}, block{256, 1}}) {
        g(separable{.filters = filters, .stride = stride, .pad = padding{1}});
    }
    return g(global_average_pool{}, dense{.units = 2});
}

/// A small 1-D network for heartbeats: 187 samples, five classes.
constexpr graph ecg_cnn() {
    graph g{{1, 187, 1}};
    const max_pool halve{.kernel_h = 1, .kernel_w = 2};
    g(conv1d{.filters = 16, .kernel = 7}, batch_norm{}, relu{}, halve);
    g(conv1d{.filters = 32, .kernel = 5}, batch_norm{}, relu{}, halve);
    g(conv1d{.filters = 64, .kernel = 5}, batch_norm{}, relu{}, halve);
    g(conv1d{.filters = 64, .kernel = 3}, batch_norm{}, relu{});
    return g(global_average_pool{}, dense{.units = 5});
}

static_assert(network<resnet8>::macs == 12'501'632 && network<resnet8>::parameters == 77'850);
static_assert(network<resnet20>::macs == 40'813'184 && network<resnet20>::parameters == 272'282);
static_assert(network<resnet56>::macs == 125'747'840 && network<resnet56>::parameters == 855'578);
static_assert(network<dscnn>::macs == 2'656'768 && network<dscnn>::parameters == 23'180);
static_assert(network<mobilenet_v1_025_96>::macs == 7'489'664 && network<mobilenet_v1_025_96>::parameters == 213'586);
static_assert(network<ecg_cnn>::macs == 1'013'008 && network<ecg_cnn>::parameters == 25'877);

}  // namespace models

#endif

// SPDX-License-Identifier: MIT
//
// kernels.cpp - tune's probe of the kernels: layers that answer for the constants of a tuning table.
//
// Sizes are run-time values, so that the table's kernels are all there is to compile. A group holds what a constant
// affects; names are those of ../kernels.cpp.
#include <eenn/core/aligned.hpp>
#include <eenn/core/random.hpp>
#include <eenn/kernels/detail/convolution.hpp>

#include <memory>

#include "probe.hpp"

namespace {

using namespace eenn;
using kernels::convolution;

aligned_vector<float> noise(std::size_t count) {
    aligned_vector<float> values(count);
    random_stream random{.seed = 1};
    for (float& v : values) v = static_cast<float>(random.uniform(-1, 1));
    return values;
}

/// A layer with all its tensors.
struct layer_data {
    convolution g;
    kernels::selected_convolution p;
    int n;
    aligned_vector<float> x, dy, y, dx, w, dw, packed, packed_gradient, scratch;

    layer_data(const convolution& geometry, int samples)
        : g{geometry},
          p{kernels::select(g)},
          n{samples},
          x{noise(static_cast<std::size_t>(n) * g.in.elements())},
          dy{noise(static_cast<std::size_t>(n) * g.out.elements())},
          y{dy},
          dx{x},
          w{noise(static_cast<std::size_t>(g.kernel_h * g.kernel_w * (g.in.c / g.groups) * g.out.c))},
          dw{w},
          packed(kernels::packed_size<float>(p)),
          packed_gradient(kernels::packed_gradient_size<float>(p)),
          scratch(std::max({kernels::scratch_size<float>(p), kernels::gradient_scratch_size<float>(p),
                            kernels::weight_scratch_size<float>(p)})) {
        kernels::pack(dynamic{p}, w.data(), nullptr, nullptr, nullptr, packed.data());
        kernels::pack_gradient(dynamic{p}, w.data(), packed_gradient.data());
    }
    void forward() {
        constexpr kernels::activation relu{kernels::activation_kind::relu, {}};
        kernels::forward(dynamic{p}, n, x.data(), packed.data(), nullptr, relu, y.data(), scratch.data());
    }
    void backward_data() {
        kernels::backward_data(dynamic{p}, n, dy.data(), packed_gradient.data(), false, dx.data(), scratch.data());
    }
    void backward_weights() {
        kernels::backward_weights(dynamic{p}, n, x.data(), dy.data(), dw.data(), nullptr, scratch.data());
    }
};

struct layer {
    const char* name;
    convolution g;
    int samples = 1;
};

constexpr layer winograd_layers[] = {
    {"3x3 16->16 32x32", {{32, 32, 16}, {32, 32, 16}, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"3x3 32->32 16x16", {{16, 16, 32}, {16, 16, 32}, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"3x3 64->64 8x8", {{8, 8, 64}, {8, 8, 64}, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"3x3 128->128 7x7", {{7, 7, 128}, {7, 7, 128}, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"3x3 64->64 28x28", {{28, 28, 64}, {28, 28, 64}, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"3x3 32->32 5x5", {{5, 5, 32}, {5, 5, 32}, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"1-D k5 32->32 187", {{1, 187, 32}, {1, 187, 32}, 1, 5, 1, 1, 0, 2, 1, 1, 1}},
};
constexpr layer direct_layers[] = {
    {"3x3 3->16 32x32", {{32, 32, 3}, {32, 32, 16}, 3, 3, 1, 1, 1, 1, 1, 1, 1}},
    {"3x3 16->32 32x32 s2", {{32, 32, 16}, {16, 16, 32}, 3, 3, 2, 2, 0, 0, 1, 1, 1}},
    {"3x3 3->8 96x96 s2", {{96, 96, 3}, {48, 48, 8}, 3, 3, 2, 2, 1, 1, 1, 1, 1}},
    {"10x4 1->64 49x10 s2", {{49, 10, 1}, {25, 5, 64}, 10, 4, 2, 2, 4, 1, 1, 1, 1}},
    {"1x1 64->64 25x5", {{25, 5, 64}, {25, 5, 64}, 1, 1, 1, 1, 0, 0, 1, 1, 1}},
    {"1x1 8->16 48x48", {{48, 48, 8}, {48, 48, 16}, 1, 1, 1, 1, 0, 0, 1, 1, 1}},
    {"1x1 24->24 14x14", {{14, 14, 24}, {14, 14, 24}, 1, 1, 1, 1, 0, 0, 1, 1, 1}},
    {"1x1 128->128 6x6", {{6, 6, 128}, {6, 6, 128}, 1, 1, 1, 1, 0, 0, 1, 1, 1}},
    {"1x1 256->256 3x3", {{3, 3, 256}, {3, 3, 256}, 1, 1, 1, 1, 0, 0, 1, 1, 1}},
    {"dense 256->128", {{1, 1, 256}, {1, 1, 128}, 1, 1, 1, 1, 0, 0, 1, 1, 1}},
};
/// Small samples, of which some are taken at once.
constexpr layer joined_layers[] = {
    {"dense 64->10, 64 samples", {{1, 1, 64}, {1, 1, 10}, 1, 1, 1, 1, 0, 0, 1, 1, 1}, 64},
    {"dense 256->128, 64 samples", {{1, 1, 256}, {1, 1, 128}, 1, 1, 1, 1, 0, 0, 1, 1, 1}, 64},
    {"1x1 128->128 6x6, 16 samples", {{6, 6, 128}, {6, 6, 128}, 1, 1, 1, 1, 0, 0, 1, 1, 1}, 16},
    {"1x1 256->256 3x3, 16 samples", {{3, 3, 256}, {3, 3, 256}, 1, 1, 1, 1, 0, 0, 1, 1, 1}, 16},
};
constexpr layer depthwise_layers[] = {
    {"dw3x3 64 25x5", {{25, 5, 64}, {25, 5, 64}, 3, 3, 1, 1, 1, 1, 1, 1, 64}},
    {"dw3x3 16 48x48", {{48, 48, 16}, {48, 48, 16}, 3, 3, 1, 1, 1, 1, 1, 1, 16}},
    {"dw3x3 64 12x12", {{12, 12, 64}, {12, 12, 64}, 3, 3, 1, 1, 1, 1, 1, 1, 64}},
    {"dw3x3 128 6x6", {{6, 6, 128}, {6, 6, 128}, 3, 3, 1, 1, 1, 1, 1, 1, 128}},
    {"dw3x3 16 48x48 s2", {{48, 48, 16}, {24, 24, 16}, 3, 3, 2, 2, 0, 0, 1, 1, 16}},
    {"dw5x5 32 14x14", {{14, 14, 32}, {14, 14, 32}, 5, 5, 1, 1, 2, 2, 1, 1, 32}},
};
/// Weight gradients, of some samples: their sums span samples.
constexpr layer weight_layers[] = {
    {"3x3 16->16 32x32, 8 samples", {{32, 32, 16}, {32, 32, 16}, 3, 3, 1, 1, 1, 1, 1, 1, 1}, 8},
    {"3x3 64->64 8x8, 16 samples", {{8, 8, 64}, {8, 8, 64}, 3, 3, 1, 1, 1, 1, 1, 1, 1}, 16},
    {"3x3 16->32 32x32 s2, 8 samples", {{32, 32, 16}, {16, 16, 32}, 3, 3, 2, 2, 0, 0, 1, 1, 1}, 8},
    {"1x1 64->64 25x5, 16 samples", {{25, 5, 64}, {25, 5, 64}, 1, 1, 1, 1, 0, 0, 1, 1, 1}, 16},
    {"1x1 8->16 48x48, 8 samples", {{48, 48, 8}, {48, 48, 16}, 1, 1, 1, 1, 0, 0, 1, 1, 1}, 8},
    {"1x1 24->24 14x14, 16 samples", {{14, 14, 24}, {14, 14, 24}, 1, 1, 1, 1, 0, 0, 1, 1, 1}, 16},
    {"1-D k5 32->64 46, 16 samples", {{1, 46, 32}, {1, 46, 64}, 1, 5, 1, 1, 0, 2, 1, 1, 1}, 16},
};
constexpr layer few_channel_layers[] = {
    {"3x3 3->16 32x32", {{32, 32, 3}, {32, 32, 16}, 3, 3, 1, 1, 1, 1, 1, 1, 1}, 4},
    {"3x3 3->8 96x96 s2", {{96, 96, 3}, {48, 48, 8}, 3, 3, 2, 2, 1, 1, 1, 1, 1}, 2},
    {"10x4 1->64 49x10 s2", {{49, 10, 1}, {25, 5, 64}, 10, 4, 2, 2, 4, 1, 1, 1, 1}, 4},
    {"1-D k7 1->16 187", {{1, 187, 1}, {1, 187, 16}, 1, 7, 1, 1, 0, 3, 1, 1, 1}, 4},
    {"3x3 4->16 32x32", {{32, 32, 4}, {32, 32, 16}, 3, 3, 1, 1, 1, 1, 1, 1, 1}, 4},
    {"3x3 6->16 32x32", {{32, 32, 6}, {32, 32, 16}, 3, 3, 1, 1, 1, 1, 1, 1, 1}, 4},
    {"3x3 8->16 32x32", {{32, 32, 8}, {32, 32, 16}, 3, 3, 1, 1, 1, 1, 1, 1, 1}, 4},
    {"1-D k5 8->32 46", {{1, 46, 8}, {1, 46, 32}, 1, 5, 1, 1, 0, 2, 1, 1, 1}, 4},
};

using call = void (layer_data::*)();

template <std::size_t Count>
void add(const std::string& group, const layer (&layers)[Count], call what, std::vector<tuning_probe::workload>& all) {
    for (const layer& l : layers) {
        all.push_back({group, l.name, [l, what, data = std::shared_ptr<layer_data>{}]() mutable {
                           if (data == nullptr) data = std::make_shared<layer_data>(l.g, l.samples);
                           ((*data).*what)();
                       }});
    }
}

}  // namespace

int main() {
    std::vector<tuning_probe::workload> all;
    add("winograd", winograd_layers, &layer_data::forward, all);
    add("direct", direct_layers, &layer_data::forward, all);
    add("joined", joined_layers, &layer_data::forward, all);
    add("depthwise", depthwise_layers, &layer_data::forward, all);
    add("depthwise", depthwise_layers, &layer_data::backward_data, all);
    add("depthwise_weights", depthwise_layers, &layer_data::backward_weights, all);
    add("weights", weight_layers, &layer_data::backward_weights, all);
    add("few_channels", few_channel_layers, &layer_data::backward_weights, all);
    tuning_probe::answer(all);
}

// SPDX-License-Identifier: MIT
//
// device.cpp - a user's program for a device: packs and runs a network with three exits, where no heap, no exceptions, no
// RTTI and no C++ library are. The same source, built as a host builds it, must print the same bits.
#include <eenn/infer.hpp>

#include <cstdint>
#include <cstdio>
#include <cstring>

namespace {

using namespace eenn;

// Norms of more than 64 channels, the last of them in the last layer; Winograd, depthwise, pointwise and dense kernels.
constexpr graph recipe() {
    graph g{{12, 12, 3}};
    g(conv2d{.filters = 24}, batch_norm{}, relu{});
    g.residual([](auto& b) { b(conv2d{.filters = 24}, batch_norm{}); })(relu{});
    g.exit(exit_head{.classes = 4}, max_probability{});
    g(separable{.filters = 96, .stride = 2});
    g.exit(exit_head{.classes = 4}, entropy{});
    return g(separable{.filters = 136}, global_average_pool{}, dense{.units = 4}, batch_norm{});
}
using net = network<recipe>;
static_assert(net::exits == 3, "two exits and the end of the network");

alignas(alignment) float parameters[net::parameter_elements];
net::packed flash;

// Numbers without a library of random ones: (-1, 1].
float number(std::uint32_t& state) {
    state = state * 1664525U + 1013904223U;
    return static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-31F;
}

}  // namespace

int main() {
    std::uint32_t state = 5;
    for (const tensor_info& tensor : net::plan.tensors) {
        const bool factor = tensor.spec.name == "gamma" || tensor.spec.name == "var";
        const float size = 2.0F / static_cast<float>(tensor.spec.fan_in > 9 ? 9 : tensor.spec.fan_in);
        for (std::size_t i = 0; i < tensor.spec.elements(); ++i)
            parameters[tensor.offset + i] = factor ? 1.0F + 0.3F * number(state) : size * number(state);
    }
    const threshold_rules rules{std::array<exit_rule, 3>{{{.threshold = 0.8F}, {.threshold = 0.66F}, {}}}};
    net::session run{parameters, rules};
    pack_weights(net::inference(), parameters, flash.values);
    net::flash_session same{flash, rules};

    bool agree = true;
    int taken[net::exits] = {};
    for (int sample = 0; sample < 24; ++sample) {
        float image[net::input.elements()];
        for (float& x : image) x = static_cast<float>(sample) * number(state);
        const decision d = run(image);
        agree = agree && same(image) == d;
        std::uint32_t bits = 0;
        std::memcpy(&bits, &d.confidence, sizeof bits);
        std::printf("%d %d %08lx\n", d.label, d.exit, static_cast<unsigned long>(bits));
        ++taken[d.exit];
    }
    return !agree || taken[0] == 0 || taken[1] == 0 || taken[2] == 0;  // or it shows less than it should
}

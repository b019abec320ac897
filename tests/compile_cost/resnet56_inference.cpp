// flags: -O2
// limit-allocated-mib: 370
// limit-mib: 340
// limit-types: 240000
// SPDX-License-Identifier: MIT
//
// ResNet-56 with exits and its real inference kernels: what the main use costs the compiler.
#include <eenn/infer.hpp>

namespace {

using namespace eenn;

constexpr graph resnet56() {
    graph g{{32, 32, 3}};
    g(conv2d{.filters = 16}, batch_norm{}, relu{});
    for (int stage = 0; stage < 3; ++stage) {
        const int filters = 16 << stage;
        for (int block = 0; block < 9; ++block) {
            const int stride = stage > 0 && block == 0 ? 2 : 1;
            g.residual(
                [=](auto& b) {
                    b(conv2d{.filters = filters, .stride = stride}, batch_norm{}, relu{}, conv2d{.filters = filters},
                      batch_norm{});
                },
                [=](auto& b) {
                    if (stride == 2) b(conv2d{.filters = filters, .kernel_h = 1, .kernel_w = 1, .stride = 2});
                });
            g(relu{});
        }
        if (stage < 2) g.exit(exit_head{.classes = 10});
    }
    return g(global_average_pool{}, dense{.units = 10});
}

}  // namespace

int main(int argc, char** argv) {
    using net = network<resnet56>;
    static const net::packed weights{};
    static net::flash_session run{weights};
    static const float image[net::input.elements()]{};
    (void)argv;
    return run(image).exit + argc;
}

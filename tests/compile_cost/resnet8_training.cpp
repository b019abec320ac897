// flags: -O3 -march=native
// limit-allocated-mib: 605
// limit-mib: 440
// limit-types: 412000
// SPDX-License-Identifier: MIT
//
// ResNet-8 with exits as a compile-time network, trained and run: what a whole program costs the compiler.
#include <eenn/infer.hpp>
#include <eenn/training/trainer.hpp>

namespace {

using namespace eenn;

constexpr graph resnet8() {
    graph g{{32, 32, 3}};
    g(conv2d{.filters = 16, .pad = padding{1}}, batch_norm{}, relu{});
    for (int stage = 0; stage < 3; ++stage) {
        const int filters = 16 << stage;
        const int stride = stage > 0 ? 2 : 1;
        g.residual(
            [=](auto& b) {
                b(conv2d{.filters = filters, .stride = stride, .pad = padding{1}}, batch_norm{}, relu{},
                  conv2d{.filters = filters, .pad = padding{1}}, batch_norm{});
            },
            [=](auto& b) {
                if (stride == 2) b(conv2d{.filters = filters, .kernel_h = 1, .kernel_w = 1, .stride = 2, .pad = valid});
            });
        g(relu{});
        if (stage < 2) g.exit(exit_head{.classes = 10});
    }
    return g(global_average_pool{}, dense{.units = 10});
}

}  // namespace

int main() {
    using net = network<resnet8>;
    constexpr int samples = 8;
    serial executor;
    backpropagation<float> passes{net::training(), samples};
    auto parameters = initialize(net::plan, 1);
    aligned_vector<float> images(samples * net::input.elements());
    aligned_vector<float> gradients(net::parameters);
    passes.forward(parameters.data(), images.data(), samples, 1, 1, executor);
    const bool exits[] = {true, true, true};
    passes.backward(parameters.data(), gradients.data(), exits, executor);
    static net::session run{parameters};
    return run(std::span{images}.first<net::input.elements()>()).exit;
}

// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "../../examples/own_layer.hpp"

#include <eenn/network/detail/infer.hpp>
#include <eenn/network/network.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/training/detail/backpropagation.hpp>

namespace {

using namespace eenn;

constexpr auto with_own_layer() {
    own::graph g{{3, 3, 2}};
    g(conv2d{.filters = 4}, batch_norm{}, own::gate{.sharpness = 2.0}, global_average_pool{}, dense{.units = 2});
    return g;
}
using net = network<with_own_layer>;
static_assert(net::parameters == 9 * 2 * 4 + 8 + 4 + 4 * 2 + 2, "the gate has one parameter a channel");

template <class T>
double loss(const trainable<T>& n, aligned_vector<T> parameters, const std::vector<T>& x,
            aligned_vector<T>* gradients) {
    backpropagation<T> batch{n, 2};
    serial one;
    batch.forward(parameters.data(), x.data(), 2, 1, 1, one);
    double sum = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const T weight = static_cast<T>(static_cast<int>(i) - 1);
        sum += static_cast<double>(weight * batch.logits(0)[i]);
        batch.logits_gradient(0)[i] = weight;
    }
    const bool exits[]{true};
    if (gradients != nullptr) {
        gradients->resize(n.plan.sizes.parameters);
        batch.backward(parameters.data(), gradients->data(), exits, one);
    }
    return sum;
}

template <class T>
std::vector<T> images() {
    random_stream random{.seed = 8};
    std::vector<T> x(2 * 18);
    for (auto& v : x) v = static_cast<T>(random.normal());
    return x;
}

}  // namespace

TEST_CASE("layers/own_layer: a layer from outside the library runs in both phases to the same bits") {
    runtime_network<float, own::graph> at_run_time{with_own_layer()};
    const auto parameters = initialize(net::plan, 4);
    aligned_vector<float> a;
    aligned_vector<float> b;
    CHECK(loss<float>(net::training(), parameters, images<float>(), &a) ==
          loss<float>(at_run_time.training(), parameters, images<float>(), &b));
    CHECK(a == b);
    net::workspace scratch{};
    const packed_weights packed{net::inference(), parameters};
    const auto all = images<float>();
    run_steps(net::inference(), net::plan.steps.ids(), packed, all, scratch.data);
    CHECK(scratch.data[net::plan.values.back().offset] != 0);
}

TEST_CASE("layers/own_layer: its gradients pass the same check as the library's") {
    runtime_network<double, own::graph> n{with_own_layer()};
    auto parameters = initialize<double>(n.plan(), 4);
    aligned_vector<double> gradients;
    loss<double>(n.training(), parameters, images<double>(), &gradients);
    for (std::size_t p = 0; p < gradients.size(); ++p) {
        auto moved = parameters;
        moved[p] += 1e-6;
        const double up = loss<double>(n.training(), moved, images<double>(), nullptr);
        moved[p] -= 2e-6;
        const double down = loss<double>(n.training(), moved, images<double>(), nullptr);
        CAPTURE(p);
        CHECK(gradients[p] == doctest::Approx((up - down) / 2e-6).epsilon(1e-5).scale(1.0));
    }
}

// SPDX-License-Identifier: MIT
#include <eenn/construct/detail/renormalise.hpp>

#include <doctest/doctest.h>

#include <eenn/exits/collect_trace.hpp>

#include "networks.hpp"

using namespace eenn;
using namespace eenn::construct;

TEST_CASE("construct/renormalise: norms come back and the answers stay") {
    graph base{{8, 8, 2}};
    base(conv2d{.filters = 4, .bias = true}, relu{});
    base.residual([](graph& g) { g(conv2d{.filters = 4, .bias = true}, relu{}, conv2d{.filters = 4, .bias = true}); });
    base(relu{}, conv2d{.filters = 6}, batch_norm{}, relu{}, global_average_pool{}, dense{.units = 3});
    const plan lowered = lower(base);
    const auto parameters = initialize(lowered.view(), 3);
    data_set set{{8, 8, 2}, 3, {}, std::vector<int>(40, 0), {}};
    random_stream random{.seed = 9};
    for (std::size_t i = 0; i < 40 * set.sample.elements(); ++i)
        set.pixels.push_back(static_cast<float>(3 * random.normal() + 1));
    serial here;
    const renormalised made = renormalise(base, parameters, set, here);
    CHECK(made.norms.size() == 3);
    CHECK(made.norms[0] == base.next_id());
    for (const auto& node : base.nodes()) CHECK(made.network.place_of(node.id).exists());
    const runtime_network<float, graph> before{base};
    const runtime_network<float, graph> after{made.network};
    CHECK(before.plan().sizes.macs == after.plan().sizes.macs);
    const auto a = collect_logits(before.inference(), parameters, set, here).logits;
    const auto b = collect_logits(after.inference(), made.parameters, set, here).logits;
    for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-4));

    // The statistics are those of the samples: normalised, the first convolution has mean 0 and variance 1.
    for (const auto& step : after.plan().steps) {
        if (step.norm != made.network.place_of(made.norms[0])) continue;
        CHECK(made.parameters[step.norm_state + 4] > 0.1F);  // far from the start at 1 with weights of this size
        CHECK(made.parameters[step.norm_weights] ==
              doctest::Approx(std::sqrt(made.parameters[step.norm_state + 4] + float{step.epsilon})));
    }
}

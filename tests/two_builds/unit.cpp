// SPDX-License-Identifier: MIT
//
// unit.cpp - a network as a type and as a graph, inference and training; compiled once for each level, which UNIT names.
#include "unit.hpp"

#include <eenn/exits/collect_trace.hpp>
#include <eenn/network/network.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/network/runtime_session.hpp>
#include <eenn/training/detail/backpropagation.hpp>
#include <eenn/training/losses.hpp>
#include <eenn/training/optimizers.hpp>

using namespace eenn;

namespace {

// Winograd, strided, depthwise, pointwise and grouped convolutions, a residual, two exits.
constexpr graph recipe() {
    graph g{{12, 12, 3}};
    g(conv2d{.filters = 16}, batch_norm{}, relu{});
    g.residual([](auto& b) { b(conv2d{.filters = 16}, batch_norm{}); })(relu{});
    g.exit(exit_head{.classes = 5}, entropy{});
    g(conv2d{.filters = 32, .stride = 2, .groups = 2}, batch_norm{}, hard_swish{});
    g(separable{.filters = 40}, max_pool{}, dropout{.rate = real{0.25}});
    return g(global_average_pool{}, dense{.units = 5});
}
using net = network<recipe>;

aligned_vector<float> noise(std::size_t count) {
    aligned_vector<float> values(count);
    random_stream random{.seed = 7};
    for (auto& v : values) v = static_cast<float>(random.normal());
    return values;
}

constexpr int samples = 6;

/// Decisions, and the logits of the last exit.
std::vector<float> infer_all(const executable<float>& made, const aligned_vector<float>& parameters,
                             const aligned_vector<float>& images) {
    session run{made, parameters,
                threshold_rules{std::vector<exit_rule>{{.threshold = 0.2F, .temperature = 1.5F}, {}}}};
    session whole{made, parameters, threshold_rules{std::vector<exit_rule>(2, exit_rule{never_exit})}};
    std::vector<float> found;
    const std::size_t each = made.plan.input.elements();
    for (std::size_t i = 0; i < samples; ++i) {
        const auto image = std::span{images}.subspan(i * each, each);
        const decision d = run(image);
        found.insert(found.end(), {static_cast<float>(d.label), static_cast<float>(d.exit), d.confidence});
        const auto logits = whole.output(whole(image).exit);
        found.insert(found.end(), logits.begin(), logits.end());
    }
    return found;
}

std::vector<float> train(const trainable<float>& made, aligned_vector<float> parameters,
                         const aligned_vector<float>& images) {
    backpropagation<float> batch_state{made, samples};
    std::vector<float> found;
    aligned_vector<float> gradients(made.plan.sizes.parameters);
    const std::vector<int> labels{0, 1, 2, 3, 4, 0};
    optimizer_state<float> state;
    const std::vector<parameter_range> ranges{{0, gradients.size(), true}};
    serial executor;
    for (std::uint64_t pass = 0; pass < 2; ++pass) {
        batch_state.forward(parameters.data(), images.data(), samples, 1, pass, executor);
        const bool exits[]{true, true};
        for (std::size_t e = 0; e < 2; ++e) {
            const std::size_t count = labels.size() * static_cast<std::size_t>(made.plan.exits[e].classes);
            const double loss = cross_entropy{}(std::span<const float>{batch_state.logits(e), count}, labels,
                                                std::span<float>{batch_state.logits_gradient(e), count});
            found.push_back(static_cast<float>(loss));
        }
        batch_state.backward(parameters.data(), gradients.data(), exits, executor);
        adam{}.step(std::span<float>{parameters}.first(gradients.size()), gradients, state, ranges, 1e-3);
    }
    found.insert(found.end(), parameters.begin(), parameters.end());
    return found;
}

std::vector<float> confidences() {
    const aligned_vector<float> logits = noise(40);
    std::vector<float> found;
    exit_state state;
    for (const policy& p : {policy{max_probability{}}, policy{margin{}}, policy{entropy{}}, policy{patience{}}}) {
        for (std::size_t i = 0; i < logits.size(); i += 10)
            found.push_back(p.confidence({logits.data() + i, 10}, 0.7F, state).confidence);
    }
    return found;
}

two_builds::results run(const graph& shared) {
    const auto parameters = initialize(net::plan, 3);
    const auto images = noise(net::input.elements() * samples);
    runtime_network<float, graph> made{shared};
    return {infer_all(net::inference(), parameters, images), infer_all(made.inference(), parameters, images),
            train(made.training(), parameters, images), confidences()};
}

executable<float> network_for_others() { return net::inference(); }

}  // namespace

two_builds::unit two_builds::UNIT() { return {run, network_for_others}; }

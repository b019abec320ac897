// SPDX-License-Identifier: MIT
#if __has_include(<eenn/io/onnx/import.hpp>)  // until the importer is there
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <eenn/io/onnx/export.hpp>
#include <eenn/io/onnx/import.hpp>
#include <eenn/io/onnx/read.hpp>
#include <eenn/io/onnx/write.hpp>
#include <eenn/network/detail/infer.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/runtime_network.hpp>
#include <string>
#include <vector>

#include "../../network/generated.hpp"

using namespace eenn;

namespace {

// Parameters whose norms shift and scale.
aligned_vector<float> parameters_of(const graph& g, random_stream& random) {
    const plan lowered = lower(g);
    auto parameters = initialize(lowered.view(), random.bits());
    for (const auto& tensor : lowered.tensors) {
        const bool positive = tensor.spec.name == "gamma" || tensor.spec.name == "var";
        if (tensor.layer != "batch_norm") continue;
        for (std::size_t i = 0; i < tensor.spec.elements(); ++i) {
            parameters[tensor.offset + i] =
                static_cast<float>(positive ? random.uniform(0.5, 1.5) : random.uniform(-0.5, 0.5));
        }
    }
    return parameters;
}

// The logits of every exit, the last one at the end.
std::vector<std::vector<float>> logits_of(const graph& g, std::span<const float> parameters,
                                          const aligned_vector<float>& x) {
    const runtime_network<float, graph> net{g};
    const auto exe = net.inference();
    const packed_weights packed{exe, parameters};
    aligned_vector<float> workspace(exe.plan.sizes.workspace);
    std::vector<std::vector<float>> logits;
    step_id first{0};
    for (const auto& exit : exe.plan.exits) {
        run_steps(exe, {first, exit.step.next()}, packed, x, workspace);
        first = exit.step.next();
        const auto made = view_value(exe.plan, exit.logits, workspace);
        logits.emplace_back(made.begin(), made.end());
    }
    return logits;
}

}  // namespace

TEST_CASE("io/onnx/round_trip: an exported network comes back with the same logits at every exit") {
    double worst = 0;
    int exits = 0;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        CAPTURE(seed);
        const graph g = generated::network_of(seed);
        random_stream random{.seed = seed, .stream = 5};
        const auto parameters = parameters_of(g, random);
        aligned_vector<float> x(g.input().elements());
        for (auto& v : x) v = static_cast<float>(random.normal());
        const auto wanted = logits_of(g, parameters, x);

        const int opset = seed % 2 == 0 ? 13 : 18;
        const auto bytes = onnx::serialize(onnx::export_network(g, parameters, {.opset = opset}));
        const auto file = onnx::parse_model(bytes);
        CHECK(onnx::serialize(file) == bytes);
        for (std::size_t e = 0; e < wanted.size(); ++e) {
            onnx::import_options options;
            if (e + 1 < wanted.size()) options.output = "logits_" + std::to_string(e);
            const auto back = onnx::import_network(file, options);
            CHECK(back.network.input() == g.input());
            const auto got = logits_of(back.network, back.parameters, x).back();
            REQUIRE(got.size() == wanted[e].size());
            for (std::size_t c = 0; c < got.size(); ++c) {
                const double size = std::max(1.0F, std::abs(wanted[e][c]));
                worst = std::max(worst, static_cast<double>(std::abs(got[c] - wanted[e][c])) / size);
            }
            ++exits;
        }
    }
    CHECK(exits > 60);
    CHECK(worst <= 1e-5);
}

TEST_CASE("io/onnx/round_trip: an early-exit model is the same after reading, with all graphs within graphs") {
    const graph g = generated::network_of(3);
    random_stream random{.seed = 1};
    const auto parameters = parameters_of(g, random);
    const std::vector<exit_rule> rules(g.exits().size() + 1, exit_rule{0.5F, 2});
    const auto bytes = onnx::serialize(onnx::export_early_exit(g, parameters, rules));
    CHECK(onnx::serialize(onnx::parse_model(bytes)) == bytes);
}

#endif

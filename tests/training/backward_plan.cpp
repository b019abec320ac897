// SPDX-License-Identifier: MIT
#include <eenn/network/parameters.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/network/standard.hpp>
#include <eenn/training/detail/backpropagation.hpp>
#include <eenn/training/detail/backward_plan.hpp>
#include <eenn/training/freezing.hpp>

#include <doctest/doctest.h>

#include "../network/generated.hpp"

namespace {

using namespace eenn;

// Steps: 0 conv + norm + relu, 1 conv + norm + hard_swish, 2 conv + norm + the residual of 0, 3 pool, 4 dense.
constexpr graph small() {
    graph g{{4, 4, 2}};
    g(conv2d{.filters = 16}, batch_norm{}, relu{});
    g.residual(
        [](graph& b) { b(conv2d{.filters = 16}, batch_norm{}, hard_swish{}, conv2d{.filters = 16}, batch_norm{}); });
    return g(global_average_pool{}, dense{.units = 16});
}

constexpr std::size_t image = 4 * 4 * 16;  // of every convolution

}  // namespace

TEST_CASE("training/backward_plan: kept are outputs, what norms normalise and what goes into a hard_swish") {
    const plan lowered = lower(small());
    const plan_view plan = lowered.view();
    REQUIRE(plan.steps.size() == 5);
    const backward_plan all = plan_backward(plan, everything(), 3);
    // z of step 0; y, z and u of step 1; y and z of step 2; the pool's and the dense layer's output.
    CHECK(all.recomputed(plan.steps[step_id{0}].output));
    CHECK_FALSE(all.recomputed(plan.steps[step_id{1}].output));
    CHECK_FALSE(all.recomputed(plan.steps[step_id{2}].output));
    CHECK(all.kept == 3 * (image * (1 + 3 + 2) + 16 + 16));
    CHECK(all.partial == 3 * 9 * 16 * 16);  // a chunk a sample, the largest convolution
    CHECK(all.statistics == 3 * 4 * 16);
    CHECK(all.widest == 16);

    // Frozen, all is folded and every output stays.
    const backward_plan none = plan_backward(plan, nothing(), 3);
    CHECK(none.kept == 3 * (image * 3 + 16 + 16));
    CHECK(none.partial == 0);
    CHECK(none.gradients == 3 * 16);  // where a loss writes
    CHECK(none.statistics == 0);
    for (const char needed : none.step_needed) CHECK(needed == 0);

    // The classifier alone: no gradient goes further.
    const backward_plan last = plan_backward(plan, trainable_set{}.add(plan.steps[step_id{4}].id), 3);
    CHECK(last.step_needed == std::vector<char>{0, 0, 0, 0, 1});
    CHECK(last.partial == 3 * (16 * 16 + 16));
    CHECK(last.kept == none.kept);
    CHECK(last.gradients == none.gradients);

    // Norms frozen, weights trained: nothing is normalised, and hard_swish's input is kept.
    trainable_set weights;
    for (const auto& tensor : plan.tensors) {
        if (tensor.spec.name == "weight") weights.add(tensor.id, "weight");
    }
    const backward_plan folded = plan_backward(plan, weights, 3);
    CHECK(folded.kept == 3 * (image * (3 + 1) + 16 + 16));
    CHECK(folded.partial == all.partial);
    CHECK(folded.statistics == 0);

    // Norms alone: no sums of weight gradients.
    const backward_plan norms = plan_backward(plan, norms_only(plan), 3);
    CHECK(norms.kept == all.kept);
    CHECK(norms.partial == 0);
}

TEST_CASE("training/backward_plan: a channel's norm is enough to keep what the whole norm needs") {
    const plan lowered = lower(small());
    const auto one = trainable_set{}.add(node_id{2}, "gamma", {{5, 6}});
    const backward_plan made = plan_backward(lowered.view(), one, 2);
    CHECK(made.normalises(step_id{0}));
    CHECK_FALSE(made.normalises(step_id{1}));
    CHECK(made.recomputed(lowered.steps[step_id{0}].output));
}

TEST_CASE("training/backward_plan: buffers alive together do not meet") {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        CAPTURE(seed);
        const plan lowered = lower(generated::network_of(seed));
        const plan_view plan = lowered.view();
        const backward_plan made = plan_backward(plan, everything(), 5, true);
        std::vector<std::pair<std::size_t, std::size_t>> kept;
        const auto note = [&](std::size_t at, value_id value) {
            const std::size_t size = plan.values[value].size.elements() * 5;
            if (at != backward_plan::none) kept.push_back({at, at + size});
        };
        for (const step_id s : plan.steps.ids()) {
            note(made.value_at[plan.steps[s].output], plan.steps[s].output);
            note(made.norm_at[s], plan.steps[s].output);
            note(made.input_at[s], plan.steps[s].output);
        }
        std::sort(kept.begin(), kept.end());
        for (std::size_t i = 1; i < kept.size(); ++i) CHECK(kept[i - 1].second <= kept[i].first);
        CHECK(kept.back().second <= made.kept);
        // Gradients of a step's output and of its inputs are alive together.
        for (const auto& step : plan.steps) {
            const auto at = [&](value_id v) { return made.gradient_at[v]; };
            const auto end = [&](value_id v) { return at(v) + plan.values[v].size.elements() * 5; };
            for (const value_id v : step.sources()) {
                if (at(v) == backward_plan::none || at(step.output) == backward_plan::none) continue;
                CHECK((end(v) <= at(step.output) || end(step.output) <= at(v)));
            }
        }
    }
}

TEST_CASE("training/backward_plan: its bytes are those that backpropagation holds, beside packed weights") {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        CAPTURE(seed);
        runtime_network<float, graph> net{generated::network_of(seed)};
        const plan_view plan = net.plan();
        auto parameters = initialize(plan, 1);
        aligned_vector<float> images(plan.input.elements() * 6);
        std::vector<std::size_t> packed;
        for (const auto& set : {everything(), nothing(), heads_only(plan), norms_only(plan)}) {
            backpropagation<float> batch{net.training(), 6, set};
            serial one;
            batch.forward(parameters.data(), images.data(), 6, 1, 1, one);
            const backward_plan planned = plan_backward(plan, set, 6);
            packed.push_back(batch.bytes() - planned.bytes());
        }
        for (const std::size_t bytes : packed) CHECK(bytes == packed[0]);
        CHECK(packed[0] <= 4 * (net.training().packed_elements + net.training().packed_gradient_elements));
    }
}

TEST_CASE("training/backward_plan: it is a constant") {
    constexpr std::size_t bytes = [] {
        const plan lowered = lower(small());
        return plan_backward(lowered.view(), heads_only(lowered.view()), 4).bytes();
    }();
    const plan lowered = lower(small());
    CHECK(bytes == plan_backward(lowered.view(), heads_only(lowered.view()), 4).bytes());
}

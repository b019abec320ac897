// SPDX-License-Identifier: MIT
#include <eenn/core/threads.hpp>
#include <eenn/network/detail/infer.hpp>
#include <eenn/network/network.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/training/detail/backpropagation.hpp>

#include <doctest/doctest.h>

#include <memory>

#include "generated.hpp"

namespace {

using namespace eenn;

bool same_plan(const plan_view& a, const plan_view& b) {
    if (a.steps.size() != b.steps.size() || a.values.size() != b.values.size() ||
        a.tensors.size() != b.tensors.size() || a.exits.size() != b.exits.size()) {
        return false;
    }
    bool same = a.sizes.parameters == b.sizes.parameters && a.sizes.state == b.sizes.state &&
                a.sizes.macs == b.sizes.macs && a.sizes.workspace == b.sizes.workspace &&
                a.sizes.workspace_bound == b.sizes.workspace_bound;
    for (const value_id i : a.values.ids()) {
        same = same && a.values[i].size == b.values[i].size && a.values[i].offset == b.values[i].offset &&
               a.values[i].first == b.values[i].first && a.values[i].last == b.values[i].last &&
               a.values[i].type == b.values[i].type && a.values[i].stands_for == b.values[i].stands_for;
    }
    for (const step_id i : a.steps.ids()) {
        same = same && a.steps[i].node == b.steps[i].node && a.steps[i].tail == b.steps[i].tail &&
               a.steps[i].macs == b.steps[i].macs && a.steps[i].inputs == b.steps[i].inputs &&
               a.steps[i].residual == b.steps[i].residual && a.steps[i].weights == b.steps[i].weights &&
               a.steps[i].norm == b.steps[i].norm && a.steps[i].act == b.steps[i].act &&
               a.steps[i].chosen == b.steps[i].chosen && a.steps[i].layer == b.steps[i].layer;
    }
    for (std::size_t i = 0; i < a.tensors.size(); ++i) {
        same = same && tensor_name(a.tensors[i]) == tensor_name(b.tensors[i]) &&
               a.tensors[i].offset == b.tensors[i].offset && a.tensors[i].spec.dims == b.tensors[i].spec.dims;
    }
    for (std::size_t i = 0; i < a.exits.size(); ++i) {
        same = same && a.exits[i].logits == b.exits[i].logits && a.exits[i].step == b.exits[i].step &&
               a.exits[i].macs == b.exits[i].macs && a.exits[i].decides == b.exits[i].decides;
    }
    return same;
}

aligned_vector<float> noise(std::size_t count, std::uint64_t seed) {
    aligned_vector<float> values(count);
    random_stream random{.seed = seed};
    for (auto& v : values) v = static_cast<float>(random.normal());
    return values;
}

struct outcome {
    aligned_vector<float> inference;  // every exit's logits
    aligned_vector<float> training;
    aligned_vector<float> gradients;
    aligned_vector<float> parameters;  // running statistics moved
    friend bool operator==(const outcome&, const outcome&) = default;
};

template <class Executor>
outcome run(const trainable<float>& net, Executor& executor, int samples) {
    const plan_view& plan = net.plan;
    outcome result;
    result.parameters = initialize(plan, 5);
    for (std::size_t i = 0; i < result.parameters.size(); ++i) {  // no beta, mean or bias stays zero
        result.parameters[i] += 0.05F * static_cast<float>(random_stream{.seed = 9, .counter = i}.uniform());
    }
    const auto images = noise(plan.input.elements() * static_cast<std::size_t>(samples), 3);
    const packed_weights packed{net, result.parameters};
    aligned_vector<float> workspace(plan.sizes.workspace);
    run_steps(net, plan.steps.ids(), packed, std::span{images}.first(plan.input.elements()), workspace);
    const auto logits = view_value(plan, plan.exits.back().logits, workspace);
    result.inference.assign(logits.begin(), logits.end());

    backpropagation<float> batch{net, samples};
    batch.forward(result.parameters.data(), images.data(), samples, 1, 2, executor);
    const std::unique_ptr<bool[]> wanted{new bool[plan.exits.size()]};
    for (std::size_t e = 0; e < plan.exits.size(); ++e) {
        wanted[e] = true;
        const auto count = static_cast<std::size_t>(samples * plan.exits[e].classes);
        const auto weights = noise(count, 40 + e);
        result.training.insert(result.training.end(), batch.logits(e), batch.logits(e) + count);
        std::copy(weights.begin(), weights.end(), batch.logits_gradient(e));
    }
    result.gradients.resize(plan.sizes.parameters);
    batch.backward(result.parameters.data(), result.gradients.data(), {wanted.get(), plan.exits.size()}, executor);
    return result;
}

template <std::uint64_t Seed>
constexpr graph recipe() {
    return generated::network_of(Seed);
}

template <std::uint64_t Seed>
void compare() {
    using net = network<recipe<Seed>>;
    runtime_network<float, graph> at_run_time{recipe<Seed>()};
    CAPTURE(Seed);
    CHECK(same_plan(net::plan, at_run_time.plan()));
    CHECK(net::training().packed_elements == at_run_time.training().packed_elements);
    serial one;
    const outcome compiled = run(net::training(), one, 5);
    const outcome interpreted = run(at_run_time.training(), one, 5);
    CHECK(compiled.inference == interpreted.inference);
    CHECK(compiled.training == interpreted.training);
    CHECK(compiled.gradients == interpreted.gradients);
    CHECK(compiled.parameters == interpreted.parameters);
    bool any = false;
    for (const float g : compiled.gradients) any = any || g != 0;
    CHECK(any);
}

template <std::uint64_t... Seeds>
void compare_all(std::integer_sequence<std::uint64_t, Seeds...>) {
    (compare<Seeds>(), ...);
}

}  // namespace

TEST_CASE(
    "network/phases: generated networks agree bit for bit, compiled and interpreted, on plans, outputs and gradients") {
    compare_all(std::make_integer_sequence<std::uint64_t, 10>{});
}

TEST_CASE("network/phases: results do not depend on the number of threads") {
    threads two{2};
    threads three{3};
    serial one;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        runtime_network<float, graph> net{generated::network_of(seed)};
        CAPTURE(seed);
        const outcome alone = run(net.training(), one, 11);
        CHECK(alone == run(net.training(), two, 11));
        CHECK(alone == run(net.training(), three, 11));
    }
}

// SPDX-License-Identifier: MIT
#include <eenn/core/threads.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/training/freezing.hpp>
#include <eenn/training/schedules.hpp>
#include <eenn/training/step.hpp>
#include <eenn/training/teaching.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <limits>
#include <string>

#include "two_exits.hpp"

namespace {

using namespace eenn;
using two_exits::samples_of;
using two_exits::sides;

constexpr sgd optimizer{.momentum = 0.9, .weight_decay = 0.05, .nesterov = true};

training_state start_of(const plan_view& plan, std::uint64_t seed) {
    return {.parameters = initialize(plan, seed), .seed = seed};
}

bool same_bits(const aligned_vector<float>& a, const aligned_vector<float>& b, std::size_t i) {
    return std::bit_cast<std::uint32_t>(a[i]) == std::bit_cast<std::uint32_t>(b[i]);
}

}  // namespace

TEST_CASE("training/step: its parts called apart give the bits of the whole, on any number of threads") {
    runtime_network<float, graph> net{two_exits::network()};
    const data_set set = sides(96, 1);
    serial one;
    threads three{3};
    const step_options options{.exit_weights = {0.5, 1}, .clip_norm = 1, .average_decay = 0.9};
    training_step whole{net.training(), optimizer, start_of(net.plan(), 3), options};
    training_step apart{net.training(), optimizer, start_of(net.plan(), 3), options};
    for (int i = 0; i < 3; ++i) {
        const batch b = samples_of(set, 32 * i, 32 - i);
        const double loss = whole(b, 0.1, one);
        apart.forward(b, three);
        CHECK(apart.outputs().size() == 2);
        CHECK(apart.outputs()[0].weight == 0.5);
        CHECK(apart.loss() == loss);
        apart.backward(three);
        apart.update(0.1);
        CHECK(whole.state().parameters == apart.state().parameters);
        CHECK(whole.state().average == apart.state().average);
        CHECK(whole.state().optimizer.steps == i + 1);
    }
    const batch b = samples_of(set, 0, 8);
    CHECK_THROWS_WITH_AS(apart.update(0.1), doctest::Contains("no backward() before it"), error);
    CHECK_THROWS_WITH_AS(apart.backward(one), doctest::Contains("no forward() before it"), error);
    CHECK_THROWS_WITH_AS((void)apart.loss(), doctest::Contains("no forward() before it"), error);
    apart.forward(b, one);
    CHECK_THROWS_WITH_AS(apart.update(0.1), doctest::Contains("no backward() before it"), error);
}

TEST_CASE("training/step: hooks are called in order, each with what it is promised") {
    runtime_network<float, graph> net{two_exits::network()};
    const plan_view plan = net.plan();
    const data_set set = sides(32, 1);
    serial one;
    std::string order;
    aligned_vector<float> seen;
    step_options options;
    options.exit_weights = {1, 0};
    options.hooks.before_forward = [&](std::span<float> parameters) {
        order += "before ";
        CHECK(parameters.size() == plan.sizes.parameters);
        parameters[0] += 1;
    };
    options.hooks.loss = [&](const batch& samples, std::span<const exit_output> exits) {
        order += "loss ";
        CHECK(samples.size == 16);
        CHECK(exits.size() == 2);
        CHECK(exits[0].logits.size() == 32);
        CHECK(exits[0].gradient.size() == 32);
        CHECK(exits[1].logits.size() == 32);
        CHECK(exits[1].gradient.empty());  // its weight is 0
        for (const float g : exits[0].gradient) CHECK(g == 0);
        exits[0].gradient[0] = 1;
        return 0.25;
    };
    options.hooks.after_backward = [&](std::span<const float> parameters, std::span<float> gradients) {
        order += "after ";
        CHECK(gradients.size() == plan.sizes.parameters);
        CHECK(std::equal(parameters.begin(), parameters.end(), initialize(plan, 3).begin()));
        seen.assign(gradients.begin(), gradients.end());
        for (float& g : gradients) g = 2;
    };
    training_step step{net.training(), sgd{}, start_of(plan, 3), options};
    CHECK(step(samples_of(set, 0, 16), 0.5, one) == 0.25);
    CHECK(order == "before loss after ");
    const auto start = initialize(plan, 3);
    for (std::size_t i = 0; i < plan.sizes.parameters; ++i) CHECK(step.state().parameters[i] == start[i] - 1);
    bool any = false;
    for (const float g : seen) any = any || g != 0;
    CHECK(any);
}

TEST_CASE("training/step: noise on a copy changes answers and gradients, never the parameters; statistics move on") {
    runtime_network<float, graph> net{two_exits::network()};
    const plan_view plan = net.plan();
    const data_set set = sides(32, 1);
    serial one;
    const auto noise = [](std::span<float> parameters) {
        for (std::size_t i = 0; i < parameters.size(); ++i)
            parameters[i] += 0.1F * static_cast<float>(random_stream{.seed = 7, .counter = i}.normal());
    };
    training_step noisy{net.training(), sgd{}, start_of(plan, 3), {.hooks = {.before_forward = noise}}};
    training_state changed = start_of(plan, 3);
    noise(std::span<float>{changed.parameters}.first(plan.sizes.parameters));
    training_step plain{net.training(), sgd{}, changed};
    const batch b = samples_of(set, 0, 32);
    CHECK(noisy(b, 0, one) == plain(b, 0, one));
    CHECK(std::equal(noisy.gradients().begin(), noisy.gradients().end(), plain.gradients().begin()));
    const auto start = initialize(plan, 3);
    for (std::size_t i = 0; i < start.size(); ++i) {
        if (i < plan.sizes.parameters) CHECK(noisy.state().parameters[i] == start[i]);
        if (i >= plan.sizes.parameters) CHECK(noisy.state().parameters[i] == plain.state().parameters[i]);
    }
    CHECK(noisy.state().parameters != start);  // the statistics
}

TEST_CASE("training/step: a proximal term draws parameters back to where they began") {
    runtime_network<float, graph> net{two_exits::network()};
    const plan_view plan = net.plan();
    const data_set set = sides(64, 1);
    serial one;
    const auto start = initialize(plan, 3);
    const auto distance = [&](float pull) {
        step_options options;
        options.hooks.after_backward = [&, pull](std::span<const float> parameters, std::span<float> gradients) {
            for (std::size_t i = 0; i < gradients.size(); ++i) gradients[i] += pull * (parameters[i] - start[i]);
        };
        training_step step{net.training(), sgd{}, start_of(plan, 3), options};
        for (int i = 0; i < 40; ++i) (void)step(samples_of(set, 32 * (i % 2), 32), 0.1, one);
        double sum = 0;
        for (std::size_t i = 0; i < plan.sizes.parameters; ++i) {
            const double d = static_cast<double>(step.state().parameters[i] - start[i]);
            sum += d * d;
        }
        return std::sqrt(sum);
    };
    const double apart = distance(0);
    CHECK(distance(2) < 0.5 * apart);
    CHECK(distance(0.2F) < apart);
}

TEST_CASE("training/step: two networks learn from each other, since both go forward before either goes back") {
    graph tiny{{6, 6, 1}};
    tiny(flatten{}, dense{.units = 4}, eenn::tanh{}, dense{.units = 2});
    runtime_network<float, graph> net{tiny};
    const plan_view plan = net.plan();
    const data_set set = sides(64, 1);
    serial one;
    const auto train = [&](double share) {
        training_step a{net.training(), sgd{}, start_of(plan, 3)};
        training_step b{net.training(), sgd{}, start_of(plan, 4)};
        const auto learn_from = [share](const auto& other) {
            return [&other, share](const batch& samples, std::span<const exit_output> exits) {
                const std::span<const int> labels{samples.labels, static_cast<std::size_t>(samples.size)};
                const double loss = cross_entropy{}(exits[0].logits, labels, exits[0].gradient);
                return loss + distillation{}(exits[0].logits, other.outputs()[0].logits, 2, exits[0].gradient,
                                             {.weight = share, .accumulate = true});
            };
        };
        a.set_hooks({.loss = learn_from(b)});
        b.set_hooks({.loss = learn_from(a)});
        double disagreement = 0;
        for (int i = 0; i < 60; ++i) {
            const batch samples = samples_of(set, 32 * (i % 2), 32);
            a.forward(samples, one);
            b.forward(samples, one);
            disagreement = distillation{}(a.outputs()[0].logits, b.outputs()[0].logits, 2);
            (void)a.loss();
            (void)b.loss();
            a.backward(one);
            b.backward(one);
            a.update(0.1);
            b.update(0.1);
        }
        return disagreement;
    };
    CHECK(train(3) < 0.5 * train(0));

    // Gradients that the caller writes do as well as those of a hook.
    training_step hooked{net.training(), sgd{}, start_of(plan, 3)};
    training_step written{net.training(), sgd{}, start_of(plan, 3)};
    const batch samples = samples_of(set, 0, 32);
    (void)hooked(samples, 0.1, one);
    written.forward(samples, one);
    (void)cross_entropy{}(written.outputs()[0].logits, {samples.labels, 32}, written.outputs()[0].gradient);
    written.backward(one);
    written.update(0.1);
    CHECK(written.state().parameters == hooked.state().parameters);
}

TEST_CASE("training/step: teaching is a loss over all exits whose last is the teacher, or the batch's logits are") {
    runtime_network<float, graph> net{two_exits::network()};
    const data_set set = sides(32, 1);
    serial one;
    step_options options{.hooks = {.loss = teaching{.share = 0.25, .temperature = 3}}, .exit_weights = {0.5, 2}};
    training_step step{net.training(), sgd{}, start_of(net.plan(), 3), options};
    batch b = samples_of(set, 0, 32);
    step.forward(b, one);
    const auto logits = [&](std::size_t e) { return step.outputs()[e].logits; };
    const std::span<const int> labels{b.labels, 32};
    const double expected = cross_entropy{}(logits(0), labels, {}, {.weight = 0.5 * 0.75}) +
                            distillation{3}(logits(0), logits(1), 2, {}, {.weight = 0.5 * 0.25}) +
                            cross_entropy{}(logits(1), labels, {}, {.weight = 2});
    CHECK(step.loss() == doctest::Approx(expected).epsilon(1e-12));
    const std::vector<float> teacher(64, 0.5F);
    b.teacher = teacher.data();
    step.forward(b, one);
    const double taught = cross_entropy{}(logits(0), labels, {}, {.weight = 0.5 * 0.75}) +
                          distillation{3}(logits(0), teacher, 2, {}, {.weight = 0.5 * 0.25}) +
                          cross_entropy{}(logits(1), labels, {}, {.weight = 2 * 0.75}) +
                          distillation{3}(logits(1), teacher, 2, {}, {.weight = 2 * 0.25});
    CHECK(step.loss() == doctest::Approx(taught).epsilon(1e-12));
    b.labels = nullptr;
    step.forward(b, one);
    CHECK_THROWS_WITH_AS((void)step.loss(), doctest::Contains("teaching: the batch has no labels"), error);
}

TEST_CASE("training/step: an output is trained by a hook; the loss on labels leaves it out") {
    graph g{two_exits::network().input()};
    g(conv2d{.filters = 3, .bias = true}).output_at(g.here());
    g(global_average_pool{}, dense{.units = 2});
    runtime_network<float, graph> net{g};
    const data_set set = sides(32, 1);
    const batch b = samples_of(set, 0, 32);
    serial one;
    training_step on_labels{net.training(), optimizer, start_of(net.plan(), 3)};
    on_labels.forward(b, one);
    CHECK(on_labels.loss() > 0);
    for (const float x : on_labels.outputs()[0].gradient) CHECK(x == 0);
    CHECK(on_labels.outputs()[0].gradient.size() == 32 * g.shape_of(edge{1}).elements());

    step_hooks hooks;
    hooks.loss = [](const batch&, std::span<const exit_output> outputs) {
        const auto& [exit, made, gradient, weight] = outputs[0];
        double sum = 0;
        for (std::size_t i = 0; i < made.size(); ++i) {
            const float off = made[i] - 1;
            gradient[i] = 2 * off / static_cast<float>(made.size());
            sum += double{off} * double{off} / static_cast<double>(made.size());
        }
        return sum;
    };
    training_step to_ones{net.training(), sgd{}, start_of(net.plan(), 3), {.hooks = hooks}};
    const double before = to_ones(b, 0.1, one);
    for (int i = 0; i < 30; ++i) (void)to_ones(b, 0.1, one);
    CHECK(to_ones(b, 0.1, one) < before / 2);
}

TEST_CASE("training/step: exits of one node share a gradient, to which each adds its loss") {
    const auto gradient_of = [](int exits, double weight) {
        graph g{two_exits::network().input()};
        g(global_average_pool{}, dense{.units = 2});
        for (int e = 1; e < exits; ++e) g.exit_at(g.here());
        runtime_network<float, graph> net{g};
        const data_set set = sides(16, 1);
        serial one;
        training_step step{net.training(),
                           sgd{},
                           start_of(net.plan(), 3),
                           {.exit_weights = std::vector<double>(static_cast<std::size_t>(exits), weight)}};
        step.forward(samples_of(set, 0, 16), one);
        (void)step.loss();
        step.backward(one);
        return std::vector<float>(step.gradients().begin(), step.gradients().end());
    };
    const auto twice = gradient_of(2, 1);
    const auto heavy = gradient_of(1, 2);
    for (std::size_t i = 0; i < twice.size(); ++i) CHECK(twice[i] == doctest::Approx(heavy[i]).epsilon(1e-5));
}

TEST_CASE("training/step: what is frozen keeps its bits under decay, momentum and averages; what is trained moves") {
    runtime_network<float, graph> net{two_exits::network()};
    const plan_view plan = net.plan();
    const data_set set = sides(64, 1);
    serial one;
    auto start = start_of(plan, 3);
    // Zeros of either sign, which an average would turn round.
    for (std::size_t i = 0; i < start.parameters.size(); i += 5) start.parameters[i] = -0.0F;
    const auto channels = trainable_set{}
                              .add(node_id{1}, "weight", {{1, 3}})
                              .add(node_id{2}, "gamma", {{0, 1}})
                              .add(node_id{6}, {}, {{5, 6}})
                              .add(node_id{7}, "beta")
                              .add(node_id{11}, "weight", {{0, 1}});
    const auto check = [&](const trainable_set& trained, const auto& how) {
        training_step step{net.training(), how, start, {.trained = trained, .clip_norm = 2, .average_decay = 0.9}};
        for (int i = 0; i < 6; ++i) (void)step(samples_of(set, 32 * (i % 2), 32), 0.1, one);
        std::vector<char> moves(plan.parameter_elements(), 0);
        for (const auto& ranges : {step.trained().ranges, step.trained().statistics}) {
            for (const auto& range : ranges)
                std::fill_n(moves.begin() + static_cast<std::ptrdiff_t>(range.offset), range.count, char{1});
        }
        int moved = 0;
        int due = 0;
        for (std::size_t i = 0; i < moves.size(); ++i) {
            const bool parameter = same_bits(step.state().parameters, start.parameters, i);
            const bool average = same_bits(step.state().average, start.parameters, i);
            CAPTURE(i);
            if (moves[i] == 0) CHECK((parameter && average));
            due += moves[i];
            moved += moves[i] != 0 && !parameter && !average ? 1 : 0;
        }
        CHECK(moved >= due * 9 / 10);  // a relu that is dead keeps its zeros
    };
    for (const auto& set_of : {channels, heads_only(plan), norms_only(plan), all_but(plan, channels), everything()}) {
        check(set_of, optimizer);
        check(set_of, adamw{.weight_decay = 0.1});
        check(set_of, adam{.weight_decay = 0.1});
    }
}

TEST_CASE("training/step: norms alone trained learn, and compute no gradient of a weight") {
    runtime_network<float, graph> net{two_exits::network()};
    const plan_view plan = net.plan();
    const data_set set = sides(64, 1);
    serial one;
    training_step step{net.training(), sgd{.momentum = 0.9}, start_of(plan, 3), {.trained = norms_only(plan)}};
    const batch b = samples_of(set, 0, 64);
    const double before = step(b, 0.05, one);
    for (const auto& tensor : plan.tensors) {
        if (tensor.spec.name != "weight") continue;
        for (std::size_t i = 0; i < tensor.spec.elements(); ++i) CHECK(step.gradients()[tensor.offset + i] == 0);
    }
    double after = before;
    for (int i = 0; i < 60; ++i) after = step(b, 0.05, one);
    CHECK(after < 0.9 * before);
}

TEST_CASE("training/step: a loss that is not a number names the tensor, hook or exit that brought it about") {
    runtime_network<float, graph> net{two_exits::network()};
    const plan_view plan = net.plan();
    const data_set set = sides(32, 1);
    serial one;
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    batch b = samples_of(set, 0, 32);
    b.epoch = 4;
    b.step = 2;
    const auto refused = [&](const training_state& state, const step_hooks& hooks, const char* text) {
        training_step step{net.training(), sgd{}, state, {.hooks = hooks}};
        CHECK_THROWS_WITH_AS((void)step(b, 0.1, one), doctest::Contains(text), error);
        CHECK(step.state().optimizer.steps == 0);
    };
    const training_state good = start_of(plan, 3);
    const auto offset_of = [&](edge node) {
        for (const auto& tensor : plan.tensors) {
            if (tensor.node == node) return tensor.offset;
        }
        return std::size_t{0};
    };
    training_state sick = good;
    sick.parameters[offset_of(edge{6})] = nan;
    const std::string named = "training_step: parameters: element " + std::to_string(offset_of(edge{6})) +
                              " (conv2d_6.weight) is NaN; start from numbers";
    CHECK_THROWS_WITH_AS((training_step{net.training(), sgd{}, sick}), doctest::Contains(named.c_str()), error);
    training_step wild{net.training(), sgd{}, good};
    (void)wild(b, 1e30, one);
    CHECK_THROWS_WITH_AS((void)wild(b, 0.1, one),
                         doctest::Contains("has a number that is not finite; lower the learning"), error);
    refused(good, {.before_forward = [&](std::span<float> p) { p[offset_of(edge{5})] = nan; }},
            "the hook 'before_forward' made dense_5.weight not finite");
    refused(good, {.loss = [](const batch&, std::span<const exit_output>) { return std::nan(""); }},
            "the hook 'loss' returned nan");
    refused(good, {.after_backward = [&](std::span<const float>, std::span<float> g) { g[offset_of(edge{11})] = nan; }},
            "after the hook 'after_backward' the gradient of dense_11.weight is not finite in epoch 4, step 2");
    sick = good;
    for (std::size_t i = 0; i < 54 * 2; ++i)
        sick.parameters[offset_of(edge{11}) + i] = 3e38F;  // their sum is too large
    refused(sick, {}, "the logits of exit 1 are not finite");
}

TEST_CASE("training/step: states, options and batches that do not fit are errors that name what does not") {
    runtime_network<float, graph> net{two_exits::network()};
    const plan_view plan = net.plan();
    const data_set set = sides(32, 1);
    serial one;
    const auto refused = [&](training_state state, step_options options, const char* text) {
        CHECK_THROWS_WITH_AS((training_step{net.training(), sgd{}, std::move(state), std::move(options)}),
                             doctest::Contains(text), error);
    };
    refused({.parameters = aligned_vector<float>(3)}, {}, "'parameters' of the state has 3 elements");
    training_state state = start_of(plan, 1);
    state.optimizer.first.resize(2);
    refused(state, {}, "'first_moment' of the state has 2 elements");
    state = start_of(plan, 1);
    state.extra["variates"] = {aligned_vector<float>(7), true};
    refused(state, {}, "'variates' of the state has 7 elements");
    refused(start_of(plan, 1), {.exit_weights = {1}}, "1 exit weights for 2 exits");
    refused(start_of(plan, 1), {.trained = trainable_set{}.add(node_id{40})}, "node 40");

    training_step step{net.training(), sgd{}, start_of(plan, 1)};
    batch b = samples_of(set, 0, 8);
    b.labels = nullptr;
    CHECK_THROWS_WITH_AS((void)step(b, 0.1, one), doctest::Contains("the batch has no labels"), error);
    b.sample = {5, 5, 1};
    CHECK_THROWS_WITH_AS((void)step(b, 0.1, one), doctest::Contains("samples are 5x5x1"), error);
    training_state other = start_of(plan, 2);
    CHECK_THROWS_WITH_AS(step.resume(other), doctest::Contains("the state is of seed 2, the run of 1"), error);
}

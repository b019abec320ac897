// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>
#include <eenn/core/random.hpp>
#include <eenn/training/optimizers.hpp>
#include <limits>
#include <string>
#include <vector>

using namespace eenn;

namespace {

const std::vector<parameter_range> one{{0, 1}};

// Parameter 1 with gradients 0.5, -0.25, 1 in turn, learning rate 0.1; the parameter after each step.
template <class O>
std::vector<double> three_steps(const O& optimizer) {
    std::vector<double> p{1};
    optimizer_state<double> state;
    std::vector<double> path;
    for (const double g : {0.5, -0.25, 1.0}) {
        optimizer.step(p, std::vector<double>{g}, state, one, 0.1);
        path.push_back(p[0]);
    }
    CHECK(state.steps == 3);
    return path;
}

void close(const std::vector<double>& a, const std::vector<double>& b) {
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-12));
}

template <class F>
std::string message(F&& f) {
    try {
        f();
    } catch (const error& e) {
        return e.what();
    }
    return "nothing was thrown";
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("training/optimizers: plain SGD subtracts the learning rate times the gradient") {
    close(three_steps(sgd{}), {0.95, 0.975, 0.875});
    // decay 0.2: 1 - 0.1 (0.5 + 0.2) = 0.93; 0.93 - 0.1 (-0.25 + 0.186) = 0.9364; 0.9364 - 0.1 (1 + 0.18728)
    close(three_steps(sgd{.weight_decay = 0.2}), {0.93, 0.9364, 0.817672});
}

TEST_CASE(
    "training/optimizers: momentum 0.9 has the velocities 0.5, 0.2, 1.18 and Nesterov looks ahead by 0.9 of them") {
    close(three_steps(sgd{.momentum = 0.9}), {0.95, 0.93, 0.812});
    // d + 0.9 v: 0.95, -0.07, 2.062
    close(three_steps(sgd{.momentum = 0.9, .nesterov = true}), {0.905, 0.912, 0.7058});
    // decay 0.2: d = 0.7, v = 0.7; d = -0.25 + 0.2 * 0.93 = -0.064, v = 0.566; d = 1 + 0.2 * 0.8734 = 1.17468, v = 1.68408
    close(three_steps(sgd{.momentum = 0.9, .weight_decay = 0.2}), {0.93, 0.8734, 0.704992});
}

TEST_CASE(
    "training/optimizers: Adam's first step is the learning rate times the sign, the next two as worked out by hand") {
    // t = 2: m = 0.9 * 0.05 - 0.025 = 0.02, v = 0.999 * 0.00025 + 0.001 * 0.0625 = 0.00031225
    // t = 3: m = 0.018 + 0.1 = 0.118, v = 0.999 * 0.00031225 + 0.001 = 0.00131193775
    const double second = 0.1 * (0.02 / 0.19) / (std::sqrt(0.00031225 / 0.001999) + 1e-8);
    const double third = 0.1 * (0.118 / 0.271) / (std::sqrt(0.00131193775 / 0.002997001) + 1e-8);
    const double first = 0.1 * 0.5 / (0.5 + 1e-8);
    close(three_steps(adam{}), {1 - first, 1 - first - second, 1 - first - second - third});
    CHECK(second == doctest::Approx(0.026633703292).epsilon(1e-9));
}

TEST_CASE(
    "training/optimizers: Adam adds the decay to the gradient, AdamW shrinks the parameter by 1 - lr decay instead") {
    const double tiny = 1e-8;
    CHECK(three_steps(adam{.weight_decay = 0.2})[0] == doctest::Approx(1 - 0.1 * 0.7 / (0.7 + tiny)).epsilon(1e-13));
    const auto decoupled = three_steps(adamw{.weight_decay = 0.2});
    CHECK(decoupled[0] == doctest::Approx(0.98 - 0.1 * 0.5 / (0.5 + tiny)).epsilon(1e-13));
    CHECK(decoupled[1] == doctest::Approx(decoupled[0] * 0.98 - 0.026633703292).epsilon(1e-9));
    close(three_steps(adamw{.weight_decay = 0}), three_steps(adam{}));
}

TEST_CASE("training/optimizers: frozen parameters and their state stay, ranges without decay take none") {
    std::vector<float> p{1, 1, 1, 1, 1};
    const std::vector<float> g(5, 0.0F);
    const std::vector<parameter_range> ranges{{1, 2, true}, {4, 1, false}};
    optimizer_state<float> state;
    sgd{.momentum = 0.9, .weight_decay = 0.5}.step(p, g, state, ranges, 0.1);
    CHECK(p == std::vector<float>{1, 0.95F, 0.95F, 1, 1});
    CHECK(state.first[0] == 0);
    CHECK(state.first[1] == 0.5F);
    optimizer_state<float> other;
    std::vector<float> q{1, 1, 1, 1, 1};
    adamw{.weight_decay = 0.5}.step(q, g, other, ranges, 0.1);
    CHECK(q == std::vector<float>{1, 0.95F, 0.95F, 1, 1});
}

TEST_CASE("training/optimizers: a block and its odd ends take the same step as single parameters, bit for bit") {
    for (const std::size_t size : {1U, 2U, 3U, 7U, 8U, 9U, 15U, 16U, 17U, 31U, 33U, 63U, 64U, 65U, 130U, 200U}) {
        random_stream random{12, size};
        std::vector<float> p(size);
        std::vector<float> g(size);
        for (std::size_t i = 0; i < size; ++i) {
            p[i] = static_cast<float>(random.normal());
            g[i] = static_cast<float>(random.normal());
        }
        const auto same = [&](auto optimizer) {
            std::vector<float> whole = p;
            std::vector<float> single = p;
            optimizer_state<float> a;
            const std::vector<parameter_range> all{{0, size}};
            for (int t = 0; t < 3; ++t) optimizer.step(whole, g, a, all, 0.01);
            for (std::size_t i = 0; i < size; ++i) {
                optimizer_state<float> b;
                for (int t = 0; t < 3; ++t) optimizer.step(single, g, b, std::vector<parameter_range>{{i, 1}}, 0.01);
            }
            CHECK(whole == single);
        };
        same(sgd{.weight_decay = 0.1});
        same(sgd{.momentum = 0.9, .weight_decay = 0.1});
        same(sgd{.momentum = 0.9, .weight_decay = 0.1, .nesterov = true});
        same(adam{.weight_decay = 0.1});
        same(adamw{});
    }
}

TEST_CASE("training/optimizers: each of them finds the minimum of a badly scaled quadratic") {
    const auto solve = [](auto optimizer, double learning_rate) {
        std::vector<double> p{3, -2};
        optimizer_state<double> state;
        const std::vector<parameter_range> all{{0, 2}};
        for (int t = 0; t < 3000; ++t) {
            const std::vector<double> g{10 * (p[0] - 1), 0.5 * (p[1] - 2)};
            optimizer.step(p, g, state, all, learning_rate);
        }
        CHECK(p[0] == doctest::Approx(1).epsilon(1e-4));
        CHECK(p[1] == doctest::Approx(2).epsilon(1e-4));
    };
    solve(sgd{}, 0.05);
    solve(sgd{.momentum = 0.9}, 0.02);
    solve(sgd{.momentum = 0.9, .nesterov = true}, 0.02);
    solve(adam{}, 0.02);
    solve(adamw{.weight_decay = 0}, 0.02);
}

TEST_CASE("training/optimizers: a copy of parameters and state continues identically") {
    std::vector<float> p{1, 2, 3};
    const std::vector<float> g{0.1F, -0.2F, 0.3F};
    const std::vector<parameter_range> all{{0, 3}};
    optimizer_state<float> state;
    adam{}.step(p, g, state, all, 0.1);
    std::vector<float> q = p;
    optimizer_state<float> copy = state;
    adam{}.step(p, g, state, all, 0.1);
    adam{}.step(q, g, copy, all, 0.1);
    CHECK(p == q);
    CHECK(state.second == copy.second);
}

TEST_CASE("training/optimizers: errors name the optimizer, the argument and what was given") {
    std::vector<float> p(4);
    const std::vector<float> g(4);
    optimizer_state<float> s;
    const std::vector<parameter_range> all{{0, 4}};
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(contains(message([&] { sgd{}.step(p, std::vector<float>(3), s, all, 0.1); }),
                   "sgd: gradient: 3 elements for 4 parameters"));
    CHECK(
        contains(message([&] { sgd{}.step(p, g, s, all, nan); }), "sgd: learning_rate is NaN, allowed [0, infinity)"));
    CHECK(contains(message([&] { sgd{.momentum = 1}.step(p, g, s, all, 0.1); }), "sgd: momentum is 1, allowed [0, 1)"));
    CHECK(contains(message([&] { sgd{.weight_decay = -1}.step(p, g, s, all, 0.1); }), "sgd: weight_decay"));
    CHECK(
        contains(message([&] { sgd{.nesterov = true}.step(p, g, s, all, 0.1); }), "sgd with nesterov: momentum is 0"));
    CHECK(contains(message([&] { adam{.beta2 = 1}.step(p, g, s, all, 0.1); }), "adam: beta2"));
    CHECK(contains(message([&] {
                       adam{}.step(p, g, s, std::vector<parameter_range>{{2, 3}}, 0.1);
                   }),
                   "parameter_range 0"));
    s.first.assign(7, 0);
    CHECK(contains(message([&] { adamw{}.step(p, g, s, all, 0.1); }), "adamw: state.first: 7 elements for 4"));
    CHECK(p == std::vector<float>(4));
}

// SPDX-License-Identifier: MIT
#include <eenn/network/detail/lower.hpp>
#include <eenn/network/standard.hpp>
#include <eenn/training/detail/check_options.hpp>
#include <eenn/training/optimizers.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

namespace {

using namespace eenn;

constexpr double no_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

/// The members that are checked, right by default.
struct some_options {
    int epochs = 1;
    int patience = 0;
    double clip_norm = 0;
    double average_decay = 0;
    std::vector<double> exit_weights{};
};

template <class F>
std::string message_of(F&& f) {
    try {
        f();
    } catch (const error& e) {
        return e.what();
    }
    return "nothing was thrown";
}

std::string refused(const some_options& options) {
    return message_of([&] { check_options("trainer", options); });
}

template <class O>
std::string step_of(const O& optimizer, double rate) {
    return message_of([&] {
        std::vector<float> parameters(2), gradient(2);
        optimizer_state<float> state;
        const parameter_range all{0, 2};
        optimizer.step(parameters, gradient, state, {&all, 1}, rate);
    });
}

}  // namespace

TEST_CASE("training/check_options: options out of their range are named with their value and what is allowed") {
    CHECK(refused({}) == "nothing was thrown");
    CHECK(refused({.epochs = 3, .patience = 2, .clip_norm = 2.5, .average_decay = 0.99, .exit_weights = {0, 1}}) ==
          "nothing was thrown");
    CHECK(refused({.epochs = 0}) == "trainer: epochs is 0, allowed [1, infinity)");
    CHECK(refused({.patience = -1}) == "trainer: patience is -1, allowed [0, infinity)");
    CHECK(refused({.clip_norm = no_number}) == "trainer: clip_norm is NaN, allowed [0, infinity)");
    CHECK(refused({.clip_norm = -0.5}) == "trainer: clip_norm is -0.5, allowed [0, infinity)");
    CHECK(refused({.clip_norm = infinity}) == "trainer: clip_norm is infinity, allowed [0, infinity)");
    CHECK(refused({.average_decay = 1}) == "trainer: average_decay is 1, allowed [0, 1)");
    CHECK(refused({.average_decay = no_number}) == "trainer: average_decay is NaN, allowed [0, 1)");
    CHECK(refused({.exit_weights = {1, -0.1}}) == "trainer: exit_weights[1] is -0.1, allowed [0, infinity)");
    CHECK(refused({.exit_weights = {no_number, 1}}) == "trainer: exit_weights[0] is NaN, allowed [0, infinity)");
    CHECK(refused({.exit_weights = {0, 0}}) == "trainer: the sum of exit_weights is 0, allowed (0, infinity)");
}

TEST_CASE("training/check_options: options with some of the members are checked for those") {
    struct {
        double clip_norm = -1;
    } options;
    CHECK(message_of([&] { check_options("training_step", options); }) ==
          "training_step: clip_norm is -1, allowed [0, infinity)");
}

TEST_CASE("training/check_options: hyperparameters are refused before a step, and the learning rate with it") {
    CHECK(message_of([] { check_optimizer(sgd{.momentum = 0.9, .weight_decay = 1e-4, .nesterov = true}); }) ==
          "nothing was thrown");
    CHECK(message_of([] { check_optimizer(sgd{.momentum = no_number}); }) == "sgd: momentum is NaN, allowed [0, 1)");
    CHECK(message_of([] { check_optimizer(sgd{.weight_decay = -1e-4}); }) ==
          "sgd: weight_decay is -0.0001, allowed [0, infinity)");
    CHECK(message_of([] { check_optimizer(sgd{.nesterov = true}); }) ==
          "sgd with nesterov: momentum is 0, allowed (0, 1)");
    CHECK(message_of([] { check_optimizer(adam{.beta1 = 1}); }) == "adam: beta1 is 1, allowed [0, 1)");
    CHECK(message_of([] { check_optimizer(adam{.epsilon = no_number}); }) ==
          "adam: epsilon is NaN, allowed [0, infinity)");
    CHECK(message_of([] { check_optimizer(adamw{.weight_decay = no_number}); }) ==
          "adamw: weight_decay is NaN, allowed [0, infinity)");
    CHECK(step_of(sgd{}, no_number) == "sgd: learning_rate is NaN, allowed [0, infinity)");
    CHECK(step_of(adam{}, -1) == "adam: learning_rate is -1, allowed [0, infinity)");
    CHECK(step_of(adamw{.beta2 = 2}, 0.1) == "adamw: beta2 is 2, allowed [0, 1)");
}

TEST_CASE("training/check_options: parameters that are no numbers are named by element and tensor") {
    graph g{{4, 4, 2}};
    g(conv2d{.filters = 3, .kernel_h = 1, .kernel_w = 1}, batch_norm{}, dense{.units = 2});
    const plan made = lower(g);
    std::vector<float> parameters(made.view().parameter_elements(), 0.5F);
    const auto refuses = [&] { return message_of([&] { check_parameters("trainer", parameters, made.view()); }); };
    CHECK(refuses() == "nothing was thrown");
    parameters.back() = static_cast<float>(infinity);  // of the running variance
    CHECK(refuses().starts_with("trainer: parameters: element " + std::to_string(parameters.size() - 1) +
                                " (batch_norm_2.var) is infinity; "));
    parameters[7] = static_cast<float>(no_number);  // 6 weights, then gamma: the first that is none counts
    CHECK(refuses().starts_with("trainer: parameters: element 7 (batch_norm_2.gamma) is NaN; "));
}

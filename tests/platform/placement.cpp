// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <eenn/platform/placement.hpp>
#include <limits>

#include "generated_task.hpp"
#include "messages.hpp"

using namespace eenn;
using namespace eenn_tests;

namespace {

constexpr double any_time = std::numeric_limits<double>::infinity();

// Two samples in three are right at the first exit, all at the last.
placement_task small_task() {
    placement_task task;
    task.input_bytes = 100;
    task.segments.resize(2);
    for (auto& s : task.segments) {
        s.work.macs[operator_class::convolution] = 1000;
        s.work.weights = 10;
        s.work.activations = 5;
    }
    task.segments[0].name = "block 1";
    task.segments[1].name = "block 2";
    task.segments[0].output_bytes = 20;
    task.exits = {{.name = "early", .after = 0, .head = {}}, {.name = "classifier", .after = 1, .head = {}}};
    task.exits[0].head.macs[operator_class::dense] = 100;
    task.exits[0].head.weights = 4;
    task.trace.samples = 3;
    task.trace.exits = 2;
    task.trace.confidence = {0.9F, 1, 0.7F, 1, 0.3F, 1};
    task.trace.correct = {1, 1, 1, 1, 0, 1};
    task.trace.cost = {0, 0};
    return task;
}
platform two() {
    platform on;
    on.processors = {{.name = "device", .macs_per_second = 1000, .memory_bytes = 1000, .active_watts = 1},
                     {.name = "server", .macs_per_second = 10000, .memory_bytes = 1000, .active_watts = 100}};
    on.links = {{.from = "device", .to = "server", .bytes_per_second = 50, .joules_per_byte = 0.01}};
    return on;
}
bool says(const std::string& message, const std::string& part) { return message.find(part) != std::string::npos; }
bool mentions(const std::vector<std::string>& reasons, const std::string& part) {
    for (const auto& r : reasons) {
        if (says(r, part)) return true;
    }
    return false;
}

}  // namespace

TEST_CASE("platform/placement: two of three samples leave on the device, the third goes on to the server, by hand") {
    const placement p = place(small_task(), two(), placement_objective::least_seconds(0));
    REQUIRE(p.feasible);
    CHECK(p.proven);
    CHECK(p.kept == 3);
    CHECK(p.thresholds == std::vector<float>{0.7F});
    REQUIRE(p.stages.size() == 2);
    CHECK(p.stages[0].to == "block 1");
    CHECK(p.stages[0].exits == std::vector<std::size_t>{0});
    CHECK(p.stages[0].transfer_bytes == 20);
    CHECK(p.stages[0].weight_bytes == 56);
    CHECK(p.stages[0].activation_bytes == 20);
    CHECK(p.stages[1].reach == doctest::Approx(1 / 3.0));
    CHECK(p.expected_seconds == doctest::Approx(1.1 + (0.4 + 0.1) / 3));
    CHECK(p.worst_seconds == doctest::Approx(1.6));
    CHECK(p.objective == doctest::Approx(p.expected_seconds));
    CHECK(p.bound == p.objective);
    CHECK(p.gap() == 0);
    CHECK(p.evaluation.accuracy == 1);
    // Energy: the server's hundred watts do not pay for a third of the samples; sending and 0.1 s of them would cost 10.2.
    const placement frugal = place(small_task(), two(), placement_objective::least_joules(0));
    CHECK(frugal.stages.size() == 1);
    CHECK(frugal.expected_joules == doctest::Approx(1.1 + 1 / 3.0));
    CHECK(place(small_task(), two(), placement_objective::least_price(0)).expected_price ==
          doctest::Approx(1100 + 1000 / 3.0));
    // Two points of loss in three let everyone leave at once.
    CHECK(place(small_task(), two(), placement_objective::least_seconds(0.34)).expected_seconds ==
          doctest::Approx(1.1));
}

TEST_CASE("platform/placement: equals the exhaustive search on generated chains and DAGs, within every limit") {
    int feasible = 0;
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        random_stream random{seed, 7};
        const problem_size size{.segments = 2 + static_cast<int>(random.below(4)),
                                .exits = 1 + static_cast<int>(random.below(4)),
                                .processors = 1 + static_cast<int>(random.below(4)),
                                .samples = 6 + static_cast<int>(random.below(5)),
                                .levels = static_cast<int>(random.below(2)) * 6};
        const placement_task task = generated_task(random, size);
        const platform on = generated_platform(random, size, seed % 2 == 0, seed % 3 == 0);
        const placement_objective objective{seed % 4 != 1 ? 1.0 : 0.0, seed % 4 == 1 || seed % 4 == 3 ? 1.0 : 0.0,
                                            seed % 4 == 2 ? 1e-9 : 0.0, random.uniform() * 0.3 - 0.05};
        const double worst = seed % 5 == 0 ? 0.005 + 0.05 * random.uniform() : any_time;
        const double best = exhausted(task, on, objective, worst);
        const placement p = place(task, on, objective, {.worst_seconds = worst});
        CAPTURE(seed);
        REQUIRE(p.feasible == (best < any_time));
        if (!p.feasible) {
            CHECK(!p.refused.empty());
            continue;
        }
        ++feasible;
        REQUIRE(p.proven);
        REQUIRE(p.objective == doctest::Approx(best).epsilon(1e-9));
        REQUIRE(p.worst_seconds <= worst);
        for (const auto& stage : p.stages) {
            REQUIRE(stage.weight_bytes + stage.activation_bytes <= stage.memory_bytes);
        }
    }
    CHECK(feasible > 700);
}

TEST_CASE("platform/placement: stopped early, the bound still lies below the best and the objective above") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        random_stream random{seed, 9};
        const problem_size size{
            .segments = 6, .exits = 4, .processors = 3, .samples = 300, .noise = 1, .ambiguous = 0.2};
        const placement_task task = generated_task(random, size);
        const platform on = generated_platform(random, size, false, false);
        const auto objective = placement_objective::least_seconds(0.01);
        const placement best = place(task, on, objective, {.nodes = 1000000});
        REQUIRE(best.proven);
        double before = 0;
        for (const int nodes : {0, 10, 100}) {
            const placement p = place(task, on, objective, {.nodes = nodes});
            CHECK(p.nodes <= nodes);
            CHECK(p.bound <= best.objective * (1 + 1e-12));
            CHECK(p.bound >= before);
            CHECK(p.objective >= best.objective * (1 - 1e-12));
            before = p.bound;
        }
    }
}

TEST_CASE("platform/placement: memory, operators and time that do not suffice are reasons, not surprises") {
    const auto objective = placement_objective::least_seconds(0);
    platform on = two();
    on.processors[0].memory_bytes = 75;  // the backbone's first block needs 60 bytes, with the head 76
    placement p = place(small_task(), on, objective);
    CHECK(p.feasible);
    CHECK(p.kept == 2);
    CHECK(mentions(p.refused, "exits {early, classifier}: ") == false);  // the server has room for both
    CHECK(mentions(p.refused,
                   "device from the input on: up to block 2, weights and activations exceed its memory, "
                   "100.000000 > 75.000000 bytes"));
    on.processors[1].memory_bytes = 50;
    p = place(small_task(), on, objective);
    CHECK(!p.feasible);
    CHECK(says(p.refused.at(0), "the network does not fit the platform"));
    CHECK(mentions(p.refused, "server after block 1: up to block 2"));

    on = two();
    on.processors[0].unsupported[operator_class::dense] = true;
    p = place(small_task(), on, objective);
    CHECK(p.feasible);
    on.processors[1].unsupported[operator_class::dense] = true;
    p = place(small_task(), on, objective);
    CHECK(p.kept == 2);
    CHECK(mentions(p.refused, "exits {early, classifier}: no assignment keeps the limits"));
    on.processors[0].unsupported[operator_class::convolution] = true;
    on.processors[1].unsupported[operator_class::convolution] = true;
    p = place(small_task(), on, objective);
    CHECK(!p.feasible);
    CHECK(mentions(p.refused, "device from the input on: it has no convolution, which block 1 needs"));

    p = place(small_task(), two(), objective, {.worst_seconds = 0.5});
    CHECK(!p.feasible);
    CHECK(
        mentions(p.refused, "device from the input on: the worst case takes 1.000000 s up to block 1, more than 0.5"));
    CHECK(place(small_task(), two(), objective, {.worst_seconds = 1.55}).kept == 2);
}

TEST_CASE("platform/placement: a gain that nothing reaches is refused with the best accuracy found") {
    placement_task task = small_task();
    task.trace.correct = {1, 1, 1, 1, 0, 0};
    const placement p = place(task, two(), placement_objective::least_seconds(-0.3));
    CHECK(!p.feasible);
    CHECK(says(p.refused.at(0), "no thresholds reach accuracy 1.000000; the best reachable is 0.666667"));
}

TEST_CASE("platform/placement: the accuracy named as the best reachable is reached, and one sample more is not") {
    int gains = 0;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        random_stream random{seed, 13};
        const problem_size size{.segments = 4, .exits = 4, .processors = 2, .samples = 30, .ambiguous = 0.5};
        const placement_task task = generated_task(random, size);
        const platform on = generated_platform(random, size, false, false);
        const placement p = place(task, on, placement_objective::least_seconds(-1));
        CAPTURE(seed);
        REQUIRE(!p.feasible);
        const std::string key = "best reachable is ";
        const auto at = p.refused.at(0).find(key);
        REQUIRE(at != std::string::npos);
        const double best = std::stod(p.refused[0].substr(at + key.size()));
        double last = 0;
        for (int i = 0; i < 30; ++i) last += task.trace.correct[task.trace.at(i, 3)] / 30.0;
        gains += best > last + 0.01;
        CHECK(place(task, on, placement_objective::least_seconds(last - best + 1e-6)).feasible);
        CHECK(!place(task, on, placement_objective::least_seconds(last - best - 1 / 30.0 + 1e-6)).feasible);
    }
    CHECK(gains > 10);
}

TEST_CASE("platform/placement: arguments that say nothing are refused") {
    const auto refusal = [](const placement_objective& objective, const placement_limits& limits = {}) {
        return message_of([&] { (void)place(small_task(), two(), objective, limits); });
    };
    CHECK(says(refusal({}), "placement_objective: all weights are 0"));
    CHECK(says(refusal({.per_second = -1}), "placement_objective.per_second: -1"));
    CHECK(says(refusal({.per_joule = 0 / 0.0}), "placement_objective.per_joule: "));
    CHECK(says(refusal({1, 0, 0, 0 / 0.0}), "placement_objective.max_accuracy_loss: "));
    CHECK(says(refusal(placement_objective::least_seconds(0), {.worst_seconds = 0}), "placement_limits.worst_seconds"));
    CHECK(says(refusal(placement_objective::least_seconds(0), {.nodes = -1}), "placement_limits.nodes"));
    platform on = two();
    on.links[0].bytes_per_second = 0;
    CHECK(says(message_of([&] { (void)place(small_task(), on, placement_objective::least_seconds(0)); }),
               "platform.links[0].bytes_per_second"));
    random_stream random{1, 1};
    const placement_task many = generated_task(random, {.segments = 20, .exits = 13});
    CHECK(says(message_of([&] { (void)place(many, two(), placement_objective::least_seconds(0)); }), "13 exits"));
}

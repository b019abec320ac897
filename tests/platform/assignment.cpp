// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <eenn/platform/detail/assignment.hpp>

#include "generated_task.hpp"
#include "messages.hpp"

using namespace eenn;
using namespace eenn_tests;

TEST_CASE("platform/assignment: seconds and joules of two stages, by hand") {
    placement_task task;
    task.segments.resize(2);
    task.segments[0].work.macs[operator_class::convolution] = 100;
    task.segments[0].work.macs[operator_class::depthwise] = 20;
    task.segments[0].output_bytes = 50;
    task.segments[1].work.macs[operator_class::dense] = 1000;
    task.exits.resize(2);
    task.exits[0].head.macs[operator_class::dense] = 10;
    task.exits[1].after = 1;
    platform on;
    on.processors = {{.name = "a", .macs_per_second = 10, .active_watts = 2, .idle_watts = 0.5},
                     {.name = "b", .macs_per_second = 100, .active_watts = 20, .start_seconds = 3, .price_per_mac = 4}};
    on.processors[0].class_macs_per_second[operator_class::depthwise] = 5;
    on.links = {{.from = "a", .to = "b", .bytes_per_second = 25, .latency_seconds = 1, .joules_per_byte = 0.1}};
    const auto cost = journeys(task, on, {{0, 0, 1}, {1, 1, 2}}, 3);
    CHECK(cost[0].seconds == doctest::Approx(10 + 4 + 1));
    CHECK(cost[0].joules == doctest::Approx(2 * 15));
    CHECK(cost[0].price == doctest::Approx(130));
    CHECK(cost[1].seconds == doctest::Approx(15 + 1 + 2 + 3 + 10));
    CHECK(cost[1].joules == doctest::Approx(30 + 50 * 0.1 + 13 * 20 + 0.5 * 16));
    CHECK(cost[1].price == doctest::Approx(130 + 4000));
    // Closed, the first exit's head costs nothing.
    CHECK(journeys(task, on, {{0, 0, 1}, {1, 1, 2}}, 2)[1].seconds == doctest::Approx(30));
}

TEST_CASE("platform/assignment: costs equal those of a plain sum, for every assignment of generated tasks") {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        random_stream random{seed, 3};
        const problem_size size{.segments = 4, .exits = 3, .processors = 4};
        const placement_task task = generated_task(random, size);
        const platform on = generated_platform(random, size, true, false);
        for (exit_set kept : {4U, 5U, 7U}) {
            for_all_assignments(task, on, [&](const assignment& stages) {
                const auto mine = journeys(task, on, stages, kept);
                const auto plain = naive(task, on, stages, kept);
                for (std::size_t e = 0; e < 3; ++e) {
                    if (!contains(kept, e)) continue;
                    REQUIRE(mine[e].seconds == doctest::Approx(plain.seconds[e]));
                    REQUIRE(mine[e].joules == doctest::Approx(plain.joules[e]));
                    REQUIRE(mine[e].price == doctest::Approx(plain.price[e]));
                }
            });
        }
    }
}

TEST_CASE("platform/assignment: stages that are no way through the platform are refused") {
    random_stream random{1, 3};
    const placement_task task = generated_task(random, {});
    const platform on = generated_platform(random, {}, false, false);
    const auto refusal = [&](const assignment& stages) {
        return message_of([&] { (void)journeys(task, on, stages, 7); });
    };
    CHECK(refusal({{0, 0, 4}}) == "nothing was thrown");
    CHECK(refusal({{1, 0, 4}}).find("stage 0 does not go on") != std::string::npos);
    CHECK(refusal({{0, 0, 2}, {1, 3, 4}}).find("stage 1 does not go on") != std::string::npos);
    CHECK(refusal({{0, 0, 2}, {2, 2, 4}}).find("no link leads to \"processor 2\"") != std::string::npos);
    CHECK(refusal({{0, 0, 3}}).find("ends after 3 segments of 4") != std::string::npos);
}

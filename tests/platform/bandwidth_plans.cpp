// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <eenn/platform/bandwidth_plans.hpp>

#include "generated_task.hpp"
#include "messages.hpp"

using namespace eenn;
using namespace eenn_tests;

TEST_CASE("platform/bandwidth_plans: at every bandwidth the plan looked up costs what the exhaustive search finds") {
    int several = 0;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        random_stream random{seed, 11};
        const problem_size size{.segments = 4, .exits = 3, .processors = 3, .samples = 8};
        const placement_task task = generated_task(random, size);
        platform on = generated_platform(random, size, seed % 2 == 0, false);
        const placement_objective objective{1, seed % 3 == 0 ? 0.1 : 0, 0, 0.1};
        const std::size_t link = random.below(static_cast<std::uint32_t>(on.links.size()));
        const bandwidth_plans plans = plan_bandwidths(task, on, link, 1e4, 1e7, objective);
        several += plans.plans.size() > 1;
        CAPTURE(seed);
        for (double b = 1e4; b <= 1e7; b *= 1.7) {
            on.links[link].bytes_per_second = b;
            const auto choice = plans.at(b);
            REQUIRE(choice.proven);
            REQUIRE(choice.objective ==
                    doctest::Approx(exhausted(task, on, objective, placement_limits{}.worst_seconds)).epsilon(1e-8));
            const auto& plan = plans.plans[choice.plan];
            CHECK(plan.slowest <= b * (1 + 1e-9));
            CHECK(plan.fastest >= b * (1 - 1e-9));
        }
        CHECK(plans.plans.front().slowest == doctest::Approx(1e4));
        CHECK(plans.plans.back().fastest == doctest::Approx(1e7));
    }
    CHECK(several > 10);
}

TEST_CASE("platform/bandwidth_plans: with few solutions the bound stays below the best of all") {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        random_stream random{seed, 11};
        const problem_size size{.segments = 5, .exits = 3, .processors = 3, .samples = 40};
        const placement_task task = generated_task(random, size);
        platform on = generated_platform(random, size, false, false);
        const auto objective = placement_objective::least_seconds(0.05);
        const bandwidth_plans plans = plan_bandwidths(task, on, 0, 1e4, 1e7, objective, {}, 2);
        for (const double b : {1e4, 3e4, 1e5, 1e6, 1e7}) {
            on.links[0].bytes_per_second = b;
            const auto choice = plans.at(b);
            const double best = place(task, on, objective).objective;
            CHECK(choice.bound <= best * (1 + 1e-9));
            CHECK(choice.objective >= best * (1 - 1e-9));
        }
    }
}

TEST_CASE("platform/bandwidth_plans: the worst case is kept at the slowest bandwidth") {
    random_stream random{3, 11};
    const placement_task task = generated_task(random, {});
    const platform on = generated_platform(random, {}, false, false);
    const auto objective = placement_objective::least_seconds(0.1);
    const auto free = plan_bandwidths(task, on, 0, 1e4, 1e7, objective);
    REQUIRE(free.plans.back().solved.worst_seconds > 0.1);
    const auto held = plan_bandwidths(task, on, 0, 1e4, 1e7, objective, {.worst_seconds = 0.1});
    for (const auto& plan : held.plans) CHECK(plan.solved.worst_seconds <= 0.1);
    CHECK(held.at(1e7).objective >= free.at(1e7).objective);
}

TEST_CASE("platform/bandwidth_plans: no range, no link, no placement") {
    random_stream random{3, 11};
    const placement_task task = generated_task(random, {});
    const platform on = generated_platform(random, {}, false, false);
    const auto objective = placement_objective::least_seconds(0.1);
    const auto refusal = [&](std::size_t link, double slowest, double fastest) {
        return message_of([&] { (void)plan_bandwidths(task, on, link, slowest, fastest, objective); });
    };
    CHECK(refusal(2, 1, 2) == "plan_bandwidths: no link 2; the platform has 2");
    CHECK(refusal(0, 2, 1).find("give two numbers above 0, the slower first") != std::string::npos);
    CHECK(refusal(0, 0, 1).find("give two numbers above 0") != std::string::npos);
    const auto plans = plan_bandwidths(task, on, 0, 1e4, 1e7, objective);
    CHECK(message_of([&] { (void)plans.at(1e3); }).find("plans were made for") != std::string::npos);
    CHECK(message_of([&] { (void)plans.at(0 / 0.0); }).find("plans were made for") != std::string::npos);
    const auto none = plan_bandwidths(task, on, 0, 1e4, 1e7, objective, {.worst_seconds = 1e-9});
    CHECK(none.plans.empty());
    CHECK(!none.refused.empty());
    CHECK(message_of([&] { (void)none.at(1e5); }).find("nothing fits the platform") != std::string::npos);
}

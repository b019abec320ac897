// SPDX-License-Identifier: MIT
#include <eenn/construct/placing.hpp>

#include <doctest/doctest.h>

#include <eenn/core/random.hpp>

#include "networks.hpp"

using namespace eenn;
using namespace eenn::construct;

namespace {

graph two_exits() {
    graph g{{8, 8, 3}};
    g(conv2d{.filters = 4}, batch_norm{}, relu{});
    g.exit(exit_head{.classes = 4});
    g(conv2d{.filters = 16, .stride = 2}, batch_norm{}, relu{}, conv2d{.filters = 32}, batch_norm{}, relu{});
    return g(global_average_pool{}, dense{.units = 4});
}

exit_trace trace_of_two(int samples) {
    std::vector<float> confidence;
    std::vector<std::int32_t> prediction;
    std::vector<std::int32_t> labels;
    for (int i = 0; i < samples; ++i) {
        random_stream random{.seed = 1, .stream = static_cast<std::uint64_t>(i)};
        const double ease = random.uniform(0, 1);
        labels.push_back(i % 4);
        confidence.push_back(static_cast<float>(ease));
        confidence.push_back(0.9F);
        prediction.push_back(ease > 0.4 ? i % 4 : (i + 1) % 4);
        prediction.push_back(i % 20 == 0 ? (i + 1) % 4 : i % 4);
    }
    return make_trace(confidence, prediction, labels, {1, 2});
}

platform near_and_far(double far_memory) {
    processor near;
    near.name = "near";
    near.macs_per_second = 2e7;
    near.memory_bytes = 12e3;  // not all of it fits
    processor far;
    far.name = "far";
    far.macs_per_second = 1e10;
    far.memory_bytes = far_memory;
    return {{near, far}, {{.from = "near", .to = "far", .bytes_per_second = 1e6, .latency_seconds = 0.004}}};
}

}  // namespace

TEST_CASE("construct/placing: the early exit stays near, the rest goes to the fast processor") {
    model net;
    net.network = two_exits();
    net.rules = {{0.5F, 2.0F}, {never_exit, 1.0F}};
    const exit_trace trace = trace_of_two(200);
    const placed_network made = place_network(net, trace, near_and_far(1e6), placement_objective::least_seconds(0.01));
    REQUIRE(made.placed.feasible);
    CHECK(made.summary.proven);
    REQUIRE(made.summary.stages.size() == 2);
    CHECK(made.summary.stages[0].processor == "near");
    CHECK(made.summary.stages[1].processor == "far");
    CHECK(made.cuts.size() == 1);
    CHECK(made.rules[0].temperature == 2.0F);
    CHECK(made.rules[0].threshold == made.placed.thresholds[0]);
    CHECK(made.summary.expected_seconds < made.summary.worst_seconds);
    CHECK(made.summary.expected_joules == doctest::Approx(made.placed.expected_joules));
}

TEST_CASE("construct/placing: what fits nowhere is no error, and says why") {
    model net;
    net.network = two_exits();
    net.rules = {{0.5F, 1.0F}, {never_exit, 1.0F}};
    platform tiny = near_and_far(100);
    tiny.processors[0].memory_bytes = 100;
    const placed_network made = place_network(net, trace_of_two(100), tiny, placement_objective::least_seconds(0.01));
    CHECK_FALSE(made.placed.feasible);
    CHECK_FALSE(made.placed.refused.empty());
    CHECK(made.summary.stages.empty());
}

// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <eenn/network/detail/lower.hpp>
#include <eenn/network/standard.hpp>
#include <eenn/platform/placement.hpp>
#include <eenn/platform/segments.hpp>

#include "messages.hpp"

using namespace eenn;
using eenn_tests::message_of;

namespace {

// Two residual stages with an exit after the first, then pooling and a classifier.
graph residual_net() {
    graph g{{8, 8, 3}};
    g(conv2d{.filters = 4}, batch_norm{}, relu{});
    g.residual([](graph& b) { b(conv2d{.filters = 4}, batch_norm{}, relu{}, conv2d{.filters = 4}, batch_norm{}); })(
        relu{});
    g.exit(exit_head{.classes = 5});
    g.residual(
        [](graph& b) {
            b(conv2d{.filters = 8, .stride = 2}, batch_norm{}, relu{}, conv2d{.filters = 8}, batch_norm{});
        },
        [](graph& b) { b(conv2d{.filters = 8, .kernel_h = 1, .kernel_w = 1, .stride = 2}); })(relu{});
    return g(global_average_pool{}, dense{.units = 5});
}

exit_trace two_exits() {
    exit_trace t;
    t.samples = 2;
    t.exits = 2;
    t.confidence = {0.9F, 1, 0.2F, 1};
    t.correct = {1, 1, 0, 1};
    t.cost = {0, 0};
    return t;
}

}  // namespace

TEST_CASE("platform/segments: a residual network is cut where its branches have met, and nowhere else") {
    const graph g = residual_net();
    const plan p = lower(g);
    const placement_task task = make_task(g, p.view(), two_exits());
    REQUIRE(task.segments.size() == 5);  // stem, block, block with projection, pool, classifier
    CHECK(task.input_bytes == 8 * 8 * 3 * 4);
    CHECK(task.segments[0].output_bytes == 8 * 8 * 4 * 4);
    CHECK(task.segments[1].output_bytes == 8 * 8 * 4 * 4);
    CHECK(task.segments[2].output_bytes == 4 * 4 * 8 * 4);
    CHECK(task.segments[3].output_bytes == 8 * 4);
    CHECK(task.segments[4].output_bytes == 0);
    CHECK(task.segments[1].work.macs[operator_class::convolution] == 2 * 8 * 8 * 4 * 9 * 4);
    CHECK(task.segments[1].work.weights == 2 * (9 * 4 * 4 + 4));
    CHECK(task.segments[3].work.uses(operator_class::pooling));
    CHECK(!task.segments[3].work.uses(operator_class::convolution));
    CHECK(task.segments[4].work.macs[operator_class::dense] == 8 * 5);
    REQUIRE(task.exits.size() == 2);
    CHECK(task.exits[0].after == 1);
    CHECK(task.exits[0].head.macs[operator_class::dense] == 4 * 5);
    CHECK(task.exits[0].head.uses(operator_class::pooling));
    CHECK(task.exits[1].after == 4);
    CHECK(task.exits[1].head.total_macs() == 0);
    double macs = 0;
    for (const auto& s : task.segments) {
        macs += s.work.total_macs();
        CHECK(s.work.activations > 0);
        CHECK(s.work.activations <= static_cast<double>(p.sizes.workspace) + 8 * 8 * 3);
    }
    CHECK(macs + task.exits[0].head.total_macs() == static_cast<double>(p.sizes.macs));
    CHECK_NOTHROW(check_task(task));

    platform on;
    on.processors = {{.name = "device", .macs_per_second = 1e5, .memory_bytes = 1e6},
                     {.name = "server", .macs_per_second = 1e9, .memory_bytes = 1e9}};
    on.links = {{.from = "device", .to = "server", .bytes_per_second = 1e4}};
    const placement made = place(task, on, placement_objective::least_seconds(0));
    CHECK(made.proven);
    CHECK(made.stages.back().processor == "server");
}

TEST_CASE("platform/segments: depthwise layers are told from grouped and plain ones, features can travel in 8 bits") {
    graph g{{8, 8, 3}};
    g(conv2d{.filters = 8}, relu{}, separable{.filters = 16}, conv2d{.filters = 16, .groups = 4}, global_max_pool{},
      dense{.units = 2});
    const plan p = lower(g);
    exit_trace t;
    t.samples = t.exits = 1;
    t.confidence = {1};
    t.correct = {1};
    t.cost = {0};
    const placement_task task = make_task(g, p.view(), t, cut_coding::eight_bits());
    REQUIRE(task.segments.size() == 6);
    CHECK(task.segments[1].work.macs[operator_class::depthwise] == 8 * 8 * 8 * 9);
    CHECK(task.segments[2].work.macs[operator_class::convolution] == 8 * 8 * 8 * 16);
    CHECK(task.segments[3].work.macs[operator_class::convolution] == 8 * 8 * 16 * 9 * 4);
    CHECK(task.input_bytes == 8 * 8 * 3);
    CHECK(task.segments[0].output_bytes == 8 * 8 * 8 + 4);
    CHECK_NOTHROW(check_task(task));
}

TEST_CASE("platform/segments: a head that reads several places, or another head, is refused") {
    graph g{{8, 8, 2}};
    g(conv2d{.filters = 4}, relu{});
    const edge early = g.here();
    g(conv2d{.filters = 4}, relu{});
    g.exit([early](graph& b) {
        b.join(add{}, b.here(), early);
        b(global_average_pool{}, dense{.units = 2});
    });
    g(conv2d{.filters = 4}, global_average_pool{}, dense{.units = 2});
    // The addition reads the first layer after the second one: the head spans two segments.
    CHECK(message_of([&] { (void)make_task(g, lower(g).view()); }).find("exit 0 reads features of several segments") !=
          std::string::npos);

    graph shared{{8, 8, 2}};
    edge pooled{};
    shared(conv2d{.filters = 4}, relu{});
    shared.exit([&pooled](graph& b) {
        b(global_average_pool{});
        pooled = b.here();
        b(dense{.units = 2});
    });
    shared.exit([&pooled](graph& b) { b.at(pooled)(dense{.units = 2}); });
    shared(conv2d{.filters = 4}, global_average_pool{}, dense{.units = 2});
    CHECK(message_of([&] { (void)make_task(shared, lower(shared).view()); }).find("another exit's head") !=
          std::string::npos);
}

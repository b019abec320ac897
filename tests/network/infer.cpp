// SPDX-License-Identifier: MIT
#include <eenn/core/threads.hpp>
#include <eenn/network/infer.hpp>
#include <eenn/network/network.hpp>
#include <eenn/network/runtime_network.hpp>

#include <doctest/doctest.h>

#include <limits>

#include "early_exits.hpp"

namespace {

using namespace eenn;

using net = network<early_exits::recipe>;

// Everybody leaves at the second exit, with the number of classes for a label.
struct second_exit {
    struct state {};
    static constexpr bool sequential = false;
    void begin(state&) const noexcept {}
    verdict operator()(const exit_view<>& at, state&) const noexcept {
        return {at.exit == 1, static_cast<int>(at.logits.size()), 0.5F};
    }
};

}  // namespace

TEST_CASE("network/infer: a sample leaves at the first exit that is sure, and nothing behind it runs") {
    const auto n = net::inference();
    const packed_weights packed{n, initialize(n.plan, early_exits::seed)};
    const auto images = early_exits::images(n.plan);
    const auto rules = early_exits::middle_rules(n, packed, images);
    const threshold_rules<> rule{rules};
    net::workspace scratch{};
    int taken[3] = {};
    for (std::size_t i = 0; i < early_exits::sample_count; ++i) {
        scratch.data.fill(std::numeric_limits<float>::quiet_NaN());
        exit_state state;
        const auto d = infer(n, packed, early_exits::image(images, i), scratch.data, rule, state);
        ++taken[d.exit];
        CHECK(d.label >= 0);
        if (d.exit < 2) CHECK(d.confidence >= rules[static_cast<std::size_t>(d.exit)].threshold);
        if (d.exit == 0) {  // the output of the last step was never written
            const auto& last = n.plan.values.back();
            bool written = false;
            for (const auto& step : n.plan.steps.first(n.plan.exits[0].step.next().index())) {
                const auto& v = n.plan.values[step.output];
                written = written || (v.offset < last.offset + 3 && last.offset < v.offset + v.size.elements());
            }
            if (!written) CHECK(scratch.data[last.offset] != scratch.data[last.offset]);
        }
    }
    CHECK(taken[0] > 0);
    CHECK(taken[1] > 0);
    CHECK(taken[2] > 0);
}

TEST_CASE(
    "network/infer: threads that divide a sample come to the same bits as one, and write nothing beyond their "
    "workspace") {
    graph g{{17, 24, 3}};
    g(conv2d{.filters = 16}, batch_norm{}, relu{});
    g.exit(exit_head{.classes = 3, .hidden = 16}, max_probability{});
    g.residual([](auto& b) { b(conv2d{.filters = 16}, relu{}, conv2d{.filters = 16}); });
    g(conv2d{.filters = 32, .stride = 2}, relu{}, max_pool{});
    g(separable{.filters = 48}, flatten{}, dense{.units = 3});
    const runtime_network<float, graph> built{g};
    const auto n = built.inference();
    const packed_weights packed{n, initialize(n.plan, early_exits::seed)};
    const auto images = early_exits::images(n.plan);
    int divided = 0;
    for (const auto& step : n.plan.steps) {
        divided += step.divides ? 1 : 0;
        CHECK((!step.divides || step.macs >= kernels::tuning::thread_grain));
    }
    CHECK(divided >= 4);
    for (const int thread_count : {2, 3, 5}) {
        threads pool{thread_count};
        const std::size_t size = workspace_elements(n.plan, thread_count);
        CHECK(size > n.plan.sizes.workspace);
        for (const float threshold : {0.0F, 1.0F}) {
            for (std::size_t i = 0; i < 20; ++i) {
                aligned_vector<float> one(n.plan.sizes.workspace), many(size + 16, 123.0F);
                const threshold_rules rule{std::vector<exit_rule>{{threshold}, {}}};
                exit_state state;
                const auto image = early_exits::image(images, i);
                const auto alone = infer(n, packed, image, one, rule, state);
                const auto together = infer(n, packed, image, many, rule, state, pool);
                CHECK(alone == together);
                const auto exit = static_cast<std::size_t>(alone.exit);
                const auto logits = view_exit(n.plan, exit, one).logits;
                CHECK(std::equal(logits.begin(), logits.end(), view_exit(n.plan, exit, many).logits.begin()));
                CHECK(std::count(many.end() - 16, many.end(), 123.0F) == 16);
            }
        }
    }
}

TEST_CASE("network/infer: a decider may send a sample on from exits that its policy would let it leave at") {
    const auto n = net::inference();
    const packed_weights packed{n, initialize(n.plan, early_exits::seed)};
    const auto images = early_exits::images(n.plan);
    net::workspace scratch{};
    second_exit::state state;
    const auto d = infer(n, packed, early_exits::image(images, 0), scratch.data, second_exit{}, state);
    CHECK(d == decision{3, 1, 0.5F});
}

TEST_CASE("network/infer: a network that ends in features decides nothing at its end") {
    const graph g = early_exits::parts(max_probability{}).device;
    CHECK_FALSE(g.classifies());
    const runtime_network<float, graph> built{g};
    const auto n = built.inference();
    CHECK(n.plan.exits[0].classifies);
    CHECK_FALSE(n.plan.exits[1].classifies);
    const packed_weights packed{n, initialize(n.plan, early_exits::seed)};
    const auto images = early_exits::images(n.plan);
    const auto rules = early_exits::middle_rules(n, packed, images);
    const threshold_rules<> rule{rules};
    aligned_vector<float> workspace(n.plan.sizes.workspace);
    int taken[2] = {};
    for (std::size_t i = 0; i < early_exits::sample_count; ++i) {
        exit_state state;
        const auto d = infer(n, packed, early_exits::image(images, i), workspace, rule, state);
        ++taken[d.exit];
        CHECK((d.exit == 1) == (d.label == -1));
    }
    CHECK(taken[0] > 0);
    CHECK(taken[1] > 0);
}

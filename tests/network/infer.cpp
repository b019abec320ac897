// SPDX-License-Identifier: MIT
#include <eenn/core/threads.hpp>
#include <eenn/network/detail/infer.hpp>
#include <eenn/network/network.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/network/runtime_session.hpp>
#include <eenn/network/summary.hpp>

#include <doctest/doctest.h>

#include <limits>

#include "../raised.hpp"
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

TEST_CASE("network/infer: nothing is decided at an output, and its value can be read after the sample has left") {
    const auto with_output = [](bool classifies) {
        graph g{{8, 8, 2}};
        g(conv2d{.filters = 4}, relu{});
        const edge features = g.here();
        classifies ? g.exit_at(features) : g.output_at(features);
        return g(conv2d{.filters = 4}, relu{}, conv2d{.filters = 4}, relu{}, global_average_pool{}, dense{.units = 3});
    };
    const graph g = with_output(false);
    CHECK_FALSE(g.exits()[0].classifies);
    CHECK(raised([&] { (void)lower(g); }).empty());
    const runtime_network<float, graph> built{g};
    const auto n = built.inference();
    CHECK_FALSE(n.plan.exits[0].classifies);
    CHECK(summary(n.plan).find("exit 0 is an output") != std::string::npos);
    const auto parameters = initialize(n.plan, early_exits::seed);
    session run{n, parameters};
    const graph alone = up_to(g, node_id{2});
    const runtime_network<float, graph> part{alone};
    const auto images = early_exits::images(n.plan);
    session features{part.inference(), std::span{parameters}.first(part.plan().parameter_elements())};
    for (std::size_t i = 0; i < 5; ++i) {
        const auto image = early_exits::image(images, i);
        CHECK(run(image).exit == 1);
        CHECK(run.output(0).size() == 8 * 8 * 4);
        CHECK(features(image).exit >= 0);
        CHECK(std::equal(run.output(0).begin(), run.output(0).end(), features.output(0).begin()));
    }
    // An edit keeps the output, and so does a half that has it.
    CHECK_FALSE(insert_after(g, node_id{4}, relu6{}).exits()[0].classifies);
    CHECK_FALSE(split_at(g, node_id{4}).device.exits()[0].classifies);
    CHECK(remove_exit(g, 0).exits().empty());
}

TEST_CASE("network/infer: what an exit decides on, or an output shows, is no later step's to overwrite") {
    const std::vector<float> x{1, -2, 3, 4};
    const auto value_of = [&](const graph& g, int exit) {
        const runtime_network<float, graph> built{g};
        session run{built.inference(), initialize(built.plan(), 3)};
        (void)run(x);
        return std::vector<float>(run.output(exit).begin(), run.output(exit).end());
    };
    graph plain{{1, 1, 4}};
    plain(dense{.units = 4});
    const auto logits = value_of(plain, 0);
    graph softened{{1, 1, 4}};
    softened(dense{.units = 4}).output_at(softened.here());
    softened(softmax{});
    CHECK(value_of(softened, 0) == logits);
    graph summed{{1, 1, 4}};
    summed(dense{.units = 4}).output_at(summed.here());
    summed.residual([](graph& b) { b(dense{.units = 4}, relu{}); });
    CHECK(value_of(summed, 0) == logits);
    graph beside{{1, 1, 4}};  // the end comes before a step that could work in its place
    beside(dense{.units = 4});
    const edge end = beside.here();
    beside(hard_swish{}).exit_at(beside.here());
    beside.at(end);
    CHECK(value_of(beside, 1) == logits);
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

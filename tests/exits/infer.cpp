// SPDX-License-Identifier: MIT
#include <eenn/core/threads.hpp>
#include <eenn/exits/collect_trace.hpp>
#include <eenn/exits/infer_batch.hpp>
#include <eenn/network/network.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/network/standard.hpp>

#include <doctest/doctest.h>

#include <limits>

namespace {

using namespace eenn;

constexpr graph three_exits(policy p) {
    graph g{{8, 8, 2}};
    g(conv2d{.filters = 4}, batch_norm{}, relu{});
    g.exit(exit_head{.classes = 3}, p);
    g.residual([](auto& b) { b(conv2d{.filters = 4}, relu{}, conv2d{.filters = 4}); });
    g.exit(exit_head{.classes = 3, .hidden = 4}, p);
    const edge wide = g.here();
    g(conv2d{.filters = 4, .kernel_h = 1}, relu{});
    g.join(add{}, wide, g.here());  // something lives across the second exit beside the trunk
    return g(global_average_pool{}, dense{.units = 3});
}
constexpr graph recipe() { return three_exits(max_probability{}); }
using net = network<recipe>;

struct loaded {
    aligned_vector<float> packed;
    std::vector<float> images;
    static constexpr int count = 150;
};

template <class N>
loaded load(const N& n) {
    loaded l;
    const auto parameters = initialize(n.plan, 6);
    l.packed.resize(n.packed_elements);
    pack_weights(n, parameters.data(), l.packed.data());
    random_stream random{.seed = 3};
    for (std::size_t i = 0; i < loaded::count * n.plan.input.elements(); ++i)
        l.images.push_back(static_cast<float>(random.normal()) * (1 + static_cast<float>(i % 7)));
    return l;
}

/// Thresholds in the middle of what the samples show, so that every exit takes some.
std::vector<exit_rule> middle_rules(const executable<float>& n, const loaded& l) {
    std::vector<std::vector<float>> seen(n.plan.exits.size());
    std::vector<float> workspace(n.plan.sizes.workspace);
    for (int i = 0; i < loaded::count; ++i) {
        exit_state state;
        int step = 0;
        for (std::size_t e = 0; e < seen.size(); ++e) {
            run_steps(n, step, n.plan.exits[e].step + 1, l.packed.data(),
                      l.images.data() + static_cast<std::size_t>(i) * n.plan.input.elements(), workspace.data());
            step = n.plan.exits[e].step + 1;
            seen[e].push_back(score_exit(n, e, workspace.data(), 1.0F, state).confidence);
        }
    }
    std::vector<exit_rule> rules;
    for (auto& s : seen) {
        std::sort(s.begin(), s.end());
        rules.push_back({.threshold = s[s.size() * 6 / 10]});
    }
    return rules;
}

}  // namespace

TEST_CASE("exits/infer: a sample leaves at the first exit that is sure, and nothing behind it runs") {
    const auto n = net::inference();
    const loaded l = load(n);
    const auto rules = middle_rules(n, l);
    net::workspace scratch{};
    int taken[3] = {};
    for (int i = 0; i < loaded::count; ++i) {
        scratch.data.fill(std::numeric_limits<float>::quiet_NaN());
        const auto d = infer<net>(l.packed.data(), l.images.data() + static_cast<std::size_t>(i) * 128, scratch,
                                  {rules[0], rules[1], rules[2]});
        ++taken[d.exit];
        CHECK(d.label >= 0);
        if (d.exit < 2) CHECK(d.confidence >= rules[static_cast<std::size_t>(d.exit)].threshold);
        if (d.exit == 0) {  // the output of the last step was never written
            const auto& last = n.plan.values.back();
            bool written = false;
            for (const auto& step : n.plan.steps.first(static_cast<std::size_t>(n.plan.exits[0].step) + 1)) {
                const auto& v = n.plan.values[static_cast<std::size_t>(step.output)];
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
    "exits/infer: threads that divide a sample come to the same bits as one, and write nothing beyond their "
    "workspace") {
    graph g{{17, 24, 3}};
    g(conv2d{.filters = 16}, batch_norm{}, relu{});
    g.exit(exit_head{.classes = 3, .hidden = 16}, max_probability{});
    g.residual([](auto& b) { b(conv2d{.filters = 16}, relu{}, conv2d{.filters = 16}); });
    g(conv2d{.filters = 32, .stride = 2}, relu{}, max_pool{});
    g(separable{.filters = 48}, flatten{}, dense{.units = 3});
    const runtime_network<float, graph> built{g};
    const auto n = built.inference();
    const loaded l = load(n);
    int divided = 0;
    for (const auto& step : n.plan.steps) {
        divided += step.divides ? 1 : 0;
        CHECK((!step.divides || step.macs >= kernels::tuning::thread_grain));
    }
    CHECK(divided >= 4);
    const std::size_t image = n.plan.input.elements();
    for (const int thread_count : {2, 3, 5}) {
        threads pool{thread_count};
        const std::size_t size = workspace_elements(n.plan, thread_count);
        CHECK(size > n.plan.sizes.workspace);
        for (const float threshold : {0.0F, 1.0F}) {
            for (std::size_t i = 0; i < 20; ++i) {
                aligned_vector<float> one(n.plan.sizes.workspace), many(size + 16, 123.0F);
                const std::vector<exit_rule> rules{{threshold}, {}};
                const auto alone = infer<float>(n, l.packed.data(), l.images.data() + i * image, one.data(), rules);
                const auto together =
                    infer<float>(n, l.packed.data(), l.images.data() + i * image, many.data(), rules, pool);
                CHECK(alone == together);
                const auto& logits =
                    n.plan.values[static_cast<std::size_t>(n.plan.exits[static_cast<std::size_t>(alone.exit)].logits)];
                CHECK(std::equal(one.begin() + static_cast<std::ptrdiff_t>(logits.offset),
                                 one.begin() + static_cast<std::ptrdiff_t>(logits.offset + 3),
                                 many.begin() + static_cast<std::ptrdiff_t>(logits.offset)));
                CHECK(std::count(many.end() - 16, many.end(), 123.0F) == 16);
            }
        }
    }
}

TEST_CASE("exits/infer_batch: decisions equal those of one at a time, in order, for any block and number of threads") {
    for (const policy p : {policy{max_probability{}}, policy{margin{}}, policy{entropy{}}, policy{patience{}}}) {
        const runtime_network<float, graph> built{three_exits(p)};
        const auto n = built.inference();
        const loaded l = load(n);
        auto rules = middle_rules(n, l);
        if (p == policy{patience{}}) rules[0].threshold = rules[1].threshold = 2;
        std::vector<decision> alone;
        aligned_vector<float> workspace(n.plan.sizes.workspace);
        for (int i = 0; i < loaded::count; ++i) {
            alone.push_back(infer<float>(n, l.packed.data(), l.images.data() + static_cast<std::size_t>(i) * 128,
                                         workspace.data(), rules));
        }
        CAPTURE(p.name());
        for (const int block : {1, 7, 64, 1000}) {
            for (const int thread_count : {1, 2, 3}) {
                threads pool{thread_count};
                batch_inference<float> batch{n, thread_count, block};
                std::vector<decision> together(loaded::count);
                batch(l.packed.data(), l.images.data(), loaded::count, rules, together, pool);
                CHECK(together == alone);
            }
        }
    }
}

TEST_CASE("exits/infer: real exits are those that the trace foretells") {
    const auto n = net::inference();
    const loaded l = load(n);
    const auto rules = middle_rules(n, l);
    data_set set{{8, 8, 2}, 3, {l.images.begin(), l.images.end()}, std::vector<int>(loaded::count, 1), {}};
    threads pool{2};
    const auto trace = collect_trace(n, initialize(n.plan, 6), set, {}, pool);
    const std::vector<float> thresholds{rules[0].threshold, rules[1].threshold};
    const auto foretold = evaluate(trace, thresholds);
    net::workspace scratch{};
    double cost = 0;
    int right = 0;
    for (int i = 0; i < loaded::count; ++i) {
        const auto d = infer<float>(n, l.packed.data(), set[i].data(), scratch.data.data(), rules);
        cost += static_cast<double>(n.plan.exits[static_cast<std::size_t>(d.exit)].macs);
        right += d.label == 1 ? 1 : 0;
    }
    CHECK(foretold.mean_cost == doctest::Approx(cost / loaded::count));
    CHECK(foretold.accuracy == doctest::Approx(static_cast<double>(right) / loaded::count));
}

TEST_CASE("exits/infer_batch: bad rules and bad samples are errors that say which") {
    const auto n = net::inference();
    loaded l = load(n);
    serial one;
    batch_inference<float> batch{n};
    std::vector<decision> decisions(loaded::count);
    const auto run = [&](std::vector<exit_rule> rules) {
        batch(l.packed.data(), l.images.data(), loaded::count, rules, decisions, one);
    };
    CHECK_THROWS_WITH_AS(run({{0.5F}, {0.5F}}), doctest::Contains("2 rules for 3 exits"), error);
    CHECK_THROWS_WITH_AS(run({{0.5F}, {1.5F}, {}}),
                         doctest::Contains("of exit 1 (max_probability) is outside its range"), error);
    CHECK_THROWS_WITH_AS(run({{0.5F, 0.0F}, {0.5F}, {}}), doctest::Contains("temperature 0.000000 of exit 0"), error);
    CHECK_THROWS_WITH_AS((batch_inference<float>{n, 1, 0}), doctest::Contains("block of 0 samples"), error);
    std::vector<decision> few(3);
    CHECK_THROWS_WITH_AS(batch(l.packed.data(), l.images.data(), loaded::count, std::vector<exit_rule>(3), few, one),
                         doctest::Contains("room for 3 decisions"), error);
    l.images[128 * 17 + 5] = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_WITH_AS(run({{0.5F}, {0.5F}, {}}), doctest::Contains("logits of sample 17 are not numbers"), error);
}

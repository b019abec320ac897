// SPDX-License-Identifier: MIT
#include <eenn/core/threads.hpp>
#include <eenn/exits/infer_batch.hpp>
#include <eenn/network/network.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/network/runtime_session.hpp>

#include <doctest/doctest.h>

#include <limits>

#include "../network/early_exits.hpp"

namespace {

using namespace eenn;

using net = network<early_exits::recipe>;

// Checks that a batch decides as a session does, and returns what it decides.
std::vector<decision> compare_with_single(const graph& g) {
    const runtime_network<float, graph> built{g};
    const auto n = built.inference();
    const packed_weights packed{n, initialize(n.plan, early_exits::seed)};
    const auto images = early_exits::images(n.plan);
    const auto rules = early_exits::middle_rules(n, packed, images);
    const threshold_rules<> rule{rules};
    session one{n, packed_view<float>{packed}, rule};
    serial here;
    batch_inference<float> batch{n};
    std::vector<decision> together(early_exits::sample_count);
    batch(packed, images, rule, together, here);
    for (std::size_t i = 0; i < together.size(); ++i) CHECK(together[i] == one(early_exits::image(images, i)));
    return together;
}

}  // namespace

TEST_CASE("exits/infer_batch: decisions equal those of one at a time, in order, for any block and number of threads") {
    for (const policy p : {policy{max_probability{}}, policy{margin{}}, policy{entropy{}}, policy{patience{}}}) {
        const runtime_network<float, graph> built{early_exits::whole(p)};
        const auto n = built.inference();
        const packed_weights packed{n, initialize(n.plan, early_exits::seed)};
        const auto images = early_exits::images(n.plan);
        auto rules = early_exits::middle_rules(n, packed, images);
        if (p == policy{patience{}}) rules[0].threshold = rules[1].threshold = 2;
        const threshold_rules<> rule{rules};
        session one{n, packed_view<float>{packed}, rule};
        std::vector<decision> alone;
        for (std::size_t i = 0; i < early_exits::sample_count; ++i) alone.push_back(one(early_exits::image(images, i)));
        for (const int exit : {p == policy{patience{}} ? 1 : 0, 1, 2})
            CHECK(std::count_if(alone.begin(), alone.end(), [&](const decision& d) { return d.exit == exit; }) > 0);
        CAPTURE(p.name());
        for (const int block : {1, 7, 64, 1000}) {
            for (const int thread_count : {1, 2, 3}) {
                threads pool{thread_count};
                batch_inference<float> batch{n, thread_count, block};
                std::vector<decision> together(early_exits::sample_count);
                batch(packed, images, rule, together, pool);
                CHECK(together == alone);
            }
        }
    }
}

TEST_CASE("exits/infer_batch: samples that come to an end in features have no label, and are no error") {
    int undecided = 0;
    for (const decision& d : compare_with_single(early_exits::parts(max_probability{}).device))
        undecided += d.label < 0 ? 1 : 0;
    CHECK(undecided > 0);
}

TEST_CASE("exits/infer_batch: samples go on past an output, as they do one at a time") {
    graph g{{8, 8, 2}};
    g(conv2d{.filters = 4}, relu{}).output_at(g.here());
    g.exit(exit_head{.classes = 3});
    g(conv2d{.filters = 4}, relu{}, global_average_pool{}, dense{.units = 3});
    int taken[3] = {};
    for (const decision& d : compare_with_single(g)) ++taken[d.exit];
    CHECK(taken[0] == 0);
    CHECK(taken[1] > 0);
    CHECK(taken[2] > 0);
}

TEST_CASE("exits/infer_batch: exits that are decided after the same step are decided on the sample's own logits") {
    graph twice{{8, 8, 2}};
    twice(global_average_pool{}, dense{.units = 3});
    twice.exit_at(twice.here()).exit_at(twice.here(), margin{});
    graph at_end{{8, 8, 2}};
    at_end(global_average_pool{}, dense{.units = 3}).output_at(at_end.here());
    const graph logits_alone = up_to(early_exits::whole(max_probability{}), node_id{5});
    for (const graph& g : {twice, at_end, logits_alone}) compare_with_single(g);
}

TEST_CASE("exits/infer_batch: bad rules and bad samples are errors that say which") {
    const auto n = net::inference();
    const packed_weights packed{n, initialize(n.plan, early_exits::seed)};
    auto images = early_exits::images(n.plan);
    serial here;
    batch_inference<float> batch{n};
    std::vector<decision> decisions(early_exits::sample_count);
    const auto run = [&](std::vector<exit_rule> rules) { batch(packed, images, {rules}, decisions, here); };
    CHECK_THROWS_WITH_AS(run({{0.5F}, {0.5F}}), doctest::Contains("2 rules for 3 exits"), error);
    CHECK_THROWS_WITH_AS(run({{0.5F}, {1.5F}, {}}),
                         doctest::Contains("of exit 1 (max_probability) is outside its range"), error);
    CHECK_THROWS_WITH_AS(run({{0.5F, 0.0F}, {0.5F}, {}}), doctest::Contains("temperature 0.000000 of exit 0"), error);
    CHECK_THROWS_WITH_AS((batch_inference<float>{n, 1, 0}), doctest::Contains("block of 0 samples"), error);
    std::vector<decision> few(3);
    const std::vector<exit_rule> rules(3);
    CHECK_THROWS_WITH_AS(batch(packed, images, {rules}, few, here),
                         doctest::Contains("19200 elements for 3 decisions; a sample has 128"), error);
    images[128 * 17 + 5] = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_WITH_AS(run({{0.5F}, {0.5F}, {}}), doctest::Contains("logits of sample 17 are not numbers"), error);
}

TEST_CASE("exits/infer_batch: rules of patience may count more exits than the network has, not fewer than one") {
    const runtime_network<float, graph> built{early_exits::whole(patience{})};
    CHECK_NOTHROW(check_rules(built.plan(), std::vector<exit_rule>{{5}, {2}, {}}, "test"));
    CHECK_THROWS_WITH_AS(check_rules(built.plan(), std::vector<exit_rule>{{0.5F}, {2}, {}}, "test"),
                         doctest::Contains("of exit 0 (patience) is outside its range"), error);
}

// SPDX-License-Identifier: MIT
#include <eenn/network/model.hpp>

#include <doctest/doctest.h>

#include <limits>

#include "../raised.hpp"
#include "edits.hpp"

using namespace eenn;

namespace {

model small() {
    model m;
    m.network = graph{{8, 8, 3}};
    m.network(conv2d{.filters = 4}, batch_norm{}, relu{});                              // 1, 2, 3
    m.network.exit(exit_head{.classes = 3}, entropy{});                                 // 4, 5
    m.network(conv2d{.filters = 6}, relu{}, global_average_pool{}, dense{.units = 3});  // 6, 7, 8, 9
    m.parameters = initialize(lower(m.network).view(), 5);
    m.rules = {{0.75F, 1.5F}, {std::numeric_limits<float>::infinity(), 1.25F}};
    m.prepare = {1.0F / 255, 0, {0.5F, 0.25F, 0.125F}, {1, 2, 4}};
    m.classes = {"cat", "dog", "owl"};
    m.names = {{node_id{3}, "stem/relu"}, {node_id{6}, "body/conv"}};
    m.metadata = {{"source", "here"}};
    return m;
}

}  // namespace

TEST_CASE("network/model: an edited model keeps parameters, rules and names of what is still there") {
    const model m = small();
    const model more = with_network(m, branch(m.network, node_id{7}, exit_head{.classes = 3}, margin{}));
    REQUIRE(more.rules.size() == 3);
    CHECK(more.rules[0] == m.rules[0]);
    CHECK(more.rules[1] == exit_rule{never_exit, 1});  // until its head is trained
    model bare = m;
    bare.rules.clear();
    CHECK(with_network(bare, replace(m.network, node_id{3}, relu6{})).rules.empty());
    const model opened = with_network(bare, branch(m.network, node_id{7}, exit_head{.classes = 3}, margin{}));
    CHECK(opened.rules[1].threshold == never_exit);
    CHECK(opened.rules[0].threshold < never_exit);
    CHECK(more.rules[2] == m.rules[1]);
    CHECK(more.names == m.names);
    CHECK(more.classes == m.classes);
    CHECK(more.prepare == m.prepare);
    const model back = with_network(more, remove_exit(more.network, 1));
    CHECK(back.rules == m.rules);
    CHECK(back.parameters == m.parameters);
    check(more);

    const auto cut = split_at(m.network, node_id{3});
    const model device = with_network(m, cut.device);
    const model server = with_network(m, cut.server);
    CHECK(device.classes.empty());  // it ends in features
    CHECK(device.prepare == m.prepare);
    CHECK(server.prepare.is_identity());
    CHECK(server.names.size() == 2);  // its input is called as the relu that it was cut behind
    CHECK(device.parameters.size() + server.parameters.size() == m.parameters.size());
    CHECK(server.rules == std::vector<exit_rule>{m.rules[1]});

    const std::vector<int> kept{3, 0};
    const auto pruned = keep_channels(m.network, node_id{6}, kept);
    const model thin = with_network(m, pruned.network, pruned.channels);
    check(thin);
    CHECK(fingerprint_of(thin) != fingerprint_of(m));
}

TEST_CASE("network/model: names are the exporter's, else kind and id") {
    const model m = small();
    CHECK(name_of(m, node_id{3}) == "stem/relu");
    CHECK(name_of(m, node_id{1}) == "conv2d_1");
    CHECK(name_of(m, node_id{0}) == "input");
    CHECK(name_of(m, node_id{70}) == "node_70");
}

TEST_CASE("network/model: the fingerprint changes with whatever changes answers, and with nothing else") {
    const model m = small();
    const auto changed = [&](auto&& change) {
        model other = m;
        change(other);
        return fingerprint_of(other) != fingerprint_of(m);
    };
    CHECK(changed([](model& o) { o.parameters[7] += 1e-6F; }));
    CHECK(changed([](model& o) { o.rules[0].threshold = 0.5F; }));
    CHECK(changed([](model& o) { o.rules[1].temperature = 1; }));
    CHECK(changed([](model& o) { o.prepare.scale = 1; }));
    CHECK(changed([](model& o) { o.prepare.mean[1] = 0; }));
    CHECK(changed([](model& o) { o.network = replace(o.network, node_id{7}, hard_swish{}); }));
    CHECK_FALSE(changed([](model& o) { o.metadata["source"] = "there"; }));
}

TEST_CASE("network/model: parts that do not fit are named") {
    const auto refusal = [](auto&& change) {
        model m = small();
        change(m);
        return raised([&] { check(m); });
    };
    CHECK(refusal([](model&) {}).empty());
    CHECK(contains(refusal([](model& m) { m.parameters.pop_back(); }), "parameters for a network of"));
    CHECK(contains(refusal([](model& m) { m.parameters[2] = std::numeric_limits<float>::quiet_NaN(); }),
                   "element 2 of conv2d_1.weight is not a number"));
    CHECK(contains(refusal([](model& m) { m.rules.pop_back(); }), "1 rules for 2 exits"));
    CHECK(contains(refusal([](model& m) { m.rules[0].temperature = 0; }), "exit 0: threshold is 0.75"));
    CHECK(contains(refusal([](model& m) { m.classes.pop_back(); }), "2 class names for 3 logits"));
    CHECK(contains(refusal([](model& m) { m.prepare.deviation[0] = 0; }), "std is 0"));
    CHECK(contains(refusal([](model& m) { m.prepare.mean.pop_back(); }), "2 means and 3 deviations"));
    CHECK(contains(raised([] { check(model{}); }), "no layers"));
}

// SPDX-License-Identifier: MIT
#include <eenn/construct/detail/features.hpp>

#include <doctest/doctest.h>

#include <eenn/core/threads.hpp>
#include <eenn/exits/collect_trace.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/runtime_network.hpp>

#include <numeric>
#include <set>

#include "networks.hpp"

using namespace eenn;
using namespace eenn::construct;

TEST_CASE("construct/features: one pass keeps the features of every site, whatever the threads") {
    const graph base = test::small_resnet(1);
    const backbone b = find_backbone(base);
    const runtime_network<float, graph> net{base};
    const auto parameters = initialize(net.plan(), 4);
    data_set set{base.input(), 4, {}, {}, {}};
    random_stream random{.seed = 6};
    for (int i = 0; i < 30; ++i) {
        set.labels.push_back(i % 4);
        for (std::size_t k = 0; k < base.input().elements(); ++k)
            set.pixels.push_back(static_cast<float>(random.normal()));
    }
    const std::vector<int> indices{3, 1, 29, 7};
    std::vector<edge> nodes;
    for (const site& s : b.sites) nodes.push_back(s.node);
    feature_pass one;
    feature_pass two;
    serial here;
    threads pool{2};
    CHECK(run_backbone(net.inference(), parameters, set, indices, nodes, one, here));
    CHECK(run_backbone(net.inference(), parameters, set, indices, nodes, two, pool));
    CHECK(one.logits == two.logits);
    const auto logits = collect_logits(net.inference(), parameters, set, here).logits;
    for (std::size_t i = 0; i < indices.size(); ++i) {
        for (std::size_t c = 0; c < 4; ++c)
            CHECK(one.logits[i * 4 + c] == logits[static_cast<std::size_t>(indices[i]) * 4 + c]);
    }
    // The features at the first site are the stem's: relu of a normalised convolution, so none is negative.
    REQUIRE(one.sites.size() == b.sites.size());
    std::vector<float> features(one.sites[0].size.elements());
    one.sites[0].read(2, features.data());
    CHECK(*std::min_element(features.begin(), features.end()) >= 0);
    CHECK(*std::max_element(features.begin(), features.end()) > 0);

    // Batches hold every sample once an epoch, with its label and the teacher's logits.
    const std::vector<int> labels{3, 1, 1, 3};
    feature_batches batches{one.sites[0], labels, one.logits, 2, 5};
    CHECK(batches.steps_per_epoch() == 2);
    std::set<int> seen;
    batches.start(0);
    while (const batch* drawn = batches.next()) {
        for (int i = 0; i < drawn->size; ++i) {
            const int sample = drawn->indices[i];
            seen.insert(sample);
            CHECK(drawn->labels[i] == labels[static_cast<std::size_t>(sample)]);
            CHECK(drawn->teacher[i * 4] == one.logits[static_cast<std::size_t>(sample) * 4]);
        }
    }
    CHECK(seen.size() == 4);
    int calls = 0;
    CHECK_FALSE(run_backbone(net.inference(), parameters, set, indices, nodes, one, here, [&](std::int64_t) {
        ++calls;
        return false;
    }));
    CHECK(calls == 1);
}

// SPDX-License-Identifier: MIT
#include <eenn/construct/branched.hpp>

#include <doctest/doctest.h>

#include <eenn/network/runtime_network.hpp>

#include "networks.hpp"

using namespace eenn;
using namespace eenn::construct;

namespace {

std::vector<float> last_logits(const graph& g, std::span<const float> parameters, const std::vector<float>& input) {
    const runtime_network<float, graph> net{g};
    const auto exe = net.inference();
    aligned_vector<float> packed(exe.packed_elements);
    aligned_vector<float> workspace(exe.plan.sizes.workspace);
    pack_weights(exe, parameters.data(), packed.data());
    const auto& last = exe.plan.exits.back();
    run_steps(exe, 0, last.step + 1, packed.data(), input.data(), workspace.data());
    const float* from = workspace.data() + exe.plan.values[static_cast<std::size_t>(last.logits)].offset;
    return {from, from + last.classes};
}

}  // namespace

TEST_CASE("construct/branched: heads change nothing of the base network's answers") {
    const graph base = test::small_resnet(2);
    const backbone b = find_backbone(base);
    std::vector<placed_head> heads;
    for (const site& s : b.sites) heads.push_back({s.node, design_head(b, s.features, head_form::large)});
    const branched made = branch(base, heads);
    REQUIRE(made.network.exits().size() == heads.size());
    const plan from = lower(base);
    const plan to = lower(made.network);
    const auto parameters = initialize(from.view(), 3);
    auto copied = initialize(to.view(), 4);
    copy_parameters(from.view(), parameters, made.base, to.view(), copied);

    std::vector<float> input(base.input().elements());
    random_stream random{.seed = 5};
    for (float& x : input) x = static_cast<float>(random.normal());
    CHECK(last_logits(base, parameters, input) == last_logits(made.network, copied, input));

    // Each head is decided directly behind its site, and costs what it says.
    std::int64_t of_heads = 0;
    for (std::size_t h = 0; h < heads.size(); ++h) {
        of_heads += lower(head_network(heads[h].what, b.sites[h].features)).sizes.macs;
        CHECK(to.exits[h].macs == b.sites[h].macs + of_heads);
    }
    CHECK(to.exits.back().macs == b.macs + of_heads);
}

TEST_CASE("construct/branched: a head trained alone answers the same on the network") {
    const graph base = test::small_separable(2);
    const backbone b = find_backbone(base);
    const head what = design_head(b, b.sites[0].features, head_form::small);
    const placed_head place{b.sites[0].node, what};
    const branched made = branch(base, std::span<const placed_head>{&place, 1});
    const graph alone = head_network(what, b.sites[0].features);
    const plan from = lower(alone);
    const plan to = lower(made.network);
    const auto parameters = initialize(from.view(), 8);
    aligned_vector<float> whole(to.view().parameter_elements());
    copy_parameters(from.view(), parameters, head_nodes(made, 0, alone), to.view(), whole);
    double sum_alone = 0;
    double sum_whole = 0;
    for (const float p : parameters) sum_alone += static_cast<double>(std::abs(p));
    for (const float p : whole) sum_whole += static_cast<double>(std::abs(p));
    CHECK(sum_alone == doctest::Approx(sum_whole));
    CHECK(to.exits[0].macs == b.sites[0].macs + from.sizes.macs);
}

TEST_CASE("construct/branched: wrong orders and foreign parameters are refused") {
    const graph base = test::small_resnet(1);
    const backbone b = find_backbone(base);
    const head what = design_head(b, b.sites[0].features, head_form::small);
    const std::vector<placed_head> backwards{{b.sites[1].node, what}, {b.sites[0].node, what}};
    CHECK_THROWS_WITH_AS((void)branch(base, backwards), doctest::Contains("order"), error);
    const graph other = test::small_separable(1);
    const plan from = lower(base);
    const plan to = lower(other);
    aligned_vector<float> values(to.view().parameter_elements());
    std::vector<int> nodes(base.nodes().size());
    for (std::size_t n = 0; n < nodes.size(); ++n) nodes[n] = static_cast<int>(n);
    CHECK_THROWS_WITH_AS(copy_parameters(from.view(), initialize(from.view(), 1), nodes, to.view(), values),
                         doctest::Contains("no counterpart"), error);
}

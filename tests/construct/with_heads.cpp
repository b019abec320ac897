// SPDX-License-Identifier: MIT
#include <eenn/construct/detail/with_heads.hpp>

#include <doctest/doctest.h>

#include <eenn/network/detail/infer.hpp>
#include <eenn/network/detail/transfer.hpp>
#include <eenn/network/runtime_network.hpp>

#include "networks.hpp"

using namespace eenn;
using namespace eenn::construct;

namespace {

std::vector<float> last_logits(const graph& g, std::span<const float> parameters, const std::vector<float>& input) {
    const runtime_network<float, graph> net{g};
    const auto exe = net.inference();
    const packed_weights packed{exe, parameters};
    aligned_vector<float> workspace(exe.plan.sizes.workspace);
    const auto& last = exe.plan.exits.back();
    run_steps(exe, {step_id{0}, last.step.next()}, packed, input, workspace);
    const auto logits = view_value(exe.plan, last.logits, workspace);
    return {logits.begin(), logits.end()};
}

}  // namespace

TEST_CASE("construct/with_heads: heads change nothing of the base network's answers") {
    const graph base = test::small_resnet(2);
    const backbone b = find_backbone(base);
    std::vector<placed_head> heads;
    node_id next = base.next_id();
    for (const site& s : b.sites) {
        heads.push_back({s.id, head_network(design_head(b, s.features, head_form::large), s.features, next)});
        next = heads.back().network.next_id();
    }
    const graph made = with_heads(base, heads);
    REQUIRE(made.exits().size() == heads.size());
    const plan from = lower(base);
    const plan to = lower(made);
    const auto parameters = initialize(from.view(), 3);
    auto copied = initialize(to.view(), 4);
    CHECK(transfer(from.view(), parameters, to.view(), copied) == from.tensors.size());

    std::vector<float> input(base.input().elements());
    random_stream random{.seed = 5};
    for (float& x : input) x = static_cast<float>(random.normal());
    CHECK(last_logits(base, parameters, input) == last_logits(made, copied, input));

    // Each head is decided directly behind its site, and costs what it says.
    std::int64_t of_heads = 0;
    for (std::size_t h = 0; h < heads.size(); ++h) {
        of_heads += lower(heads[h].network).sizes.macs;
        CHECK(to.exits[h].macs == b.sites[h].macs + of_heads);
    }
    CHECK(to.exits.back().macs == b.macs + of_heads);
}

TEST_CASE("construct/with_heads: a head trained alone has the same tensors on the network") {
    const graph base = test::small_separable(2);
    const backbone b = find_backbone(base);
    const site& where = b.sites[0];
    const graph alone = head_network(design_head(b, where.features, head_form::small), where.features, base.next_id());
    const placed_head place{where.id, alone};
    const graph made = with_heads(base, std::span<const placed_head>{&place, 1});
    const plan from = lower(alone);
    const plan to = lower(made);
    const auto parameters = initialize(from.view(), 8);
    aligned_vector<float> whole(to.view().parameter_elements());
    CHECK(transfer(from.view(), parameters, to.view(), whole) == from.tensors.size());
    aligned_vector<float> back(parameters.size());
    CHECK(transfer(to.view(), whole, from.view(), back) == from.tensors.size());
    CHECK(back == parameters);
    CHECK(to.exits[0].macs == where.macs + from.sizes.macs);
}

TEST_CASE("construct/with_heads: two heads of the same ids are refused") {
    const graph base = test::small_resnet(1);
    const backbone b = find_backbone(base);
    const graph alone =
        head_network(design_head(b, b.sites[0].features, head_form::small), b.sites[0].features, base.next_id());
    const std::vector<placed_head> twice{{b.sites[0].id, alone}, {b.sites[0].id, alone}};
    CHECK_THROWS_WITH_AS((void)with_heads(base, twice), doctest::Contains("an id that another node has"), error);
}

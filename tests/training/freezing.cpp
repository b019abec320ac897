// SPDX-License-Identifier: MIT
#include <eenn/network/detail/lower.hpp>
#include <eenn/training/freezing.hpp>

#include <doctest/doctest.h>

#include "two_exits.hpp"

namespace {

using namespace eenn;

/// The nodes of which something is trained.
std::vector<int> nodes_of(const plan_view& plan, const trainable_set& set) {
    std::vector<int> nodes;
    const trained_parts parts = resolve(plan, set);
    for (std::size_t t = 0; t < plan.tensors.size(); ++t) {
        const int id = plan.tensors[t].id.number;
        if (std::count(parts.channels_of(t).begin(), parts.channels_of(t).end(), 1) > 0 &&
            (nodes.empty() || nodes.back() != id))
            nodes.push_back(id);
    }
    return nodes;
}

}  // namespace

TEST_CASE("training/freezing: heads, exits, norms and their complements are the nodes that they say") {
    const plan lowered = lower(two_exits::network());
    const plan_view plan = lowered.view();
    using nodes = std::vector<int>;
    CHECK(nodes_of(plan, heads_only(plan)) == nodes{5});
    CHECK(nodes_of(plan, exit_only(plan, 0)) == nodes{5});
    CHECK(nodes_of(plan, exit_only(plan, 1)) == nodes{1, 2, 6, 7, 11});
    CHECK(nodes_of(plan, norms_only(plan)) == nodes{2, 7});
    CHECK(nodes_of(plan, all_but(plan, norms_only(plan))) == nodes{1, 5, 6, 11});
    CHECK(nodes_of(plan, all_but(plan, nothing())) == nodes_of(plan, everything()));
    CHECK(nodes_of(plan, all_but(plan, everything())).empty());
    CHECK(nodes_of(plan, steps_where(plan, [](const step_info& step) { return step.norm == edge{7}; })) == nodes{6, 7});
    CHECK_THROWS_WITH_AS((void)exit_only(plan, 2), doctest::Contains("exit 2 of 2"), error);

    const auto part = trainable_set{}.add(node_id{1}, "weight", {{1, 2}});
    const trained_parts rest = resolve(plan, all_but(plan, part));
    CHECK(rest.elements == plan.sizes.parameters - 9);

    // Dropout is in a set by its node.
    const auto drops = [&](const trainable_set& set) {
        const trained_parts parts = resolve(plan, set);
        for (const step_id s : plan.steps.ids()) {
            if (plan.steps[s].id == node_id{9}) return parts.steps[s].named;
        }
        return false;
    };
    CHECK(drops(everything()));
    CHECK(drops(exit_only(plan, 1)));
    CHECK(drops(trainable_set{}.add(node_id{9})));
    CHECK(drops(all_but(plan, norms_only(plan))));
    CHECK_FALSE(drops(all_but(plan, exit_only(plan, 1))));
    CHECK_FALSE(drops(heads_only(plan)));
    CHECK_FALSE(drops(nothing()));
}

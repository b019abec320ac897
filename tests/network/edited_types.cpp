// SPDX-License-Identifier: MIT
//
// Networks that were edited, as types: edit.hpp and channels.hpp in constant evaluation.
#include <eenn/network/channels.hpp>
#include <eenn/network/edit.hpp>

#include <doctest/doctest.h>

#include <eenn/network/detail/infer.hpp>
#include <eenn/network/network.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/runtime_network.hpp>

#include "edits.hpp"

using namespace eenn;

namespace {

/// Three random edits of a generated network; of every third, the half behind its first cut.
template <std::uint64_t Seed>
constexpr graph recipe() {
    graph g = generated::edited(Seed);
    if (Seed % 3 == 0) {
        const auto backbone = backbone_of(g);
        for (edge n{1}; n < g.here(); ++n) {
            bool alone = backbone[n] != 0;
            for (edge later = n.next(); g.nodes().has(later); ++later) {
                for (const edge source : g.nodes()[later].sources())
                    alone = alone && (source >= n || backbone[later] == 0);
            }
            if (alone) return split_at(g, g.nodes()[n].id).server;
        }
    }
    return g;
}

std::vector<std::vector<float>> answers(const executable<float>& net) {
    const plan_view& plan = net.plan;
    const auto parameters = initialize(plan, 5);
    std::vector<float> input(plan.input.elements());
    random_stream random{.seed = 4};
    for (float& x : input) x = static_cast<float>(random.normal());
    const packed_weights packed{net, parameters};
    aligned_vector<float> workspace(plan.sizes.workspace);
    std::vector<std::vector<float>> all;
    step_id first{0};
    for (const auto& e : plan.exits) {
        run_steps(net, {first, e.step.next()}, packed, input, workspace);
        first = e.step.next();
        const auto logits = view_value(plan, e.logits, workspace);
        all.emplace_back(logits.begin(), logits.end());
    }
    return all;
}

template <std::uint64_t Seed>
void compare() {
    using net = network<recipe<Seed>>;
    CAPTURE(Seed);
    const runtime_network<float, graph> at_run_time{recipe<Seed>()};
    REQUIRE(net::plan.tensors.size() == at_run_time.plan().tensors.size());
    for (std::size_t t = 0; t < net::plan.tensors.size(); ++t) {
        CHECK(tensor_name(net::plan.tensors[t]) == tensor_name(at_run_time.plan().tensors[t]));
        CHECK(net::plan.tensors[t].spec.dims == at_run_time.plan().tensors[t].spec.dims);
    }
    CHECK(answers(net::inference()) == answers(at_run_time.inference()));
}

template <std::uint64_t... Seeds>
void compare_all(std::integer_sequence<std::uint64_t, Seeds...>) {
    (compare<Seeds>(), ...);
}

}  // namespace

TEST_CASE("network/edit: twenty edited and cut networks are types too, and answer as at run time, bit for bit") {
    compare_all(std::make_integer_sequence<std::uint64_t, 20>{});
}

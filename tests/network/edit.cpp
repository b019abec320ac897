// SPDX-License-Identifier: MIT
#include <eenn/network/edit.hpp>

#include <doctest/doctest.h>

#include <eenn/network/detail/infer.hpp>
#include <eenn/network/detail/packed_weights.hpp>
#include <eenn/network/detail/transfer.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/runtime_network.hpp>

#include "../raised.hpp"
#include "edits.hpp"

using namespace eenn;

namespace {

constexpr graph small() {
    graph g{{8, 8, 3}};
    g(conv2d{.filters = 4}, batch_norm{}, relu{});               // 1, 2, 3
    g.exit(exit_head{.classes = 3});                             // 4, 5
    g.residual([](graph& b) { b(conv2d{.filters = 4}); });       // 6, 7
    return g(relu{}, global_average_pool{}, dense{.units = 3});  // 8, 9, 10
}

std::vector<int> ids(const graph& g) {
    std::vector<int> numbers;
    for (const auto& node : g.nodes()) numbers.push_back(node.id.number);
    return numbers;
}
std::vector<std::string> kinds(const graph& g) {
    std::vector<std::string> names;
    for (const edge n : g.layers())
        names.push_back(std::visit([](const auto& what) { return std::string{what.kind}; }, g.nodes()[n].what));
    return names;
}
using list = std::vector<int>;

std::vector<float> some_input(shape size, std::uint64_t seed) {
    std::vector<float> input(size.elements());
    random_stream random{.seed = seed, .stream = 3};
    for (float& x : input) x = static_cast<float>(random.normal());
    return input;
}

/// All values of a network's exits and, if it is one of the steps' ends, of a node.
struct answers {
    std::vector<std::vector<float>> exits;
    std::vector<float> node;
};
answers run(const graph& g, std::span<const float> parameters, std::span<const float> input, node_id of = {}) {
    const runtime_network<float, graph> net{g};
    const auto exe = net.inference();
    const packed_weights packed{exe, parameters};
    aligned_vector<float> workspace(exe.plan.sizes.workspace);
    answers all;
    all.exits.resize(exe.plan.exits.size());
    for (const step_id s : exe.plan.steps.ids()) {
        run_steps(exe, {s, s.next()}, packed, input, workspace);
        const auto& step = exe.plan.steps[s];
        const auto made = view_value(exe.plan, step.output, workspace);
        for (std::size_t e = 0; e < all.exits.size(); ++e) {
            const exit_info& exit = exe.plan.exits[e];
            const auto logits = view_value(exe.plan, exit.logits, workspace);
            if (exit.step == s) all.exits[e].assign(logits.begin(), logits.end());
        }
        if (g.nodes()[step.tail].id == of) all.node.assign(made.begin(), made.end());
    }
    return all;
}

}  // namespace

TEST_CASE("network/edit: layers behind a node are read by all that read the node, and nothing else changes its id") {
    const graph g = insert_after(small(), node_id{3}, relu6{});
    CHECK(ids(g) == list{0, 1, 2, 3, 11, 4, 5, 6, 7, 8, 9, 10});
    const auto& nodes = g.nodes();
    CHECK(nodes[edge{5}].inputs[0] == edge{4});  // the head
    CHECK(nodes[edge{7}].inputs[0] == edge{4});  // the residual body
    CHECK(nodes[edge{8}].inputs[1] == edge{4});  // and the shortcut
    CHECK(g.id_of(g.here()) == node_id{10});
    CHECK(g.next_id() == node_id{12});
}

TEST_CASE("network/edit: layers before an input are read by that reader alone") {
    const graph g = insert_before(small(), node_id{6}, [](graph& b) { b(relu{}, relu6{}); });
    CHECK(ids(g) == list{0, 1, 2, 3, 4, 5, 11, 12, 6, 7, 8, 9, 10});
    CHECK(g.nodes()[edge{8}].inputs[0] == edge{7});
    CHECK(g.nodes()[edge{9}].inputs[1] == edge{3});
    CHECK(raised([] { (void)insert_before(small(), node_id{6}, relu{}, 1); }).find("no such edge") !=
          std::string::npos);
}

TEST_CASE("network/edit: a layer in another's place keeps inputs, readers and id") {
    const graph g = replace(small(), node_id{8}, hard_swish{});
    CHECK(ids(g) == ids(small()));
    CHECK(kinds(g)[7] == "hard_swish");
    CHECK(raised([] { (void)replace(small(), node_id{6}, conv2d{.filters = 5}); }).find("shapes differ") !=
          std::string::npos);
}

TEST_CASE("network/edit: what is taken out is bridged, and what only it needed goes too") {
    CHECK(ids(remove(small(), node_id{8})) == list{0, 1, 2, 3, 4, 5, 6, 7, 9, 10});
    // The addition without its body: the shortcut is read, and nobody needs the body any more.
    CHECK(ids(remove(small(), node_id{7}, 1)) == list{0, 1, 2, 3, 4, 5, 8, 9, 10});
    CHECK(raised([] { (void)remove(small(), node_id{0}); }).find("nothing can stand") != std::string::npos);
    CHECK(raised([] { (void)remove(small(), node_id{77}); }).find("no such node") != std::string::npos);
}

TEST_CASE("network/edit: exits come and go, in the order of their depth") {
    graph g = branch(small(), node_id{1}, exit_head{.classes = 3}, margin{});
    REQUIRE(g.exits().size() == 2);
    CHECK(g.exits()[0].decides == policy{margin{}});
    CHECK(ids(g) == list{0, 1, 11, 12, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    g = branch(g, node_id{3}, exit_head{.classes = 3}, entropy{});
    CHECK(g.exits()[2].decides == policy{entropy{}});  // behind the one that is there
    CHECK(ids(remove_exit(remove_exit(g, 0), 1)) == ids(small()));
    CHECK(raised([] { (void)remove_exit(small(), 1); }).find("no such node") != std::string::npos);
}

TEST_CASE("network/edit: a part built apart keeps the ids it was numbered with, unless another node has them") {
    graph part{{8, 8, 4}};
    part.number_from(node_id{40})(conv2d{.filters = 4}, relu{});
    const graph g = insert_after(small(), node_id{3}, part);
    CHECK(ids(g) == list{0, 1, 2, 3, 40, 41, 4, 5, 6, 7, 8, 9, 10});
    CHECK(raised([&] { (void)insert_after(g, node_id{3}, part); }).find("an id that another node has") !=
          std::string::npos);
    graph other{{8, 8, 5}};
    other(relu{});
    CHECK(raised([&] { (void)insert_after(small(), node_id{3}, other); }).find("shapes differ") != std::string::npos);
}

TEST_CASE("network/edit: a network is cut where one value passes, and nowhere else") {
    const auto cut = split_at(small(), node_id{3});
    CHECK(ids(cut.device) == list{0, 1, 2, 3, 4, 5});
    CHECK(cut.device.exits().size() == 1);
    CHECK(cut.device.id_of(cut.device.here()) == node_id{3});
    CHECK(ids(cut.server) == list{3, 6, 7, 8, 9, 10});
    CHECK(cut.server.input() == shape{8, 8, 4});
    CHECK(cut.server.exits().empty());
    CHECK_FALSE(cut.device.classifies());
    CHECK(cut.server.classifies());
    CHECK_FALSE(insert_after(cut.device, node_id{2}, relu6{}).classifies());
    CHECK_FALSE(remove_exit(cut.device, 0).classifies());
    CHECK(up_to(cut.device, node_id{2}).classifies());
    const auto again = split_at(cut.device, node_id{1});
    CHECK_FALSE(again.device.classifies());
    CHECK_FALSE(again.server.classifies());
    for (const int inside : {6, 4, 0, 10, 99}) {
        CAPTURE(inside);
        CHECK_FALSE(raised([&] { (void)split_at(small(), node_id{inside}); }).empty());
    }
    CHECK(raised([&] { (void)split_at(small(), node_id{6}); }).find("more than this value passes") !=
          std::string::npos);
}

TEST_CASE("network/edit: both halves of generated networks answer as the whole, bit for bit") {
    int cuts = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        CAPTURE(seed);
        const graph g = generated::network_of(seed);
        const plan whole = lower(g);
        const auto parameters = initialize(whole.view(), seed);
        const auto input = some_input(g.input(), seed);
        const answers expected = run(g, parameters, input);
        for (const auto& step : whole.steps) {
            const node_id at = g.nodes()[step.tail].id;
            halves<standard_layers> cut{g, g};
            try {
                cut = split_at(g, at);
            } catch (const error&) {
                continue;
            }
            ++cuts;
            const auto part = [&](const graph& half, std::span<const float> from) {
                const plan lowered = lower(half);
                aligned_vector<float> own(lowered.view().parameter_elements());
                CHECK(transfer(whole.view(), parameters, lowered.view(), own) == lowered.tensors.size());
                return run(half, own, from, at);
            };
            const answers device = part(cut.device, input);
            const answers server = part(cut.server, device.node);
            REQUIRE(device.exits.size() + server.exits.size() == expected.exits.size() + 1);
            for (std::size_t e = 0; e < expected.exits.size(); ++e) {
                const bool early = e + 1 < device.exits.size();
                CHECK((early ? device.exits[e] : server.exits[e + 1 - device.exits.size()]) == expected.exits[e]);
            }
        }
    }
    CHECK(cuts > 100);
}

TEST_CASE("network/edit: layers put in and taken out again leave the network as it was") {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        CAPTURE(seed);
        const graph g = generated::network_of(seed);
        random_stream random{.seed = seed, .stream = 9};
        const node_id at = generated::some_node(g, random);
        const node_id fresh = g.next_id();
        const graph back = remove(insert_after(g, at, identity{}), fresh);
        CHECK(ids(back) == ids(without_unneeded(g)));
        CHECK(kinds(back) == kinds(without_unneeded(g)));
        const auto parameters = initialize(lower(g).view(), seed);
        const auto input = some_input(g.input(), seed);
        CHECK(run(back, parameters, input).exits == run(g, parameters, input).exits);
    }
}

TEST_CASE("network/edit: a residual block of zeros behind a step changes no bit of any answer") {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        CAPTURE(seed);
        const graph g = generated::network_of(seed);
        const plan before = lower(g);
        random_stream random{.seed = seed, .stream = 10};
        const auto& step = before.steps[step_id{random.below(before.steps.size() - 1)}];
        const node_id at = g.nodes()[step.tail].id;
        const graph more = insert_after(g, at, [](graph& b) {
            const int channels = b.shape_of(b.here()).c;
            b.residual([&](graph& r) { r(conv2d{.filters = channels, .kernel_h = 1, .kernel_w = 1}); });
        });
        const plan after = lower(more);
        const auto parameters = initialize(before.view(), seed);
        aligned_vector<float> own(after.view().parameter_elements(), 0.0F);
        CHECK(transfer(before.view(), parameters, after.view(), own) == before.tensors.size());
        const auto input = some_input(g.input(), seed);
        const auto expected = run(g, parameters, input).exits;
        const auto found = run(more, own, input).exits;
        REQUIRE(found.size() == expected.size());
        for (std::size_t e = 0; e < found.size(); ++e) {
            for (std::size_t i = 0; i < found[e].size(); ++i) CHECK(found[e][i] == expected[e][i]);
        }
    }
}

// SPDX-License-Identifier: MIT
#include <eenn/network/channels.hpp>

#include <doctest/doctest.h>

#include <eenn/network/detail/lower.hpp>
#include <eenn/network/detail/transfer.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/standard.hpp>

#include "../raised.hpp"
#include "edits.hpp"

using namespace eenn;

namespace {

/// Widths: `body` inside of the residual block, `trunk` along it, `wide` of one branch, `hidden` of the classifier.
constexpr graph of_widths(int trunk, int body, int wide, int hidden) {
    graph g{{6, 6, 3}};
    g(conv2d{.filters = trunk, .bias = true}, batch_norm{}, relu{});  // 1, 2, 3
    g.residual([&](graph& b) {
        b(conv2d{.filters = body}, batch_norm{}, relu{}, conv2d{.filters = trunk});  // 4, 5, 6, 7; 8
    });
    g(depthwise_conv2d{}, batch_norm{});  // 9, 10
    g.branches(
        concat{}, [&](graph& b) { b(conv2d{.filters = wide, .kernel_h = 1, .kernel_w = 1}); },
        [](graph&) {});  // 11, 12
    const edge gated = g.here();
    g(global_average_pool{}, dense{.units = 4}, relu{}, dense{.units = g.shape_of(gated).c}, sigmoid{});
    g.join(multiply{}, gated, g.here());
    g(max_pool{}, flatten{}, dense{.units = hidden}, relu{}, dense{.units = 3});
    return g;
}
node_id hidden_of(const graph& g) { return g.id_of(edge{g.nodes().size() - 3}); }

bool same_layers(const graph& a, const graph& b) {
    bool same = a.nodes().size() == b.nodes().size();
    for (edge n{1}; same && a.nodes().has(n); ++n) {
        same = a.nodes()[n].id == b.nodes()[n].id && a.nodes()[n].what == b.nodes()[n].what &&
               a.nodes()[n].out == b.nodes()[n].out;
    }
    return same;
}

}  // namespace

TEST_CASE("network/channels: additions tie, depthwise convolutions keep, concatenations join, logits are fixed") {
    const graph g = of_widths(4, 6, 5, 7);
    const channel_groups groups{g};
    const auto trunk = groups.parts_of(edge{1});
    REQUIRE(trunk.size() == 1);
    for (const int n : {3, 7, 8, 10}) CHECK(groups.parts_of(edge{n}) == trunk);
    const auto body = groups.parts_of(edge{4});
    REQUIRE(body.size() == 1);
    CHECK(body != trunk);
    CHECK(groups.size(body[0]) == 6);
    CHECK(groups.parts_of(edge{12}) == std::vector<group_id>{groups.parts_of(edge{11})[0], trunk[0]});
    CHECK(groups.fixed(groups.parts_of(edge{0})[0]));
    CHECK(groups.fixed(groups.parts_of(g.here())[0]));
    CHECK_FALSE(groups.fixed(trunk[0]));
    // The gate's last dense layer has one group a part of what it gates.
    const edge gate{g.here().number - 6};
    CHECK(std::holds_alternative<multiply>(g.nodes()[gate.next()].what));
    CHECK(groups.parts_of(gate) == groups.parts_of(edge{12}));
}

TEST_CASE("network/channels: a network pruned group by group is the one of those widths") {
    const std::vector<int> two{1, 3};
    const std::vector<int> three{0, 2, 5};
    graph g = of_widths(4, 6, 5, 7);
    g = keep_channels(g, node_id{8}, two).network;  // the trunk, named by its addition
    g = keep_channels(g, node_id{4}, three).network;
    g = keep_channels(g, node_id{11}, two).network;
    g = keep_channels(g, hidden_of(g), three).network;
    CHECK(same_layers(g, of_widths(2, 3, 2, 3)));
}

TEST_CASE("network/channels: tensors follow the channels along both axes, in the order asked for") {
    graph g{{2, 2, 2}};
    g(conv2d{.filters = 3, .kernel_h = 1, .kernel_w = 1}, batch_norm{}, relu{}, flatten{}, dense{.units = 2});
    const plan before = lower(g);
    aligned_vector<float> values(before.view().parameter_elements());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    const std::vector<int> order{2, -1, 0};
    const auto made = keep_channels(g, node_id{1}, order);
    const plan after = lower(made.network);
    aligned_vector<float> own(after.view().parameter_elements(), -7.0F);
    transfer(before.view(), values, after.view(), own, made.channels);
    const auto of = [&](const char* name) {
        for (const auto& t : after.tensors) {
            if (tensor_name(t) == name)
                return std::vector<float>(own.begin() + static_cast<std::ptrdiff_t>(t.offset),
                                          own.begin() + static_cast<std::ptrdiff_t>(t.offset + t.spec.elements()));
        }
        return std::vector<float>{};
    };
    // conv weight (1,1,2,3): 0 1 2 / 3 4 5; gamma 6 7 8, beta 9 10 11; dense (12,2) from 12; mean 38 39 40.
    CHECK(of("conv2d_1.weight") == std::vector<float>{2, -7, 0, 5, -7, 3});
    CHECK(of("batch_norm_2.gamma") == std::vector<float>{8, -7, 6});
    CHECK(of("batch_norm_2.mean") == std::vector<float>{40, -7, 38});
    const auto weight = of("dense_5.weight");
    REQUIRE(weight.size() == 24);
    // Pixel by pixel: rows 2, new, 0 of each three.
    CHECK(std::vector<float>(weight.begin(), weight.begin() + 6) == std::vector<float>{16, 17, -7, -7, 12, 13});
    CHECK(std::vector<float>(weight.begin() + 6, weight.begin() + 12) == std::vector<float>{22, 23, -7, -7, 18, 19});
    CHECK(of("dense_5.bias") == std::vector<float>{36, 37});
}

TEST_CASE("network/channels: what cannot be chosen is refused by name") {
    const graph g = of_widths(4, 6, 5, 7);
    const std::vector<int> one{0};
    const auto refusal = [&](node_id at, const std::vector<int>& kept) {
        return raised([&] { (void)keep_channels(g, at, kept); });
    };
    CHECK(refusal(g.id_of(g.here()), one).find("cannot be chosen") != std::string::npos);
    CHECK(refusal(node_id{12}, one).find("no such channel") != std::string::npos);  // nothing of the second part
    CHECK(refusal(node_id{0}, one).find("cannot be chosen") != std::string::npos);
    CHECK(refusal(node_id{99}, one).find("no such node") != std::string::npos);
    for (const auto& wrong : {std::vector<int>{}, {0, 0}, {6}, {-2}}) {
        CHECK(refusal(node_id{4}, wrong).find("no such channel") != std::string::npos);
    }
    graph grouped{{4, 4, 4}};
    grouped(conv2d{.filters = 4}, conv2d{.filters = 8, .groups = 2}, global_average_pool{}, dense{.units = 2});
    CHECK(raised([&] { (void)keep_channels(grouped, node_id{1}, one); }).find("cannot be chosen") != std::string::npos);
}

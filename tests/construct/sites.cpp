// SPDX-License-Identifier: MIT
#include <eenn/construct/detail/sites.hpp>

#include <doctest/doctest.h>

#include "networks.hpp"

using namespace eenn;
using namespace eenn::construct;

TEST_CASE("construct/sites: a residual network ends its blocks behind the relu of each sum") {
    const graph net = test::small_resnet(2);
    const backbone b = find_backbone(net);
    CHECK(b.classes == 4);
    CHECK(b.hidden == 0);
    CHECK(b.classified == shape{4, 4, 8});
    // The stem and three of the four blocks: the last is what the classifier gets.
    REQUIRE(b.sites.size() == 4);
    for (const site& s : b.sites) {
        CHECK(std::holds_alternative<relu>(net.nodes()[s.node].what));
        CHECK(s.features == net.nodes()[s.node].out);
        CHECK(s.bytes == s.features.elements() * sizeof(float));
    }
    CHECK(b.sites[0].macs == 8 * 8 * 9 * 3 * 4);
    CHECK(b.sites[1].macs == b.sites[0].macs + 2 * 8 * 8 * 9 * 4 * 4);
    CHECK(b.sites[3].features == shape{4, 4, 8});
    CHECK(b.macs == lower(net).sizes.macs);
    CHECK(std::holds_alternative<global_average_pool>(net.nodes()[b.classifier].what));
}

TEST_CASE("construct/sites: a depthwise convolution belongs to the pointwise behind it") {
    const graph net = test::small_separable(3);
    const backbone b = find_backbone(net);
    REQUIRE(b.sites.size() == 3);  // the convolution and two of three blocks
    CHECK(b.sites[1].macs - b.sites[0].macs == b.sites[2].macs - b.sites[1].macs);
}

TEST_CASE("construct/sites: pooling stays with its block, hidden layers with the classifier") {
    graph net{{16, 16, 1}};
    net(conv2d{.filters = 4}, relu{}, max_pool{}, conv2d{.filters = 8}, relu{}, max_pool{}, conv2d{.filters = 8},
        relu{}, flatten{}, dense{.units = 32}, relu{}, dense{.units = 3});
    const backbone b = find_backbone(net);
    REQUIRE(b.sites.size() == 2);
    CHECK(b.sites[0].features == shape{8, 8, 4});
    CHECK(b.sites[1].features == shape{4, 4, 8});
    CHECK(b.sites[1].bytes == 4 * 4 * 8 * sizeof(float));
    CHECK(b.hidden == 32);
    CHECK(b.classes == 3);
    CHECK(b.classified == shape{4, 4, 8});
}

TEST_CASE("construct/sites: branches that merge are one block") {
    graph net{{8, 8, 2}};
    net(conv2d{.filters = 4}, relu{});
    net.branches(
        concat{}, [](graph& g) { g(conv2d{.filters = 2}, relu{}); },
        [](graph& g) { g(conv2d{.filters = 2, .kernel_h = 1, .kernel_w = 1}, relu{}, conv2d{.filters = 2}, relu{}); });
    net(conv2d{.filters = 4}, relu{}, global_average_pool{}, dense{.units = 2});
    const backbone b = find_backbone(net);
    REQUIRE(b.sites.size() == 2);
    CHECK(std::holds_alternative<concat>(net.nodes()[b.sites[1].node].what));
}

TEST_CASE("construct/sites: networks that cannot be augmented are refused by name") {
    graph with_exit = test::small_resnet(1);
    graph early{{8, 8, 1}};
    early(conv2d{.filters = 2}, relu{}).exit(exit_head{.classes = 3});
    early(conv2d{.filters = 2}, relu{}, global_average_pool{}, dense{.units = 3});
    CHECK_THROWS_WITH_AS((void)find_backbone(early), doctest::Contains("exits already"), error);
    graph plane{{8, 8, 1}};
    plane(conv2d{.filters = 2});
    CHECK_THROWS_WITH_AS((void)find_backbone(plane), doctest::Contains("vector"), error);
}

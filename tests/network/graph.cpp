// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/network/standard.hpp>

#include <doctest/doctest.h>

#include "../../examples/models.hpp"

namespace {

using namespace eenn;

constexpr graph small() {
    graph g{{8, 8, 3}};
    g(conv2d{.filters = 4}, batch_norm{}, relu{});
    g.exit(exit_head{.classes = 5}, entropy{});
    g.residual([](auto& b) { b(conv2d{.filters = 4}, batch_norm{}, relu{}, conv2d{.filters = 4}, batch_norm{}); });
    return g(relu{}, flatten{}, dense{.units = 5});
}
using net = network<small>;

static_assert(net::input == shape{8, 8, 3} && net::classes == 5 && net::exits == 2, "what the recipe says");
// 64 * (27 * 4 + 2 * 36 * 4) + 4 * 5 + 256 * 5: convolutions, the head, the classifier.
static_assert(net::macs == 64 * (27 * 4 + 2 * 36 * 4) + 20 + 1280, "multiply-accumulates by hand");
static_assert(net::parameters == 27 * 4 + 8 + 4 * 5 + 5 + 2 * (36 * 4 + 8) + 256 * 5 + 5, "parameters by hand");
static_assert(net::plan.sizes.state == 3 * 8, "mean and variance of three norms");
static_assert(net::plan.steps.size() == 6, "conv, pool, dense; conv, conv + residual; dense");
// While the second convolution of the block runs there are its input, the residual (which becomes its output) and no more.
static_assert(net::workspace_bytes == 2 * 64 * 4 * sizeof(float) && net::plan.sizes.workspace_proven,
              "the arena by hand");

struct vanishing {
    static constexpr std::string_view kind = "vanishing";
    [[maybe_unused]] static constexpr layer_role role = layer_role::operation;
    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const { return shape{in[0].h, 0, in[0].c}; }
};
struct with_vanishing {
    using layer = std::variant<identity, vanishing>;
};

std::string message_of(void (*build)()) {
    try {
        build();
    } catch (const error& e) {
        return e.what();
    }
    return "nothing was thrown";
}

}  // namespace

TEST_CASE("network/graph: convolution, norm, addition and activation become one step") {
    const auto& steps = net::plan.steps;
    CHECK(steps[step_id{0}].node == edge{1});
    CHECK(steps[step_id{0}].tail == edge{3});
    CHECK(steps[step_id{0}].norm == edge{2});
    CHECK(steps[step_id{0}].act.kind == activation_kind::relu);
    CHECK(steps[step_id{0}].residual == value_id{});
    CHECK(steps[step_id{4}].residual == steps[step_id{0}].output);
    CHECK(steps[step_id{4}].act.kind == activation_kind::relu);
    CHECK(net::plan.values[steps[step_id{4}].output].offset == net::plan.values[steps[step_id{0}].output].offset);
}

TEST_CASE("network/graph: nothing is fused across a value that somebody else reads") {
    graph g{{4, 4, 2}};
    g(conv2d{.filters = 2});
    const edge raw = g.here();
    g(relu{});
    g.join(concat{}, raw, g.here());
    const auto plan = lower(g);
    REQUIRE(plan.steps.size() == 3);
    CHECK(plan.steps[step_id{0}].act.kind == activation_kind::none);
    CHECK(plan.steps[step_id{1}].carrier);
    CHECK(plan.steps[step_id{1}].act.kind == activation_kind::relu);
}

TEST_CASE("network/graph: an exit's logits are read, so no activation hides in them") {
    graph g{{2, 2, 1}};
    g(dense{.units = 3});
    g.exit([](graph&) {});
    g(relu{}, dense{.units = 3});
    const auto plan = lower(g);
    CHECK(plan.exits[0].logits == plan.steps[step_id{0}].output);
    CHECK(plan.steps[step_id{0}].act.kind == activation_kind::none);
}

TEST_CASE("network/graph: an exit's buffers die with its decision") {
    graph with{{8, 8, 8}};
    with(relu{});
    const auto build = [](graph& g, bool exit) {
        g(conv2d{.filters = 8});
        if (exit) g.exit(exit_head{.classes = 4, .hidden = 16});
        g(conv2d{.filters = 8}, global_average_pool{}, dense{.units = 4});
    };
    graph without = with;
    build(with, true);
    build(without, false);
    CHECK(lower(with).sizes.workspace == lower(without).sizes.workspace);
}

TEST_CASE("network/graph: exits are charged for the heads before them") {
    CHECK(net::plan.exits[0].macs == 64 * 27 * 4 + 20);
    CHECK(net::plan.exits[1].macs == net::macs);
}

TEST_CASE(
    "network/graph: the networks of the literature have their published sizes, with every stage where it belongs") {
    CHECK(network<models::resnet8>::plan.steps.size() == 11);  // nine convolutions, pool, dense
    CHECK(network<models::resnet56>::plan.steps.size() == 59);
    // Two planes of the first stage, or one and two of half the elements, and what the convolution writes beside them.
    constexpr auto scratch = [](int size, int channels) {
        return kernels::scratch_size<float>(
            kernels::select({{size, size, channels}, {size, size, channels}, 3, 3, 1, 1, 1, 1, 1, 1, 1}));
    };
    constexpr std::size_t plane = 32 * 32 * 16;
    CHECK(network<models::resnet56>::workspace_elements ==
          std::max(2 * plane + scratch(32, 16), 2 * plane + scratch(16, 32)));
    CHECK(network<models::dscnn>::workspace_bytes == 2 * 25 * 5 * 64 * sizeof(float));
}

TEST_CASE("network/graph: wrong networks throw at run time, naming the layer and what is wrong") {
    CHECK(message_of([] {
              graph g{{8, 8, 4}};
              g(relu{});
              g.residual([](auto& b) { b(conv2d{.filters = 7}); });
          }) == "graph: layer 3 (add): shapes differ, expected 8x8x7, got 8x8x4");
    CHECK(message_of([] {
              graph g{{4, 4, 3}};
              g(conv2d{.filters = 6}, conv2d{.filters = 2, .kernel_h = 5, .kernel_w = 5, .pad = valid});
          }) == "graph: layer 2 (conv2d): window larger than its padded input, expected 5x5x6, got 4x4x6");
    CHECK(message_of([] {
              graph g{{4, 4, 3}};
              g(conv2d{.filters = 4, .groups = 2});
          }) ==
          "graph: layer 1 (conv2d): channels not divisible by groups: channels of the input is 3, allowed multiples of "
          "2");
    CHECK(message_of([] {
              graph g{{4, 4, 3}};
              g(max_pool{.kernel_h = 5});
          }) == "graph: layer 1 (max_pool): window larger than its padded input, expected 5x5x3, got 4x4x3");
    CHECK(message_of([] {
              graph g{{4, 4, 3}};
              g.join(concat{}, g.here());
          }) == "graph: layer 1 (concat): wrong number of inputs: 1, allowed [2, 4]");
    CHECK(message_of([] {
              graph g{{4, 4, 3}};
              g.at(edge{-1});
          }) == "graph: layer 1 (graph): no such edge: -1, allowed 0");
    CHECK(message_of([] { graph g{{0, 4, 3}}; }) == "graph: layer 0 (input): height is 0, allowed [1, 268435456]");
    CHECK(message_of([] {
              const runtime_network<float, graph> n{graph{{1, 1, 1}}};
          }) == "runtime_network: the graph has no layers; append at least one");
    CHECK(message_of([] {
              graph g{{4, 4, 3}};
              g(dropout{.rate = 1.0});
          }) == "graph: layer 1 (dropout): rate is 1, allowed [0, 1)");
    CHECK(message_of([] {
              graph g{{4, 4, 3}};
              const edge x = g.here();
              g.join(add{}, x, x, x);
          }) == "graph: layer 1 (add): wrong number of inputs: 3, allowed 2");
    CHECK(message_of([] {
              graph g{{4, 4, 3}};
              const edge x = g.here();
              g.join(concat{}, x, x, x, x, x);
          }) == "graph: layer 1 (concat): wrong number of inputs: 5, allowed [2, 4]");
    CHECK(message_of([] {
              graph g{{4, 4, 3}};
              g(relu{});
              g.put(relu{}, std::array<edge, 1>{g.here()}, node_id{1});
          }) == "graph: layer 2 (graph): an id that another node has, or that is none: 1, allowed [2, 1073741824]");
}

TEST_CASE("network/graph: what is too large names the layer, its input's shape and the limit") {
    CHECK(message_of([] {
              graph g{{1 << 30, 1 << 30, 16}};
          }) == "graph: layer 0 (input): height is 1073741824, allowed [1, 268435456]");
    CHECK(message_of([] {
              graph g{{1 << 28, 1 << 28, 16}};
          }) ==
          "graph: layer 0 (input): too large: 268435456x268435456x16 gives 1.1529215e18 elements, at most 268435456");
    CHECK(message_of([] {
              graph g{{1 << 14, 1 << 14, 1}};
              g(relu{}, conv2d{.filters = 2});
          }) == "graph: layer 2 (conv2d): too large: 16384x16384x1 gives 536870912 elements, at most 268435456");
    CHECK(message_of([] {
              graph g{{4, 4, 3}};
              g(conv2d{.filters = 8, .kernel_h = 1 << 20, .kernel_w = 1 << 20});
          }) == "graph: layer 1 (conv2d): too large: 4x4x3 gives 8796093022208 weights per channel, at most 268435456");
    CHECK(message_of([] {
              graph g{{4, 4, 3}};
              g(conv2d{.filters = 8, .dilation = 1 << 28});
          }) ==
          "graph: layer 1 (conv2d): too large: 4x4x3 gives 536870913 elements under the window, at most 268435456");
    // Layers that fit each, and together are too large: 2^56 weights in each of them.
    const auto tower = [](int count) {
        graph g{{1, 1, 1 << 28}};
        for (int i = 0; i < count; ++i) g(dense{.units = 1 << 28, .bias = false});
        return lower(g).sizes;
    };
    CHECK(tower(2).parameters == std::size_t{1} << 57);
    CHECK(tower(2).macs == std::int64_t{1} << 57);
    CHECK_THROWS_WITH_AS(
        tower(2000),
        "lower: layer 3 (dense): too large: 1x1x268435456 gives 2.1617278e17 parameters in all, at most 1.4411519e17",
        error);
}

TEST_CASE("network/graph: a layer of a user that makes nothing is named") {
    basic_graph<with_vanishing> g{{4, 4, 3}};
    CHECK_THROWS_WITH_AS(g(vanishing{}), "graph: layer 1 (vanishing): width is 0, allowed [1, 268435456]", error);
}

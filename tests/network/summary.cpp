// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/network/standard.hpp>
#include <eenn/network/summary.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace eenn;

namespace {

// Three input channels, depthwise and pointwise: the same kernels for every instruction set.
constexpr graph small() {
    graph g{{8, 8, 3}};
    g(conv2d{.filters = 8}, batch_norm{}, relu{}, depthwise_conv2d{.stride = 2}, batch_norm{}, relu6{});
    g.exit(exit_head{.classes = 4}, margin{});
    const auto before = g.here();
    g(conv2d{.filters = 8, .kernel_h = 1, .kernel_w = 1, .bias = true});
    g.join(add{}, g.here(), before);
    return g(max_pool{}, batch_norm{}, dense{.units = 4});
}

constexpr const char* steps =
    "step  layer                  fused       output  type  bytes  parameters    MACs  kernel     exits\n"
    "      input                              8x8x3   f32     768\n"
    "   0  conv2d 1               norm relu   8x8x8   f32   2,048         232  13,824  direct\n"
    "   1  conv2d 4               norm relu6  4x4x8   f32     512          88   1,152  depthwise\n"
    "   2  global_average_pool 7              1x1x8   f32      32           0       0  only one   exit 0\n"
    "   3  dense 8                            1x1x4   f32      16          36      32  pointwise  exit 0 decides\n"
    "   4  conv2d 9               add         4x4x8   f32     512          72   1,024  pointwise\n"
    "   5  max_pool 11                        2x2x8   f32     128           0       0  only one\n"
    "   6  batch_norm 12                      2x2x8   f32     128          16       0  only one\n"
    "   7  dense 13                           1x1x4   f32      16         132     128  pointwise  exit 1 decides\n"
    "\n"
    "parameters  576, and 48 of state; 2,496 bytes\n"
    "MACs        16,160\n"
    "workspace   2,560 bytes, no arena is smaller\n";

}  // namespace

TEST_CASE("network/summary: a table says of each step its layer, output, cost, kernel and exit, and then the totals") {
    CHECK(summary(network<small>::plan) == steps);
}

TEST_CASE(
    "network/summary: a graph at run time has the table of its type, and a network with kernels its packed bytes") {
    const runtime_network<float, graph> net{small()};
    CHECK(summary(net.plan()) == steps);
    const std::size_t bytes = net.inference().packed_elements * sizeof(float);
    const std::string packed = "packed      " + text::integer_text(static_cast<std::int64_t>(bytes)) + " bytes\n";
    CHECK(summary(net.inference()) == steps + packed);
    CHECK(summary(network<small>::inference()) == steps + packed);
}

TEST_CASE("network/summary: bytes are those of a value's type, whose integers say what they stand for") {
    graph g{{1, 1, 6}};
    g(dense{.units = 3}, sigmoid{});
    plan p = lower(g);
    p.values[value_id{0}].type = element_type::i8;
    p.values[value_id{0}].stands_for = {0.25, -3};
    p.values[value_id{1}].type = element_type::f16;
    p.values[value_id{1}].offset = 16;
    CHECK(p.values[value_id{1}].offset_bytes() == 32);
    CHECK(summary(p.view()) ==
          "step  layer    fused    output  type             bytes  parameters  MACs  kernel     exits\n"
          "      input             1x1x6   i8, 0.25 (x +3)      6\n"
          "   0  dense 1  sigmoid  1x1x3   f16                  6          21    18  pointwise  exit 0 decides\n"
          "\n"
          "parameters  21; 84 bytes\n"
          "MACs        18\n"
          "workspace   64 bytes, no arena is smaller\n");
}

TEST_CASE(
    "network/summary: what threads want beside the workspace, steps that nobody reads, and what other steps decide") {
    graph g{{8, 8, 3}};
    const auto start = g(conv2d{.filters = 8}, relu{}).here();
    g.at(start);
    g(conv2d{.filters = 4});
    g.at(start);
    g(max_pool{}, dense{.units = 4}, softmax{});
    plan p = lower(g);
    p.sizes.divided_scratch = 300;
    p.sizes.workspace_proven = false;
    const std::string table = summary(p.view());
    CAPTURE(table);
    CHECK(table.find("direct     nobody reads it\n") != std::string::npos);
    CHECK(table.find("; 1,200 for each further thread\n") != std::string::npos);
    CHECK(table.find("no arena is smaller") == std::string::npos);
}

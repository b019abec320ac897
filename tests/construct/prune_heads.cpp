// SPDX-License-Identifier: MIT
#include <eenn/construct/detail/heads.hpp>
#include <eenn/construct/detail/prune_heads.hpp>

#include <doctest/doctest.h>

#include "networks.hpp"

using namespace eenn;
using namespace eenn::construct;

namespace {

platform small_platform() {
    platform on;
    on.processors.push_back({.name = "sensor", .macs_per_second = 1e6, .memory_bytes = 1e6});
    on.processors.push_back({.name = "gateway", .macs_per_second = 1e8, .memory_bytes = 1e8});
    on.links.push_back({.from = "sensor", .to = "gateway", .bytes_per_second = 1e6});
    return on;
}

graph base_network() {
    graph g{shape{16, 16, 8}};
    g(conv2d{.filters = 16}, relu{}, conv2d{.filters = 16}, relu{}, global_average_pool{}, dense{.units = 4});
    return g;
}

graph head_on_features() {
    graph g{shape{16, 16, 16}};
    g(conv2d{.filters = 16, .groups = 16}, conv2d{.filters = 32, .kernel_h = 1, .kernel_w = 1}, relu{},
      global_average_pool{}, dense{.units = 4});
    return g;
}

}  // namespace

TEST_CASE("construct/prune_heads: nothing speaks against a head that fits") {
    const platform on = small_platform();
    CHECK(platform_bounds{base_network(), on, {}}.against(head_on_features()).empty());
}

TEST_CASE("construct/prune_heads: a class that no processor supports, named") {
    platform on = small_platform();
    for (auto& p : on.processors) p.unsupported[operator_class::depthwise] = true;
    const std::string why = platform_bounds{base_network(), on, {}}.against(head_on_features());
    CHECK(why.find("depthwise") != std::string::npos);
    on.processors[1].unsupported[operator_class::depthwise] = false;
    CHECK(platform_bounds{base_network(), on, {}}.against(head_on_features()).empty());
}

TEST_CASE("construct/prune_heads: memory, and the worst case at the fastest processors") {
    platform on = small_platform();
    const graph base = base_network();
    const graph head = head_on_features();
    const auto macs = static_cast<double>(lower(base).sizes.macs);
    const auto more = static_cast<double>(lower(head).sizes.macs);
    // By hand: everything on the gateway, at 1e8 MAC/s.
    placement_limits limits;
    limits.worst_seconds = (macs + more) / 1e8 * 1.001;
    CHECK(platform_bounds{base, on, limits}.against(head).empty());
    limits.worst_seconds = (macs + more) / 1e8 * 0.999;
    CHECK(platform_bounds{base, on, limits}.against(head).find("worst case") != std::string::npos);
    limits.worst_seconds = macs / 1e8 * 0.999;
    CHECK_THROWS_AS((platform_bounds{base, on, limits}), error);
    // The head's activations: 16 x 16 x (16 + 16) floats are 32 KiB.
    for (auto& p : on.processors) p.memory_bytes = 30000;
    CHECK_THROWS_AS((platform_bounds{base, on, {}}), error);  // nor does the base fit
}

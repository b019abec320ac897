// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <eenn/platform/platform.hpp>
#include <limits>

#include "messages.hpp"

using namespace eenn;
using eenn_tests::message_of;

namespace {

platform three() {
    platform p;
    p.processors = {{.name = "device", .macs_per_second = 1e8, .memory_bytes = 1e6},
                    {.name = "edge", .macs_per_second = 1e9, .memory_bytes = 1e8},
                    {.name = "server", .macs_per_second = 1e10, .memory_bytes = 1e10}};
    p.links = {{.from = "device", .to = "edge", .bytes_per_second = 1e6},
               {.from = "edge", .to = "server", .bytes_per_second = 1e7}};
    return p;
}

template <class F>
std::string refusal(F&& change) {
    platform p = three();
    change(p);
    return message_of([&] { check_platform(p); });
}

bool says(const std::string& message, const std::string& part) { return message.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("platform/platform: chains and DAGs pass") {
    platform p = three();
    CHECK_NOTHROW(check_platform(p));
    p.links.push_back({.from = "device", .to = "server", .bytes_per_second = 1e5});
    CHECK_NOTHROW(check_platform(p));
    CHECK(downstream_order(p) == std::vector<std::size_t>{0, 1, 2});
    p.links = {{.from = "device", .to = "server", .bytes_per_second = 1},
               {.from = "server", .to = "edge", .bytes_per_second = 1}};
    CHECK(downstream_order(p) == std::vector<std::size_t>{0, 2, 1});
    p.processors.resize(1);
    p.links.clear();
    CHECK_NOTHROW(check_platform(p));
}

TEST_CASE("platform/platform: an operator class without a rate of its own runs at the processor's") {
    processor p{.name = "mcu", .macs_per_second = 10};
    p.class_macs_per_second[operator_class::depthwise] = 4;
    CHECK(p.rate(operator_class::depthwise) == 4);
    CHECK(p.rate(operator_class::dense) == 10);
}

TEST_CASE("platform/platform: what nothing can run on is refused by its path, with a remedy") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(message_of([] { check_platform({}); }) ==
          "platform.processors: there are none; describe at least the processor where the input arises");
    CHECK(says(refusal([](platform& p) { p.processors[1].name = ""; }), "platform.processors[1].name: it is empty"));
    CHECK(
        says(refusal([](platform& p) { p.processors[2].name = "edge"; }), "platform.processors[2].name: \"edge\" is"));
    CHECK(refusal([](platform& p) { p.processors[0].macs_per_second = 0; }) ==
          "platform.processors[0].macs_per_second: 0.000000; give a number above 0");
    CHECK(says(refusal([](platform& p) { p.processors[1].memory_bytes = -3; }), "processors[1].memory_bytes: -3"));
    CHECK(says(refusal([](platform& p) { p.processors[1].active_watts = -1; }), "processors[1].active_watts: -1"));
    CHECK(says(refusal([](platform& p) { p.processors[1].idle_watts = nan; }), "processors[1].idle_watts: nan"));
    CHECK(says(refusal([](platform& p) { p.processors[1].class_macs_per_second[operator_class::dense] = -1; }),
               "processors[1].class_macs_per_second.dense: -1"));
    CHECK(says(refusal([](platform& p) { p.links[0].bytes_per_second = 0; }),
               "links[0].bytes_per_second: 0.000000; give a number above 0"));
    CHECK(says(refusal([](platform& p) { p.links[1].latency_seconds = -1; }), "links[1].latency_seconds: -1"));
    CHECK(says(refusal([](platform& p) { p.links[1].joules_per_byte = 1 / 0.0; }), "links[1].joules_per_byte: inf"));
    CHECK(says(refusal([](platform& p) { p.links[1].to = "cloud"; }), "links[1].to: there is no processor \"cloud\""));
    CHECK(says(refusal([](platform& p) { p.links[1] = p.links[0]; }), "links[1]: \"device\" to \"edge\" is described"));
    CHECK(
        says(refusal([](platform& p) { p.links.push_back({.from = "server", .to = "device", .bytes_per_second = 1}); }),
             "platform.links: they form a cycle"));
    CHECK(says(refusal([](platform& p) { p.links.push_back({.from = "edge", .to = "edge", .bytes_per_second = 1}); }),
               "platform.links: they form a cycle"));
    CHECK(says(refusal([](platform& p) { p.links.pop_back(); }),
               "processors[2]: no links lead from \"device\" to \"server\""));
}

// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <eenn/platform/read_platform.hpp>

#include "messages.hpp"

using namespace eenn;
using eenn_tests::message_of;

namespace {

std::string refusal(const std::string& json) {
    return message_of([&] { (void)parse_platform(json, "board.json"); });
}
bool says(const std::string& message, const std::string& part) { return message.find(part) != std::string::npos; }

std::string with_processor(const std::string& members) {
    return R"({"processors": [{"name": "a", "macs_per_second": 1, "memory_bytes": 2)" + members + "}]}";
}
std::string with_link(const std::string& members) {
    return R"({"processors": [{"name": "a", "macs_per_second": 1, "memory_bytes": 2},
                              {"name": "b", "macs_per_second": 1, "memory_bytes": 2}],
               "links": [{"from": "a", "to": "b")" +
           members + "}]}";
}

}  // namespace

TEST_CASE("platform/read_platform: every key arrives where it belongs") {
    const platform p = parse_platform(R"({
        "note": "two", "links": [{"from": "mcu", "to": "pc", "bytes_per_second": 1.5e5, "latency_seconds": 0.01,
                                  "joules_per_byte": 4E-7, "note": "BLE"}],
        "processors": [
            {"name": "mcu", "macs_per_second": 1e8, "class_macs_per_second": {"depthwise": 4e7, "dense": 5e7},
             "unsupported": ["pooling", "other"], "memory_bytes": 320000, "bytes_per_weight": 1,
             "bytes_per_activation": 2, "active_watts": 0.4, "idle_watts": 0.005, "start_seconds": 1e-3,
             "price_per_mac": 0},
            {"name": "pc", "macs_per_second": 5e10, "memory_bytes": 1e10}]})");
    processor mcu{.name = "mcu",
                  .macs_per_second = 1e8,
                  .memory_bytes = 320000,
                  .bytes_per_weight = 1,
                  .bytes_per_activation = 2,
                  .active_watts = 0.4,
                  .idle_watts = 0.005,
                  .start_seconds = 1e-3,
                  .price_per_mac = 0};
    mcu.class_macs_per_second[operator_class::depthwise] = 4e7;
    mcu.class_macs_per_second[operator_class::dense] = 5e7;
    mcu.unsupported[operator_class::pooling] = true;
    mcu.unsupported[operator_class::other] = true;
    CHECK(p.processors[0] == mcu);
    CHECK(p.processors[1] == processor{.name = "pc", .macs_per_second = 5e10, .memory_bytes = 1e10});
    CHECK(
        p.links ==
        std::vector<data_link>{
            {.from = "mcu", .to = "pc", .bytes_per_second = 1.5e5, .latency_seconds = 0.01, .joules_per_byte = 4e-7}});
}

TEST_CASE("platform/read_platform: the files of the examples are platforms") {
    CHECK(read_platform("examples/platforms/camera.json").processors.size() == 3);
    CHECK(read_platform("examples/platforms/microcontroller.json").links.empty());
    CHECK(read_platform("examples/platforms/phone.json").links.size() == 3);
}

TEST_CASE("platform/read_platform: a wrong file is refused by the path of its key") {
    CHECK(says(refusal(""), "board.json: an object is expected"));
    CHECK(says(refusal("{}"), "board.json.processors: it is missing; add it"));
    CHECK(says(refusal(R"({"processors": []})"), "board.json.processors: there are none"));
    CHECK(
        says(refusal(R"({"processors": [{"name": "a"}]})"), "board.json.processors[0].macs_per_second: it is missing"));
    CHECK(says(refusal(with_processor(R"(, "memory": 4)")), "board.json.processors[0].memory: no such key"));
    CHECK(says(refusal(with_processor(R"(, "name": "b")")), "board.json.processors[0].name: the key stands twice"));
    CHECK(says(refusal(with_processor(R"(, "active_watts": -2)")), "board.json.processors[0].active_watts: -2"));
    CHECK(says(refusal(with_processor(R"(, "active_watts": "2")")), "board.json.processors[0].active_watts: "));
    CHECK(says(refusal(with_processor(R"(, "active_watts": 02)")), "a number starts with 0"));
    CHECK(says(refusal(with_processor(R"(, "active_watts": 1e999)")), "does not fit double precision"));
    CHECK(says(refusal(with_processor(R"(, "active_watts": nan)")), "a number is expected"));
    CHECK(says(refusal(with_processor(R"(, "active_watts": 1.)")), "a number is expected"));
    CHECK(says(refusal(with_processor(R"(, "unsupported": ["conv"])")),
               "board.json.processors[0].unsupported[0]: no operator class \"conv\""));
    CHECK(says(refusal(with_processor(R"(, "class_macs_per_second": {"dense": 0})")),
               "board.json.processors[0].class_macs_per_second.dense: 0.000000; give a number above 0"));
    CHECK(says(refusal(with_link("")), "board.json.links[0].bytes_per_second: it is missing"));
    CHECK(says(refusal(with_link(R"(, "bytes_per_second": 0)")), "board.json.links[0].bytes_per_second: 0"));
    CHECK(says(refusal(with_link(R"(, "bytes_per_second": 1}, {"from": "b", "to": "a", "bytes_per_second": 1)")),
               "board.json.links: they form a cycle"));
    CHECK(says(refusal(with_processor("") + "x"), "something follows the end"));
    CHECK(says(message_of([] { (void)read_platform("examples/platforms/none.json"); }), "none.json"));
}

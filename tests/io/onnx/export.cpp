// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <eenn/io/onnx/export.hpp>
#include <eenn/network/detail/lower.hpp>
#include <eenn/network/parameters.hpp>
#include <string>
#include <vector>

#include "../folder.hpp"

using namespace eenn;

namespace {

std::vector<float> floats(const onnx::graph& g, const std::string& name) {
    for (const auto& t : g.initializers) {
        if (t.name != name) continue;
        std::vector<float> values(t.bytes.size() / sizeof(float));
        std::memcpy(values.data(), t.bytes.data(), t.bytes.size());
        return values;
    }
    return {};
}

std::vector<std::int64_t> dims(const onnx::graph& g, const std::string& name) {
    for (const auto& t : g.initializers) {
        if (t.name == name) return t.dims;
    }
    return {-1};
}

std::vector<std::int64_t> integers(const onnx::node& n, const std::string& name) {
    for (const auto& a : n.attributes) {
        if (a.name == name) return a.integers;
    }
    return {-1};
}

std::vector<std::string> operators(const onnx::graph& g) {
    std::vector<std::string> made;
    for (const auto& n : g.nodes) made.push_back(n.op_type);
    return made;
}

std::vector<std::string> names(const std::vector<onnx::value_info>& values) {
    std::vector<std::string> made;
    for (const auto& v : values) made.push_back(v.name);
    return made;
}

std::vector<float> counting(const graph& g) {
    std::vector<float> parameters(lower(g).view().parameter_elements());
    for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i] = static_cast<float>(i);
    return parameters;
}

// How many Ifs a graph holds, at any depth.
int ifs(const onnx::graph& g) {
    int count = 0;
    for (const auto& n : g.nodes) {
        count += n.op_type == "If" ? 1 : 0;
        for (const auto& a : n.attributes) {
            for (const auto& inner : a.graphs) count += ifs(inner);
        }
    }
    return count;
}

using list = std::vector<std::string>;
using sizes = std::vector<std::int64_t>;

// A backbone of three layers with an exit behind each of the first two.
graph two_exits(policy first = max_probability{}, policy second = max_probability{}) {
    graph g{{4, 4, 2}};
    g(conv2d{.filters = 3}, relu{});                     // 1, 2
    g.exit(exit_head{.classes = 2}, first);              // 3, 4
    g(conv2d{.filters = 3}, relu{});                     // 5, 6
    g.exit(exit_head{.classes = 2}, second);             // 7, 8
    return g(global_average_pool{}, dense{.units = 2});  // 9, 10
}

const std::vector<exit_rule> three_rules{{0.5F, 1}, {0.5F, 1}, {0, 1}};

}  // namespace

TEST_CASE("io/onnx/export: a convolution's weight goes from (kh,kw,I,O) to (O,I,kh,kw), its padding to amounts") {
    graph g{{5, 6, 2}};
    g(conv2d{.filters = 3, .kernel_h = 1, .kernel_w = 2, .stride = 2, .bias = true});
    const auto m = onnx::export_network(g, counting(g));
    const auto& n = m.network;
    CHECK(operators(n) == list{"Conv"});
    CHECK(dims(n, "conv2d_1.weight") == sizes{3, 2, 1, 2});
    CHECK(floats(n, "conv2d_1.weight") == std::vector<float>{0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11});
    CHECK(floats(n, "conv2d_1.bias") == std::vector<float>{12, 13, 14});
    CHECK(integers(n.nodes[0], "pads") == sizes{0, 0, 0, 0});
    CHECK(integers(n.nodes[0], "strides") == sizes{2, 2});
    graph padded{{5, 6, 2}};
    padded(conv2d{.filters = 3, .kernel_h = 4, .pad = padding{2, 1, 0, 3}, .dilation_w = 2});
    const auto p = onnx::export_network(padded, counting(padded));
    CHECK(integers(p.network.nodes[0], "pads") == sizes{2, 0, 1, 3});  // top, left, bottom, right
    CHECK(integers(p.network.nodes[0], "dilations") == sizes{1, 2});
}

TEST_CASE("io/onnx/export: a dense layer behind a flatten has the rows of its weight in the order C, H, W") {
    graph g{{1, 2, 3}};
    g(flatten{}, dense{.units = 2, .bias = false});
    const auto m = onnx::export_network(g, counting(g));
    CHECK(operators(m.network) == list{"Flatten", "Gemm"});
    CHECK(floats(m.network, "dense_2.weight") == std::vector<float>{0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11});
    graph between{{1, 2, 3}};
    between(flatten{}, relu{}, dense{.units = 2, .bias = false});
    const auto b = onnx::export_network(between, counting(between));
    CHECK(operators(b.network) == list{"Transpose", "Flatten", "Relu", "Gemm"});
    CHECK(floats(b.network, "dense_3.weight") == counting(between));
}

TEST_CASE("io/onnx/export: hard_swish is one operator from opset 14 on, and a gate before") {
    graph g{{1, 1, 3}};
    g(hard_swish{});
    CHECK(operators(onnx::export_network(g, {}, {.opset = 14}).network) == list{"HardSwish"});
    CHECK(operators(onnx::export_network(g, {}, {.opset = 13}).network) == list{"HardSigmoid", "Mul"});
}

TEST_CASE("io/onnx/export: inputs, outputs and nodes have the names that were asked for, and no name twice") {
    graph g{{4, 4, 2}};
    g(conv2d{.filters = 2}, relu{}).exit(exit_head{.classes = 3});
    g(global_average_pool{}, dense{.units = 5});
    const list given{"ignored", "stem", "stem", "logits"};
    const auto m = onnx::export_network(
        g, counting(g),
        {.opset = 17, .name = "net", .input = "image", .node_names = given, .metadata = {{"key", "value"}}});
    CHECK(m.network.name == "net");
    CHECK(m.ir_version == 8);
    CHECK(m.opsets.at("") == 17);
    CHECK(m.metadata.at("key") == "value");
    CHECK(names(m.network.inputs) == list{"image"});
    CHECK(names(m.network.outputs) == list{"logits_0", "logits"});
    CHECK(m.network.inputs[0].dims[0].name == "N");
    CHECK(m.network.inputs[0].dims[1].size == 2);
    CHECK(m.network.outputs[1].dims[1].size == 5);
    list made;
    for (const auto& n : m.network.nodes) made.insert(made.end(), n.outputs.begin(), n.outputs.end());
    CHECK(made[0] == "stem");
    CHECK(made[1] == "stem_2");
    std::sort(made.begin(), made.end());
    CHECK(std::adjacent_find(made.begin(), made.end()) == made.end());

    const auto last = onnx::export_network(g, counting(g), {.batch = 3, .all_exits = false});
    CHECK(names(last.network.outputs) == list{"logits"});
    CHECK(last.network.inputs[0].dims[0].size == 3);
    CHECK(last.network.nodes.size() == 5);  // the head of the exit is not among them
}

TEST_CASE("io/onnx/export: a value that ends twice is an output all the same; the input is none") {
    graph g{{1, 1, 3}};
    g(dense{.units = 3});
    g.exit_at(g.here());
    const auto m = onnx::export_network(g, counting(g));
    CHECK(names(m.network.outputs) == list{"logits_0", "logits"});
    CHECK(operators(m.network) == list{"Gemm", "Identity"});
    CHECK(m.network.nodes[1].inputs == list{"logits_0"});
    const auto parameters = counting(g);
    g.exit_at(edge{0});
    CHECK(contains(raised([&] { (void)onnx::export_network(g, parameters); }), "layer 0 (input): no layer computes"));
}

TEST_CASE("io/onnx/export: parameters that are not as many and options out of range are refused") {
    const graph g = two_exits();
    const auto parameters = counting(g);
    const std::span<const float> fewer{parameters.data(), parameters.size() - 1};
    CHECK(contains(raised([&] { (void)onnx::export_network(g, fewer); }), "parameters"));
    CHECK(contains(raised([&] { (void)onnx::export_network(g, parameters, {.opset = 12}); }), "opset 12"));
    CHECK(contains(raised([&] { (void)onnx::export_network(g, parameters, {.opset = 22}); }), "opset 22"));
    CHECK(contains(raised([&] { (void)onnx::export_network(g, parameters, {.batch = -1}); }), "batch"));
    CHECK(contains(raised([&] { (void)onnx::export_network(graph{{1, 1, 1}}, {}); }), "no layers"));
}

TEST_CASE("io/onnx/export: behind each open exit stands an If that holds the rest of the network") {
    const graph g = two_exits();
    const auto m = onnx::export_early_exit(g, counting(g), three_rules);
    CHECK(names(m.network.outputs) == list{"logits", "label", "exit", "confidence"});
    CHECK(ifs(m.network) == 2);
    const auto& outer = m.network.nodes.back();
    REQUIRE(outer.op_type == "If");
    CHECK(floats(m.network, "conv2d_5.weight").empty());
    CHECK_FALSE(floats(outer.attributes[1].graphs[0], "conv2d_5.weight").empty());
    const auto left = operators(outer.attributes[0].graphs[0]);
    CHECK(left == list{"Identity", "Identity", "Constant", "Identity"});
}

TEST_CASE("io/onnx/export: a closed exit is left out, unless a later patience counts its word") {
    auto rules = three_rules;
    rules[0].threshold = never_exit;
    const graph g = two_exits();
    const auto m = onnx::export_early_exit(g, counting(g), rules);
    CHECK(ifs(m.network) == 1);
    CHECK(floats(m.network, "dense_4.weight").empty());
    const graph patient = two_exits(entropy{}, patience{});
    const auto p = onnx::export_early_exit(patient, counting(patient), rules);
    CHECK(ifs(p.network) == 1);
    CHECK_FALSE(floats(p.network, "dense_4.weight").empty());
}

TEST_CASE("io/onnx/export: an entropy is divided by the logarithm of the classes, to a unit in the last place") {
    for (const int classes : {2, 3, 10, 35, 1000}) {
        graph g{{4, 4, 2}};
        g(conv2d{.filters = 3});
        g.exit(exit_head{.classes = classes}, entropy{});
        g(global_average_pool{}, dense{.units = classes});
        const std::vector<exit_rule> rules{{0.5F, 1}, {0, 1}};
        const auto written = floats(onnx::export_early_exit(g, counting(g), rules).network, "exit_0.log_classes");
        REQUIRE(written.size() == 1);
        const auto exact = std::log(static_cast<long double>(classes));
        const float unit = std::nextafter(written[0], 100.0F) - written[0];
        CAPTURE(classes);
        CHECK(std::abs(written[0] - exact) < static_cast<long double>(unit));
    }
}

TEST_CASE("io/onnx/export: rules that cannot be are refused") {
    const graph g = two_exits();
    const auto parameters = counting(g);
    const auto refused = [&](std::vector<exit_rule> rules) {
        return raised([&] { (void)onnx::export_early_exit(g, parameters, rules); });
    };
    CHECK(contains(refused({{0.5F, 1}, {0.5F, 1}}), "3 exits, the last one included, and 2 rules"));
    CHECK(contains(refused({{0.5F, 1}, {0.5F, 0}, {0, 1}}), "exit_1 has temperature"));
    graph deep{{1, 1, 2}};
    for (int i = 0; i < 17; ++i) deep.exit(dense{.units = 2});
    deep(dense{.units = 2});
    std::vector<exit_rule> rules(18, exit_rule{0.5F, 1});
    CHECK(contains(raised([&] { (void)onnx::export_early_exit(deep, counting(deep), rules); }), "nest deeper"));
    rules[3].threshold = rules[4].threshold = never_exit;
    CHECK(raised([&] { (void)onnx::export_early_exit(deep, counting(deep), rules); }).empty());
}

TEST_CASE("io/onnx/export: a cut leaves each exit with the last backbone node it reads, and names what passes on") {
    const graph g = two_exits(entropy{}, patience{});
    const node_id cuts[] = {{2}, {5}};
    const auto stages = onnx::export_stages(g, counting(g), three_rules, cuts);
    REQUIRE(stages.size() == 3);
    const auto& first = stages[0].network;
    CHECK(names(first.inputs) == list{"input"});
    CHECK(names(first.outputs) == list{"logits", "label", "exit", "confidence", "done", "carry_0.relu_2",
                                       "carry_0.last_label", "carry_0.streak"});
    const auto& second = stages[1].network;  // it decides nothing
    CHECK(names(second.inputs) == list{"carry_0.relu_2", "carry_0.last_label", "carry_0.streak"});
    CHECK(names(second.outputs) == list{"carry_1.conv2d_5", "carry_1.last_label", "carry_1.streak"});
    CHECK(ifs(second) == 0);
    const auto& third = stages[2].network;
    CHECK(names(third.inputs) == names(second.outputs));
    CHECK(names(third.outputs) == list{"logits", "label", "exit", "confidence", "done"});
    CHECK(ifs(third) == 1);
    // A weight is in one file only.
    for (const auto& name : {"conv2d_1.weight", "dense_4.weight", "conv2d_5.weight", "dense_8.weight"}) {
        int holders = 0;
        for (const auto& s : stages) holders += floats(s.network, name).empty() ? 0 : 1;
        CHECK(holders <= 1);
    }
}

TEST_CASE("io/onnx/export: a cut inside of a residual block passes on both of its values") {
    graph g{{4, 4, 2}};
    node_id inside{};
    g(relu{});
    g.residual([&](graph& b) {
        b(conv2d{.filters = 2});
        inside = b.id_of(b.here());
        b(conv2d{.filters = 2});
    });
    g(flatten{}, dense{.units = 2});
    const node_id cuts[] = {inside, {5}};
    const auto stages = onnx::export_stages(g, counting(g), std::vector<exit_rule>(1), cuts);
    CHECK(names(stages[0].network.outputs) == list{"carry_0.relu_1", "carry_0.conv2d_2"});
    CHECK(names(stages[1].network.outputs) == list{"carry_1.add_4"});  // not its flattened form
    CHECK(operators(stages[2].network)[0] == "Flatten");
}

TEST_CASE("io/onnx/export: what only a later exit reads is passed on, unless that exit is closed") {
    graph g{{4, 4, 2}};
    const edge input = g.here();
    g(conv2d{.filters = 3}, relu{});
    g.exit([&](graph& b) {
        const edge x = b.here();
        b.at(input)(global_average_pool{}, dense{.units = 3});
        b.join(multiply{}, x, b.here());
        b(exit_head{.classes = 2});
    });
    g(global_average_pool{}, dense{.units = 2});
    const node_id cuts[] = {{1}};
    std::vector<exit_rule> rules{{0.5F, 1}, {0, 1}};
    const auto taken = [&] { return names(onnx::export_stages(g, counting(g), rules, cuts)[1].network.inputs); };
    CHECK(taken() == list{"carry_0.input", "carry_0.conv2d_1"});
    rules[0].threshold = never_exit;
    CHECK(taken() == list{"carry_0.conv2d_1"});
}

TEST_CASE("io/onnx/export: a network cannot be cut outside of its backbone") {
    const graph g = two_exits();
    const auto refused = [&](std::initializer_list<int> places) {
        std::vector<node_id> cuts;
        for (const int place : places) cuts.push_back({place});
        return raised([&] { (void)onnx::export_stages(g, counting(g), three_rules, cuts); });
    };
    CHECK(contains(refused({0}), "behind node 0"));
    CHECK(contains(refused({4}), "behind node 4"));    // in a head
    CHECK(contains(refused({10}), "behind node 10"));  // the end
    CHECK(contains(refused({6, 2}), "behind node 2"));
    CHECK(contains(refused({99}), "behind node 99"));
    CHECK(refused({}).empty());
}

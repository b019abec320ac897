// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <eenn/core/random.hpp>
#include <eenn/io/onnx/import.hpp>
#include <eenn/network/edit.hpp>
#include <eenn/network/model.hpp>
#include <string>
#include <variant>
#include <vector>

#include "../folder.hpp"
#include "build_model.hpp"
#include "support.hpp"

using namespace eenn;
using onnx::detail::integer;
using onnx::detail::integers;
using onnx::detail::real_number;

namespace {

// The kinds of the layers, in order.
std::string kinds(const onnx::imported& made) {
    std::string all;
    for (const edge i : made.network.layers()) {
        all += (all.empty() ? "" : " ") +
               std::visit([](const auto& l) { return std::string{l.kind}; }, made.network.nodes()[i].what);
    }
    return all;
}

std::vector<float> random_values(std::size_t count, std::uint64_t seed) {
    random_stream random{.seed = seed};
    std::vector<float> values(count);
    for (float& v : values) v = static_cast<float>(random.uniform(-1, 1));
    return values;
}

std::vector<float> run(const small_model& m, const std::vector<float>& x) {
    return outputs_of(onnx::import_network(m.made), x);
}
std::string refused(const small_model& m, const onnx::import_options& options = {}) {
    return raised([&] { (void)onnx::import_network(m.made, options); });
}

bool close(const std::vector<float>& got, const std::vector<float>& expected) {
    return distance(got, expected, 1e-5, 1e-5) <= 1;
}

}  // namespace

TEST_CASE("io/onnx/import: a Gemm after a flattened image takes its weights in the order of our memory") {
    small_model m{{-1, 2, 2, 3}};  // two channels of 2 x 3
    m.node("Flatten", {"x"}, "flat");
    m.floats("w", {12, 1}, ramp(12, 1)).floats("b", {1}, {0.5F}).node("Gemm", {"flat", "w", "b"}, "y");
    CHECK(kinds(onnx::import_network(m.made)) == "dense");
    float expected = 0.5F;
    for (int i = 0; i < 12; ++i) expected += static_cast<float>((i + 1) * (i + 20));
    CHECK(close(run(m, ramp(12, 20)), {expected}));
}

TEST_CASE("io/onnx/import: alpha, beta and transB of a Gemm; a scalar C; MatMul with Add is a dense layer with bias") {
    small_model m{{1, 2}};
    m.floats("w", {1, 2}, {1, 2}).floats("c", {}, {10});
    m.node("Gemm", {"x", "w", "c"}, "y", {real_number("alpha", 2), real_number("beta", 0.5), integer("transB", 1)});
    CHECK(close(run(m, {3, 4}), {2 * (3 + 8) + 5}));
    small_model sum{{1, 2}};
    sum.floats("w", {2, 1}, {1, 2}).floats("b", {1}, {7}).node("MatMul", {"x", "w"}, "p").node("Add", {"b", "p"}, "y");
    const auto made = onnx::import_network(sum.made);
    CHECK(kinds(made) == "dense");
    CHECK(made.names == std::map<node_id, std::string>{{{0}, "x"}, {{1}, "p"}});
    CHECK(close(outputs_of(made, std::vector<float>{3, 4}), {18}));
}

TEST_CASE("io/onnx/import: the batch axis may be named, open, 1 or any number") {
    for (const std::int64_t batch : {-1, 0, 1, 5}) {
        small_model m{{batch, 4}};
        m.made.network.inputs[0].dims[0].name = "N";
        m.node("Relu", {"x"}, "y");
        CHECK(close(run(m, {-1, 2, -3, 4}), {0, 2, 0, 4}));
    }
}

TEST_CASE("io/onnx/import: sizes that the file leaves open come from the options") {
    small_model m{{-1, 3, -1, -1}};
    m.node("GlobalAveragePool", {"x"}, "y");
    CHECK(contains(refused(m), "axis 2 of its input 'x' has no size; give import_options::input"));
    const auto made = onnx::import_network(m.made, {.input = shape{4, 5, 3}});
    CHECK(made.network.input() == shape{4, 5, 3});
}

TEST_CASE("io/onnx/import: of several outputs the last or the named one ends the network, and the rest is left out") {
    small_model m{{1, 4}};
    m.node("Relu", {"x"}, "y").node("Sigmoid", {"x"}, "z").node("Unknown", {"x"}, "u");
    m.made.network.outputs.push_back({"z", onnx::data_type::float32, false, {}});
    CHECK(kinds(onnx::import_network(m.made)) == "sigmoid");
    const auto first = onnx::import_network(m.made, {.output = "y"});
    CHECK(kinds(first) == "relu");
    CHECK(first.output == "y");
    CHECK(contains(refused(m, {.output = "w"}), "has no output 'w'"));
}

TEST_CASE("io/onnx/import: an input with its channels last is one that nothing else explains, and is noted") {
    small_model m{{-1, 4, 6, 2}};
    const auto weight = random_values(3 * 2 * 9, 1);
    m.node("Transpose", {"x"}, "first", {integers("perm", {0, 3, 1, 2})}).floats("w", {3, 2, 3, 3}, weight);
    m.node("Conv", {"first", "w"}, "c").node("Transpose", {"c"}, "y", {integers("perm", {0, 2, 3, 1})});
    const auto made = onnx::import_network(m.made);
    CHECK(kinds(made) == "conv2d");
    CHECK(made.network.input() == shape{4, 6, 2});
    CHECK(noted(made, "the file's input is (N,H,W,C)"));
    CHECK(noted(made, "the file's output is (N,H,W,C)"));
    small_model plain{{-1, 2, 4, 6}};
    plain.floats("w", {3, 2, 3, 3}, weight).node("Conv", {"x", "w"}, "y");
    const auto x = random_values(48, 2);
    const auto expected = run(plain, x);
    CHECK(close(outputs_of(made, channels_last(x, {4, 6, 2})), channels_last(expected, {2, 4, 3})));
}

TEST_CASE(
    "io/onnx/import: frames of one channel that an Unsqueeze or a Reshape makes an image of stay where they are") {
    for (const bool reshape : {false, true}) {
        small_model m{{-1, 4, 3}};
        if (reshape) {
            m.integers("to", {-1, 1, 4, 3}).node("Reshape", {"x", "to"}, "image");
        } else {
            m.integers("at", {1}).node("Unsqueeze", {"x", "at"}, "image");
        }
        m.floats("w", {1, 1, 4, 3}, ramp(12)).node("Conv", {"image", "w"}, "y");
        const auto made = onnx::import_network(m.made);
        CHECK(made.network.input() == shape{4, 3, 1});
        CHECK(close(outputs_of(made, ramp(12, 1)), {572}));
    }
}

TEST_CASE("io/onnx/import: a signal (N,C,L) is (1,L,C), also where the file makes a plane of it") {
    small_model m{{-1, 2, 5}};
    m.floats("w", {1, 2, 3}, ramp(6, 1)).node("Conv", {"x", "w"}, "y", {integers("dilations", {2})});
    const auto made = onnx::import_network(m.made);
    CHECK(made.network.input() == shape{1, 5, 2});
    // taps 1 2 3 on 0 2 4 of channel 0, 4 5 6 on 5 7 9 of channel 1
    CHECK(close(outputs_of(made, ramp(10)), {0 + 4 + 12 + 20 + 35 + 54}));
    for (const std::int64_t place : {2, 3}) {
        small_model plane{{-1, 2, 5}};
        plane.integers("at", {place}).node("Unsqueeze", {"x", "at"}, "p");
        plane.floats("w", {1, 2, place == 2 ? 1 : 3, place == 2 ? 3 : 1}, ramp(6, 1));
        plane.node("Conv", {"p", "w"}, "y");
        CHECK(close(
            run(plane, ramp(10)),
            run(small_model{{-1, 2, 5}}.floats("w", {1, 2, 3}, ramp(6, 1)).node("Conv", {"x", "w"}, "y"), ramp(10))));
    }
}

TEST_CASE("io/onnx/import: SAME_LOWER puts the odd element before, SAME_UPPER after") {
    for (const bool lower : {true, false}) {
        small_model m{{1, 1, 1, 4}};
        m.floats("w", {1, 1, 1, 2}, {1, 10});
        auto rule =
            onnx::detail::make_attribute<std::string>("auto_pad", onnx::attribute::kind_of::string,
                                                      &onnx::attribute::string, lower ? "SAME_LOWER" : "SAME_UPPER");
        m.node("Conv", {"x", "w"}, "y", {rule});
        CHECK(close(run(m, {1, 2, 3, 4}),
                    lower ? std::vector<float>{10, 21, 32, 43} : std::vector<float>{21, 32, 43, 4}));
    }
}

TEST_CASE("io/onnx/import: a pad of zeros becomes padding of the convolution, and another pad stays") {
    for (const float value : {0.0F, 1.0F}) {
        small_model m{{1, 1, 1, 3}};
        m.integers("pads", {0, 0, 0, 1, 0, 0, 0, 2}).floats("v", {}, {value}).floats("w", {1, 1, 1, 2}, {1, 10});
        m.node("Pad", {"x", "pads", "v"}, "p").node("Conv", {"p", "w"}, "y");
        const auto made = onnx::import_network(m.made);
        CHECK(kinds(made) == (value == 0 ? "conv2d" : "pad conv2d"));
        CHECK(close(outputs_of(made, std::vector<float>{1, 2, 3}), {10 + value, 21, 32, 3 + 10 * value, 11 * value}));
    }
}

TEST_CASE("io/onnx/import: rounding up, pools hang over the end, and only padding counts in their mean") {
    for (const bool count : {false, true}) {
        small_model m{{1, 1, 1, 4}};
        m.node("AveragePool", {"x"}, "y",
               {integers("kernel_shape", {1, 3}), integers("strides", {1, 2}), integers("pads", {0, 1, 0, 1}),
                integer("ceil_mode", 1), integer("count_include_pad", count)});
        // windows: - 1 2 | 2 3 4 | 4 - x (x hangs over)
        CHECK(close(run(m, {1, 2, 3, 4}), count ? std::vector<float>{1, 3, 2} : std::vector<float>{1.5, 3, 4}));
    }
    small_model most{{1, 1, 1, 4}};
    most.node("MaxPool", {"x"}, "y",
              {integers("kernel_shape", {1, 3}), integers("strides", {1, 2}), integer("ceil_mode", 1)});
    CHECK(close(run(most, {-4, -3, -2, -1}), {-2, -1}));
}

TEST_CASE("io/onnx/import: a mean over height and width, over one of them, and of a value without any") {
    const auto mean_over = [](const std::vector<std::int64_t>& axes) {
        small_model m{{1, 2, 2, 2}};
        m.node("ReduceMean", {"x"}, "y", {integers("axes", axes), integer("keepdims", 0)});
        return run(m, {1, 2, 3, 4, 5, 6, 7, 8});
    };
    CHECK(close(mean_over({2, 3}), {2.5, 6.5}));
    CHECK(close(mean_over({-1}), {1.5, 3.5, 5.5, 7.5}));
    CHECK(close(mean_over({2}), {2, 3, 6, 7}));
    small_model channels{{1, 2, 2, 2}};
    channels.floats("w", {2, 2, 1, 1}, ramp(4)).node("Conv", {"x", "w"}, "c");
    channels.node("ReduceMean", {"c"}, "y", {integers("axes", {1})});
    CHECK(contains(refused(channels), "'y' (ReduceMean): reduces over the channels"));
}

TEST_CASE("io/onnx/import: constants become a bias, one batch norm for several, or a part of the weights") {
    small_model m{{1, 1, 1, 2}};
    m.floats("mean", {1}, {2}).floats("std", {1, 1, 1}, {4}).floats("w", {2, 1, 1, 1}, {1, 2});
    m.floats("scale", {1, 2, 1, 1}, {3, 5}).floats("b", {2, 1, 1}, {7, 9});
    m.node("Sub", {"x", "mean"}, "s").node("Div", {"s", "std"}, "d").node("Conv", {"d", "w"}, "c");
    m.node("Mul", {"scale", "c"}, "m").node("Add", {"m", "b"}, "y");
    const auto made = onnx::import_network(m.made);
    CHECK(kinds(made) == "batch_norm conv2d");
    CHECK(close(outputs_of(made, std::vector<float>{6, 10}), {3 * 1 + 7, 3 * 2 + 7, 5 * 2 + 9, 5 * 4 + 9}));
    small_model reverse{{1, 2}};
    reverse.floats("one", {}, {1}).node("Sub", {"one", "x"}, "y");
    CHECK(close(run(reverse, {3, -4}), {-2, 5}));
}

TEST_CASE("io/onnx/import: weights that somebody else reads unscaled stay as they are") {
    small_model m{{1, 2}};
    m.floats("w", {2, 2}, {1, 0, 0, 1}).floats("k", {}, {3}).node("MatMul", {"x", "w"}, "p");
    m.node("Mul", {"p", "k"}, "m").node("Add", {"p", "m"}, "y");
    CHECK(close(run(m, {1, 2}), {4, 8}));
    small_model seen{{1, 2}};  // through a view
    seen.floats("w", {2, 2}, {1, 0, 0, 1}).floats("k", {}, {3}).node("MatMul", {"x", "w"}, "p");
    seen.node("Identity", {"p"}, "i").node("Mul", {"i", "k"}, "m").node("Add", {"i", "m"}, "y");
    CHECK(close(run(seen, {1, 2}), {4, 8}));
}

TEST_CASE("io/onnx/import: batch norms stay as layers or, on request, become a part of the weights") {
    small_model m{{1, 2, 1, 1}};
    m.floats("w", {2, 2, 1, 1}, {1, 2, 3, 4}).floats("g", {2}, {2, 3}).floats("b", {2}, {1, -1});
    m.floats("mean", {2}, {0.5, 1.5}).floats("var", {2}, {4, 9}).node("Conv", {"x", "w"}, "c");
    m.node("BatchNormalization", {"c", "g", "b", "mean", "var"}, "n", {real_number("epsilon", 0)});
    m.node("Relu", {"n"}, "y");
    const auto kept = onnx::import_network(m.made), folded = onnx::import_network(m.made, {.fold_norms = true});
    CHECK(kinds(kept) == "conv2d batch_norm relu");
    CHECK(kinds(folded) == "conv2d relu");
    const std::vector<float> x{1, 2};  // c = 5, 11
    CHECK(close(outputs_of(kept, x), {2 * 4.5F / 2 + 1, 3 * 9.5F / 3 - 1}));
    CHECK(close(outputs_of(folded, x), outputs_of(kept, x)));
}

TEST_CASE("io/onnx/import: a batch norm after a flatten, and joined flattened images, keep the file's order") {
    small_model m{{1, 2, 1, 2}};  // elements a b | c d
    m.node("Flatten", {"x"}, "f").floats("b", {4}, {100, 200, 300, 400}).node("Add", {"f", "b"}, "s");
    m.node("Relu", {"f"}, "r").node("Concat", {"s", "r"}, "j", {integer("axis", 1)});
    m.floats("w", {8, 1}, {1, 0, 0, 10, 0, 100, 0, 0}).node("Gemm", {"j", "w"}, "y");
    CHECK(close(run(m, {1, 2, 3, 4}), {101 + 4040 + 200}));
}

TEST_CASE("io/onnx/import: more than four values are joined in steps") {
    small_model m{{1, 2}};
    std::vector<std::string> parts;
    std::vector<float> expected;
    for (int i = 0; i < 9; ++i) {
        const std::string part = "p" + std::to_string(i);
        m.floats("k" + part, {}, {static_cast<float>(i)}).node("Mul", {"x", "k" + part}, part);
        parts.push_back(part);
        expected.insert(expected.end(), {static_cast<float>(i), 2.0F * static_cast<float>(i)});
    }
    m.node("Concat", parts, "y", {integer("axis", -1)});
    CHECK(close(run(m, {1, 2}), expected));
}

TEST_CASE("io/onnx/import: gates become multiplications, and x hard_sigmoid(x) hard_swish") {
    const auto gated = [](const std::string& gate, std::vector<onnx::attribute> attributes) {
        small_model m{{1, 3}};
        m.node(gate, {"x"}, "g", std::move(attributes)).node("Mul", {"g", "x"}, "y");
        return onnx::import_network(m.made);
    };
    const std::vector<float> x{-4, 1, 2};
    const auto swish = gated("Sigmoid", {});
    CHECK(kinds(swish) == "sigmoid multiply");
    CHECK(
        close(outputs_of(swish, x), {-4 / (1 + std::exp(4.0F)), 1 / (1 + std::exp(-1.0F)), 2 / (1 + std::exp(-2.0F))}));
    const auto hard = gated("HardSigmoid", {real_number("alpha", 1.0F / 6), real_number("beta", 0.5)});
    CHECK(kinds(hard) == "hard_swish");
    CHECK(close(outputs_of(hard, x), {0, 4.0F / 6, 10.0F / 6}));
    const auto other = gated("HardSigmoid", {real_number("alpha", 0.2F), real_number("beta", 0.4F)});
    CHECK(kinds(other) == "batch_norm hard_sigmoid multiply");
    CHECK(close(outputs_of(other, x), {0, 0.6F, 1.6F}));
}

TEST_CASE("io/onnx/import: clips are relu6, relu or these in other units; bounds are inputs or attributes") {
    const auto clip = [](std::vector<onnx::attribute> bounds) {
        small_model m{{1, 5}, 7};
        m.node("Clip", {"x"}, "y", std::move(bounds));
        return onnx::import_network(m.made);
    };
    const auto low = [](float v) { return real_number("min", v); };
    const auto high = [](float v) { return real_number("max", v); };
    const std::vector<float> x{-7, -1, 0.25, 3, 8};
    CHECK(kinds(clip({low(0), high(6)})) == "relu6");
    CHECK(kinds(clip({low(0)})) == "relu");
    CHECK(kinds(clip({})) == "identity");
    CHECK(close(outputs_of(clip({low(-1), high(1)}), x), {-1, -1, 0.25, 1, 1}));
    CHECK(close(outputs_of(clip({high(0.5)}), x), {-7, -1, 0.25, 0.5, 0.5}));
    CHECK(close(outputs_of(clip({low(0.5)}), x), {0.5, 0.5, 0.5, 3, 8}));
    CHECK(contains(raised([&] { (void)clip({low(0), high(1000)}); }), "(Clip): clips to 0.000000..1000.000000"));
    small_model inputs{{1, 5}};
    inputs.floats("low", {}, {0}).floats("high", {}, {6}).node("Clip", {"x", "low", "high"}, "y");
    CHECK(kinds(onnx::import_network(inputs.made)) == "relu6");
}

TEST_CASE("io/onnx/import: a softmax at the end is dropped and noted, one in the middle is a layer") {
    for (const char* op : {"Softmax", "LogSoftmax"}) {
        small_model m{{1, 3}};
        m.node("Relu", {"x"}, "r").node(op, {"r"}, "p", {integer("axis", 1)}).node("Identity", {"p"}, "y");
        const auto made = onnx::import_network(m.made);
        CHECK(kinds(made) == "relu");
        CHECK(noted(made, std::string{"dropped the final "} + op + " 'p' (" + op + ")"));
    }
    small_model middle{{1, 3}};
    middle.node("Softmax", {"x"}, "p").node("Relu", {"p"}, "y");
    CHECK(kinds(onnx::import_network(middle.made)) == "softmax relu");
    small_model last{{1, 3}};
    last.node("Softmax", {"x"}, "y");
    CHECK(kinds(onnx::import_network(last.made, {.keep_softmax = true})) == "softmax");
}

TEST_CASE("io/onnx/import: all nodes that have no layer are in one message, by name, type and reason") {
    small_model m{{1, 2, 4, 4}};
    m.floats("w", {2, 2, 3, 3}, ramp(36)).node("ConvTranspose", {"x", "w"}, "up").node("Relu", {"up"}, "r");
    m.node("Erf", {"r"}, "e")
        .node("Transpose", {"x"}, "t", {integers("perm", {1, 0, 2, 3})})
        .node("Add", {"e", "t"}, "y");
    m.made.network.nodes[0].name = "decoder.0";
    const auto text = refused(m);
    CHECK(contains(text, "3 nodes have no layer here:"));
    CHECK(contains(text, "'decoder.0' (ConvTranspose): this operator has no layer"));
    CHECK(contains(text, "'e' (Erf): this operator has no layer"));
    CHECK(contains(text, "'t' (Transpose): moves the batch axis"));
    CHECK(!contains(text, "(Relu)"));
}

TEST_CASE("io/onnx/import: an attribute that nobody knows is refused, not ignored") {
    small_model m{{1, 2}};
    m.node("Relu", {"x"}, "y", {integer("upside_down", 1)});
    CHECK(contains(refused(m), "'y' (Relu): has the unknown attribute 'upside_down'"));
}

TEST_CASE("io/onnx/import: models that are no network are refused") {
    small_model m{{1, 2}};
    CHECK(contains(refused(m), "nothing makes its output 'y'"));
    m.node("Relu", {"nowhere"}, "y");
    CHECK(contains(refused(m), "reads 'nowhere', which nothing before it makes"));
    m.made.network.nodes[0].inputs = {"x"};
    m.made.opsets[""] = 22;
    CHECK(contains(refused(m), "the file is of opset 22"));
    m.made.opsets.clear();
    CHECK(contains(refused(m), "names no opset"));
    small_model two{{1, 2}};
    two.made.network.inputs.push_back(two.made.network.inputs[0]);
    two.made.network.inputs[1].name = "x2";
    CHECK(contains(refused(two), "has the inputs 'x' and 'x2'"));
    small_model constant{{1, 2}};
    constant.floats("w", {1}, {1}).node("Identity", {"w"}, "y");
    CHECK(contains(refused(constant), "does not depend on its input"));
    small_model short_weight{{1, 2}};
    short_weight.floats("w", {2, 2}, {1}).node("MatMul", {"x", "w"}, "y");
    CHECK(contains(refused(short_weight), "tensor 'w': has dims [2, 2] but 4 bytes"));
    small_model large{{1, 1 << 20, 1 << 20, 1 << 20}};
    large.node("Relu", {"x"}, "y");
    CHECK(contains(refused(large), "its input is too large"));
}

TEST_CASE("io/onnx/import: names, input, output and metadata are the file's") {
    small_model m{{1, 2}};
    m.floats("w", {2, 2}, ramp(4)).node("MatMul", {"x", "w"}, "hidden").node("Relu", {"hidden"}, "y");
    m.made.network.nodes[0].name = "/fc/MatMul";
    m.made.metadata["licence"] = "MIT";
    const auto made = onnx::import_network(m.made);
    CHECK(made.names == std::map<node_id, std::string>{{{0}, "x"}, {{1}, "/fc/MatMul"}, {{2}, "y"}});
    CHECK(made.input == "x");
    CHECK(made.output == "y");
    CHECK(made.metadata.at("licence") == "MIT");
    CHECK(made.notes.empty());
}

TEST_CASE(
    "io/onnx/import: preprocessing and classes become parts of the model, and an edited model does not say them "
    "twice") {
    small_model m{{1, 2}};
    m.floats("w", {2, 2}, ramp(4)).node("Relu", {"x"}, "r").node("MatMul", {"r", "w"}, "y");
    m.made.metadata["preprocessing"] = R"({"input": "raw", "pixel_scale": 0.5, "mean": [1, 2], "std": [2, 4]})";
    m.made.metadata["classes"] = R"(["no", "yes"])";
    const auto made = onnx::import_network(m.made);
    CHECK(made.prepare == preprocessing{0.5F, 0, {1, 2}, {2, 4}});
    CHECK(made.classes == std::vector<std::string>{"no", "yes"});
    CHECK(made.metadata.empty());
    const model behind = with_network<standard_layers>(made, split_at(made.network, node_id{1}).server);
    CHECK(behind.prepare.is_identity());  // it takes features, and no file of it says otherwise
    CHECK(behind.metadata.empty());

    m.made.metadata["classes"] = "2";  // a count, say
    const auto odd = onnx::import_network(m.made);
    CHECK(odd.metadata.at("classes") == "2");
    CHECK(odd.classes.empty());
    CHECK(noted(odd, "'classes' are not taken"));
}

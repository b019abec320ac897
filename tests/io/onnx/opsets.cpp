// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <eenn/io/onnx/import.hpp>
#include <eenn/io/onnx/read.hpp>
#include <eenn/io/onnx/write.hpp>
#include <string>
#include <utility>
#include <vector>

#include "../folder.hpp"
#include "build_model.hpp"
#include "support.hpp"

using namespace eenn;
using onnx::detail::integer;
using onnx::detail::integers;
using onnx::detail::real_number;

namespace {

using attributes = std::vector<onnx::attribute>;

std::vector<float> run(const small_model& m, const std::vector<float>& x) {
    return outputs_of(onnx::import_network(m.made), x);
}
std::string refused(const small_model& m) {
    return raised([&] { (void)onnx::import_network(m.made); });
}

bool close(const std::vector<float>& got, const std::vector<float>& expected) {
    return distance(got, expected, 1e-5, 1e-5) <= 1;
}

}  // namespace

TEST_CASE("io/onnx/opsets: axes are an attribute in old opsets, an input in new ones, and may count from the end") {
    for (const std::int64_t opset : {7, 11, 12, 13, 17, 18, 21}) {
        CAPTURE(opset);
        const bool inputs = opset >= 13, reduce_input = opset >= 18;
        small_model m{{-1, 2, 3}, opset};
        const auto with_axes = [&](const char* op, bool input, const std::string& x, const std::string& y,
                                   std::int64_t at, attributes more = {}) {
            std::vector<std::string> from{x};
            if (input) {
                m.integers("axes_of_" + y, {at});
                from.push_back("axes_of_" + y);
            } else {
                more.push_back(integers("axes", {at}));
            }
            m.node(op, from, y, std::move(more));
        };
        with_axes("Unsqueeze", inputs, "x", "plane", opset < 11 ? 2 : -2);
        m.floats("w", {2, 2, 1, 1}, {1, 0, 0, 10}).node("Conv", {"plane", "w"}, "c");
        with_axes("Squeeze", inputs, "c", "signal", opset < 11 ? 2 : -2);
        with_axes("ReduceMean", reduce_input, "signal", "y", opset < 11 ? 2 : -1, {integer("keepdims", 0)});
        CHECK(close(run(m, {1, 2, 3, 4, 5, 6}), {2, 50}));
    }
}

TEST_CASE("io/onnx/opsets: what an optional input in the middle leaves out has its default") {
    small_model high{{1, 3}};
    high.floats("six", {}, {6}).node("Clip", {"x", "", "six"}, "y");
    CHECK(close(run(high, {-9, 3, 9}), {-9, 3, 6}));
    small_model low{{1, 3}};
    low.floats("zero", {}, {0}).node("Clip", {"x", "zero"}, "y");
    CHECK(close(run(low, {-9, 3, 9}), {0, 3, 9}));
    small_model pads{{1, 1, 1, 2}, 18};  // three of the four axes are not named, and there is no value
    pads.integers("amounts", {1, 2}).integers("axes", {-1}).node("Pad", {"x", "amounts", "", "axes"}, "y");
    CHECK(close(run(pads, {5, 6}), {0, 5, 6, 0, 0}));
}

TEST_CASE("io/onnx/opsets: a pad has its amounts and value in attributes before opset 11") {
    small_model m{{1, 1, 1, 2}, 9};
    m.node("Pad", {"x"}, "y", {integers("pads", {0, 0, 0, 1, 0, 0, 0, 2}), real_number("value", 7)});
    CHECK(close(run(m, {5, 6}), {7, 5, 6, 7, 7}));
    small_model fewer{{1, 1, 1, 2}, 9};
    fewer.node("Pad", {"x"}, "y", {integers("pads", {1, 1})});
    CHECK(contains(refused(fewer), "(Pad): its pads do not fit its axes"));
}

TEST_CASE("io/onnx/opsets: a slice has its bounds in attributes before opset 10, and a step only from there on") {
    small_model old{{1, 1, 2, 4}, 9};
    old.node("Slice", {"x"}, "y", {integers("axes", {3}), integers("starts", {0}), integers("ends", {4})});
    CHECK(close(run(old, ramp(8)), ramp(8)));
    small_model steps{{1, 1, 2, 4}, 10};
    steps.integers("from", {0, 0}).integers("to", {9, 9}).integers("axes", {-2, -1}).integers("by", {2, 3});
    steps.node("Slice", {"x", "from", "to", "axes", "by"}, "y");
    CHECK(close(run(steps, ramp(8)), {0, 3}));
    small_model part{{1, 1, 2, 4}, 10};
    part.integers("from", {1})
        .integers("to", {9})
        .integers("axes", {3})
        .node("Slice", {"x", "from", "to", "axes"}, "y");
    CHECK(contains(refused(part), "'y' (Slice): takes a part of axis 3"));
}

TEST_CASE("io/onnx/opsets: dropout is nothing, whatever its ratio is, unless it is asked to drop") {
    for (const std::int64_t opset : {7, 10, 12, 13}) {
        CAPTURE(opset);
        small_model m{{1, 2}, opset};
        if (opset < 12) {
            m.node("Dropout", {"x"}, "y", {real_number("ratio", 0.5F)});
        } else {
            m.floats("half", {}, {0.5F}).node("Dropout", {"x", "half"}, "y");
        }
        m.made.network.nodes[0].outputs.push_back("mask");
        CHECK(close(run(m, {1, 2}), {1, 2}));
    }
    for (const bool training : {false, true}) {
        small_model m{{1, 2}};
        m.floats("half", {}, {0.5F}).constant<float>("training", {}, {training ? 1.0F : 0.0F});
        m.node("Dropout", {"x", "half", "training"}, "y");
        CHECK(contains(refused(m), "(Dropout): drops at random") == training);
    }
    small_model mask{{1, 2}};
    mask.node("Dropout", {"x"}, "d").node("Relu", {"mask"}, "y");
    mask.made.network.nodes[0].outputs.push_back("mask");
    CHECK(contains(refused(mask), "'y' (Relu): reads 'mask', which nothing before it makes"));
}

TEST_CASE("io/onnx/opsets: a softmax goes over all axes from 1 on before opset 13, and over the last from there on") {
    const auto soft = [](std::int64_t opset, std::vector<std::int64_t> dims, attributes how = {}) {
        small_model m{std::move(dims), opset};
        m.node("Softmax", {"x"}, "p", std::move(how)).node("Relu", {"p"}, "y");
        return m;
    };
    const std::vector<float> x{0, std::log(3.0F)};
    CHECK(close(run(soft(11, {1, 2, 1, 1}), x), {0.25F, 0.75F}));
    CHECK(close(run(soft(13, {1, 2}), x), {0.25F, 0.75F}));
    CHECK(contains(refused(soft(11, {1, 2, 1, 2})), "is a softmax over another axis than the channels"));
    CHECK(contains(refused(soft(13, {1, 2, 2, 2}, {integer("axis", 2)})),
                   "is a softmax over another axis than the channels"));
}

TEST_CASE("io/onnx/opsets: a batch norm that normalises by the batch or the pixel is refused") {
    const auto norm = [](std::int64_t opset, attributes how) {
        small_model m{{1, 2, 1, 1}, opset};
        m.floats("g", {2}, {1, 2}).floats("b", {2}, {0, 1}).floats("m", {2}, {0, 0}).floats("v", {2}, {1, 1});
        how.push_back(real_number("epsilon", 0));
        m.node("BatchNormalization", {"x", "g", "b", "m", "v"}, "y", std::move(how));
        return m;
    };
    CHECK(close(run(norm(8, {integer("spatial", 1)}), {3, 4}), {3, 9}));
    CHECK(close(run(norm(15, {integer("training_mode", 0)}), {3, 4}), {3, 9}));
    CHECK(contains(refused(norm(8, {integer("spatial", 0)})), "normalises by the batch or by the pixel"));
    CHECK(contains(refused(norm(15, {integer("training_mode", 1)})), "normalises by the batch or by the pixel"));
}

TEST_CASE("io/onnx/opsets: a Gemm needs no C from opset 11 on, and a 0 of a Reshape keeps the size unless it may not") {
    small_model m{{1, 2}, 11};
    m.floats("w", {2, 2}, {1, 2, 3, 4}).node("Gemm", {"x", "w"}, "y");
    CHECK(close(run(m, {1, 10}), {31, 42}));
    small_model zero{{-1, 2, 3}, 14};
    zero.integers("to", {0, -1}).node("Reshape", {"x", "to"}, "y", {integer("allowzero", 0)});
    CHECK(close(run(zero, ramp(6)), ramp(6)));
    small_model none{{-1, 2, 3}, 14};
    none.integers("to", {0, -1}).node("Reshape", {"x", "to"}, "y", {integer("allowzero", 1)});
    CHECK(contains(refused(none), "'y' (Reshape)"));
}

TEST_CASE("io/onnx/opsets: the operators' domain may be spelled out, and nodes of another domain are not taken") {
    small_model m{{1, 2}};
    m.node("Relu", {"x"}, "y");
    m.made.opsets = {{"ai.onnx", 13}};
    m.made.network.nodes[0].domain = "ai.onnx";
    const auto bytes = onnx::serialize(m.made);
    CHECK(close(outputs_of(onnx::import_network(onnx::parse_model(bytes)), std::vector<float>{-1, 1}), {0, 1}));
    m.made.opsets = {{"", 13}, {"com.example", 1}};
    m.made.network.nodes[0].domain = "com.example";
    CHECK(contains(refused(m), "'y' (com.example.Relu): this operator has no layer"));
}

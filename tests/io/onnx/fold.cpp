// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <eenn/interop/zlib.hpp>
#include <eenn/io/npz.hpp>
#include <eenn/io/onnx/detail/attributes.hpp>
#include <eenn/io/onnx/import.hpp>
#include <eenn/io/onnx/read.hpp>
#include <limits>
#include <string>
#include <vector>

#include "../folder.hpp"
#include "build_model.hpp"
#include "support.hpp"

using namespace eenn;
using onnx::detail::integer;
using onnx::detail::integers;

namespace {

constexpr auto to_the_end = std::numeric_limits<std::int64_t>::max();

// What a chain of constants makes: the last value, which a Reshape of a vector of 24 elements takes as its shape.
std::string shape_taken(small_model& m, const std::string& shape) {
    m.node("Reshape", {"x", shape}, "y");
    return raised([&] { (void)onnx::import_network(m.made); });
}

// x[:, :, ::2, ::2] in two slices, then zeros for the channels to be added, half before and half after, with amounts that
// are calculated from the shape of `grown` as F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, planes // 4, planes // 4)) is written.
void append_option_a(small_model& m, const std::string& x, const std::string& y) {
    const auto n = [&](const char* part) { return y + "." + part; };
    m.integers(n("from"), {0}).integers(n("to"), {to_the_end}).integers(n("step"), {2});
    m.integers(n("axis_2"), {2}).integers(n("axis_3"), {3});
    m.node("Slice", {x, n("from"), n("to"), n("axis_2"), n("step")}, n("rows"));
    m.node("Slice", {n("rows"), n("from"), n("to"), n("axis_3"), n("step")}, n("columns"));
    // planes / 4, from the channels of x: planes = 2 channels
    m.number(n("one"), 1).number(n("two"), 2).number(n("four"), 4).integers(n("at_0"), {0});
    m.node("Shape", {x}, n("shape")).node("Gather", {n("shape"), n("one")}, n("channels"), {integer("axis", 0)});
    m.node("Mul", {n("channels"), n("two")}, n("planes")).node("Div", {n("planes"), n("four")}, n("quarter"));
    m.node("Unsqueeze", {n("quarter"), n("at_0")}, n("amount"));
    // [0, 0, 0, 0, q, q] and zeros up to twice the rank, as torch.onnx writes it
    m.integers(n("zeros_4"), {0, 0, 0, 0});
    m.node("Concat", {n("zeros_4"), n("amount"), n("amount")}, n("torch"), {integer("axis", 0)});
    m.node("Shape", {n("columns")}, n("shape_2")).node("Shape", {n("shape_2")}, n("rank"));
    m.node("Shape", {n("torch")}, n("count")).integers(n("two_list"), {2});
    m.node("Mul", {n("rank"), n("two_list")}, n("wanted")).node("Sub", {n("wanted"), n("count")}, n("missing"));
    const std::vector<std::int64_t> zero{0};
    m.node("ConstantOfShape", {n("missing")}, n("more"),
           {onnx::detail::constant_value(onnx::detail::constant_of<std::int64_t>({1}, zero))});
    m.node("Concat", {n("torch"), n("more")}, n("all"), {integer("axis", 0)});
    m.integers(n("pairs"), {-1, 2}).node("Reshape", {n("all"), n("pairs")}, n("matrix"));
    m.integers(n("last"), {-1}).integers(n("first"), {std::numeric_limits<std::int64_t>::min()});
    m.node("Slice", {n("matrix"), n("last"), n("first"), n("at_0"), n("last")}, n("reversed"));
    m.node("Transpose", {n("reversed")}, n("ends"), {integers("perm", {1, 0})});
    m.integers(n("flat"), {-1}).node("Reshape", {n("ends"), n("flat")}, n("list"));
    m.node("Cast", {n("list")}, n("pads"), {integer("to", 7)});
    m.node("Pad", {n("columns"), n("pads")}, y);
}

// x.view(x.size(0), -1).
void append_view(small_model& m, const std::string& x, const std::string& y) {
    m.node("Shape", {x}, y + ".shape").number(y + ".zero", 0).integers(y + ".at", {0}).integers(y + ".open", {-1});
    m.node("Gather", {y + ".shape", y + ".zero"}, y + ".n", {integer("axis", 0)});
    m.node("Unsqueeze", {y + ".n", y + ".at"}, y + ".n_list");
    m.node("Concat", {y + ".n_list", y + ".open"}, y + ".to", {integer("axis", 0)});
    m.node("Reshape", {x, y + ".to"}, y);
}

}  // namespace

TEST_CASE("io/onnx/fold: chains of constants come to what NumPy makes of them") {
    const auto starts = [] {
        small_model m{{1, 24}};
        m.integers("a", {2, 3, 4}).integers("b", {7, 8, 9, 10}).number("i", 2).integers("at_0", {0});
        return m;
    };
    SUBCASE("gather, unsqueeze, concat: (1, 4, 6)") {
        auto m = starts();
        m.node("Gather", {"a", "i"}, "four").node("Unsqueeze", {"four", "at_0"}, "list");
        m.integers("one", {1}).integers("six", {6});
        m.node("Concat", {"one", "list", "six"}, "s", {integer("axis", 0)});
        CHECK(contains(shape_taken(m, "s"), "dims [1, 24] become [1, 4, 6]"));
    }
    SUBCASE("slices with negative steps, ranges: (4, 3, 2) and 24 / (5 - 2)") {
        auto m = starts();
        m.integers("end", {std::numeric_limits<std::int64_t>::min()}).integers("back", {-1});
        m.node("Slice", {"a", "back", "end", "at_0", "back"}, "s");
        CHECK(contains(shape_taken(m, "s"), "become [4, 3, 2]"));
        auto r = starts();
        r.number("from", 1).number("to", 10).number("by", 7).node("Range", {"from", "to", "by"}, "range");
        r.integers("open", {-1}).node("Concat", {"range", "open"}, "s", {integer("axis", 0)});
        CHECK(contains(shape_taken(r, "s"), "become [1, 8, 3]"));
    }
    SUBCASE("division towards zero, comparison, where, expand, tile") {
        auto m = starts();
        m.integers("d", {2, -3, -4}).node("Div", {"a", "d"}, "q");  // 1 -1 -1
        CHECK(contains(shape_taken(m, "q"), "'y' (Reshape): leaves two sizes open"));
        auto w = starts();
        w.number("three", 3).node("Equal", {"a", "three"}, "is").number("eight", 8).number("one", 1);
        w.node("Where", {"is", "eight", "one"}, "v").integers("twice", {2}).node("Tile", {"v", "twice"}, "t");
        w.number("zero", 0).node("Max", {"t", "zero"}, "m");  // 1 8 1 1 8 1
        CHECK(contains(shape_taken(w, "m"), "[1, 24] does not become [1, 8, 1, 1, 8, 1]"));
    }
    SUBCASE("float arithmetic, floor, cast") {
        auto m = starts();
        m.node("Cast", {"a"}, "f", {integer("to", 1)})
            .floats("k", {}, {0.4F})
            .node("Mul", {"f", "k"}, "p");  // .8 1.2 1.6
        m.node("Ceil", {"p"}, "c").node("Cast", {"c"}, "s", {integer("to", 7)});
        CHECK(contains(shape_taken(m, "s"), "[1, 24] does not become [1, 2, 2]"));
    }
}

TEST_CASE("io/onnx/fold: constants in every form that a Constant node has") {
    using kind = onnx::attribute::kind_of;
    const auto shape_of = [](onnx::attribute value, const std::vector<std::string>& parts) {
        small_model m{{1, 24}};
        m.node("Constant", {}, "k", {std::move(value)}).integers("one", {1}).integers("at_0", {0});
        if (parts.empty()) return shape_taken(m, "k");
        m.node("Unsqueeze", {"k", "at_0"}, "list").node("Cast", {"list"}, "whole", {integer("to", 7)});
        m.node("Concat", {"one", "whole", "whole"}, "s", {integer("axis", 0)});
        return shape_taken(m, "s");
    };
    CHECK(contains(shape_of(integers("value_ints", {1, 5, 6}), {}), "does not become [1, 5, 6]"));
    CHECK(contains(shape_of(integer("value_int", 5), {"scalar"}), "does not become [1, 5, 5]"));
    CHECK(contains(shape_of(onnx::detail::real_number("value_float", 7.5), {"scalar"}), "does not become [1, 7, 7]"));
    CHECK(contains(shape_of(onnx::detail::constant_value(onnx::detail::scalar_of(std::int64_t{9})), {"scalar"}),
                   "does not become [1, 9, 9]"));
    const auto words =
        onnx::detail::make_attribute<std::string>("value_string", kind::string, &onnx::attribute::string, "a");
    CHECK(contains(shape_of(words, {}), "'k' (Constant): holds a constant of a form that no layer takes"));
}

TEST_CASE("io/onnx/fold: a few bytes cannot ask for much memory or time") {
    small_model m{{1, 24}};
    m.integers("much", {1 << 15, 1 << 15}).node("ConstantOfShape", {"much"}, "k").node("Add", {"x", "k"}, "y");
    CHECK(contains(raised([&] { (void)onnx::import_network(m.made); }), "it is too large"));
    small_model chain{{1, 24}};
    chain.integers("some", {1 << 20}).node("ConstantOfShape", {"some"}, "k0");
    for (int i = 0; i < 100; ++i) chain.node("Add", {"k" + std::to_string(i), "k0"}, "k" + std::to_string(i + 1));
    chain.node("Add", {"x", "k100"}, "y");
    CHECK(contains(raised([&] { (void)onnx::import_network(chain.made); }), "constants of the file grow too large"));
}

TEST_CASE("io/onnx/fold: an option-A shortcut is a strided pool and a pad of channels, and a view needs no layer") {
    small_model m{{-1, 4, 6, 6}};
    append_option_a(m, "x", "short");
    m.integers("no_pads", std::vector<std::int64_t>(8, 0)).node("Pad", {"short", "no_pads"}, "same");
    m.node("AveragePool", {"same"}, "pooled", {integers("kernel_shape", {3, 3}), integers("strides", {3, 3})});
    append_view(m, "pooled", "flat");
    m.floats("w", {8, 1}, ramp(8)).node("Gemm", {"flat", "w"}, "y");
    const auto made = onnx::import_network(m.made);
    REQUIRE(made.network.nodes().size() == 5);
    const auto* slice = std::get_if<average_pool>(&made.network.nodes()[edge{1}].what);
    REQUIRE(slice != nullptr);
    CHECK((slice->kernel_h == 1 && slice->stride == 2 && slice->stride_w == 0));
    const auto* grown = std::get_if<pad>(&made.network.nodes()[edge{2}].what);
    REQUIRE(grown != nullptr);
    CHECK((grown->channels_before == 2 && grown->channels_after == 2));
    // channel c holds 36 c .. 36 c + 35; of it rows and columns 0, 2, 4: their mean is 36 c + 14
    float expected = 0;
    for (int c = 0; c < 4; ++c) expected += static_cast<float>((c + 2) * (36 * c + 14));
    CHECK(distance(outputs_of(made, ramp(144)), std::vector<float>{expected}, 1e-3, 1e-6) <= 1);
}

TEST_CASE("io/onnx/fold: ResNet-20 with slices and pads for its shortcuts makes the golden logits") {
    const char* folder = std::getenv("EENN_MODELS");
    if (folder == nullptr) {
        std::puts("SKIP: EENN_MODELS is not set, no ResNet with slices and pads is compared");
        return;
    }
    const std::string path = std::string{folder} + "/resnet20_cifar10_conv";
    const auto file = onnx::read_model(path + ".onnx");
    small_model m{{-1, 3, 32, 32}};
    const auto nodes = file.network.nodes;
    m.made = file;
    m.made.network.nodes.clear();
    int replaced = 0;
    for (const auto& n : nodes) {
        const auto strides = onnx::detail::integers_in(n, "strides");
        const auto kernel = onnx::detail::integers_in(n, "kernel_shape");
        if (n.op_type == "Conv" && *kernel == std::vector<std::int64_t>{1, 1} && (*strides)[0] == 2) {
            append_option_a(m, n.inputs[0], n.outputs[0]);
            ++replaced;
        } else if (n.op_type == "Flatten") {
            append_view(m, n.inputs[0], n.outputs[0]);
        } else {
            m.made.network.nodes.push_back(n);
        }
    }
    CHECK(replaced == 2);
    const auto golden = io::read_npz(path + ".golden.npz", io::inflate);
    const auto made = onnx::import_network(m.made);
    CHECK(distance(outputs_of(made, golden.at("x").to<float>()), golden.at("logits").to<float>(), 1e-4, 1e-4) <= 1);
}

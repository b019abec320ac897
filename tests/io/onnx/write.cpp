// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cstddef>
#include <eenn/io/file.hpp>
#include <eenn/io/onnx/detail/build.hpp>
#include <eenn/io/onnx/write.hpp>
#include <string>
#include <vector>

#include "../folder.hpp"

using namespace eenn;

namespace {

std::vector<std::byte> bytes(const std::vector<int>& values, const std::string& text = {}) {
    std::vector<std::byte> made;
    for (const int v : values) made.push_back(static_cast<std::byte>(v));
    for (const char c : text) made.push_back(static_cast<std::byte>(c));
    return made;
}

std::vector<std::byte> operator+(std::vector<std::byte> a, const std::vector<std::byte>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

// A field that holds bytes: tag and length first.
std::vector<std::byte> field(int tag, const std::vector<std::byte>& content) {
    return bytes({tag << 3 | 2, static_cast<int>(content.size())}) + content;
}
std::vector<std::byte> field(int tag, const std::string& content) { return field(tag, bytes({}, content)); }
std::vector<std::byte> number(int tag, int value) { return bytes({tag << 3, value}); }

}  // namespace

TEST_CASE("io/onnx/write: a model's bytes are those that onnx.proto prescribes") {
    onnx::model m;
    m.ir_version = 7;
    m.producer = "eenn";
    m.opsets = {{"", 13}, {"own", 1}};
    m.metadata = {{"k", "v"}};
    auto& g = m.network;
    g.name = "g";
    g.nodes.push_back({"n", "Relu", "own", {"x", ""}, {"y"}, {onnx::detail::integer("axis", 1)}});
    const float half = 0.5F;
    g.initializers.push_back(onnx::detail::single_of(half));
    g.initializers[0].name = "c";
    g.inputs.push_back({"x", onnx::data_type::float32, true, {{-1, "N"}, {3, ""}, {-1, ""}}});
    g.outputs.push_back({"y", onnx::data_type::int64, false, {}});

    const auto attribute = field(1, "axis") + number(3, 1) + bytes({0xa0, 1, 2});
    const auto node = field(1, "x") + field(1, "") + field(2, "y") + field(3, "n") + field(4, "Relu") +
                      field(5, attribute) + field(7, "own");
    const auto constant = number(1, 1) + number(2, 1) + field(8, "c") + field(9, bytes({0, 0, 0, 0x3f}));
    const auto shape = field(2, field(1, field(2, "N")) + field(1, number(1, 3)) + field(1, std::string{}));
    const auto input = field(1, "x") + field(2, field(1, number(1, 1) + shape));
    const auto output = field(1, "y") + field(2, field(1, number(1, 7)));
    const auto network = field(1, node) + field(2, "g") + field(5, constant) + field(11, input) + field(12, output);
    const auto wanted = number(1, 7) + field(2, "eenn") + field(7, network) + field(8, number(2, 13)) +
                        field(8, field(1, "own") + number(2, 1)) + field(14, field(1, "k") + field(2, "v"));
    CHECK(onnx::serialize(m) == wanted);
}

TEST_CASE("io/onnx/write: every kind of attribute is written with its type, graphs within graphs too") {
    using kind = onnx::attribute::kind_of;
    onnx::graph inner;
    inner.name = "i";
    onnx::attribute reals;
    reals.name = "r";
    reals.kind = kind::reals;
    reals.reals = {1.0F};
    onnx::attribute strings;
    strings.name = "s";
    strings.kind = kind::strings;
    strings.strings = {"a", ""};
    onnx::attribute string;
    string.name = "t";
    string.kind = kind::string;
    onnx::model m;
    m.opsets = {};
    m.network.nodes.push_back(
        {"",
         "Op",
         "",
         {},
         {},
         {onnx::detail::real_number("f", 1), onnx::detail::integers("n", {5, 6}), onnx::detail::subgraph("g", inner),
          reals, strings, string, onnx::detail::constant_value(onnx::detail::scalar_of(true))}});
    const auto type = [](int value) { return bytes({0xa0, 1, value}); };
    const auto one = bytes({0, 0, 0x80, 0x3f});
    const auto wanted = field(5, field(1, "f") + bytes({0x15}) + one + type(1)) +
                        field(5, field(1, "n") + number(8, 5) + number(8, 6) + type(7)) +
                        field(5, field(1, "g") + field(6, field(2, "i")) + type(5)) +
                        field(5, field(1, "r") + bytes({0x3d}) + one + type(6)) +
                        field(5, field(1, "s") + field(9, "a") + field(9, "") + type(8)) +
                        field(5, field(1, "t") + field(4, "") + type(3)) +
                        field(5, field(1, "value") + field(5, number(2, 9) + field(9, bytes({1}))) + type(4));
    CHECK(onnx::serialize(m) == number(1, 8) + field(7, field(1, field(4, "Op") + wanted)));
}

TEST_CASE("io/onnx/write: what has no bytes is refused by name, and the file stays as it was") {
    const scratch_folder folder;
    const auto path = folder.path / "net.onnx";
    io::write_file(path, bytes({1, 2, 3}));
    onnx::model m;
    m.network.initializers.push_back({"names", onnx::data_type::string, {}, {}});
    CHECK(contains(raised([&] { onnx::write_model(path, m); }), "tensor 'names' is of strings"));
    m.network.initializers.clear();
    onnx::attribute empty;
    empty.name = "body";
    for (const auto kind :
         {onnx::attribute::kind_of::undefined, onnx::attribute::kind_of::tensor, onnx::attribute::kind_of::graph}) {
        empty.kind = kind;
        m.network.nodes = {{"", "Op", "", {}, {}, {empty}}};
        CHECK(contains(raised([&] { onnx::write_model(path, m); }), "attribute 'body' has no value"));
    }
    CHECK(io::read_file(path).size() == 3);
    m.network.nodes.clear();
    onnx::write_model(path, m);
    CHECK(io::read_file(path).size() == onnx::serialize(m).size());
    CHECK(folder.files() == 1);
}

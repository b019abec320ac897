// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <eenn/io/file.hpp>
#include <eenn/io/onnx/detail/values.hpp>
#include <eenn/io/onnx/import.hpp>
#include <eenn/io/onnx/read.hpp>
#include <eenn/io/onnx/write.hpp>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <vector>

#include "../folder.hpp"
#include "build_model.hpp"

using namespace eenn;

namespace {

std::string refused(std::span<const std::byte> bytes) {
    return raised([&] { (void)onnx::parse_model(bytes, "x.onnx"); });
}

// A TensorProto of dims [3] with one field more.
template <class Fill>
onnx::tensor tensor_with(onnx::data_type type, Fill&& fill) {
    std::string text;
    protozero::pbf_writer to{text};
    to.add_int64(1, 3);
    to.add_int32(2, static_cast<int>(type));
    fill(to);
    return onnx::parse_tensor(io::as_bytes(text), "t");
}

// A model with one weight that lies in another file.
std::string external_model(const std::string& location, const std::string& offset, const std::string& length) {
    std::string text;
    protozero::pbf_writer to{text};
    protozero::pbf_writer graph{to, 7};
    protozero::pbf_writer tensor{graph, 5};
    tensor.add_int64(1, 2);
    tensor.add_int32(2, 1);
    tensor.add_string(8, "w");
    const auto entry = [&](const char* key, const std::string& value) {
        if (value.empty()) return;
        protozero::pbf_writer pair{tensor, 13};
        pair.add_string(1, key);
        pair.add_string(2, value);
    };
    entry("location", location);
    entry("offset", offset);
    entry("length", length);
    tensor.add_int32(14, 1);
    return text;
}

}  // namespace

TEST_CASE("io/onnx/read: numbers are the same in whichever field a tensor keeps them") {
    using type = onnx::data_type;
    const std::vector<float> wanted{1, 2, 3};
    const std::vector<std::int32_t> small{1, 2, 3};
    const auto floats = [&](const onnx::tensor& t) { return onnx::detail::numbers<float>(t); };
    const std::vector<double> doubles{1, 2, 3};
    const std::vector<std::int64_t> longs{1, 2, 3};
    const std::vector<std::uint64_t> unsigneds{1, 2, 3};
    CHECK(floats(tensor_with(type::float32, [&](auto& to) { to.add_packed_float(4, wanted.begin(), wanted.end()); })) ==
          wanted);
    CHECK(floats(tensor_with(type::float32, [&](auto& to) {
              for (const float v : wanted) to.add_float(4, v);
          })) == wanted);
    CHECK(floats(tensor_with(type::float64,
                             [&](auto& to) { to.add_packed_double(10, doubles.begin(), doubles.end()); })) == wanted);
    CHECK(floats(tensor_with(type::int64, [&](auto& to) { to.add_packed_int64(7, longs.begin(), longs.end()); })) ==
          wanted);
    CHECK(floats(tensor_with(type::int64, [&](auto& to) {
              for (const auto v : longs) to.add_int64(7, v);
          })) == wanted);
    for (const auto t : {type::int32, type::int16, type::int8, type::uint16, type::uint8}) {
        CHECK(floats(tensor_with(t, [&](auto& to) { to.add_packed_int32(5, small.begin(), small.end()); })) == wanted);
    }
    for (const auto t : {type::uint32, type::uint64}) {
        CHECK(floats(tensor_with(t, [&](auto& to) { to.add_packed_uint64(11, unsigneds.begin(), unsigneds.end()); })) ==
              wanted);
    }
    const std::vector<std::int32_t> halves{0x3c00, 0x4000, 0x4200}, brain{0x3f80, 0x4000, 0x4040};
    CHECK(floats(tensor_with(type::float16, [&](auto& to) { to.add_packed_int32(5, halves.begin(), halves.end()); })) ==
          wanted);
    CHECK(floats(tensor_with(type::bfloat16, [&](auto& to) { to.add_packed_int32(5, brain.begin(), brain.end()); })) ==
          wanted);
    const std::vector<std::int32_t> negative{-1, 0, -128};
    CHECK(floats(tensor_with(type::int8, [&](auto& to) {
              to.add_packed_int32(5, negative.begin(), negative.end());
          })) == std::vector<float>{-1, 0, -128});
    CHECK(contains(raised([&] { (void)tensor_with(type::float32, [](auto& to) { to.add_float(4, 1); }); }),
                   "t: tensor '' has dims [3] but 4 bytes of 4 each; the file is damaged"));
}

TEST_CASE("io/onnx/read: external data are read beside the model, and from nowhere else") {
    const scratch_folder folder;
    const std::vector<float> values{9, 8, 7, 6};
    io::write_file(folder.path / "weights.bin", std::as_bytes(std::span{values}));
    const auto weights = [&](const std::string& location, const std::string& offset, const std::string& length) {
        const auto text = external_model(location, offset, length);
        io::write_file(folder.path / "m.onnx", io::as_bytes(text));
        return onnx::detail::numbers<float>(onnx::read_model(folder.path / "m.onnx").network.initializers.at(0));
    };
    CHECK(weights("weights.bin", "4", "8") == std::vector<float>{8, 7});
    CHECK(weights("weights.bin", "8", "") == std::vector<float>{7, 6});
    const auto why = [&](const std::string& l, const std::string& o, const std::string& n) {
        return raised([&] { (void)weights(l, o, n); });
    };
    CHECK(contains(why("weights.bin", "12", "8"), "reaches beyond the end of 'weights.bin'"));
    CHECK(contains(why("weights.bin", "18446744073709551615", "8"), "reaches beyond the end"));
    CHECK(contains(why("weights.bin", "x", "8"), "lies at 'x'"));
    CHECK(contains(why("../weights.bin", "0", "8"), "outside the model's folder"));
    CHECK(contains(why("/weights.bin", "0", "8"), "outside the model's folder"));
    CHECK(contains(why("none.bin", "0", "8"), "No such file"));
    CHECK(contains(refused(io::as_bytes(external_model("weights.bin", "0", "8"))), "read the model from its folder"));
}

TEST_CASE("io/onnx/read: bytes that are no model are refused") {
    CHECK(contains(refused({}), "x.onnx: holds no graph; is it an ONNX file?"));
    CHECK(contains(refused(io::as_bytes("\x3a\x7f")), "x.onnx: is no valid protobuf"));
    std::string deep = "";
    for (int i = 0; i < 70; ++i) {  // graph in attribute in node in graph
        std::string graph;
        protozero::pbf_writer to{graph};
        protozero::pbf_writer node{to, 1};
        protozero::pbf_writer attribute{node, 5};
        attribute.add_bytes(6, deep);
        attribute.commit();
        node.commit();
        deep = graph;
    }
    std::string model;
    protozero::pbf_writer{model}.add_bytes(7, deep);
    CHECK(contains(refused(io::as_bytes(model)), "holds graphs more than 64 deep in each other"));
}

TEST_CASE("io/onnx/read: a model cut anywhere is refused or is another model, and the whole one comes back") {
    small_model m{{-1, 2, 4, 4}};
    m.floats("w", {2, 2, 1, 1}, ramp(4)).node("Conv", {"x", "w"}, "c");
    m.node("Flatten", {"c"}, "y", {onnx::detail::integer("axis", 1)});
    m.made.metadata["a"] = "b";
    const auto bytes = onnx::serialize(m.made);
    CHECK(onnx::serialize(onnx::parse_model(bytes)) == bytes);
    int whole = 0;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        whole += refused(std::span{bytes}.first(size)).empty() ? 1 : 0;
    }
    CHECK(whole < 4);  // where it is cut between two fields after the graph
}

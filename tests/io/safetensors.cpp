// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <eenn/io/safetensors.hpp>
#include <string>
#include <vector>

#include "folder.hpp"

using namespace eenn;

namespace {

// A file by hand: the header's length, the header, the data.
aligned_vector<std::byte> file(const std::string& header, const std::vector<int>& data = {}) {
    aligned_vector<std::byte> bytes(8);
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(header.size() >> 8 * i);
    for (const char c : header) bytes.push_back(static_cast<std::byte>(c));
    for (const int d : data) bytes.push_back(static_cast<std::byte>(d));
    return bytes;
}

std::string refused(const std::string& header, const std::vector<int>& data = {}) {
    return raised([&] { (void)io::parse_safetensors(file(header, data), "net.safetensors"); });
}

std::string entry(const std::string& name, const std::string& type, const std::string& shape,
                  const std::string& offsets) {
    return "\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":[" + shape + "],\"data_offsets\":[" + offsets + "]}";
}

const std::vector<int> eight{0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0};  // 1.0f, -2.5f

io::tensor_view floats(std::string name, std::vector<std::int64_t> dims, const std::vector<float>& values) {
    return io::make_tensor_view(std::move(name), std::move(dims), std::span<const float>{values});
}

}  // namespace

TEST_CASE("io/safetensors: a file written by hand gives names, types, shapes, values and metadata") {
    const auto bytes = file("{\"__metadata__\":{\"format\":\"pt\"}," + entry("b", "I64", "", "8,16") + "," +
                                entry("a.weight", "F32", "2,1", "0,8") + " } ",
                            {0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff});
    const auto list = io::parse_safetensors(bytes);
    REQUIRE(list.tensors.size() == 2);
    CHECK(list.metadata.at("format") == "pt");
    CHECK(list.tensors[0].name == "a.weight");  // in the order of the data
    CHECK(list.tensors[0].dims == std::vector<std::int64_t>{2, 1});
    CHECK(list.tensors[0].bytes.data() == bytes.data() + bytes.size() - 16);  // no copy
    CHECK(list.find("b")->dims.empty());
    CHECK(list.find("b")->type == element_type::i64);
    std::int64_t value = 0;
    std::memcpy(&value, list.find("b")->bytes.data(), 8);
    CHECK(value == -2);
    CHECK(list.find("c") == nullptr);
}

TEST_CASE("io/safetensors: a header of no tensors and a tensor of no elements are allowed") {
    CHECK(io::parse_safetensors(file("{}")).tensors.empty());
    const auto list = io::parse_safetensors(
        file("{" + entry("empty", "F32", "0,7", "0,0") + "," + entry("a", "U8", "1", "0,1") + "}", {9}));
    CHECK(list.find("empty")->bytes.empty());
}

TEST_CASE("io/safetensors: a file is the header without spaces, padded to 8 bytes, then the data") {
    const std::vector<float> values{1.0F, -2.5F};
    const auto bytes = io::safetensors_bytes(std::array{floats("w", {2}, values)}, {{"format", "pt"}});
    const std::string header =
        "{\"__metadata__\":{\"format\":\"pt\"},\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
    CHECK(bytes == file(header + std::string((8 - header.size() % 8) % 8, ' '), eight));
}

TEST_CASE("io/safetensors: what is written is read again, wider elements first and aligned") {
    const scratch_folder folder;
    const std::vector<std::uint8_t> bytes{1, 2, 3};
    const std::vector<float> weights{1, 2, 3, 4};
    const std::vector<double> rate{0.5};
    const std::string odd_name = "a \"quoted\"\\ \t name \xc3\xa9 \xf0\x9f\x98\x80";
    const std::array tensors{io::make_tensor_view("bytes", {3}, std::span<const std::uint8_t>{bytes}),
                             floats(odd_name, {2, 2}, weights),
                             io::make_tensor_view("rate", {}, std::span<const double>{rate})};
    io::write_safetensors(folder.path / "net.safetensors", tensors, {{"k\n", "\x01"}});
    const auto read = io::read_safetensors(folder.path / "net.safetensors");
    REQUIRE(read.tensors().size() == 3);
    CHECK(read.tensors()[0].name == "rate");
    CHECK(read.tensors()[1].name == odd_name);
    CHECK(read.tensors()[2].name == "bytes");
    CHECK(read.metadata().at("k\n") == "\x01");
    for (const auto& t : read.tensors())
        CHECK(reinterpret_cast<std::uintptr_t>(t.bytes.data()) % eenn::size_bytes(t.type) == 0);
    CHECK(std::memcmp(read.find(odd_name)->bytes.data(), weights.data(), 16) == 0);
}

TEST_CASE("io/safetensors: escapes mean what JSON says") {
    const auto list =
        io::parse_safetensors(file("{" + entry("\\u0041\\n\\/\\u00e9\\ud83d\\ude00", "U8", "0", "0,0") + "}"));
    CHECK(list.tensors[0].name == "A\n/\xc3\xa9\xf0\x9f\x98\x80");
}

TEST_CASE("io/safetensors: a header that lies about its length is refused") {
    CHECK(contains(raised([] { (void)io::parse_safetensors(aligned_vector<std::byte>(7), "net"); }),
                   "net: ends after 7 bytes"));
    auto bytes = file("{}");
    bytes[0] = std::byte{3};
    CHECK(contains(raised([&] { (void)io::parse_safetensors(bytes); }),
                   "header of 3 bytes goes beyond the end, 2 bytes on"));
    bytes[7] = std::byte{0xff};
    CHECK(contains(raised([&] { (void)io::parse_safetensors(bytes); }), "more than 100 MB"));
    CHECK(contains(refused(""), "does not start with {"));
    CHECK(contains(refused(" {}"), "does not start with {"));
}

TEST_CASE("io/safetensors: offsets that overlap, leave holes, go backwards or beyond the end are refused by tensor") {
    const auto two = [](const std::string& a, const std::string& b) {
        return refused("{" + entry("a", "F32", "1", a) + "," + entry("b", "F32", "1", b) + "}", eight);
    };
    CHECK(two("0,4", "4,8").empty());
    CHECK(two("4,8", "0,4").empty());  // the header's order is free
    CHECK(contains(two("0,4", "0,4"), "tensor 'b' has data_offsets [0, 4] that overlap"));
    CHECK(contains(two("0,4", "3,7"), "overlap"));
    CHECK(contains(two("0,4", "5,9"), "beyond the 8 bytes"));
    CHECK(contains(two("4,0", "4,8"), "tensor 'a' has its data_offsets [4, 0] in the wrong order"));
    CHECK(contains(two("0,4", "9223372036854775803,9223372036854775807"), "beyond the 8 bytes"));
    CHECK(contains(refused("{" + entry("a", "F32", "1", "4,8") + "}", eight), "leave a hole from 0"));
    CHECK(contains(refused("{" + entry("a", "F32", "1", "0,4") + "}", eight), "4 bytes follow the last tensor"));
    CHECK(contains(refused("{}", {1}), "1 bytes follow"));
}

TEST_CASE("io/safetensors: a size that is not that of shape and type is refused, also where the product overflows") {
    const auto one = [](const std::string& shape) {
        return refused("{" + entry("a", "F32", shape, "0,8") + "}", eight);
    };
    CHECK(one("2").empty());
    CHECK(contains(one("3"), "has 8 bytes where shape [3] of f32 needs 12"));
    CHECK(contains(one("0"), "needs 0"));
    CHECK(contains(one("4294967296,4294967296,2"), "more than memory holds"));
    CHECK(contains(one("9223372036854775807"), "more than memory holds"));
    CHECK(contains(one("4611686018427387906"), "more than memory holds"));  // * 4 = 8 modulo 2^64
    CHECK(contains(one("-2"), "non-negative integer"));
    CHECK(contains(one("9223372036854775808"), "too large"));
    CHECK(contains(one("02"), "starts with 0"));
    CHECK(contains(one("2.0"), "no integer"));
    CHECK(contains(one("2e0"), "no integer"));
    std::string many = "1";
    for (int i = 0; i < 64; ++i) many += ",1";
    CHECK(contains(one(many), "more than 64 dims"));
}

TEST_CASE("io/safetensors: duplicates, unknown keys and types, and missing members are refused by tensor") {
    const auto empty = [](const std::string& name) { return entry(name, "U8", "0", "0,0"); };
    CHECK(contains(refused("{" + empty("a") + "," + empty("a") + "}"), "tensor 'a' is there twice"));
    CHECK(contains(refused("{" + empty("a") + "," + empty("\\u0061") + "}"), "tensor 'a' is there twice"));
    CHECK(contains(refused("{\"__metadata__\":{},\"__metadata__\":{}}"), "__metadata__ is there twice"));
    CHECK(contains(refused("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}"), "has 'a' twice"));
    CHECK(contains(refused("{" + entry("a", "F8_E4M3", "0", "0,0") + "}"), "unknown dtype 'F8_E4M3'"));
    CHECK(contains(refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[]}}"), "lacks data_offsets"));
    CHECK(contains(refused("{\"a\":{}}"), "lacks dtype"));
    CHECK(contains(refused("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}"), "has 'dtype' twice"));
    CHECK(contains(refused("{\"a\":{\"stride\":[1]}}"), "unknown key 'stride'"));
    CHECK(contains(refused("{" + entry("a", "U8", "0", "0") + "}"), "needs two data_offsets"));
    CHECK(contains(refused("{" + entry("a", "U8", "0", "0,0,0") + "}"), "more than two"));
}

TEST_CASE("io/safetensors: text that is no strict JSON is refused with its byte") {
    CHECK(contains(refused("{\"a\""), "a colon is expected (byte 4"));
    CHECK(contains(refused("{\"a\":[[[[[["), "an object is expected"));  // depth is never followed
    CHECK(contains(refused("{\"__metadata__\":{\"a\":{}}}"), "a string is expected"));
    CHECK(contains(refused("{\"__metadata__\":{\"a\":1}}"), "a string is expected"));
    CHECK(contains(refused("{,}"), "a string is expected"));
    CHECK(contains(refused("{\"__metadata__\":{},}"), "a string is expected"));
    CHECK(contains(refused("{} {"), "something follows"));
    CHECK(contains(refused("{"), "a string is expected"));
    const auto name = [](const std::string& text) { return refused("{" + entry(text, "U8", "0", "0,0") + "}"); };
    CHECK(name("\xed\x9f\xbf").empty());
    for (const char* bad :
         {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80", "\xf5\x80\x80\x80"}) {
        CHECK(contains(name(bad), "is not UTF-8"));
    }
    CHECK(contains(name("\n"), "control character"));
    CHECK(contains(name("\\x"), "unknown escape"));
    CHECK(contains(name("\\u12g4"), "hexadecimal"));
    CHECK(contains(name("\\ud83d"), "surrogate"));
    CHECK(contains(name("\\ude00"), "surrogate"));
    CHECK(contains(name("\\ud83d\\u0041"), "surrogate"));
    CHECK(contains(refused("{\"a"), "no end"));
    CHECK(contains(refused("{\"a\\"), "unknown escape"));
}

TEST_CASE("io/safetensors: what cannot be read again is not written") {
    const std::vector<float> values{1, 2};
    const auto refuse = [](const std::vector<io::tensor_view>& tensors) {
        return raised([&] { (void)io::safetensors_bytes(tensors); });
    };
    CHECK(contains(refuse({floats("a", {2}, values), floats("a", {2}, values)}), "tensor 'a' is there twice"));
    CHECK(contains(refuse({floats("a", {3}, values)}), "has 8 bytes, which are no [3] of f32"));
    CHECK(contains(refuse({floats("__metadata__", {2}, values)}), "taken by the format"));
    CHECK(contains(refuse({floats("\xff", {2}, values)}), "not UTF-8"));
}

TEST_CASE("io/safetensors: assign() copies what is wanted, and half types become float exactly") {
    const std::vector<float> values{1, 2};
    const std::vector<std::uint16_t> raw{0x3c00, 0xc100};
    const io::tensor_view half{"h", element_type::f16, {2}, std::as_bytes(std::span{raw})};
    const io::tensor_view brain{"b", element_type::bf16, {2}, std::as_bytes(std::span{raw})};
    float a[2] = {}, h[2] = {}, b[2] = {};
    const std::vector<io::tensor_target<float>> wanted{{"h", {2}, h}, {"a", {2, 1}, a}, {"b", {2}, b}};
    io::assign<float>(std::vector{floats("a", {2, 1}, values), half, brain}, wanted);
    CHECK(a[1] == 2);
    CHECK(h[0] == 1);
    CHECK(h[1] == -2.5F);
    CHECK(b[1] == -8);
}

TEST_CASE(
    "io/safetensors: assign() writes nothing if any tensor is missing, extra or different, and names both sides") {
    const std::vector<float> values{1, 2};
    const std::vector<double> doubles{1, 2};
    float a[2] = {7, 7}, b[2] = {7, 7};
    const std::vector<io::tensor_view> file_tensors{floats("a", {2}, values), floats("b", {1, 2}, values),
                                                    io::make_tensor_view("d", {2}, std::span<const double>{doubles})};
    const auto refuse = [&](std::vector<io::tensor_target<float>> wanted, io::extra_tensors extra) {
        const auto said = raised([&] { io::assign<float>(file_tensors, wanted, extra, "net.safetensors"); });
        CHECK(a[0] == 7);
        CHECK(b[1] == 7);
        return said;
    };
    using enum io::extra_tensors;
    CHECK(contains(refuse({{"a", {2}, a}, {"c", {2}, b}}, ignored),
                   "net.safetensors: tensor 'c' is missing; there are 'a', 'b', 'd'"));
    CHECK(contains(refuse({{"a", {2}, a}, {"b", {2}, b}}, ignored), "tensor 'b' has shape [1, 2] where [2] is wanted"));
    CHECK(contains(refuse({{"a", {2}, a}, {"d", {2}, b}}, ignored), "tensor 'd' is of type f64 where f32 is wanted"));
    CHECK(contains(refuse({{"a", {2}, a}, {"b", {1, 2}, b}}, refused), "tensor 'd' is wanted by nobody, one of 1"));
    CHECK(contains(refuse({{"a", {2}, a}, {"b", {1, 2}, nullptr}}, ignored), "tensor 'b' has no destination"));
    io::assign<float>(file_tensors, std::vector<io::tensor_target<float>>{{"a", {2}, a}, {"b", {1, 2}, b}}, ignored);
    CHECK(b[1] == 2);
}

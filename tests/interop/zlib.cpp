// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <eenn/data/data_set.hpp>
#include <eenn/interop/zlib.hpp>
#include <eenn/io/detail/bytes.hpp>
#include <eenn/io/idx.hpp>
#include <eenn/io/npz.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "../raised.hpp"

using namespace eenn;

namespace {

// zlib's own compressor; window_bits -15: raw deflate, 31: gzip.
std::vector<std::byte> compressed(const std::string& text, int window_bits) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::vector<std::byte> bytes(deflateBound(&stream, static_cast<uLong>(text.size())) + 64);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
    stream.avail_out = static_cast<uInt>(bytes.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    const auto unused = static_cast<std::ptrdiff_t>(stream.avail_out);
    deflateEnd(&stream);
    return {bytes.begin(), bytes.end() - unused};
}

std::string inflated(const std::vector<std::byte>& bytes, std::size_t size) {
    std::string text(size, '?');
    io::inflate(bytes, std::as_writable_bytes(std::span{text.data(), text.size()}), "entry");
    return text;
}

}  // namespace

TEST_CASE("interop/zlib: deflated data come back exactly, also none at all") {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{100'000}}) {
        std::string text;
        for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i * i % 23);
        CHECK(inflated(compressed(text, -15), size) == text);
        CHECK(io::as_text(io::gunzip(compressed(text, 31))) == text);
    }
}

TEST_CASE("interop/zlib: data that hold less or more than promised, or are damaged, are refused") {
    auto bytes = compressed(std::string(1000, 'x') + "end", -15);
    CHECK(contains(raised([&] { (void)inflated(bytes, 1002); }), "entry: holds more than the 1002 bytes"));
    CHECK(contains(raised([&] { (void)inflated(bytes, 1004); }), "holds 1003 bytes"));
    CHECK(contains(raised([&] { (void)inflated(bytes, 0); }), "holds more than the 0 bytes"));
    auto longer = bytes;
    longer.push_back(std::byte{0});
    CHECK(contains(raised([&] { (void)inflated(longer, 1003); }), "were promised"));
    bytes.pop_back();
    CHECK(contains(raised([&] { (void)inflated(bytes, 1003); }), "entry: "));
    CHECK(contains(raised([] { (void)inflated({}, 3); }), "end early"));
    CHECK(contains(raised([] { (void)inflated(std::vector<std::byte>(9, std::byte{0xff}), 3); }), "entry: invalid"));
}

TEST_CASE("interop/zlib: gzip members one after another are joined, a cut or endless file is refused") {
    auto bytes = compressed("first ", 31);
    const auto second = compressed(std::string(20'000, '2'), 31);
    bytes.insert(bytes.end(), second.begin(), second.end());
    CHECK(io::as_text(io::gunzip(bytes)) == "first " + std::string(20'000, '2'));
    CHECK(contains(raised([&] { (void)io::gunzip(std::span{bytes}.first(bytes.size() - 3), "cut.gz"); }),
                   "cut.gz: the compressed data end early"));
    CHECK(contains(raised([&] { (void)io::gunzip(bytes, "bomb.gz", 20'005); }),
                   "bomb.gz: holds more than the 20005 bytes allowed"));
    CHECK(io::gunzip(bytes, "exact.gz", 20'006).size() == 20'006);
    CHECK(io::gunzip(bytes, "any.gz", ~std::uint64_t{0}).size() == 20'006);
    CHECK(contains(raised([] { (void)io::gunzip(io::as_bytes("plain text"), "plain"); }), "plain: is no gzip data"));
    bytes[bytes.size() - 5] ^= std::byte{1};  // checksum
    CHECK(contains(raised([&] { (void)io::gunzip(bytes); }), "incorrect"));
}

TEST_CASE("interop/zlib: Debian's Fashion-MNIST becomes a data set of 10,000 samples, 1,000 a class") {
    const std::string folder = "/usr/share/datasets/fashion-mnist/";
    if (!std::filesystem::exists(folder)) {
        MESSAGE("skipped: Debian's package dataset-fashion-mnist is not installed");
        return;
    }
    const auto images = io::parse_idx(io::read_gzip(folder + "t10k-images-idx3-ubyte.gz"));
    const auto labels = io::parse_idx(io::read_gzip(folder + "t10k-labels-idx1-ubyte.gz"));
    const data_set set = make_data_set({28, 28, 1}, 10, images.as<std::uint8_t>(), labels.as<std::uint8_t>());
    CHECK(set.size() == 10'000);
    CHECK(class_counts(set) == std::vector<int>(10, 1'000));
    CHECK(set.labels[0] == 9);  // an ankle boot
    CHECK(*std::max_element(set.pixels.begin(), set.pixels.end()) == 1.0F);
}

TEST_CASE("interop/zlib: a compressed npz file is read: NumPy's own bytes of arange(3)") {
    // zipfile of Python 3.11 over numpy 1.24: np.savez_compressed(f, a=np.arange(3, dtype="<i2")), byte for byte.
    constexpr unsigned char file[] = {
        80,  75,  3,  4,   20,  0,   0,   0,   8,  0,   0,   0,   33,  0,   106, 207, 242, 81,  74,  0,   0,
        0,   134, 0,  0,   0,   5,   0,   20,  0,  97,  46,  110, 112, 121, 1,   0,   16,  0,   134, 0,   0,
        0,   0,   0,  0,   0,   74,  0,   0,   0,  0,   0,   0,   0,   155, 236, 23,  234, 27,  16,  201, 200,
        80,  198, 80, 173, 158, 146, 90,  156, 92, 164, 110, 165, 160, 110, 147, 105, 164, 174, 163, 160, 158,
        150, 95,  84, 82,  148, 152, 23,  159, 95, 148, 146, 10,  18,  119, 75,  204, 41,  78,  5,   138, 23,
        103, 36,  22, 164, 2,   249, 26,  198, 58, 154, 58,  10,  181, 10,  20,  0,   46,  6,   6,   70,  6,
        38,  6,   0,  80,  75,  1,   2,   20,  3,  20,  0,   0,   0,   8,   0,   0,   0,   33,  0,   106, 207,
        242, 81,  74, 0,   0,   0,   134, 0,   0,  0,   5,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
        0,   128, 1,  0,   0,   0,   0,   97,  46, 110, 112, 121, 80,  75,  5,   6,   0,   0,   0,   0,   1,
        0,   1,   0,  51,  0,   0,   0,   129, 0,  0,   0,   0,   0};
    const auto read = io::parse_npz(std::as_bytes(std::span{file}), io::inflate);
    CHECK(read.at("a").to<int>() == aligned_vector<int>{0, 1, 2});
}

// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cstdint>
#include <eenn/io/idx.hpp>
#include <string>
#include <vector>

#include "folder.hpp"

using namespace eenn;

namespace {

aligned_vector<std::byte> bytes(const std::vector<int>& values) {
    aligned_vector<std::byte> made;
    for (const int v : values) made.push_back(static_cast<std::byte>(v));
    return made;
}

std::string refused(const std::vector<int>& values) {
    return raised([&] { (void)io::parse_idx(bytes(values), "file.idx"); });
}

}  // namespace

TEST_CASE("io/idx: two images of 2x3 bytes are read as (2,2,3)") {
    const auto read =
        io::parse_idx(bytes({0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255}));
    CHECK(read.type == element_type::u8);
    CHECK(read.dims == std::vector<std::int64_t>{2, 2, 3});
    CHECK(read.as<std::uint8_t>()[5] == 6);
    CHECK(read.as<std::uint8_t>()[11] == 255);
}

TEST_CASE("io/idx: wider elements are big endian") {
    CHECK(io::parse_idx(bytes({0, 0, 0x0b, 1, 0, 0, 0, 2, 0x01, 0x02, 0xff, 0xfe})).to<int>() ==
          aligned_vector<int>{258, -2});
    CHECK(io::parse_idx(bytes({0, 0, 0x0c, 1, 0, 0, 0, 1, 0, 1, 0, 0})).to<int>() == aligned_vector<int>{65536});
    CHECK(io::parse_idx(bytes({0, 0, 0x0d, 1, 0, 0, 0, 1, 0x3f, 0xc0, 0, 0})).as<float>()[0] == 1.5F);
    CHECK(io::parse_idx(bytes({0, 0, 0x0e, 1, 0, 0, 0, 1, 0xc0, 4, 0, 0, 0, 0, 0, 0})).as<double>()[0] == -2.5);
    CHECK(io::parse_idx(bytes({0, 0, 9, 1, 0, 0, 0, 1, 0x80})).to<int>() == aligned_vector<int>{-128});
}

TEST_CASE("io/idx: a damaged file is refused and the message says why") {
    CHECK(contains(refused({0, 0, 8}), "file.idx: ends after 3 bytes"));
    CHECK(contains(refused({0x1f, 0x8b, 8, 0}), "compressed by gzip"));
    CHECK(contains(refused({1, 0, 8, 1}), "two zero bytes"));
    CHECK(contains(refused({0, 0, 7, 1, 0, 0, 0, 1, 1}), "unknown element type 7"));
    CHECK(contains(refused({0, 0, 8, 0}), "no dims"));
    CHECK(contains(refused({0, 0, 8, 2, 0, 0, 0, 1}), "ends within its 2 dims"));
    CHECK(contains(refused({0, 0, 8, 1, 0, 0, 0, 3, 1, 2}), "has 2 bytes of elements where dims [3] of u8 need 3"));
    CHECK(contains(refused({0, 0, 8, 1, 0, 0, 0, 1, 1, 2}), "has 2 bytes"));
    const std::vector<int> overflow{0, 0, 0x0e, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    CHECK(contains(refused(overflow), "more than memory holds"));
}

TEST_CASE("io/idx: what idx_bytes() writes parse_idx() reads") {
    const std::vector<std::int16_t> values{1, -2, 300, -400, 5, 6};
    const auto made = io::make_array({3, 2}, std::span<const std::int16_t>{values});
    const auto read = io::parse_idx(io::idx_bytes(made));
    CHECK(read.type == made.type);
    CHECK(read.dims == made.dims);
    CHECK(read.bytes == made.bytes);
    const std::vector<std::int64_t> wide{1};
    CHECK(contains(raised([&] { (void)io::idx_bytes(io::make_array({1}, std::span<const std::int64_t>{wide})); }),
                   "no element type i64"));
}

TEST_CASE("io/idx: MNIST's test set has 10,000 images of 28x28, and its first label is 7") {
    if (development_data().empty()) {
        MESSAGE("skipped: EENN_DATA is not set");
        return;
    }
    const auto images = io::read_idx(development_data() + "/mnist/t10k-images-idx3-ubyte");
    const auto labels = io::read_idx(development_data() + "/mnist/t10k-labels-idx1-ubyte");
    CHECK(images.dims == std::vector<std::int64_t>{10'000, 28, 28});
    CHECK(labels.as<std::uint8_t>()[0] == 7);
}

// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cstdint>
#include <eenn/io/npy.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "folder.hpp"

using namespace eenn;

namespace {

aligned_vector<std::byte> npy(int version, const std::string& header, const std::vector<int>& data) {
    aligned_vector<std::byte> bytes;
    for (const char c : std::string{"\x93NUMPY"}) bytes.push_back(static_cast<std::byte>(c));
    bytes.push_back(static_cast<std::byte>(version));
    bytes.push_back(std::byte{0});
    for (std::size_t i = 0; i < (version == 1 ? 2U : 4U); ++i)
        bytes.push_back(static_cast<std::byte>(header.size() >> 8 * i));
    for (const char c : header) bytes.push_back(static_cast<std::byte>(c));
    for (const int d : data) bytes.push_back(static_cast<std::byte>(d));
    return bytes;
}

std::string header(const std::string& descr, const std::string& shape, const std::string& fortran = "False") {
    return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': (" + shape + "), }   \n";
}

io::array parsed(const std::string& descr, const std::string& shape, const std::vector<int>& data,
                 const std::string& fortran = "False") {
    return io::parse_npy(npy(1, header(descr, shape, fortran), data));
}

std::string refused(const std::string& text, const std::vector<int>& data = {}, int version = 1) {
    return raised([&] { (void)io::parse_npy(npy(version, text, data), "x.npy"); });
}

}  // namespace

TEST_CASE("io/npy: numbers of every type and byte order are read") {
    CHECK(parsed("<f4", "1,", {0, 0, 0x80, 0x3f}).as<float>()[0] == 1);
    CHECK(parsed(">f4", "1,", {0x3f, 0x80, 0, 0}).as<float>()[0] == 1);
    CHECK(parsed("<f8", "1,", {0, 0, 0, 0, 0, 0, 4, 0xc0}).as<double>()[0] == -2.5);
    CHECK(parsed(">f8", "", {0xc0, 4, 0, 0, 0, 0, 0, 0}).as<double>()[0] == -2.5);
    CHECK(parsed("<f2", "1,", {0, 0x3c}).to<float>()[0] == 1);
    CHECK(parsed("|u1", "2,", {1, 255}).to<int>() == aligned_vector<int>{1, 255});
    CHECK(parsed("|i1", "2,", {1, 255}).to<int>() == aligned_vector<int>{1, -1});
    CHECK(parsed("<i2", "1,", {1, 2}).to<int>()[0] == 513);
    CHECK(parsed(">i2", "1,", {1, 2}).to<int>()[0] == 258);
    CHECK(parsed("<i4", "1,", {0, 0, 1, 0}).to<int>()[0] == 65536);
    CHECK(parsed(">i8", "1,", {255, 255, 255, 255, 255, 255, 255, 254}).as<std::int64_t>()[0] == -2);
    CHECK(parsed("<u2", "1,", {255, 255}).to<int>()[0] == 65535);
    CHECK(parsed("<u4", "1,", {1, 0, 0, 0}).type == element_type::u32);
    CHECK(parsed("<u8", "1,", {1, 0, 0, 0, 0, 0, 0, 0}).type == element_type::u64);
    CHECK(parsed("|b1", "2,", {1, 0}).to<int>() == aligned_vector<int>{1, 0});
}

TEST_CASE("io/npy: versions 2 and 3 have a longer length, keys come in any order and quote") {
    const std::string text = "{\"shape\": (2,1,), \"fortran_order\": False, \"descr\": \"|u1\"}";
    CHECK(io::parse_npy(npy(2, text, {4, 5})).dims == std::vector<std::int64_t>{2, 1});
    CHECK(io::parse_npy(npy(3, text, {4, 5})).to<int>() == aligned_vector<int>{4, 5});
}

TEST_CASE("io/npy: a column-major array becomes row-major") {
    const auto read = parsed("|u1", "2, 3", {0, 3, 1, 4, 2, 5}, "True");
    CHECK(read.dims == std::vector<std::int64_t>{2, 3});
    CHECK(read.to<int>() == aligned_vector<int>{0, 1, 2, 3, 4, 5});
    std::vector<int> data(24 * 2);
    for (int a = 0; a < 2; ++a) {
        for (int b = 0; b < 3; ++b) {
            for (int c = 0; c < 4; ++c) data[std::size_t(2 * (a + 2 * (b + 3 * c)) + 1)] = 12 * a + 4 * b + c;
        }
    }
    aligned_vector<int> expected(24);
    std::iota(expected.begin(), expected.end(), 0);
    CHECK(parsed(">i2", "2, 3, 4", data, "True").to<int>() == expected);
    CHECK(parsed("|u1", "0, 3", {}, "True").bytes.empty());
}

TEST_CASE("io/npy: a damaged or foreign file is refused and the message says why") {
    CHECK(contains(raised([] { (void)io::parse_npy(aligned_vector<std::byte>(9), "x.npy"); }),
                   "x.npy: does not start with NumPy's magic"));
    CHECK(contains(refused(header("<f4", "1,"), {0, 0, 0, 0}, 4), "npy version 4.0"));
    auto cut = npy(1, header("<f4", "1,"), {});
    cut.resize(30);
    CHECK(contains(raised([&] { (void)io::parse_npy(cut); }), "goes beyond the end"));
    cut.resize(10);
    cut[6] = std::byte{2};
    CHECK(contains(raised([&] { (void)io::parse_npy(cut); }), "ends within its header"));
    CHECK(
        contains(refused(header("<f4", "2,"), {0, 0, 0, 0}), "has 4 bytes of elements where shape [2] of f32 needs 8"));
    CHECK(contains(refused(header("<f4", "1,"), {0, 0, 0, 0, 0}), "has 5 bytes"));
    CHECK(contains(refused(header("<f8", "4611686018427387904,4611686018427387904")), "more than memory holds"));
    CHECK(contains(refused(header("<f8", "2305843009213693953,"), {0, 0, 0, 0, 0, 0, 0, 0}), "more than memory holds"));
    CHECK(contains(refused(header("<f4", "99999999999999999999,")), "a dim is too large"));
    CHECK(contains(refused(header("<f4", "-1,")), "non-negative integer"));
    CHECK(contains(refused(header("<f4", "1")), "a tuple of one needs a comma"));
    CHECK(contains(refused(header("|O", "1,")), "elements of type '|O' are not read"));
    CHECK(contains(refused(header("<U8", "1,")), "elements of type '<U8'"));
    CHECK(contains(refused(header("", "1,")), "elements of type ''"));
    CHECK(contains(refused("{'descr': [('a', '<f4')], "), "arrays of records"));
    CHECK(contains(refused("{'descr': '<f4'}"), "is missing"));
    CHECK(contains(refused("{'descr': '<f4', 'descr': '<f4'}"), "there twice"));
    CHECK(contains(refused("{'size': 1}"), "the key 'size' is unknown"));
    CHECK(contains(refused(header("<f4", "1,") + "x", {0, 0, 0, 0}), "something follows"));
    CHECK(contains(refused(header("<f4", "1,", "0"), {0, 0, 0, 0}), "True or False is expected"));
    CHECK(contains(refused("{'descr"), "a string has no end"));
    CHECK(contains(refused(""), "'{' is expected"));
    std::string many = "1,";
    for (int i = 0; i < 64; ++i) many += "1,";
    CHECK(contains(refused(header("|u1", many), {0}), "more than 64 dims"));
}

TEST_CASE("io/npy: what is written is read again, and the elements start at a multiple of 64") {
    const scratch_folder folder;
    const std::vector<float> values{1, 2, 3, 4, 5, 6};
    for (const std::vector<std::int64_t>& dims : {std::vector<std::int64_t>{6}, {2, 3}, {1, 1, 6, 1}}) {
        const auto made = io::make_array(dims, std::span<const float>{values});
        const auto bytes = io::npy_bytes(made);
        CHECK((bytes.size() - 24) % 64 == 0);
        io::write_npy(folder.path / "a.npy", made);
        const auto read = io::read_npy(folder.path / "a.npy");
        CHECK(read.dims == dims);
        CHECK(read.bytes == made.bytes);
    }
    const auto scalar = io::make_array({}, std::span<const float>{values}.first(1));
    CHECK(io::parse_npy(io::npy_bytes(scalar)).dims.empty());
    const io::array odd{element_type::bf16, {1}, aligned_vector<std::byte>(2)};
    CHECK(contains(raised([&] { (void)io::npy_bytes(odd); }), "no element type bf16"));
    const io::array wrong{element_type::f32, {3}, aligned_vector<std::byte>(8)};
    CHECK(contains(raised([&] { (void)io::npy_bytes(wrong); }), "dims [3] do not describe 8 bytes of f32"));
}

TEST_CASE("io/npy: NumPy's own files are read: 983 clips of 49x10 features in 12 classes") {
    if (development_data().empty()) {
        MESSAGE("skipped: EENN_DATA is not set");
        return;
    }
    const auto features = io::read_npy(development_data() + "/gsc12/test_mfcc_i8.npy");
    CHECK(features.type == element_type::i8);
    CHECK(features.dims == std::vector<std::int64_t>{983, 49, 10});
    const auto probabilities = io::read_npy(development_data() + "/gsc12/test_dscnn_probs.npy");
    const auto p = probabilities.as<float>();
    CHECK(std::accumulate(p.begin(), p.begin() + 12, 0.0) == doctest::Approx(1));
}

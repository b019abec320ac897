// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cstdint>
#include <eenn/io/npz.hpp>
#include <map>
#include <string>
#include <vector>

#include "folder.hpp"

using namespace eenn;

namespace {

std::map<std::string, io::array> two_arrays() {
    const std::vector<float> weights{1, 2, 3};
    const std::vector<std::uint8_t> labels{7, 8};
    return {{"weights", io::make_array({3}, std::span<const float>{weights})},
            {"y", io::make_array({2, 1}, std::span<const std::uint8_t>{labels})}};
}

std::string refused(std::span<const std::byte> bytes, const io::inflate_function& inflate = {}) {
    return raised([&] { (void)io::parse_npz(bytes, inflate, "x.npz"); });
}

// First place of a zip signature, PK and two more bytes.
std::size_t place(const aligned_vector<std::byte>& bytes, int third, std::size_t from = 0) {
    for (std::size_t i = from; i + 3 < bytes.size(); ++i) {
        if (bytes[i] == std::byte{'P'} && bytes[i + 1] == std::byte{'K'} &&
            bytes[i + 2] == static_cast<std::byte>(third))
            return i;
    }
    return bytes.size();
}

template <class T>
aligned_vector<std::byte> changed(aligned_vector<std::byte> bytes, std::size_t at, T value) {
    io::store(&bytes[at], value, std::endian::little);
    return bytes;
}

}  // namespace

TEST_CASE("io/npz: the CRC-32 of 123456789 is cbf43926") { CHECK(io::crc32(io::as_bytes("123456789")) == 0xcbf43926U); }

TEST_CASE("io/npz: what is written is read again, and equal arrays give equal bytes") {
    const scratch_folder folder;
    io::write_npz(folder.path / "a.npz", two_arrays());
    const auto read = io::read_npz(folder.path / "a.npz");
    CHECK(read.arrays.size() == 2);
    CHECK(read.at("weights").to<float>() == aligned_vector<float>{1, 2, 3});
    CHECK(read.at("y").dims == std::vector<std::int64_t>{2, 1});
    CHECK(contains(raised([&] { (void)read.at("z"); }), "no array 'z'; there are 'weights' 'y'"));
    CHECK(io::npz_bytes(two_arrays()) == io::npz_bytes(two_arrays()));
    CHECK(io::parse_npz(io::npz_bytes({})).arrays.empty());
}

TEST_CASE("io/npz: a file comment after the directory does no harm") {
    auto bytes = io::npz_bytes(two_arrays());
    bytes = changed(bytes, bytes.size() - 2, std::uint16_t{3});
    for (int i = 0; i < 3; ++i) bytes.push_back(std::byte{'c'});
    CHECK(io::parse_npz(bytes).arrays.size() == 2);
}

TEST_CASE("io/npz: a damaged file is refused and the message names the entry") {
    const auto good = io::npz_bytes(two_arrays());
    const std::size_t row = place(good, 1), end = place(good, 5);
    CHECK(refused(good).empty());
    CHECK(contains(refused(io::as_bytes("PK")), "x.npz: has no end record"));
    CHECK(contains(refused(std::span{good}.first(good.size() - 1)), "no end record"));
    CHECK(contains(refused(changed(good, end + 16, std::uint32_t{0xfffffff0})), "directory beyond its end"));
    CHECK(contains(refused(changed(good, end + 16, std::uint32_t{0xffffffff})), "zip64"));
    CHECK(contains(refused(changed(changed(good, end + 10, std::uint16_t{3}), end + 8, std::uint16_t{3})),
                   "row 2 of its directory is missing"));
    CHECK(contains(refused(changed(good, end + 12, std::uint32_t{5})), "another size than it says"));
    CHECK(contains(refused(changed(good, row + 28, std::uint16_t{0xffff})), "row 0 of its directory goes beyond"));
    CHECK(contains(refused(changed(good, row + 42, std::uint32_t{1})), "'weights.npy' has no header"));
    CHECK(contains(refused(changed(good, row + 42, std::uint32_t{0xfffffff0})), "'weights.npy' has no header"));
    CHECK(contains(refused(changed(good, row + 20, std::uint32_t{100'000})), "'weights.npy' goes beyond its end"));
    CHECK(contains(refused(changed(good, row + 24, std::uint32_t{1})),
                   "x.npz(weights.npy): is stored but has two sizes"));
    CHECK(contains(refused(changed(good, row + 16, std::uint32_t{1})), "x.npz(weights.npy): has a wrong checksum"));
    CHECK(contains(refused(changed(good, row + 8, std::uint16_t{1})), "is encrypted"));
    CHECK(contains(refused(changed(good, row + 10, std::uint16_t{12})), "compressed by method 12"));
    CHECK(contains(refused(changed(good, 30, std::uint8_t{'W'})), "another name in its header"));
    const std::size_t second = place(good, 1, row + 1);
    CHECK(contains(refused(changed(good, second + 42, std::uint32_t{0})), "another name"));
}

TEST_CASE("io/npz: entries that share bytes are refused") {
    auto bytes = io::npz_bytes({{"y", two_arrays().at("y")}});
    // The one row once more: both now unpack the same data.
    const std::size_t row = place(bytes, 1), end = place(bytes, 5);
    const std::vector<std::byte> copy(bytes.begin() + static_cast<std::ptrdiff_t>(row),
                                      bytes.begin() + static_cast<std::ptrdiff_t>(end));
    bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(end), copy.begin(), copy.end());
    const std::size_t moved = end + copy.size();
    bytes = changed(bytes, moved + 8, std::uint16_t{2});
    bytes = changed(bytes, moved + 10, std::uint16_t{2});
    bytes = changed(bytes, moved + 12, static_cast<std::uint32_t>(2 * copy.size()));
    CHECK(contains(refused(bytes), "entry 'y.npy' overlaps the entry before"));
}

TEST_CASE("io/npz: a compressed entry needs a function, and cannot promise more than deflate can hold") {
    auto bytes = io::npz_bytes(two_arrays());
    const std::size_t row = place(bytes, 1);
    bytes = changed(bytes, row + 10, std::uint16_t{8});
    CHECK(contains(refused(bytes), "x.npz(weights.npy): is compressed; pass eenn::io::inflate"));
    int calls = 0;
    const auto copy = [&](std::span<const std::byte> in, std::span<std::byte> out, const std::string&) {
        ++calls;
        std::copy(in.begin(), in.end(), out.begin());
    };
    CHECK(refused(bytes, copy).empty());
    CHECK(calls == 1);
    CHECK(
        contains(refused(changed(bytes, row + 24, std::uint32_t{0xfffffff0}), copy), "promises 4294967280 bytes from"));
    CHECK(calls == 1);
}

TEST_CASE("io/npz: NumPy's own file is read: 16,470 heart beats of 8 patients, 1,416 of them PVC") {
    if (development_data().empty()) {
        MESSAGE("skipped: EENN_DATA is not set");
        return;
    }
    const auto index = io::read_npz(development_data() + "/ecg_mitbih12/index.npz");
    int pvc = 0;
    for (const int label : index.at("pvc").to<int>()) pvc += label;
    CHECK(index.at("record").elements() == 16'470);
    CHECK(pvc == 1'416);
}

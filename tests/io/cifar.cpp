// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cstdint>
#include <eenn/io/cifar.hpp>
#include <eenn/io/file.hpp>
#include <vector>

#include "folder.hpp"

using namespace eenn;

namespace {

// Two records; the byte at plane c, position p of image i is (i + 40 * c + p) mod 251.
aligned_vector<std::byte> two_records(const std::vector<std::vector<int>>& labels) {
    aligned_vector<std::byte> bytes;
    for (int i = 0; i < 2; ++i) {
        for (const int label : labels[std::size_t(i)]) bytes.push_back(static_cast<std::byte>(label));
        for (int c = 0; c < 3; ++c) {
            for (int p = 0; p < 1024; ++p) bytes.push_back(static_cast<std::byte>((i + 40 * c + p) % 251));
        }
    }
    return bytes;
}

}  // namespace

TEST_CASE("io/cifar: planes become channels last and the label comes first") {
    const auto read = io::parse_cifar10(two_records({{3}, {9}}));
    CHECK(read.images.dims == std::vector<std::int64_t>{2, 32, 32, 3});
    CHECK(read.labels.to<int>() == aligned_vector<int>{3, 9});
    CHECK(read.coarse_labels.elements() == 0);
    const auto pixels = read.images.as<std::uint8_t>();
    for (const int p : {0, 1, 33, 1023}) {
        for (int c = 0; c < 3; ++c) CHECK(pixels[std::size_t((1024 + p) * 3 + c)] == (1 + 40 * c + p) % 251);
    }
}

TEST_CASE("io/cifar: CIFAR-100 has a coarse label before the fine one") {
    const auto read = io::parse_cifar100(two_records({{19, 99}, {0, 1}}));
    CHECK(read.labels.to<int>() == aligned_vector<int>{99, 1});
    CHECK(read.coarse_labels.to<int>() == aligned_vector<int>{19, 0});
    CHECK(read.images.as<std::uint8_t>()[1] == 40);
}

TEST_CASE("io/cifar: cut files, the other version and wrong labels are refused") {
    const auto refused = [](std::span<const std::byte> bytes) {
        return raised([&] { (void)io::parse_cifar10(bytes, "batch.bin"); });
    };
    const auto bytes = two_records({{3}, {10}});
    CHECK(contains(refused(bytes), "batch.bin: image 1 has label 10"));
    CHECK(contains(refused(std::span{bytes}.first(3072)), "3072 bytes are no whole number of records of 3073"));
    CHECK(contains(refused({}), "0 bytes"));
    CHECK(contains(refused(two_records({{1, 1}, {1, 1}})), "6148 bytes are no whole number"));
    CHECK(contains(raised([&] { (void)io::parse_cifar100(two_records({{20, 1}, {1, 1}})); }), "image 0 has label"));
}

TEST_CASE("io/cifar: several files are joined in their order, and an error names its file") {
    const scratch_folder folder;
    const std::vector<std::string> paths{folder.path / "1.bin", folder.path / "2.bin"};
    io::write_file(paths[0], two_records({{1}, {2}}));
    io::write_file(paths[1], two_records({{3}, {4}}));
    CHECK(io::read_cifar10(paths).labels.to<int>() == aligned_vector<int>{1, 2, 3, 4});
    io::write_file(paths[1], two_records({{3}, {40}}));
    CHECK(contains(raised([&] { (void)io::read_cifar10(paths); }), "2.bin: image 1 has label 40"));
}

TEST_CASE("io/cifar: CIFAR-10's mean red is 0.491 over the 5,000 test images at hand, to a hundredth") {
    if (development_data().empty()) {
        MESSAGE("skipped: EENN_DATA is not set");
        return;
    }
    const auto read = io::read_cifar10(development_data() + "/cifar10/test.bin");
    const auto pixels = read.images.as<std::uint8_t>();
    CHECK(read.images.dims[0] == 5000);
    double red = 0;
    for (std::size_t i = 0; i < pixels.size(); i += 3) red += pixels[i];
    CHECK(red / static_cast<double>(pixels.size() / 3) / 255 == doctest::Approx(0.4914).epsilon(0.02));  // k = 2 %
}

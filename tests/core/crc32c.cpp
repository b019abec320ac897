// SPDX-License-Identifier: MIT
#include <eenn/core/detail/crc32c.hpp>

#include <doctest/doctest.h>

#include <string_view>
#include <vector>

#include <eenn/core/random.hpp>

using namespace eenn;

namespace {

constexpr std::uint32_t crc_of(std::string_view text) {
    std::array<std::byte, 16> bytes{};
    for (std::size_t i = 0; i < text.size(); ++i) bytes[i] = static_cast<std::byte>(text[i]);
    return crc32c(std::span{bytes}.first(text.size()));
}

// The definition: one bit after another.
std::uint32_t by_bits(std::span<const std::byte> bytes) {
    std::uint32_t rest = 0xffffffffU;
    for (const std::byte byte : bytes) {
        rest ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit) rest = (rest & 1U) != 0 ? (rest >> 1) ^ 0x82f63b78U : rest >> 1;
    }
    return ~rest;
}

std::vector<std::byte> noise(std::size_t size) {
    random_stream random{.seed = 3, .stream = size};
    std::vector<std::byte> bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::byte>(random.bits() >> 56);
    return bytes;
}

}  // namespace

TEST_CASE("core/crc32c: the check value, and the examples of RFC 3720, appendix B.4") {
    static_assert(crc_of("123456789") == 0xe3069283U);
    static_assert(crc_of("") == 0);
    std::vector<std::byte> bytes(32, std::byte{0});
    CHECK(crc32c(bytes) == 0x8a9136aaU);
    bytes.assign(32, std::byte{0xff});
    CHECK(crc32c(bytes) == 0x62a8ab43U);
    for (std::size_t i = 0; i < 32; ++i) bytes[i] = static_cast<std::byte>(i);
    CHECK(crc32c(bytes) == 0x46dd794eU);
    for (std::size_t i = 0; i < 32; ++i) bytes[i] = static_cast<std::byte>(31 - i);
    CHECK(crc32c(bytes) == 0x113fdb5cU);
    // An iSCSI SCSI Read (10) command.
    constexpr unsigned char command[48] = {0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0,
                                           0x14, 0,    0, 0, 0, 0, 4, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18,
                                           0x28, 0,    0, 0, 0, 0, 0, 0, 2, 0, 0, 0,    0, 0, 0, 0};
    CHECK(crc32c(std::as_bytes(std::span{command})) == 0xd9963a56U);
}

TEST_CASE("core/crc32c: eight bytes at a time are one bit at a time, from any start and of any size") {
    for (const std::size_t size : {0U, 1U, 2U, 3U, 7U, 8U, 9U, 15U, 16U, 17U, 31U, 33U, 1000U}) {
        const auto bytes = noise(size + 3);
        for (std::size_t from = 0; from < 3; ++from) {
            const auto piece = std::span{bytes}.subspan(from, size);
            CHECK(crc32c(piece) == by_bits(piece));
        }
    }
}

TEST_CASE("core/crc32c: pieces one after another are the whole, cut anywhere") {
    const auto bytes = noise(37);
    const auto whole = crc32c(bytes);
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        const auto first = crc32c(std::span{bytes}.first(cut));
        CHECK(crc32c(std::span{bytes}.subspan(cut), first) == whole);
    }
}

TEST_CASE("core/crc32c: a changed bit is seen, wherever it is") {
    auto bytes = noise(40);
    const auto whole = crc32c(bytes);
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
        const auto flip = static_cast<std::byte>(1U << (bit % 8));
        bytes[bit / 8] ^= flip;
        CHECK(crc32c(bytes) != whole);
        bytes[bit / 8] ^= flip;
    }
}

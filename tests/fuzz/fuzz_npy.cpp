// SPDX-License-Identifier: MIT
//
// fuzz_npy.cpp - any bytes are refused by eenn::error, or are an array that survives a round trip. Each input runs
// twice: as it is, and with the header's length repaired to end at the first line end.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <eenn/io/npy.hpp>
#include <span>
#include <string_view>
#include <vector>

#include "require.hpp"

using namespace eenn;

namespace {

void try_input(std::span<const std::byte> bytes) {
    try {
        const auto read = io::parse_npy(bytes);
        REQUIRE(io::checked_product(read.dims, eenn::size_bytes(read.type)) == read.bytes.size());
        const auto again = io::parse_npy(io::npy_bytes(read));
        REQUIRE(again.type == read.type && again.dims == read.dims && again.bytes == read.bytes);
    } catch (const error&) {  // refused: as good as read
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span{data, size});
    try_input(bytes);
    const std::size_t end = io::as_text(bytes).find('\n', 10);
    if (end != std::string_view::npos && end < 0xffff && bytes[6] == std::byte{1}) {
        std::vector<std::byte> repaired(bytes.begin(), bytes.end());
        io::store(&repaired[8], static_cast<std::uint16_t>(end - 9), std::endian::little);
        try_input(repaired);
    }
    return 0;
}

// SPDX-License-Identifier: MIT
//
// fuzz_npz.cpp - any bytes are refused by eenn::error, or are arrays that survive a round trip. Compressed entries are
// copied instead: what a decompressor does with hostile data is zlib's own affair.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <eenn/io/npz.hpp>

#include "require.hpp"

using namespace eenn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span{data, size});
    const auto copy = [](std::span<const std::byte> packed, std::span<std::byte> output, const std::string&) {
        std::copy_n(packed.begin(), std::min(packed.size(), output.size()), output.begin());
    };
    try {
        const auto read = io::parse_npz(bytes, copy);
        const auto again = io::parse_npz(io::npz_bytes(read.arrays));
        REQUIRE(again.arrays.size() == read.arrays.size());
        for (const auto& [name, value] : read.arrays) REQUIRE(again.at(name).bytes == value.bytes);
    } catch (const error&) {  // refused: as good as read
    }
    return 0;
}

// SPDX-License-Identifier: MIT
//
// fuzz_safetensors.cpp - any bytes are refused by eenn::error, or are tensors that survive a round trip. Each input
// runs twice: as it is, and with the header's length repaired to end at the last brace.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <eenn/io/safetensors.hpp>
#include <span>
#include <string_view>
#include <vector>

#include "require.hpp"

using namespace eenn;

namespace {

void try_input(std::span<const std::byte> bytes) {
    try {
        const auto read = io::parse_safetensors(bytes);
        std::size_t used = 0;
        for (const auto& t : read.tensors) {
            REQUIRE(io::checked_product(t.dims, eenn::size_bytes(t.type)) == t.bytes.size());
            REQUIRE(text::is_utf8(t.name));
            used += t.bytes.size();
        }
        REQUIRE(used <= bytes.size());
        const auto written = io::safetensors_bytes(read.tensors, read.metadata);
        const auto again = io::parse_safetensors(written);
        REQUIRE(again.metadata == read.metadata);
        REQUIRE(again.tensors.size() == read.tensors.size());
        for (const auto& t : read.tensors) {
            const auto* same = again.find(t.name);
            REQUIRE(same != nullptr && same->type == t.type && same->dims == t.dims);
            REQUIRE(std::equal(same->bytes.begin(), same->bytes.end(), t.bytes.begin(), t.bytes.end()));
        }
    } catch (const error&) {  // refused: as good as read
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span{data, size});
    try_input(bytes);
    const std::size_t brace = io::as_text(bytes).rfind('}');
    if (size > 8 && brace != std::string_view::npos && brace >= 8) {
        std::vector<std::byte> repaired(bytes.begin(), bytes.end());
        io::store(repaired.data(), static_cast<std::uint64_t>(brace - 7), std::endian::little);
        try_input(repaired);
    }
    return 0;
}

// SPDX-License-Identifier: MIT
//
// fuzz_idx.cpp - any bytes are refused by eenn::error, or are an array whose IDX file is those very bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <eenn/io/idx.hpp>

#include "require.hpp"

using namespace eenn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span{data, size});
    try {
        const auto written = io::idx_bytes(io::parse_idx(bytes));
        REQUIRE(std::equal(written.begin(), written.end(), bytes.begin(), bytes.end()));
    } catch (const error&) {  // refused: as good as read
    }
    return 0;
}

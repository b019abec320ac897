// SPDX-License-Identifier: MIT
//
// fuzz_model.cpp - any bytes are refused by eenn::error, or are a model, or the JSON of a graph, that survives a round trip.
// Each input runs as a model, as it is and with a header that was repaired, and what stands in braces as a graph.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <eenn/core/detail/fingerprint.hpp>
#include <eenn/io/detail/bytes.hpp>
#include <eenn/io/detail/graph_json.hpp>
#include <eenn/io/model_file.hpp>
#include <eenn/network/detail/lower.hpp>
#include <eenn/network/model.hpp>
#include <span>
#include <string_view>
#include <vector>

#include "require.hpp"

using namespace eenn;

namespace {

void try_model(std::span<const std::byte> bytes) {
    try {
        const model read = io::parse_model(bytes, "model");
        check(read);
    } catch (const error&) {  // refused: as good as read
    }
}

void try_graph(std::string_view text) {
    try {
        const graph read = io::graph_from_json(text);
        REQUIRE(digest_of(io::graph_from_json(io::graph_to_json(read))) == digest_of(read));
        const plan lowered = lower(read);
        REQUIRE(lowered.exits.size() == read.exits().size() + 1);
    } catch (const error&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span{data, size});
    try_model(bytes);
    const std::string_view text = io::as_text(bytes);
    const std::size_t first = text.find('{');
    const std::size_t last = text.rfind('}');
    if (first != std::string_view::npos && last != std::string_view::npos && last > first)
        try_graph(text.substr(first, last + 1 - first));
    if (size > 8 && last != std::string_view::npos && last >= 8) {
        std::vector<std::byte> repaired(bytes.begin(), bytes.end());
        io::store(repaired.data(), static_cast<std::uint64_t>(last - 7), std::endian::little);
        try_model(repaired);
    }
    return 0;
}

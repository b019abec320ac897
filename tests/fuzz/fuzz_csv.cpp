// SPDX-License-Identifier: MIT
//
// fuzz_csv.cpp - any text is refused by eenn::error, or is a full table of finite numbers with labels in range.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <eenn/io/csv.hpp>
#include <set>
#include <string>

#include "require.hpp"

using namespace eenn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = io::as_text(std::as_bytes(std::span{data, size}));
    for (const bool header : {true, false}) {
        try {
            const auto table = io::parse_csv(text, {.header = header});
            REQUIRE(table.values.size() == table.labels.size() * table.columns.size());
            REQUIRE(table.rows() == table.labels.size() && table.rows() > 0);
            for (const float value : table.values) REQUIRE(std::isfinite(value));
            for (const int label : table.labels) REQUIRE(label >= 0 && label < static_cast<int>(table.classes.size()));
            REQUIRE(std::set<std::string>(table.classes.begin(), table.classes.end()).size() == table.classes.size());
        } catch (const error&) {  // refused: as good as read
        }
    }
    return 0;
}

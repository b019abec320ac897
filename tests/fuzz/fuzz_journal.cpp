// SPDX-License-Identifier: MIT
//
// fuzz_journal.cpp - any bytes are refused by eenn::error, or are records whose checksums hold and whose end is where the
// journal is cut. Each input runs twice: as it is, and up to where no record fits with its checksums repaired.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <eenn/io/detail/journal.hpp>
#include <span>
#include <vector>

#include "require.hpp"

using namespace eenn;

namespace {

/// What the header says it is of, so that not every input is refused for that.
digest of(std::span<const std::byte> bytes) {
    return bytes.size() < io::detail::journal_header ? digest{} : io::detail::load_digest(&bytes[16]);
}

void try_input(std::span<const std::byte> bytes, std::size_t least_records) {
    try {
        const auto read = io::parse_journal(bytes, of(bytes));
        REQUIRE(read.bytes + read.torn == bytes.size());
        REQUIRE(read.records.size() >= least_records);
        std::size_t end = io::detail::journal_header;
        for (const auto& record : read.records) {
            REQUIRE(record.offset == end + io::detail::record_header);
            REQUIRE(record.bytes <= bytes.size() - record.offset);
            REQUIRE(crc32c(bytes.subspan(record.offset, record.bytes)) == record.crc);
            end = record.offset + record.bytes;
        }
        REQUIRE(read.bytes == (bytes.size() < io::detail::journal_header ? 0 : end));
        const auto again = io::parse_journal(bytes.first(read.bytes), of(bytes));
        REQUIRE(again.torn == 0 && again.records.size() == read.records.size());
    } catch (const error&) {  // refused: as good as read
        REQUIRE(least_records == 0);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span{data, size});
    try_input(bytes, 0);
    if (size < io::detail::journal_header) return 0;
    std::vector<std::byte> repaired(bytes.begin(), bytes.end());
    const auto header = io::detail::make_journal_header(of(bytes));
    std::copy(header.begin(), header.end(), repaired.begin());
    std::size_t records = 0;
    std::size_t at = header.size();
    while (size - at >= io::detail::record_header) {
        io::journal_record record{io::detail::load_digest(&repaired[at + 8]), at + io::detail::record_header,
                                  io::load<std::uint64_t>(&repaired[at], std::endian::little), 0};
        if (record.bytes > size - record.offset) break;
        record.crc = crc32c(std::span{repaired}.subspan(record.offset, record.bytes));
        const auto repaired_header = io::detail::make_record_header(record);
        std::copy(repaired_header.begin(), repaired_header.end(), &repaired[at]);
        at = record.offset + record.bytes;
        ++records;
    }
    repaired.resize(at);
    try_input(repaired, records);
    return 0;
}

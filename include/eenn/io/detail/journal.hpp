// SPDX-License-Identifier: MIT
//
// detail/journal.hpp - an append-only file of records: finished work survives any interruption.
// Floor 6 (io); host subset.
#ifndef EENN_IO_DETAIL_JOURNAL_HPP
#define EENN_IO_DETAIL_JOURNAL_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/file.h>
#include <unistd.h>
#else
#include <filesystem>
#endif

#include <eenn/core/detail/crc32c.hpp>
#include <eenn/core/detail/fingerprint.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/detail/bytes.hpp>
#include <eenn/io/detail/system_file.hpp>
#include <eenn/io/file.hpp>

namespace eenn::io {
inline namespace EENN_ISA {

/// @brief A record of a journal: its key and the location of its payload.
struct journal_record {
    digest key;
    std::uint64_t offset = 0;  ///< payload's offset from the start of the file
    std::uint64_t bytes = 0;   ///< size of the payload
    std::uint32_t crc = 0;     ///< CRC-32C of the payload
};

/// @brief Index of a journal's bytes.
struct journal_content {
    std::vector<journal_record> records;  ///< in file order; for equal keys the last one counts
    std::uint64_t bytes = 0;              ///< up to the end of the last complete record
    std::uint64_t torn = 0;               ///< bytes after it, from an interrupted write
};

namespace detail {

// File header, 32 bytes: "eennjrnl", version (32 bits), CRC-32C of the rest of this header (32), digest of the
// journal's subject (128). Then come records. Record header, 32 bytes: payload size (64), key (128), CRC-32C of the
// payload (32), CRC-32C of the record's file offset (64 bits) and the preceding header bytes (32). The payload follows.
// Numbers are little endian.
inline constexpr std::uint32_t journal_version = 1;
inline constexpr std::size_t journal_header = 32;
inline constexpr std::size_t record_header = 32;

using header_bytes = std::array<std::byte, 32>;

inline void store_digest(std::byte* to, const digest& value) noexcept {
    store(to, value.high, std::endian::little);
    store(to + 8, value.low, std::endian::little);
}
[[nodiscard]] inline digest load_digest(const std::byte* from) noexcept {
    return {load<std::uint64_t>(from, std::endian::little), load<std::uint64_t>(from + 8, std::endian::little)};
}

[[nodiscard]] inline std::uint32_t header_crc(const header_bytes& header) noexcept {
    return crc32c(std::span{header}.subspan(16), crc32c(std::span{header}.first(12)));
}
[[nodiscard]] inline header_bytes make_journal_header(const digest& of) noexcept {
    header_bytes header{};
    std::memcpy(header.data(), "eennjrnl", 8);
    store(&header[8], journal_version, std::endian::little);
    store_digest(&header[16], of);
    store(&header[12], header_crc(header), std::endian::little);
    return header;
}

// The checksum covers the offset, so that a record embedded in another record's payload is not taken for one.
[[nodiscard]] inline std::uint32_t record_crc(std::span<const std::byte> header, std::uint64_t at) noexcept {
    std::array<std::byte, 8> place{};
    store(place.data(), at, std::endian::little);
    return crc32c(header.first(28), crc32c(place));
}
[[nodiscard]] inline header_bytes make_record_header(const journal_record& record) noexcept {
    header_bytes header{};
    store(header.data(), record.bytes, std::endian::little);
    store_digest(&header[8], record.key);
    store(&header[24], record.crc, std::endian::little);
    store(&header[28], record_crc(header, record.offset - record_header), std::endian::little);
    return header;
}

inline void check_journal_header(const header_bytes& header, const digest& of, const std::string& where) {
    if (std::memcmp(header.data(), "eennjrnl", 8) != 0)
        raise(where, "it does not start as a journal does", "it is another file: leave it, and name another one");
    const auto version = load<std::uint32_t>(&header[8], std::endian::little);
    if (version != journal_version) {
        raise(where,
              "it is a journal of version " + std::to_string(version) + ", this library reads version " +
                  std::to_string(journal_version),
              "delete the file, or use the library that wrote it");
    }
    if (load<std::uint32_t>(&header[12], std::endian::little) != header_crc(header))
        raise(where, "its header is damaged", "delete the file");
    const digest found = load_digest(&header[16]);
    if (found != of) {
        raise(where, "it is a journal of something else: of " + found.text() + ", not of " + of.text(),
              "delete the file, or name another one");
    }
}

// Supports files beyond 2 GB.
[[nodiscard]] inline bool seek(std::FILE* file, std::uint64_t to) noexcept {
#if defined(__unix__) || defined(__APPLE__)
    return ::fseeko(file, static_cast<::off_t>(to), SEEK_SET) == 0;
#else
    return std::fseek(file, static_cast<long>(to), SEEK_SET) == 0;
#endif
}
// Seeks to the end of the file and returns its offset; -1 if the file cannot seek.
[[nodiscard]] inline std::int64_t seek_end(std::FILE* file) noexcept {
#if defined(__unix__) || defined(__APPLE__)
    return ::fseeko(file, 0, SEEK_END) == 0 ? std::int64_t{::ftello(file)} : -1;
#else
    return std::fseek(file, 0, SEEK_END) == 0 ? std::int64_t{std::ftell(file)} : -1;
#endif
}
[[nodiscard]] inline bool cut_file(std::FILE* file, const std::string& path, std::uint64_t bytes) noexcept {
#if defined(__unix__) || defined(__APPLE__)
    static_cast<void>(path);
    return ::ftruncate(::fileno(file), static_cast<::off_t>(bytes)) == 0;
#else
    static_cast<void>(file);
    std::error_code failed;
    std::filesystem::resize_file(path, bytes, failed);
    return !failed;
#endif
}
// The operating system releases the lock with the file's last handle, at the latest when the process ends.
inline void refuse_second_writer([[maybe_unused]] std::FILE* file, [[maybe_unused]] const std::string& where) {
#if defined(__unix__) || defined(__APPLE__)
    if (::flock(::fileno(file), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        raise(where, "another process has it open", "wait until that one has ended, or name another file");
#endif
}

// Scans a journal. read(offset, span) fills the span from that offset; the range lies within `bytes`.
template <class Read>
class journal_scan {
public:
    journal_scan(const Read& read, std::uint64_t bytes) : read_{read}, bytes_{bytes} {}

    [[nodiscard]] journal_content operator()(const digest& of, const std::string& where) {
        journal_content found;
        header_bytes header{};
        const auto there = std::min<std::uint64_t>(bytes_, journal_header);
        read_(std::uint64_t{0}, std::span{header}.first(static_cast<std::size_t>(there)));
        if (there < journal_header) {
            const header_bytes whole = make_journal_header(of);
            if (!std::equal(header.begin(), header.begin() + static_cast<std::ptrdiff_t>(there), whole.begin()))
                raise(where, "it does not start as a journal of " + of.text() + " does",
                      "it is another file: leave it, and name another one");
            found.torn = bytes_;
            return found;
        }
        check_journal_header(header, of, where);
        found.bytes = journal_header;
        journal_record record;
        while (found.bytes < bytes_ && whole_record(found.bytes, record)) {
            found.records.push_back(record);
            found.bytes = record.offset + record.bytes;
        }
        found.torn = bytes_ - found.bytes;
        if (const std::uint64_t next = next_record(found.bytes + 1); next < bytes_) {
            raise(where,
                  "record " + std::to_string(found.records.size()) + ", at byte " + std::to_string(found.bytes) +
                      ", is damaged: its checksum differs, and a whole record follows at byte " + std::to_string(next),
                  "delete the file");
        }
        return found;
    }

private:
    [[nodiscard]] bool record_at(std::span<const std::byte> header, std::uint64_t at,
                                 journal_record& record) const noexcept {
        record = {load_digest(&header[8]), at + record_header, load<std::uint64_t>(header.data(), std::endian::little),
                  load<std::uint32_t>(&header[24], std::endian::little)};
        return record.bytes <= bytes_ - record.offset &&
               load<std::uint32_t>(&header[28], std::endian::little) == record_crc(header, at);
    }
    [[nodiscard]] bool whole_record(std::uint64_t at, journal_record& record) {
        if (bytes_ - at < record_header) return false;
        header_bytes header{};
        read_(at, std::span{header});
        return record_at(header, at, record) && payload_crc(record) == record.crc;
    }
    [[nodiscard]] std::uint32_t payload_crc(const journal_record& record) {
        std::uint32_t crc = 0;
        for (std::uint64_t done = 0; done < record.bytes;) {
            const auto piece = std::span{buffer_}.first(
                static_cast<std::size_t>(std::min<std::uint64_t>(record.bytes - done, window)));
            read_(record.offset + done, piece);
            crc = crc32c(piece, crc);
            done += piece.size();
        }
        return crc;
    }
    // The first complete record at or after `from`, at any byte offset; `bytes_` if there is none.
    [[nodiscard]] std::uint64_t next_record(std::uint64_t from) {
        std::vector<std::byte> seen(window);
        journal_record record;
        while (from + record_header <= bytes_) {
            const auto here =
                std::span{seen}.first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes_ - from, seen.size())));
            read_(from, here);
            for (std::size_t i = 0; i + record_header <= here.size(); ++i) {
                if (record_at(here.subspan(i, record_header), from + i, record) && payload_crc(record) == record.crc)
                    return from + i;
            }
            from += here.size() - record_header + 1;
        }
        return bytes_;
    }

    static constexpr std::size_t window = std::size_t{64} << 10;
    const Read& read_;
    std::uint64_t bytes_;
    std::vector<std::byte> buffer_ = std::vector<std::byte>(window);
};

}  // namespace detail

/// @brief Indexes the records in the bytes of a journal, without a copy.
///
/// Bytes after the last complete record count as torn, the result of an interrupted write. If another complete record
/// follows them, the file is damaged.
///
/// @param of     digest of the journal's subject, as given by its writer.
/// @par Cost     one pass over the bytes.
/// @par Memory   128 KB, and 48 bytes a record.
/// @par Errors   eenn::error naming `where` and the remedy, if the bytes are not a journal, are damaged, or belong to
///               another version or subject.
[[nodiscard]] inline journal_content parse_journal(std::span<const std::byte> bytes, const digest& of,
                                                   const std::string& where = "journal") {
    const auto read = [bytes](std::uint64_t offset, std::span<std::byte> into) {
        const auto from = bytes.subspan(static_cast<std::size_t>(offset), into.size());
        std::copy(from.begin(), from.end(), into.begin());
    };
    return detail::journal_scan{read, bytes.size()}(of, where);
}

/// @brief Which failures a record survives once append() has returned.
enum class journal_flush : unsigned char {
    system,  ///< the end of the process: the operating system holds the bytes
    disk     ///< loss of power too: the disk holds the bytes. Costs milliseconds a record
};

/// @brief An append-only file of records, indexed by key.
///
/// A process may be killed at any time and the journal still opens: an incomplete last record is cut off, and
/// dropped_bytes() returns its size. Every payload has a checksum. For equal keys the last record counts. A key is a
/// digest of everything its record depends on, so records never need to be deleted.
///
/// @par Memory   48 bytes a record; payloads stay in the file.
/// @par Threads  safe from many threads. One process at a time: a second process that opens the file is refused.
/// @par Errors   eenn::error naming the path, the reason and the remedy. A file that is not a journal, is damaged, or
///               belongs to another version or subject stays untouched. A failed append leaves the journal unchanged.
class journal {
public:
    /// Opens the journal at `path`, or creates it.
    ///
    /// @param of  digest of the journal's subject; a journal of another subject is refused.
    explicit journal(std::string path, const digest& of, journal_flush flush = journal_flush::disk)
        : path_{std::move(path)}, flush_{flush} {
        open();
        detail::refuse_second_writer(file_.get(), where());
        const auto read = [this](std::uint64_t offset, std::span<std::byte> into) { read_at(offset, into); };
        const auto content = detail::journal_scan{read, file_bytes()}(of, where());
        dropped_ = content.torn;
        end_ = content.bytes;
        for (const journal_record& record : content.records) records_[record.key] = record;
        if (dropped_ > 0) cut();
        if (end_ == 0) {
            const auto header = detail::make_journal_header(of);
            write(std::array{std::span<const std::byte>{header}});
            end_ = detail::journal_header;
            detail::flush_folder(path_);
        }
    }

    /// Size of the incomplete record that opening cut off; 0 after a clean shutdown.
    [[nodiscard]] std::uint64_t dropped_bytes() const noexcept { return dropped_; }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// Number of keys.
    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock{busy_};
        return records_.size();
    }
    [[nodiscard]] bool has(const digest& key) const {
        const std::lock_guard lock{busy_};
        return records_.contains(key);
    }

    /// Appends a record whose payload is the concatenated pieces. When this returns, the file holds the whole record.
    void append(const digest& key, std::span<const std::span<const std::byte>> pieces) {
        journal_record record{key, 0, 0, 0};
        for (const auto piece : pieces) {
            record.bytes += piece.size();
            record.crc = crc32c(piece, record.crc);
        }
        const std::lock_guard lock{busy_};
        record.offset = end_ + detail::record_header;
        const auto header = detail::make_record_header(record);
        std::vector<std::span<const std::byte>> all{std::span<const std::byte>{header}};
        all.insert(all.end(), pieces.begin(), pieces.end());
        write(all);
        end_ = record.offset + record.bytes;
        records_[key] = record;
    }
    void append(const digest& key, std::span<const std::byte> bytes) { append(key, std::array{bytes}); }

    /// A record's payload during a read.
    class payload {
    public:
        /// Bytes not read yet.
        [[nodiscard]] std::uint64_t left() const noexcept { return left_; }
        /// Reads the next bytes. Raises eenn::error if fewer are left.
        void read(std::span<std::byte> into) {
            if (into.size() > left_) {
                raise(from_.where(),
                      "a record has " + std::to_string(left_) + " bytes where " + std::to_string(into.size()) +
                          " are wanted",
                      "delete the file");
            }
            from_.read_at(record_.offset + record_.bytes - left_, into);
            crc_ = crc32c(into, crc_);
            left_ -= into.size();
        }

    private:
        friend journal;
        payload(journal& from, const journal_record& record) : from_{from}, record_{record}, left_{record.bytes} {}

        journal& from_;
        journal_record record_;
        std::uint64_t left_;
        std::uint32_t crc_ = 0;
    };

    /// Calls `take(payload)` to read the record of a key; returns false without calling it if there is none. Trust the
    /// data only once this returns, because the checksum is verified last.
    ///
    /// @par Errors  eenn::error if `take` leaves bytes unread, or if the file has changed since it was opened.
    template <class F>
    [[nodiscard]] bool read(const digest& key, F&& take) {
        const std::lock_guard lock{busy_};
        const auto found = records_.find(key);
        if (found == records_.end()) return false;
        payload all{*this, found->second};
        take(all);
        if (all.left_ > 0) {
            raise(where(), "a record has " + std::to_string(all.left_) + " bytes more than are wanted",
                  "delete the file");
        }
        if (all.crc_ != found->second.crc)
            raise(where(), "a record's checksum differs: the file has changed since it was opened", "delete the file");
        return true;
    }

private:
    [[nodiscard]] std::string where() const { return "journal " + path_; }
    [[noreturn]] void fail(const std::string& what) const {
        const std::string reason = detail::system_reason(errno, "the system gives no reason");
        raise(where(), what + ": " + reason);
    }

    void open() {
        errno = 0;
        file_.reset(std::fopen(path_.c_str(), "r+b"));
        if (!file_ && errno == ENOENT) file_.reset(std::fopen(path_.c_str(), "w+bx"));
        if (!file_) fail("it cannot be opened for writing");
        // Unbuffered: bytes that a full disk refused must not be written later at another offset.
        std::setvbuf(file_.get(), nullptr, _IONBF, 0);
    }
    [[nodiscard]] std::uint64_t file_bytes() {
        const auto bytes = detail::seek_end(file_.get());
        if (bytes < 0) fail("it has no size");
        return static_cast<std::uint64_t>(bytes);
    }
    void read_at(std::uint64_t offset, std::span<std::byte> into) {
        if (into.empty()) return;
        errno = 0;
        if (!detail::seek(file_.get(), offset) || std::fread(into.data(), 1, into.size(), file_.get()) != into.size()) {
            fail("it cannot be read at byte " + std::to_string(offset));
        }
    }
    void cut() {
        errno = 0;
        if (!detail::cut_file(file_.get(), path_, end_)) fail("its unfinished end cannot be cut off");
    }
    void write(std::span<const std::span<const std::byte>> pieces) {
        errno = 0;
        bool done = detail::seek(file_.get(), end_);
        for (const auto piece : pieces)
            done = done && (piece.empty() || std::fwrite(piece.data(), 1, piece.size(), file_.get()) == piece.size());
        done = done && std::fflush(file_.get()) == 0;
        if (done && flush_ == journal_flush::disk) done = detail::flush_to_disk(file_.get());
        if (done) return;
        const int reason = errno;
        std::clearerr(file_.get());
        (void)detail::cut_file(file_.get(), path_, end_);
        errno = reason;
        fail("a record cannot be written");
    }

    std::string path_;
    journal_flush flush_;
    detail::file_handle file_;
    std::map<digest, journal_record> records_;
    std::uint64_t end_ = 0;
    std::uint64_t dropped_ = 0;
    mutable std::mutex busy_;
};

/// @brief Replaces the file at `path` by a journal of one record, atomically as write_file(). For data that is replaced
/// rather than appended to.
inline void write_sealed(const std::string& path, const digest& of, const digest& key,
                         std::span<const std::byte> payload) {
    const auto header = detail::make_journal_header(of);
    const auto record = detail::make_record_header(
        {key, detail::journal_header + detail::record_header, payload.size(), crc32c(payload)});
    write_file(path, std::array<std::span<const std::byte>, 3>{header, record, payload});
}

/// @brief The payload written by write_sealed().
/// @par Errors  eenn::error naming the path and the remedy, if the file is damaged, truncated, or of another subject.
[[nodiscard]] inline aligned_vector<std::byte> read_sealed(const std::string& path, const digest& of,
                                                           const digest& key) {
    auto bytes = read_file(path);
    const auto content = parse_journal(bytes, of, path);
    if (content.records.size() != 1 || content.torn > 0) raise(path, "it is cut or damaged", "delete the file");
    if (content.records[0].key != key) raise(path, "it is of something else", "delete the file");
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(content.records[0].offset));
    return bytes;
}

}  // namespace EENN_ISA
}  // namespace eenn::io

#endif

// SPDX-License-Identifier: MIT
//
// zlib.hpp - reads compressed files: gzip, and the deflated entries of npz files.
// Floor 10 (interop); host subset. Needs zlib: link eenn::zlib.
#ifndef EENN_INTEROP_ZLIB_HPP
#define EENN_INTEROP_ZLIB_HPP

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <eenn/core/aligned.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/file.hpp>

namespace eenn::io {
inline namespace EENN_ISA {

namespace detail {

// Owns zlib's inflate state.
class inflate_stream {
public:
    inflate_stream(std::span<const std::byte> input, int window_bits, const std::string& where) : input_{input} {
        if (::inflateInit2(&stream_, window_bits) != Z_OK) raise(where, "zlib does not start");
    }
    inflate_stream(const inflate_stream&) = delete;
    inflate_stream& operator=(const inflate_stream&) = delete;
    ~inflate_stream() { ::inflateEnd(&stream_); }

    // Fills `output` as far as the input allows, adds to `written` and returns zlib's code. Works in pieces because
    // zlib counts in 32 bits.
    int run(std::span<std::byte> output, std::size_t& written) {
        for (;;) {
            const std::size_t in = std::min(input_.size() - used_, most);
            const std::size_t out = std::min(output.size() - written, most);
            stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(input_.data() + used_));
            stream_.avail_in = static_cast<uInt>(in);
            stream_.next_out = reinterpret_cast<Bytef*>(output.data() + written);
            stream_.avail_out = static_cast<uInt>(out);
            const int code = ::inflate(&stream_, Z_NO_FLUSH);
            used_ += in - stream_.avail_in;
            written += out - stream_.avail_out;
            const bool blocked = in == stream_.avail_in && out == stream_.avail_out;
            if (code != Z_OK || blocked || written == output.size()) return code;
        }
    }
    void restart() noexcept { ::inflateReset(&stream_); }
    [[nodiscard]] std::size_t used() const noexcept { return used_; }
    [[nodiscard]] const char* reason() const noexcept {
        return stream_.msg != nullptr ? stream_.msg : "the compressed data end early";
    }

private:
    static constexpr std::size_t most = 1 << 30;
    std::span<const std::byte> input_;
    std::size_t used_ = 0;
    z_stream stream_{};
};

}  // namespace detail

/// @brief Decompresses raw deflate data into exactly `output.size()` bytes. Pass it to read_npz() for compressed
/// entries.
///
/// @par Errors  eenn::error naming `where` if the data are damaged or decompress to another size.
inline void inflate(std::span<const std::byte> deflated, std::span<std::byte> output,
                    const std::string& where = "inflate") {
    detail::inflate_stream stream{deflated, -MAX_WBITS, where};
    std::size_t written = 0;
    int code = output.empty() ? Z_OK : stream.run(output, written);
    if (code == Z_OK && written == output.size()) {  // the end mark may still be in the input
        std::byte beyond[1];
        std::size_t extra = 0;
        code = stream.run(beyond, extra);
        if (extra != 0) raise(where, "holds more than the " + std::to_string(output.size()) + " bytes promised");
    }
    if (code != Z_STREAM_END) raise(where, stream.reason(), "the file is damaged");
    if (written != output.size() || stream.used() != deflated.size()) {
        raise(where,
              "holds " + std::to_string(written) + " bytes in " + std::to_string(stream.used()) +
                  " compressed ones, where " + std::to_string(output.size()) + " in " +
                  std::to_string(deflated.size()) + " were promised",
              "the file is damaged");
    }
}

/// @brief Decompresses gzip data; several members are concatenated.
///
/// @par Memory  grows with the content. More than `most_bytes` is refused, so a small malicious file cannot exhaust
///              memory.
/// @par Errors  eenn::error naming `where` if the data are damaged, truncated, too large or not gzip.
[[nodiscard]] inline aligned_vector<std::byte> gunzip(std::span<const std::byte> compressed,
                                                      const std::string& where = "gunzip",
                                                      std::uint64_t most_bytes = 1 << 30) {
    if (compressed.size() < 2 || compressed[0] != std::byte{0x1f} || compressed[1] != std::byte{0x8b})
        raise(where, "is no gzip data");
    detail::inflate_stream stream{compressed, MAX_WBITS + 16, where};
    const std::uint64_t limit =
        std::min<std::uint64_t>(most_bytes, 1ULL << 62) + 1;  // one extra byte detects an excess
    aligned_vector<std::byte> content(
        static_cast<std::size_t>(std::min<std::uint64_t>(4 * std::uint64_t{compressed.size()} + 4096, limit)));
    std::size_t written = 0;
    for (;;) {
        const int code = stream.run(content, written);
        if (written == limit)
            raise(where, "holds more than the " + std::to_string(most_bytes) + " bytes allowed", "raise most_bytes");
        if (code == Z_STREAM_END) {
            if (stream.used() == compressed.size()) break;
            stream.restart();
        } else if ((code == Z_OK || code == Z_BUF_ERROR) && written == content.size()) {
            content.resize(static_cast<std::size_t>(std::min<std::uint64_t>(2 * std::uint64_t{content.size()}, limit)));
        } else {
            raise(where, stream.reason(), "the file is cut or damaged");
        }
    }
    content.resize(written);
    return content;
}

/// @brief gunzip() of a file: `parse_idx(read_gzip("train-images-idx3-ubyte.gz"))`.
[[nodiscard]] inline aligned_vector<std::byte> read_gzip(const std::string& path, std::uint64_t most_bytes = 1 << 30) {
    return gunzip(read_file(path), path, most_bytes);
}

}  // namespace EENN_ISA
}  // namespace eenn::io

#endif

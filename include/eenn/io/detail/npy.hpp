// SPDX-License-Identifier: MIT
//
// detail/npy.hpp - parse_npy() and npy_bytes().
// Floor 6 (io); host subset. Tested by tests/io/npy.cpp.
#ifndef EENN_IO_DETAIL_NPY_HPP
#define EENN_IO_DETAIL_NPY_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <eenn/core/aligned.hpp>
#include <eenn/core/detail/flow.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/array.hpp>
#include <eenn/io/detail/bytes.hpp>
#include <eenn/io/file.hpp>
#include <eenn/io/npy.hpp>
#include <eenn/tensor/detail/element_type.hpp>
#include <eenn/text/detail/digits.hpp>

namespace eenn::io {
inline namespace EENN_ISA {

namespace detail {

inline constexpr std::string_view npy_magic{"\x93NUMPY", 6};

struct npy_type {
    std::string_view code;  // NumPy's type code, without the byte order
    element_type type;
};
inline constexpr npy_type npy_types[] = {
    {"b1", element_type::boolean}, {"u1", element_type::u8},  {"i1", element_type::i8},  {"u2", element_type::u16},
    {"i2", element_type::i16},     {"u4", element_type::u32}, {"i4", element_type::i32}, {"u8", element_type::u64},
    {"i8", element_type::i64},     {"f2", element_type::f16}, {"f4", element_type::f32}, {"f8", element_type::f64},
};

struct npy_header {
    element_type type = element_type::f32;
    std::endian order = std::endian::little;
    bool fortran = false;
    std::vector<std::int64_t> dims;
};

// Reads the header's dictionary literal. NumPy writes only strings, True, False and one tuple of integers.
class npy_header_reader {
public:
    npy_header_reader(std::string_view text, const std::string& where) : text_{text}, where_{where} {}

    [[nodiscard]] npy_header read() {
        npy_header header;
        bool has_type = false, has_order = false, has_dims = false;
        expect('{');
        while (!accept('}')) {
            const std::string_view key = quoted();
            expect(':');
            if (key == "descr" && !std::exchange(has_type, true)) {
                read_type(header);
            } else if (key == "fortran_order" && !std::exchange(has_order, true)) {
                header.fortran = boolean();
            } else if (key == "shape" && !std::exchange(has_dims, true)) {
                read_dims(header.dims);
            } else {
                fail("the key '" + printable(key) + "' is unknown or there twice");
            }
            if (!accept(',')) {
                expect('}');
                break;
            }
        }
        skip_space();
        if (at_ != text_.size()) fail("something follows the dictionary");
        if (!has_type || !has_order || !has_dims) fail("descr, fortran_order or shape is missing");
        return header;
    }

private:
    [[noreturn]] void fail(const std::string& what) const {
        raise(where_, what + " (byte " + std::to_string(at_) + " of the npy header)");
    }
    void skip_space() noexcept {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
    }
    [[nodiscard]] bool accept(char c) noexcept {
        skip_space();
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    void expect(char c) {
        if (!accept(c)) fail(std::string{"'"} + c + "' is expected");
    }
    [[nodiscard]] std::string_view quoted() {
        skip_space();
        const char quote = at_ < text_.size() ? text_[at_] : '?';
        if (quote != '\'' && quote != '"') fail("a string is expected");
        const std::size_t end = text_.find(quote, at_ + 1);
        if (end == std::string_view::npos) fail("a string has no end");
        const auto value = text_.substr(at_ + 1, end - at_ - 1);
        at_ = end + 1;
        return value;
    }
    [[nodiscard]] bool boolean() {
        skip_space();
        for (const auto& [word, value] :
             {std::pair{std::string_view{"True"}, true}, std::pair{std::string_view{"False"}, false}}) {
            if (text_.substr(at_, word.size()) != word) continue;
            at_ += word.size();
            return value;
        }
        fail("True or False is expected");
    }
    void read_type(npy_header& header) {
        skip_space();
        if (at_ < text_.size() && text_[at_] == '[') fail("arrays of records are not read");
        const std::string_view code = quoted();
        const auto known = std::find_if(std::begin(npy_types), std::end(npy_types), [&](const npy_type& t) {
            return t.code == code.substr(std::min<std::size_t>(1, code.size()));
        });
        const bool order_known = !code.empty() && std::string_view{"<>=|"}.find(code[0]) != std::string_view::npos;
        if (!order_known || known == std::end(npy_types))
            fail("elements of type '" + printable(code) + "' are not read");
        header.type = known->type;
        header.order = code[0] == '>' ? std::endian::big : code[0] == '<' ? std::endian::little : std::endian::native;
    }
    void read_dims(std::vector<std::int64_t>& dims) {
        expect('(');
        while (!accept(')')) {
            if (dims.size() == 64) fail("there are more than 64 dims");
            dims.push_back(integer());
            if (!accept(',')) {
                if (dims.size() == 1) fail("a tuple of one needs a comma");
                expect(')');
                break;
            }
        }
    }
    [[nodiscard]] std::int64_t integer() {
        skip_space();
        const auto [digits, value] = text::read_digits(text_.substr(at_));
        if (digits == 0) fail("a non-negative integer is expected");
        if (!value) fail("a dim is too large");
        at_ += digits;
        return *value;
    }

    std::string_view text_;
    const std::string& where_;
    std::size_t at_ = 0;
};

// Converts column-major to row-major: dim 0 varies fastest in `source`, the last dim in the result.
[[nodiscard]] inline aligned_vector<std::byte> to_row_major(std::span<const std::byte> source,
                                                            std::span<const std::int64_t> dims, std::size_t width) {
    aligned_vector<std::byte> result(source.size());
    const std::vector<std::size_t> sizes(dims.begin(), dims.end());
    std::vector<std::size_t> index(dims.size()), strides(dims.size());
    std::size_t stride = width;
    for (std::size_t d = 0; d < dims.size(); ++d) {
        strides[d] = stride;
        stride *= sizes[d];
    }
    std::size_t from = 0;
    for (std::size_t to = 0; to < result.size(); to += width) {
        std::memcpy(&result[to], &source[from], width);
        for (std::size_t d = dims.size(); d-- > 0;) {
            from += strides[d];
            if (++index[d] < sizes[d]) break;
            from -= strides[d] * index[d];
            index[d] = 0;
        }
    }
    return result;
}

}  // namespace detail

}  // namespace EENN_ISA
inline namespace EENN_HOST {

EENN_FLOW array parse_npy(std::span<const std::byte> bytes, const std::string& where) {
    if (bytes.size() < 10 || as_text(bytes.first(6)) != detail::npy_magic)
        raise(where, "does not start with NumPy's magic", "it is no npy file");
    const int version = std::to_integer<int>(bytes[6]);
    if (version < 1 || version > 3 || bytes[7] != std::byte{0}) {
        raise(where,
              "is of npy version " + std::to_string(version) + "." + std::to_string(std::to_integer<int>(bytes[7])),
              "versions 1.0, 2.0 and 3.0 are read");
    }
    const std::size_t start = version == 1 ? 10 : 12;
    if (bytes.size() < start) raise(where, "ends within its header");
    const std::size_t length = version == 1 ? load<std::uint16_t>(&bytes[8], std::endian::little)
                                            : load<std::uint32_t>(&bytes[8], std::endian::little);
    if (length > bytes.size() - start)
        raise(where, "its header of " + std::to_string(length) + " bytes goes beyond the end", "the file is cut");

    auto header = detail::npy_header_reader{as_text(bytes.subspan(start, length)), where}.read();
    const auto data = bytes.subspan(start + length);
    const std::size_t width = size_bytes(header.type);
    const auto size = checked_product(header.dims, width);
    if (!size || *size != data.size()) {
        raise(where,
              "has " + std::to_string(data.size()) + " bytes of elements where shape " + to_string(header.dims) +
                  " of " + to_string(header.type) + " needs " +
                  (size ? std::to_string(*size) : "more than memory holds"),
              "the file is cut or damaged");
    }
    array read{header.type, std::move(header.dims), {}};
    if (header.fortran && read.dims.size() > 1) {
        read.bytes = detail::to_row_major(data, read.dims, width);
    } else {
        read.bytes.assign(data.begin(), data.end());
    }
    if (header.order != std::endian::native) swap_byte_order(read.bytes, width);
    return read;
}

EENN_FLOW array read_npy(const std::string& path) { return parse_npy(read_file(path), path); }

EENN_FLOW aligned_vector<std::byte> npy_bytes(const array& written) {
    const auto known = std::find_if(std::begin(detail::npy_types), std::end(detail::npy_types),
                                    [&](const auto& t) { return t.type == written.type; });
    if (known == std::end(detail::npy_types))
        raise("npy_bytes", std::string{"NumPy has no element type "} + to_string(written.type));
    const auto size = checked_product(written.dims, size_bytes(written.type));
    if (!size || *size != written.bytes.size() || written.dims.size() > 64) {
        raise("npy_bytes", "dims " + to_string(written.dims) + " do not describe " +
                               std::to_string(written.bytes.size()) + " bytes of " + to_string(written.type));
    }
    const char order = size_bytes(written.type) == 1 ? '|' : std::endian::native == std::endian::little ? '<' : '>';
    std::string header =
        std::string{"{'descr': '"} + order + std::string{known->code} + "', 'fortran_order': False, 'shape': (";
    for (std::size_t d = 0; d < written.dims.size(); ++d)
        header +=
            (d > 0 ? " " : "") + std::to_string(written.dims[d]) + (d + 1 < written.dims.size() || d == 0 ? "," : "");
    header += "), }";
    header.append((64 - (10 + header.size() + 1) % 64) % 64, ' ');
    header += '\n';

    aligned_vector<std::byte> bytes(10 + header.size() + written.bytes.size());
    std::memcpy(bytes.data(), detail::npy_magic.data(), detail::npy_magic.size());
    bytes[6] = std::byte{1};
    store(&bytes[8], static_cast<std::uint16_t>(header.size()), std::endian::little);
    std::memcpy(&bytes[10], header.data(), header.size());
    if (!written.bytes.empty()) std::memcpy(&bytes[10 + header.size()], written.bytes.data(), written.bytes.size());
    return bytes;
}

EENN_FLOW void write_npy(const std::string& path, const array& written) { write_file(path, npy_bytes(written)); }

}  // namespace EENN_HOST
}  // namespace eenn::io

#endif

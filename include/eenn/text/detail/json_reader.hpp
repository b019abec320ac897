// SPDX-License-Identifier: MIT
//
// detail/json_reader.hpp - a strict JSON reader for file headers, and JSON string quoting.
// Floor 1 (text). Tested by tests/text/json_writer.cpp.
#ifndef EENN_TEXT_DETAIL_JSON_READER_HPP
#define EENN_TEXT_DETAIL_JSON_READER_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/text/detail/digits.hpp>

namespace eenn::text {
inline namespace EENN_ISA {

/// @brief Bytes of the UTF-8 character at the front of `text`, or 0 if it is invalid. Overlong forms, surrogates and
/// anything above U+10FFFF are invalid.
///
/// @par Source  The Unicode Standard 15.0, table 3-7.
[[nodiscard]] constexpr std::size_t utf8_length(std::string_view text) noexcept {
    const auto byte = [text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    const auto follows = [byte](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
        return byte(i) >= low && byte(i) <= high;
    };
    const unsigned first = byte(0);
    if (text.empty()) return 0;
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) {
        const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
        const unsigned high = first == 0xed ? 0x9f : 0xbf;
        return follows(1, low, high) && follows(2) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const unsigned low = first == 0xf0 ? 0x90 : 0x80;
        const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
        return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

/// @brief Whether all of `text` is valid UTF-8.
[[nodiscard]] constexpr bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

/// @brief `text` as a quoted JSON string. Raises if it is not UTF-8.
[[nodiscard]] inline std::string json_quoted(std::string_view text, const std::string& where = "json") {
    if (!is_utf8(text)) raise(where, "a string to be written is not UTF-8");
    std::string quoted = "\"";
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            quoted += '\\';
            quoted += c;
        } else if (code < 0x20) {
            constexpr const char* digits = "0123456789abcdef";
            quoted += "\\u00";
            quoted += digits[code >> 4];
            quoted += digits[code & 15];
        } else {
            quoted += c;
        }
    }
    return quoted + "\"";
}

/// @brief Reads JSON of known structure: the caller asks for the value that must come next.
///
/// The reader never recurses on its own; nesting depth is under the caller's control, whatever the input. Comments,
/// trailing commas, leading zeros, control characters in strings and invalid UTF-8 are rejected.
/// @par Memory  Only the strings it returns.
/// @par Errors  eenn::error with `where`, the byte offset and what was expected there.
class json_reader {
public:
    json_reader(std::string_view text, std::string where) : text_{text}, where_{std::move(where)} {}

    /// Calls member(key) for each member of the next object; member must read the value.
    template <class F>
    void object(F&& member) {
        expect('{', "an object");
        if (accept('}')) return;
        do {
            std::string key = string();
            expect(':', "a colon");
            member(std::move(key));
        } while (accept(','));
        expect('}', "a comma or the end of the object");
    }

    /// Calls element() for each element of the next array; element must read the value.
    template <class F>
    void array(F&& element) {
        expect('[', "an array");
        if (accept(']')) return;
        do {
            element();
        } while (accept(','));
        expect(']', "a comma or the end of the array");
    }

    [[nodiscard]] std::string string() {
        expect('"', "a string");
        std::string value;
        for (;;) {
            if (at_ == text_.size()) fail("a string has no end");
            const char c = text_[at_];
            if (c == '"') {
                ++at_;
                return value;
            }
            if (static_cast<unsigned char>(c) < 0x20) fail("a control character in a string");
            if (c == '\\') {
                ++at_;
                escape(value);
                continue;
            }
            const std::size_t length = utf8_length(text_.substr(at_));
            if (length == 0) fail("a string is not UTF-8");
            value.append(text_.substr(at_, length));
            at_ += length;
        }
    }

    /// An integer in [0, 2^63).
    [[nodiscard]] std::int64_t integer() {
        skip_space();
        const auto [digits, value] = read_digits(text_.substr(at_));
        if (digits == 0) fail("a non-negative integer is expected");
        if (!value) fail("a number is too large");
        if (text_[at_] == '0' && digits > 1) fail("a number starts with 0");
        at_ += digits;
        if (at_ < text_.size() && (text_[at_] == '.' || text_[at_] == 'e' || text_[at_] == 'E')) {
            fail("a number is no integer");
        }
        return *value;
    }

    [[nodiscard]] bool boolean() {
        skip_space();
        for (const std::string_view word : {std::string_view{"true"}, std::string_view{"false"}}) {
            if (text_.substr(at_, word.size()) != word) continue;
            at_ += word.size();
            return word == "true";
        }
        fail("true or false is expected");
    }
    /// Skips the next value of any kind. Checks brackets and strings, nothing else.
    void skip() {
        int depth = 0;
        do {
            const char c = next();
            if (c == '"') {
                (void)string();
            } else if (c == '{' || c == '[') {
                ++depth;
                ++at_;
            } else if (depth > 0 && (c == '}' || c == ']')) {
                --depth;
                ++at_;
            } else if (depth > 0 && (c == ',' || c == ':')) {
                ++at_;
            } else {
                const std::size_t length = text_.find_first_of(",:]}[{\" \t\r\n", at_);
                if (c == '\0' || length == at_) fail("a value is expected");
                at_ = length == std::string_view::npos ? text_.size() : length;
            }
        } while (depth > 0);
    }
    /// The first character of the next value; 0 at the end.
    [[nodiscard]] char next() noexcept {
        skip_space();
        return at_ < text_.size() ? text_[at_] : '\0';
    }

    /// A number in JSON syntax: no leading zeros, no plus sign, digits on both sides of a decimal point. Raises if it
    /// overflows double.
    [[nodiscard]] double number() {
        skip_space();
        const std::size_t start = at_;
        const auto digits = [this] {
            const std::size_t first = at_;
            while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
            if (at_ == first) fail("a number is expected");
            return at_ - first;
        };
        const auto taken = [this](char c) { return at_ < text_.size() && text_[at_] == c && (++at_, true); };
        (void)taken('-');
        const std::size_t whole = at_;
        if (digits() > 1 && text_[whole] == '0') fail("a number starts with 0");
        if (taken('.')) digits();
        if (taken('e') || taken('E')) {
            if (!taken('-')) (void)taken('+');
            digits();
        }
        double value = 0;
        const auto parsed = std::from_chars(text_.data() + start, text_.data() + at_, value);
        if (parsed.ec != std::errc{}) fail("a number does not fit double precision");
        return value;
    }

    /// Raises unless only white space is left.
    void end() {
        skip_space();
        if (at_ != text_.size()) fail("something follows the end");
    }

    [[noreturn]] void fail(const std::string& what) const {
        raise(where_, what + " (byte " + std::to_string(at_) + " of the JSON)");
    }

private:
    void skip_space() noexcept {
        while (at_ < text_.size() &&
               (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
            ++at_;
    }
    [[nodiscard]] bool accept(char c) noexcept {
        skip_space();
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    void expect(char c, const char* what) {
        if (!accept(c)) fail(std::string{what} + " is expected");
    }

    [[nodiscard]] unsigned hex4() {
        unsigned value = 0;
        for (int i = 0; i < 4; ++i, ++at_) {
            const char c = at_ < text_.size() ? text_[at_] : '?';
            const int digit = c >= '0' && c <= '9'   ? c - '0'
                              : c >= 'a' && c <= 'f' ? c - 'a' + 10
                              : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                     : -1;
            if (digit < 0) fail("four hexadecimal digits are expected after \\u");
            value = 16 * value + static_cast<unsigned>(digit);
        }
        return value;
    }

    void escape(std::string& value) {
        const char c = at_ < text_.size() ? text_[at_] : '?';
        constexpr std::string_view letters = "\"\\/bfnrt";
        constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        if (const auto found = letters.find(c); found != std::string_view::npos) {
            value += meanings[found];
            ++at_;
            return;
        }
        if (c != 'u') fail("an unknown escape in a string");
        ++at_;
        unsigned code = hex4();
        if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_, 2) == "\\u") {
            at_ += 2;
            const unsigned low = hex4();
            if (low < 0xdc00 || low > 0xdfff) fail("half a surrogate pair in a string");
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        if (code >= 0xd800 && code <= 0xdfff) fail("half a surrogate pair in a string");
        const auto byte = [&value](unsigned bits) { value += static_cast<char>(bits); };
        const auto tail = [&byte](unsigned bits) { byte(0x80 | (bits & 0x3f)); };
        if (code < 0x80) {
            byte(code);
        } else if (code < 0x800) {
            byte(0xc0 | code >> 6);
            tail(code);
        } else if (code < 0x10000) {
            byte(0xe0 | code >> 12);
            tail(code >> 6);
            tail(code);
        } else {
            byte(0xf0 | code >> 18);
            tail(code >> 12);
            tail(code >> 6);
            tail(code);
        }
    }

    std::string_view text_;
    std::string where_;
    std::size_t at_ = 0;
};

}  // namespace EENN_ISA
}  // namespace eenn::text

#endif

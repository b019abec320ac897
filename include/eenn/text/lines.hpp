// SPDX-License-Identifier: MIT
//
// lines.hpp - wraps text to lines of a given width.
// Floor 1 (text); host subset. Widths count characters, including combining ones.
#ifndef EENN_TEXT_LINES_HPP
#define EENN_TEXT_LINES_HPP

#include <eenn/core/isa.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace eenn::text {
inline namespace EENN_ISA {

/// @brief Number of characters in a UTF-8 text; combining characters count.
[[nodiscard]] inline std::size_t characters(std::string_view text) {
    std::size_t count = 0;
    for (const char c : text) count += (c & 0xc0) != 0x80;
    return count;
}

/// @brief The first `most` characters of a UTF-8 text.
[[nodiscard]] inline std::string_view first_characters(std::string_view text, std::size_t most) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool starts = (text[i] & 0xc0) != 0x80;
        if (starts && most-- == 0) return text.substr(0, i);
    }
    return text;
}

/// @brief Wraps a text into lines of at most `width` characters. A longer word gets a line of its own, and existing
/// line breaks stay. Every line but the first starts with `indent` spaces, which count towards the width.
[[nodiscard]] inline std::string wrapped(std::string_view text, std::size_t width, std::size_t indent = 0) {
    std::string out;
    std::size_t column = indent;
    bool empty = true;  // nothing on this line yet
    const auto new_line = [&] {
        out += '\n';
        column = indent;
        empty = true;
    };
    while (!text.empty()) {
        if (text.front() == '\n') {
            new_line();
            text.remove_prefix(1);
            continue;
        }
        const std::string_view word = text.substr(0, text.find_first_of(" \n"));
        const std::size_t length = characters(word);
        if (length > 0) {
            if (!empty && column + 1 + length > width) new_line();
            if (!empty) {
                out += ' ';
                ++column;
            } else if (out.ends_with('\n')) {
                out.append(indent, ' ');
            }
            out += word;
            column += length;
            empty = false;
        }
        text.remove_prefix(word.size());
        if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    }
    return out;
}

}  // namespace EENN_ISA
}  // namespace eenn::text

#endif

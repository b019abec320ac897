// SPDX-License-Identifier: MIT
//
// csv.hpp - tables of numbers with a label column.
// Floor 6 (io); host subset. Letters: N = rows, F = columns of numbers.
#ifndef EENN_IO_CSV_HPP
#define EENN_IO_CSV_HPP

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <eenn/core/aligned.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/detail/bytes.hpp>
#include <eenn/io/file.hpp>

namespace eenn::io {
inline namespace EENN_ISA {

/// @brief How to read a CSV file.
struct csv_options {
    bool header = true;  // the first row holds the column names
    char separator = ',';
    bool labelled = true;                // one column holds the label
    std::string label{};                 // name of the label column; empty: see label_column
    int label_column = -1;               // its index from 0; negative: counted from the end
    std::vector<std::string> classes{};  // class labels in class order; empty: taken from the file, sorted
};

/// @brief A table of numbers with a class for each row.
struct csv_table {
    std::vector<std::string> columns;  // (F) names; "0", "1", ... without a header
    aligned_vector<float> values;      // (N,F), finite
    std::vector<int> labels;           // (N), indices into `classes`; (0) if not labelled
    std::vector<std::string> classes;

    [[nodiscard]] std::size_t rows() const noexcept {
        return columns.empty() ? labels.size() : values.size() / columns.size();
    }
};

namespace detail {

// Splits text into fields and counts lines for messages.
class csv_reader {
public:
    csv_reader(std::string_view text, char separator, const std::string& where)
        : text_{text}, separator_{separator}, where_{where} {
        if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);  // the byte order mark that some programs write
    }

    // Reads the next non-empty row; false at the end.
    [[nodiscard]] bool row(std::vector<std::string>& fields) {
        while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) line_end();
        if (at_ == text_.size()) return false;
        fields.clear();
        row_line_ = line_;
        for (;;) {
            fields.push_back(at_ < text_.size() && text_[at_] == '"' ? quoted(fields.size()) : plain(fields.size()));
            if (at_ == text_.size()) return true;
            if (text_[at_] != separator_) break;
            ++at_;
        }
        line_end();
        return true;
    }

    // Reports line and column of the row read last, counted from 1.
    [[noreturn]] void fail(std::size_t column, const std::string& what, const std::string& remedy = {}) const {
        raise(where_, "line " + std::to_string(row_line_) + ", column " + std::to_string(column + 1) + ": " + what,
              remedy);
    }
    [[nodiscard]] std::size_t line() const noexcept { return row_line_; }

private:
    void line_end() noexcept {
        if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
        ++at_;
        ++line_;
    }
    [[nodiscard]] bool ends_field(char c) const noexcept { return c == separator_ || c == '\n' || c == '\r'; }

    [[nodiscard]] std::string plain(std::size_t column) {
        const std::size_t start = at_;
        for (; at_ < text_.size() && !ends_field(text_[at_]); ++at_) {
            if (text_[at_] == '"') fail(column, "a quote within a field without quotes");
        }
        return std::string{text_.substr(start, at_ - start)};
    }
    [[nodiscard]] std::string quoted(std::size_t column) {
        std::string value;
        for (++at_;; ++at_) {
            if (at_ == text_.size()) fail(column, "a quoted field has no end");
            if (text_[at_] == '"') {
                if (at_ + 1 == text_.size() || text_[at_ + 1] != '"') break;
                ++at_;
            }
            if (text_[at_] == '\n') ++line_;
            value += text_[at_];
        }
        ++at_;
        if (at_ < text_.size() && !ends_field(text_[at_])) fail(column, "text follows the closing quote");
        return value;
    }

    std::string_view text_;
    char separator_;
    const std::string& where_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    std::size_t row_line_ = 1;
};

[[nodiscard]] inline std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// Parses the whole text as a number of type T.
template <class T>
[[nodiscard]] bool parse_number(std::string_view text, T& value) noexcept {
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    return code == std::errc{} && end == text.data() + text.size();
}

// Sorts numerically if all labels are integers ("9" before "10"), otherwise by character.
inline void sort_classes(std::vector<std::string>& classes) {
    std::int64_t value = 0;
    const bool numbers = std::all_of(classes.begin(), classes.end(),
                                     [&](const std::string& c) { return parse_number<std::int64_t>(c, value); });
    std::sort(classes.begin(), classes.end(), [numbers](const std::string& a, const std::string& b) {
        std::int64_t x = 0, y = 0;
        if (numbers && parse_number(a, x) && parse_number(b, y) && x != y) return x < y;
        return a < b;
    });
}

}  // namespace detail

/// @brief Parses a table from CSV text. Fields may be quoted, with quotes inside doubled. Lines end in LF or CRLF;
/// empty lines are skipped.
///
/// @par Cost     O(text + N log classes).
/// @par Errors   eenn::error naming `where`, line and column (from 1): a field that is not a finite number, a row of a
///               different length, a missing label column, a label missing from `classes`, an unterminated quote, no
///               rows.
/// @par Source   RFC 4180, section 2. Headers, other separators, a lone CR and blanks around numbers follow common
///               practice.
[[nodiscard]] inline csv_table parse_csv(std::string_view text, const csv_options& options = {},
                                         const std::string& where = "csv") {
    if (options.separator == '"' || options.separator == '\n' || options.separator == '\r')
        raise(where, "the separator cannot be a quote or a line end");
    detail::csv_reader reader{text, options.separator, where};
    std::vector<std::string> fields;
    if (!reader.row(fields)) raise(where, "has no rows");

    const std::size_t width = fields.size();
    csv_table table;
    for (std::size_t c = 0; c < width; ++c)
        table.columns.push_back(options.header ? std::string{detail::trimmed(fields[c])} : std::to_string(c));
    std::size_t label = width;
    if (options.labelled && !options.label.empty()) {
        for (label = 0; label < width && table.columns[label] != options.label;) ++label;
        if (label == width) raise(where, "has no column named '" + printable(options.label) + "'");
    } else if (options.labelled) {
        const auto place = options.label_column + (options.label_column < 0 ? std::ssize(fields) : 0);
        if (place < 0 || place >= std::ssize(fields)) {
            raise(where, "has no label column " + std::to_string(options.label_column) + " among " +
                             std::to_string(width) + " columns");
        }
        label = static_cast<std::size_t>(place);
    }
    if (label < width) table.columns.erase(table.columns.begin() + static_cast<std::ptrdiff_t>(label));

    std::map<std::string, int, std::less<>> known;  // label -> class, or order of appearance if no classes are given
    int classes = 0;
    for (const auto& name : options.classes) {
        if (!known.emplace(name, classes++).second) raise(where, "the class '" + printable(name) + "' is given twice");
    }
    bool more = !options.header || reader.row(fields);
    if (!more) raise(where, "has a header and no rows");
    for (; more; more = reader.row(fields)) {
        if (fields.size() != width) {
            raise(where, "line " + std::to_string(reader.line()) + " has " + std::to_string(fields.size()) +
                             " fields where the first has " + std::to_string(width));
        }
        for (std::size_t c = 0; c < width; ++c) {
            const auto field = detail::trimmed(fields[c]);
            if (c == label) {
                if (field.empty()) reader.fail(c, "the label is empty", "give it or remove the row");
                auto found = known.find(field);
                if (found == known.end()) {
                    if (!options.classes.empty())
                        reader.fail(c, "the label '" + printable(field) + "' is none of the classes given");
                    found = known.emplace(std::string{field}, classes++).first;
                }
                table.labels.push_back(found->second);
                continue;
            }
            float value = 0;
            if (!detail::parse_number(field, value) || !std::isfinite(value)) {
                reader.fail(c, "'" + printable(field) + "' is no finite number", "repair or remove the row");
            }
            table.values.push_back(value);
        }
    }
    if (!options.classes.empty() || !options.labelled) {
        table.classes = options.classes;
        return table;
    }
    for (const auto& [name, index] : known) table.classes.push_back(name);
    detail::sort_classes(table.classes);
    std::vector<int> class_of(known.size());  // by order of appearance
    int sorted = 0;
    for (const auto& name : table.classes) class_of[static_cast<std::size_t>(known.at(name))] = sorted++;
    for (int& l : table.labels) l = class_of[static_cast<std::size_t>(l)];
    return table;
}

/// @brief Reads and parses a CSV file. Errors as read_file() and parse_csv().
[[nodiscard]] inline csv_table read_csv(const std::string& path, const csv_options& options = {}) {
    const auto bytes = read_file(path);
    return parse_csv(as_text(bytes), options, path);
}

}  // namespace EENN_ISA
}  // namespace eenn::io

#endif

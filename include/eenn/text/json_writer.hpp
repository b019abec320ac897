// SPDX-License-Identifier: MIT
//
// json_writer.hpp - writes JSON: results, configurations, metadata.
// Floor 1 (text); host subset.
#ifndef EENN_TEXT_JSON_WRITER_HPP
#define EENN_TEXT_JSON_WRITER_HPP

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/text/detail/json_reader.hpp>

namespace eenn::text {
inline namespace EENN_ISA {

/// @brief The shortest decimal that parses back to the same number.
/// @par Errors eenn::error if the number is not finite, which JSON cannot express.
template <class Number>
requires((std::integral<Number> || std::floating_point<Number>)&&!std::same_as<Number, bool>) [[nodiscard]] std::string
    json_number(Number value) {
    if constexpr (std::floating_point<Number>) {
        if (!std::isfinite(value))
            raise("json_number", std::to_string(value), "JSON has no such number: leave it out or write null");
    }
    char buffer[64];
    return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

/// @brief Builds one JSON value as text, member by member.
///
/// `w.begin_object().member("name", "ecg").key("shares").array(shares).end_object()`. Objects take one line per member,
/// arrays a single line unless they contain objects or arrays.
///
/// @par Errors eenn::error if calls are out of order (a value without a key, an end without a begin, text() too early),
///             a number is not finite or a text is not UTF-8.
class json_writer {
public:
    /// `indent` spaces per level; 0 writes everything on one line.
    explicit json_writer(int indent = 2) : indent_{static_cast<std::size_t>(indent > 0 ? indent : 0)} {}

    json_writer& begin_object() { return begin('{'); }
    json_writer& end_object() { return end('{', '}'); }
    json_writer& begin_array() { return begin('['); }
    json_writer& end_array() { return end('[', ']'); }

    json_writer& key(std::string_view name) {
        if (open_.empty() || open_.back().bracket != '{' || keyed_) misplaced("key " + json_quoted(name));
        separate(true);
        text_ += json_quoted(name) + (indent_ > 0 ? ": " : ":");
        keyed_ = true;
        return *this;
    }
    json_writer& value(std::string_view text) { return put(json_quoted(text)); }
    json_writer& value(const char* text) { return value(std::string_view{text}); }
    json_writer& value(bool truth) { return put(truth ? "true" : "false"); }
    template <class Number>
    requires((std::integral<Number> ||
              std::floating_point<Number>)&&!std::same_as<Number, bool>) json_writer& value(Number number) {
        return put(json_number(number));
    }
    json_writer& null() { return put("null"); }

    /// An array of a container's elements.
    template <class Container>
    json_writer& array(const Container& elements) {
        begin_array();
        for (const auto& element : elements) value(element);
        return end_array();
    }
    template <class Value>
    json_writer& member(std::string_view name, const Value& v) {
        return key(name).value(v);
    }

    /// The finished value.
    [[nodiscard]] const std::string& text() const {
        if (!open_.empty() || text_.empty())
            raise("json_writer", "the value is not finished", "end every object and array");
        return text_;
    }

private:
    struct level {
        char bracket;
        bool empty = true;
        bool lines = false;  // members are on separate lines
    };

    [[noreturn]] static void misplaced(const std::string& what) {
        raise("json_writer", what + " is out of place", "objects take a key before each value");
    }

    void new_line() {
        if (indent_ > 0) text_ += '\n' + std::string(indent_ * open_.size(), ' ');
    }
    void separate(bool on_new_line) {
        level& l = open_.back();
        if (!l.empty) text_ += on_new_line || indent_ == 0 ? "," : ", ";
        l.empty = false;
        if (on_new_line) {
            l.lines = true;
            new_line();
        }
    }
    // Checks that a value is allowed here, and writes the separator that it needs.
    void place(const std::string& what, bool on_new_line) {
        if (open_.empty()) {
            if (!text_.empty()) misplaced(what);
        } else if (open_.back().bracket == '{') {
            if (!keyed_) misplaced(what);
            keyed_ = false;
        } else {
            separate(on_new_line);
        }
    }
    json_writer& put(const std::string& token) {
        place(token, false);
        text_ += token;
        return *this;
    }
    json_writer& begin(char bracket) {
        place(std::string{bracket}, true);
        text_ += bracket;
        open_.push_back({bracket});
        return *this;
    }
    json_writer& end(char bracket, char closing) {
        if (open_.empty() || open_.back().bracket != bracket || keyed_) misplaced(std::string{closing});
        const level closed = open_.back();
        open_.pop_back();
        if (closed.lines) new_line();
        text_ += closing;
        return *this;
    }

    std::size_t indent_;
    std::string text_;
    std::vector<level> open_;
    bool keyed_ = false;
};

}  // namespace EENN_ISA
}  // namespace eenn::text

#endif

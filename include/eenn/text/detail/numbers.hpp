// SPDX-License-Identifier: MIT
//
// detail/numbers.hpp - numbers for human readers: 12.5 M, 63 µs, 91.4 %, −0.34 points; a dash if not finite.
// Floor 1 (text); host subset.
#ifndef EENN_TEXT_DETAIL_NUMBERS_HPP
#define EENN_TEXT_DETAIL_NUMBERS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>

#include <eenn/core/isa.hpp>
#include <eenn/text/detail/json_reader.hpp>
#include <eenn/text/lines.hpp>

namespace eenn::text {
inline namespace EENN_ISA {

/// Printed in place of a missing number.
inline constexpr const char* no_number = "\xe2\x80\x93";

/// @brief `value` with `digits` decimals and the typographic minus sign; a dash if it is not finite.
[[nodiscard]] inline std::string fixed_text(double value, int digits) {
    if (!std::isfinite(value)) return no_number;
    char text[400];
    std::snprintf(text, sizeof text, "%.*f", digits, std::abs(value));
    const std::string number = text;
    const bool zero = number.find_first_not_of("0.") == std::string::npos;
    return (value < 0 && !zero ? "\xe2\x88\x92" : "") + number;
}

/// @brief Writes 0.914 as "91.4 %".
[[nodiscard]] inline std::string percent_text(double share, int digits = 1) {
    return std::isfinite(share) ? fixed_text(100 * share, digits) + " %" : no_number;
}

/// @brief A difference of shares in signed percentage points: -0.0034 becomes "−0.34".
[[nodiscard]] inline std::string points_text(double difference, int digits = 2) {
    const std::string text = fixed_text(100 * difference, digits);
    const bool zero = text.find_first_not_of("0.") == std::string::npos;
    if (!std::isfinite(difference)) return text;
    return zero ? "\xc2\xb1" + text : difference > 0 ? "+" + text : text;
}

namespace number_parts {

/// Three digits and the suffix of the largest unit that the number reaches; neighbouring suffixes differ by a factor of
/// `base`.
template <std::size_t N>
[[nodiscard]] std::string scaled_text(double value, double base, const std::array<const char*, N>& suffixes) {
    if (!std::isfinite(value)) return no_number;
    std::size_t unit = 0;
    while (unit + 1 < N && std::abs(value) >= 0.9995 * base) {
        value /= base;
        ++unit;
    }
    const double size = std::abs(value);
    const bool whole = unit == 0 && value == std::round(value);
    const int digits = whole || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
    const std::string suffix = suffixes[unit];
    return fixed_text(value, digits) + (suffix.empty() ? "" : " " + suffix);
}

}  // namespace number_parts

/// @brief Writes 12500000 as "12.5 M".
template <class Number>
requires std::is_arithmetic_v<Number>
[[nodiscard]] std::string count_text(Number value) {
    return number_parts::scaled_text(static_cast<double>(value), 1000, std::array{"", "k", "M", "G", "T", "P"});
}
/// @brief Writes 16384 as "16.0 KiB".
template <class Number>
requires std::is_arithmetic_v<Number>
[[nodiscard]] std::string bytes_text(Number value) {
    return number_parts::scaled_text(static_cast<double>(value), 1024, std::array{"B", "KiB", "MiB", "GiB", "TiB"});
}
/// @brief Writes 0.000063 as "63.0 µs", 185 as "185 s".
[[nodiscard]] inline std::string seconds_text(double seconds) {
    if (std::isfinite(seconds) && std::abs(seconds) >= 0.9995) {
        return fixed_text(seconds, std::abs(seconds) >= 99.95 ? 0 : std::abs(seconds) >= 9.995 ? 1 : 2) + " s";
    }
    return number_parts::scaled_text(1e9 * seconds, 1000, std::array{"ns", "\xc2\xb5s", "ms"});
}
/// @brief Writes 0.0021 as "2.10 mJ".
[[nodiscard]] inline std::string joules_text(double joules) {
    return number_parts::scaled_text(1e9 * joules, 1000, std::array{"nJ", "\xc2\xb5J", "mJ", "J", "kJ"});
}
/// @brief An integer with thousands separators: "2,500".
[[nodiscard]] inline std::string integer_text(std::int64_t value) {
    std::string text = std::to_string(value);
    const std::size_t most = value < 0 ? 4 : 3;  // longest text that needs no comma
    for (std::size_t at = text.size(); at > most;) text.insert(at -= 3, 1, ',');
    return text;
}

/// @brief The text with every invalid UTF-8 byte replaced, because names come from arbitrary files.
[[nodiscard]] inline std::string readable(std::string_view text) {
    std::string clean;
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) {
            clean += "\xef\xbf\xbd";
        } else {
            clean.append(text.substr(0, length));
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return clean;
}

/// @brief At most `most` characters of a text. A longer text gets an ellipsis in the middle, because layer names differ
/// at their ends.
[[nodiscard]] inline std::string shortened(std::string_view text, std::size_t most) {
    const std::string clean = readable(text);
    const std::size_t length = characters(clean);
    if (length <= most || most < 3) return clean;
    const std::size_t head = (most - 1) / 3;
    const std::size_t tail = most - 1 - head;
    std::string cut;
    std::size_t at = 0;
    bool gap = false;
    std::string_view rest = clean;
    for (; !rest.empty(); ++at) {
        const std::size_t bytes = utf8_length(rest);
        if (at < head || at >= length - tail) {
            cut.append(rest.substr(0, bytes));
        } else if (!gap) {
            cut += "\xe2\x80\xa6";
            gap = true;
        }
        rest.remove_prefix(bytes);
    }
    return cut;
}

}  // namespace EENN_ISA
}  // namespace eenn::text

#endif

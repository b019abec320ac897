// SPDX-License-Identifier: MIT
//
// detail/fixed_text.hpp - a short string that constant expressions can build and template arguments can hold.
// Floor 0 (core). Tested by tests/layers/fault.cpp.
#ifndef EENN_CORE_DETAIL_FIXED_TEXT_HPP
#define EENN_CORE_DETAIL_FIXED_TEXT_HPP

#include <eenn/core/isa.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace eenn {
inline namespace EENN_ISA {

/// @brief At most 255 characters; longer text is truncated. A structural type, which g++ prints as a string.
///
/// @par Cost  No heap. Every append() searches for the end, which suits messages, not loops.
struct fixed_text {
    char letters[256]{};  ///< zero-terminated; public, as structural types require

    [[nodiscard]] constexpr std::size_t size() const noexcept {
        std::size_t count = 0;
        while (letters[count] != '\0') ++count;
        return count;
    }
    [[nodiscard]] constexpr std::string_view view() const noexcept { return {letters, size()}; }

    constexpr fixed_text& append(std::string_view more) noexcept {
        std::size_t at = size();
        for (std::size_t i = 0; i < more.size() && at + 1 < sizeof letters; ++i) letters[at++] = more[i];
        return *this;
    }
    constexpr fixed_text& append(double value) noexcept;

    friend constexpr bool operator==(const fixed_text&, const fixed_text&) = default;
};

namespace detail {

/// value * 10^power, with at most two roundings while 10^|power| is exact, which holds up to 22.
[[nodiscard]] constexpr double times_power_of_ten(double value, int power) noexcept {
    constexpr int most = 300;  // 10^most is a double
    if (power > most) return times_power_of_ten(value * 1e300, power - most);
    double factor = 1;
    for (int k = power < 0 ? -power : power; k > 0; --k) factor *= 10;
    return power < 0 ? value / factor : value * factor;
}

/// Whether `written` parses back to `value`: as a double, or as a float if `value` is one.
[[nodiscard]] constexpr bool reads_as(double written, double value) noexcept {
    constexpr double most = std::numeric_limits<float>::max();
    if (written == value || written > most || value > most) return written == value;
    const auto narrow = static_cast<float>(value);
    return narrow == value && static_cast<float>(written) == narrow;
}

/// Digits as a number, in fixed notation from 0.0001 up to 10^15.
constexpr void append_digits(fixed_text& to, std::uint64_t digits, int last) noexcept {
    char reversed[20]{};
    int count = 0;
    for (; digits > 0; digits /= 10) reversed[count++] = "0123456789"[digits % 10];
    const auto put = [&](int place) {  // appends the digit at 10^place
        const int at = place - last;
        to.append(std::string_view{at >= 0 && at < count ? reversed + at : "0", 1});
    };
    const int first = last + count - 1;
    const bool plain = first >= -4 && first < 15;
    const int unit = plain ? 0 : first;
    for (int place = first > unit ? first : unit; place >= unit; --place) put(place);
    if (last < unit) to.append(".");
    for (int place = unit - 1; place >= last; --place) put(place);
    if (!plain) to.append("e").append(static_cast<double>(first));
}

}  // namespace detail

/// @brief Appends the shortest decimal that parses back to `value`; if a float holds `value`, the shortest that parses
/// back to that float.
///
/// 0.1F is "0.1", 0.00001 is "1e-5", 268435456 is "268435456". Whole numbers below 10^15 are exact. A double with more
/// than 15 digits or a magnitude far from 1 may be wrong in the 17th digit.
constexpr fixed_text& fixed_text::append(double value) noexcept {
    if (value != value) return append("NaN");
    if (value < 0) {
        append("-");
        value = -value;
    }
    if (value > std::numeric_limits<double>::max()) return append("infinity");
    if (value == 0) return append("0");
    int exponent = 0;  // 10^exponent is close to value
    for (double rest = value; rest >= 10; rest /= 10) ++exponent;
    for (double rest = value; rest < 1; rest *= 10) --exponent;
    const bool whole = value < 1e15 && value == static_cast<double>(static_cast<std::uint64_t>(value));
    std::uint64_t digits = 0;
    int last = exponent;
    for (;; --last) {
        digits = static_cast<std::uint64_t>(detail::times_power_of_ten(value, -last) + 0.5);
        const double written = detail::times_power_of_ten(static_cast<double>(digits), last);
        if (last <= exponent - 16 || (whole ? written == value : detail::reads_as(written, value))) break;
    }
    for (; digits % 10 == 0; digits /= 10) ++last;
    detail::append_digits(*this, digits, last);
    return *this;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// detail/allowed.hpp - the range of values an option may take, and the message for a value outside it.
// Floor 0 (core).
#ifndef EENN_CORE_DETAIL_ALLOWED_HPP
#define EENN_CORE_DETAIL_ALLOWED_HPP

#include <eenn/core/detail/fixed_text.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>

#include <limits>
#include <string>
#include <string_view>

namespace eenn {

/// @brief An interval in mathematical notation: [0, 1) contains 0 but not 1. It never contains NaN. Empty by default.
struct allowed_range {
    double low = 0;
    double high = -1;
    bool open_low = false;
    bool open_high = false;

    static constexpr double infinity = std::numeric_limits<double>::infinity();

    [[nodiscard]] static constexpr allowed_range closed(double low, double high) { return {low, high}; }
    [[nodiscard]] static constexpr allowed_range half_open(double low, double high) { return {low, high, false, true}; }
    [[nodiscard]] static constexpr allowed_range open(double low, double high) { return {low, high, true, true}; }
    /// Finite and at least `low`.
    [[nodiscard]] static constexpr allowed_range from(double low) { return half_open(low, infinity); }
    /// Finite and greater than `low`.
    [[nodiscard]] static constexpr allowed_range above(double low) { return open(low, infinity); }

    [[nodiscard]] constexpr bool contains(double value) const noexcept {
        return (open_low ? value > low : value >= low) && (open_high ? value < high : value <= high);
    }
    friend constexpr bool operator==(const allowed_range&, const allowed_range&) = default;
};

inline namespace EENN_ISA {

/// @brief Appends "[0, 1)", or the single number if only one is allowed.
constexpr void append(fixed_text& to, const allowed_range& range) noexcept {
    if (range.low == range.high) {
        to.append(range.low);
        return;
    }
    to.append(range.open_low ? "(" : "[").append(range.low).append(", ").append(range.high);
    to.append(range.open_high ? ")" : "]");
}

/// @brief Appends "rate is 1, allowed [0, 1)".
constexpr void append_option(fixed_text& to, std::string_view option, double value,
                             const allowed_range& range) noexcept {
    to.append(option).append(" is ").append(value).append(", allowed ");
    append(to, range);
}

/// @brief Throws eenn::error{"where: rate is 1, allowed [0, 1)"} if the value is not allowed.
inline void require(std::string_view where, std::string_view option, double value, const allowed_range& range) {
    if (range.contains(value)) return;
    fixed_text text;
    append_option(text, option, value, range);
    raise(std::string{where}, std::string{text.view()});
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

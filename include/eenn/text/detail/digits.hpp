// SPDX-License-Identifier: MIT
//
// detail/digits.hpp - reads the non-negative integers in file headers.
// Floor 1 (text).
#ifndef EENN_TEXT_DETAIL_DIGITS_HPP
#define EENN_TEXT_DETAIL_DIGITS_HPP

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

#include <eenn/core/isa.hpp>

namespace eenn::text {
inline namespace EENN_ISA {

/// @brief The decimal digits at the start of a text.
struct leading_digits {
    std::size_t count = 0;                ///< characters
    std::optional<std::int64_t> value{};  ///< none if there are no digits, or from 2^63 on
};

/// @brief Reads digits up to the first other character; leading zeros count as digits.
[[nodiscard]] inline leading_digits read_digits(std::string_view text) noexcept {
    leading_digits read{std::min(text.find_first_not_of("0123456789"), text.size()), {}};
    std::int64_t value = 0;
    if (std::from_chars(text.data(), text.data() + read.count, value).ec == std::errc{}) read.value = value;
    return read;
}

}  // namespace EENN_ISA
}  // namespace eenn::text

#endif

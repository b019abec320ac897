// SPDX-License-Identifier: MIT
//
// detail/ticks.hpp - round tick values along an axis, and their formatting.
// Floor 2 (charts); host subset.
#ifndef EENN_CHARTS_DETAIL_TICKS_HPP
#define EENN_CHARTS_DETAIL_TICKS_HPP

#include <eenn/core/isa.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

namespace eenn::report {
inline namespace EENN_ISA {

/// @brief Number format of an axis.
enum class number_style {
    plain,    ///< 0.25
    percent,  ///< 0.25 as 25 %
    metric    ///< 2500000 as 2.5 M
};

/// @brief Tick values that cover an interval: all multiples of `step` from `low` to `high`.
struct tick_range {
    double low = 0;
    double high = 1;
    double step = 1;

    [[nodiscard]] std::vector<double> values() const {
        std::vector<double> ticks;
        const int count = static_cast<int>(std::lround((high - low) / step));
        for (int i = 0; i <= count; ++i) {
            const double v = low + i * step;
            ticks.push_back(std::abs(v) < 1e-9 * step ? 0 : v);
        }
        return ticks;
    }
};

/// @brief About `wanted` ticks at 1, 2 or 5 times a power of ten, from at or below `low` to at or above `high`.
///
/// An empty interval is widened around its value.
[[nodiscard]] inline tick_range nice_ticks(double low, double high, int wanted = 6) {
    const double least = std::max({std::abs(low), std::abs(high), 1e-300}) * 1e-9;
    if (!(high - low > least)) {
        const double half = low == 0 ? 0.5 : 0.05 * std::abs(low);
        low -= half;
        high += half;
    }
    const double raw = (high - low) / std::max(wanted - 1, 1);
    const double power = std::pow(10, std::floor(std::log10(raw)));
    const double lead = raw / power;
    const double step = power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
    return {std::floor(low / step + 1e-9) * step, std::ceil(high / step - 1e-9) * step, step};
}

/// @brief A number with just enough digits to tell it from its neighbours at distance `step`.
[[nodiscard]] inline std::string number_text(double value, double step, number_style style = number_style::plain) {
    const char* suffix = "";
    if (style == number_style::percent) {
        value *= 100;
        step *= 100;
        suffix = " %";
    } else if (style == number_style::metric) {
        constexpr const char* suffixes[] = {"", " k", " M", " G", " T", " P"};
        std::size_t k = 0;
        for (; std::abs(value) >= 999.95 && k + 1 < std::size(suffixes); ++k) {
            value /= 1000;
            step /= 1000;
        }
        suffix = suffixes[k];
    }
    const int digits = step > 0 ? std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 12) : 3;
    char text[400];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    std::string number = text;
    if (number.find_first_not_of("-0.") == std::string::npos && number.front() == '-') number.erase(0, 1);  // no "-0.0"
    return number + suffix;
}

}  // namespace EENN_ISA
}  // namespace eenn::report

#endif

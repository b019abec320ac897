// SPDX-License-Identifier: MIT
//
// detail/table.hpp - a text table for the console.
// Floor 1 (text); host subset. Tested by tests/construct/report/augmentation.cpp.
#ifndef EENN_TEXT_DETAIL_TABLE_HPP
#define EENN_TEXT_DETAIL_TABLE_HPP

#include <eenn/core/isa.hpp>
#include <eenn/text/detail/numbers.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace eenn::text {
inline namespace EENN_ISA {

/// @brief Lays out rows of cells in columns, `gap` spaces apart. The first column is left-aligned, the others
/// right-aligned. The first row is the heading.
[[nodiscard]] inline std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t gap = 3) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()), 0);
        for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], characters(row[c]));
    }
    std::string out;
    for (const auto& row : rows) {
        std::string line = "  ";
        for (std::size_t c = 0; c < row.size(); ++c) {
            const std::string room(widths[c] - characters(row[c]), ' ');
            line += c == 0 ? row[c] + room : std::string(gap, ' ') + room + row[c];
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    return out;
}

}  // namespace EENN_ISA
}  // namespace eenn::text

#endif

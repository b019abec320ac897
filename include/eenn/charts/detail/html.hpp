// SPDX-License-Identifier: MIT
//
// detail/html.hpp - building blocks of an HTML page: escaped text, tables with scopes, bars, collapsible sections.
// Floor 2 (charts); host subset.
#ifndef EENN_CHARTS_DETAIL_HTML_HPP
#define EENN_CHARTS_DETAIL_HTML_HPP

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <eenn/charts/svg.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/text/detail/numbers.hpp>

namespace eenn::report::html {
inline namespace EENN_ISA {

/// @brief Escapes untrusted text for element content and double-quoted attributes.
[[nodiscard]] inline std::string escaped(std::string_view text) { return xml_text(text::readable(text)); }

/// @brief `<tag attributes>content</tag>`; content is markup, attributes are trusted.
[[nodiscard]] inline std::string element(std::string_view tag, std::string_view attributes, std::string_view content) {
    std::string out = "<";
    out.append(tag);
    if (!attributes.empty()) out.append(" ").append(attributes);
    return out.append(">").append(content).append("</").append(tag).append(">");
}

/// @brief Untrusted text for a table cell. Words so long that they would widen the table may break anywhere.
[[nodiscard]] inline std::string cell(std::string_view text) {
    std::size_t longest = 0;
    std::size_t run = 0;
    for (const char c : text) {
        run = c == ' ' || c == '/' || c == '-' ? 0 : run + 1;
        longest = std::max(longest, run);
    }
    return longest > 22 ? element("span", "class=\"long\"", escaped(text)) : escaped(text);
}

/// @brief A layer name or command in a monospaced font; lines may break after slashes.
[[nodiscard]] inline std::string name(std::string_view text) {
    std::string broken;
    for (const char c : cell(text)) {
        broken += c;
        if (c == '/' && broken.size() > 1 && broken[broken.size() - 2] != '<') broken += "<wbr/>";
    }
    return element("code", "", broken);
}

/// @brief Keeps numbers and their units on one line, for text written by the library.
[[nodiscard]] inline std::string tight(std::string text) {
    for (std::size_t at = text.find(' '); at != std::string::npos; at = text.find(' ', at + 1)) {
        const bool after_digit = at > 0 && text[at - 1] >= '0' && text[at - 1] <= '9';
        if (!after_digit) continue;
        for (const std::string_view unit : {"%", "k", "M", "G", "ns", "\xc2\xb5s", "ms", "s", "\xc2\xb5J", "mJ", "J"}) {
            const std::size_t end = at + 1 + unit.size();
            const bool ends =
                end >= text.size() || std::string_view{" ,.;<)"}.find(text[end]) != std::string_view::npos;
            if (text.compare(at + 1, unit.size(), unit) == 0 && ends) {
                text.replace(at, 1, "\xc2\xa0");
                break;
            }
        }
    }
    return text;
}

/// @brief A column of a table.
struct column {
    std::string title{};
    bool number = true;  ///< right-aligned, tabular digits, no line breaks
};

/// @brief A table that scrolls horizontally on narrow pages. The first cell of each row is its heading.
class table {
public:
    /// The caption explains what a row is; it appears above the table.
    table(std::string caption, std::vector<column> columns)
        : caption_{std::move(caption)}, columns_{std::move(columns)} {}

    /// Cells are markup, one per column. `classes` are the CSS classes of the row.
    table& row(const std::vector<std::string>& cells, std::string_view classes = {}) {
        std::string line;
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            const std::string_view content = c < cells.size() ? std::string_view{cells[c]} : std::string_view{};
            const std::string number = columns_[c].number ? "class=\"n\"" : "";
            line += c == 0 ? element("th", "scope=\"row\"" + (number.empty() ? "" : " " + number), content)
                           : element("td", number, content);
        }
        rows_ += element("tr", classes.empty() ? "" : "class=\"" + std::string{classes} + "\"", line) + "\n";
        return *this;
    }

    [[nodiscard]] std::string markup() const {
        std::string head;
        for (const column& c : columns_)
            head += element("th", std::string{"scope=\"col\""} + (c.number ? " class=\"n\"" : ""), c.title);
        const std::string body = element("caption", "", element("span", "", caption_)) + "\n<thead>" +
                                 element("tr", "", head) + "</thead>\n<tbody>\n" + rows_ + "</tbody>";
        return "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"" + caption_ + "\">" +
               element("table", "", body) + "</div>\n";
    }

private:
    std::string caption_;
    std::vector<column> columns_;
    std::string rows_;
};

/// @brief A section that is collapsed until the reader opens it.
[[nodiscard]] inline std::string folded(std::string_view summary, std::string_view content) {
    return element("details", "", element("summary", "", summary) + "\n" + std::string{content}) + "\n";
}

/// @brief A percentage for a style attribute, clamped to [0, 100].
[[nodiscard]] inline std::string css_percent(double share) {
    return svg_parts::px(std::isfinite(share) ? 100 * std::clamp(share, 0.0, 1.0) : 0) + "%";
}

/// @brief A bar over `share` of its track. Decorative: the number is printed next to it.
[[nodiscard]] inline std::string bar(double share, std::string_view classes) {
    return "<span class=\"track\" aria-hidden=\"true\"><span class=\"fill " + std::string{classes} +
           "\" style=\"width:" + css_percent(share) + "\"></span></span>";
}

/// @brief Shares stacked in one bar; class `x<k>` colours the k-th.
[[nodiscard]] inline std::string stacked(const std::vector<double>& shares, const std::vector<std::string>& classes) {
    std::string parts;
    for (std::size_t k = 0; k < shares.size() && k < classes.size(); ++k) {
        if (!(shares[k] > 0)) continue;
        parts += "<span class=\"fill " + classes[k] + "\" style=\"width:" + css_percent(shares[k]) + "\"></span>";
    }
    return "<span class=\"track stack\" aria-hidden=\"true\">" + parts + "</span>";
}

}  // namespace EENN_ISA
}  // namespace eenn::report::html

#endif

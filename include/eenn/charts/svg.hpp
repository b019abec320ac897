// SPDX-License-Identifier: MIT
//
// svg.hpp - line and scatter charts as SVG: axes, legend, labels, light and dark themes.
// Floor 2 (charts); host subset.
#ifndef EENN_CHARTS_SVG_HPP
#define EENN_CHARTS_SVG_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <eenn/charts/detail/ticks.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>

namespace eenn::report {
inline namespace EENN_ISA {

/// @brief The marker of a point. A tag is a square that contains the point's label, one or two letters.
enum class marker { none, circle, ring, square, diamond, triangle, star, tag };

/// @brief A point and an optional label.
struct chart_point {
    double x = 0;
    double y = 0;
    std::string label{};
};

/// @brief The points of one legend entry.
struct chart_series {
    std::string name{};  ///< empty: not in the legend
    std::vector<chart_point> points{};
    bool line = true;   ///< connect the points in order
    bool step = false;  ///< connect them by steps: across, then up
    bool dashed = false;
    marker sign = marker::none;
    int colour = 0;     ///< 0 to 5, or -1 for grey; distinguishable for colour-blind readers
    double size = 4.5;  ///< of the marker, in pixels from its centre
};

/// @brief A dashed line across the chart at a constant value, labelled at one end.
struct chart_guide {
    double at = 0;
    bool horizontal = true;
    std::string label{};
};

/// @brief One axis. It covers the data and ends at tick values.
struct chart_axis {
    std::string title{};
    number_style style = number_style::plain;
    std::optional<double> low{};   ///< the axis extends at least down to this value
    std::optional<double> high{};  ///< the axis extends at least up to this value
};

/// @brief The content of a chart.
struct chart {
    std::string title{};
    std::string subtitle{};
    std::string description{};  ///< alternative text for screen readers
    chart_axis x{};
    chart_axis y{};
    std::vector<chart_series> series{};
    std::vector<chart_guide> guides{};
    int width = 760;  ///< pixels
    int height = 470;
};

/// @brief Text for XML: escapes markup characters and drops control characters that XML forbids.
[[nodiscard]] inline std::string xml_text(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        switch (c) {
            case '&': escaped += "&amp;"; break;
            case '<': escaped += "&lt;"; break;
            case '>': escaped += "&gt;"; break;
            case '"': escaped += "&quot;"; break;
            default:
                if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') escaped += c;
        }
    }
    return escaped;
}

namespace svg_parts {

struct box {
    double left, top, right, bottom;

    [[nodiscard]] double overlap(const box& b) const noexcept {
        const double w = std::min(right, b.right) - std::max(left, b.left);
        const double h = std::min(bottom, b.bottom) - std::max(top, b.top);
        return w > 0 && h > 0 ? w * h : 0;
    }
};

/// Pixels with at most two decimals.
[[nodiscard]] inline std::string px(double value) {
    char text[400];
    std::snprintf(text, sizeof text, "%.2f", value);
    std::string s = text;
    while (s.back() == '0') s.pop_back();
    if (s.back() == '.') s.pop_back();
    return s == "-0" ? "0" : s;
}

/// Width of a text in pixels, estimated from the mean character widths of sans-serif fonts; UTF-8 continuation bytes
/// count as zero.
[[nodiscard]] inline double text_width(std::string_view text, double font_size) {
    double em = 0;
    for (const char c : text) {
        if ((c & 0xc0) == 0x80) continue;
        em += std::string_view{"iljtf.,:;|'!() "}.find(c) != std::string_view::npos ? 0.32
              : std::string_view{"mwMW%@"}.find(c) != std::string_view::npos        ? 0.86
              : c >= 'A' && c <= 'Z'                                                ? 0.68
                                                                                    : 0.565;
    }
    return em * font_size;
}

[[nodiscard]] inline std::string text(double x, double y, std::string_view content, const char* classes,
                                      const char* anchor = "start") {
    return "<text class=\"" + std::string{classes} + "\" x=\"" + px(x) + "\" y=\"" + px(y) + "\" text-anchor=\"" +
           anchor + "\">" + xml_text(content) + "</text>\n";
}

[[nodiscard]] inline std::string line(double x1, double y1, double x2, double y2, const char* classes) {
    return "<line class=\"" + std::string{classes} + "\" x1=\"" + px(x1) + "\" y1=\"" + px(y1) + "\" x2=\"" + px(x2) +
           "\" y2=\"" + px(y2) + "\"/>\n";
}

[[nodiscard]] inline std::string colour_class(int colour) {
    return colour < 0 ? "cg" : "c" + std::to_string(colour % 6);
}

/// A marker with a rim in the background colour, so that touching markers stay distinct.
[[nodiscard]] inline std::string sign(marker kind, double x, double y, double r, int colour) {
    const std::string c = colour_class(colour);
    if (kind == marker::circle)
        return "<circle class=\"m " + c + "\" cx=\"" + px(x) + "\" cy=\"" + px(y) + "\" r=\"" + px(r) + "\"/>\n";
    if (kind == marker::ring)
        return "<circle class=\"ring " + c + "\" cx=\"" + px(x) + "\" cy=\"" + px(y) + "\" r=\"" + px(r - 1) + "\"/>\n";
    if (kind == marker::tag) {
        return "<rect class=\"m tag " + c + "\" x=\"" + px(x - r) + "\" y=\"" + px(y - r) + "\" width=\"" + px(2 * r) +
               "\" height=\"" + px(2 * r) + "\" rx=\"3.5\"/>\n";
    }
    std::string points;
    const auto corner = [&](double dx, double dy) {
        points += (points.empty() ? "" : " ") + px(x + dx) + "," + px(y + dy);
    };
    if (kind == marker::square) {
        const double s = 0.87 * r;
        corner(-s, -s), corner(s, -s), corner(s, s), corner(-s, s);
    } else if (kind == marker::diamond) {
        corner(0, -1.2 * r), corner(1.2 * r, 0), corner(0, 1.2 * r), corner(-1.2 * r, 0);
    } else if (kind == marker::triangle) {
        corner(0, -1.15 * r), corner(1.05 * r, 0.75 * r), corner(-1.05 * r, 0.75 * r);
    } else {
        for (int k = 0; k < 10; ++k) {
            const double angle = k * 0.62831853071795865;
            const double at = (k % 2 == 0 ? 1.5 : 0.66) * r;
            corner(at * std::sin(angle), -at * std::cos(angle));
        }
    }
    return "<polygon class=\"m " + c + "\" points=\"" + points + "\"/>\n";
}

[[nodiscard]] inline double label_width(std::string_view label) { return 1.04 * text_width(label, 12.5); }

/// How far the markers of a series extend from their centres.
[[nodiscard]] inline double reach_of(const chart_series& s) {
    return s.sign == marker::none      ? 2
           : s.sign == marker::star    ? 1.5 * s.size
           : s.sign == marker::diamond ? 1.2 * s.size
                                       : s.size;
}

// Okabe and Ito (2008), "Color universal design"; on dark backgrounds the same hues, lighter.
inline constexpr std::array<const char*, 6> light{"#0072b2", "#d55e00", "#009e73", "#b5569a", "#c98a00", "#3a9bd9"};
inline constexpr std::array<const char*, 6> dark{"#4fa8e0", "#ff8c42", "#3cc79c", "#e08fc4", "#f2b632", "#8accf5"};

/// CSS rules for the chart classes, for light and dark backgrounds.
[[nodiscard]] inline std::string rules() {
    const auto colours = [](const std::array<const char*, 6>& palette, const char* grey, const std::string& indent) {
        std::string css;
        for (std::size_t k = 0; k < palette.size(); ++k) {
            const std::string c = ".c" + std::to_string(k);
            css +=
                indent + ".m" + c + "{fill:" + palette[k] + "} .l" + c + ",.ring" + c + "{stroke:" + palette[k] + "}\n";
        }
        return css + indent + ".m.cg{fill:" + grey + "} .l.cg,.ring.cg{stroke:" + grey + "}\n";
    };
    return "text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica "
           "Neue',Arial,sans-serif;fill:#1f2328;font-size:12.5px}\n"
           ".title{font-size:17px;font-weight:600}\n"
           ".sub{font-size:13px;fill:#59636e} .tick{fill:#59636e;font-variant-numeric:tabular-nums} "
           ".axis{font-size:13px}\n"
           ".label{font-weight:500;paint-order:stroke;stroke:#fff;stroke-width:3.5px;stroke-linejoin:round}\n"
           ".guide{fill:#59636e;font-size:12px;paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}\n"
           ".back{fill:#fff} .grid{stroke:#e4e8ec;stroke-width:1} .frame{stroke:#8c959f;stroke-width:1}\n"
           ".gl{stroke:#8c959f;stroke-width:1.2;stroke-dasharray:2 4;stroke-linecap:round}\n"
           ".lead{stroke:#8c959f;stroke-width:1}\n"
           ".l{fill:none;stroke-width:2.2;stroke-linejoin:round;stroke-linecap:round} .dash{stroke-dasharray:7 5}\n"
           ".tagtext{fill:#fff;font-size:11.5px;font-weight:600}\n"
           ".m{stroke:#fff;stroke-width:1.5;stroke-linejoin:round} .ring{fill:#fff;stroke-width:2}\n" +
           colours(light, "#6e7781", "") +
           ".m.tag.c1{fill:#b34a00}\n"
           "@media (prefers-color-scheme:dark){\n"
           " text{fill:#e6edf3} .sub,.tick{fill:#9aa4af}\n"
           " .label,.guide{stroke:#14181d} .guide{fill:#9aa4af}\n"
           " .back{fill:#14181d} .grid{stroke:#262c33} .frame,.gl,.lead{stroke:#6e7781}\n"
           " .tagtext{fill:#14181d}\n"
           " .m{stroke:#14181d} .ring{fill:#14181d}\n" +
           colours(dark, "#9aa4af", " ") + " .m.tag.c1{fill:#ff8c42}\n}\n";
}

}  // namespace svg_parts

/// @brief Whether a chart embeds its own style or uses the chart_rules() of the surrounding page.
enum class chart_style { own, of_page };

/// @brief The style sheet of charts, for pages with several charts.
[[nodiscard]] inline std::string chart_rules() { return svg_parts::rules(); }

/// @brief A chart as a self-contained SVG document: no scripts, no external fonts or styles, readable on light and dark
/// backgrounds.
///
/// Point labels are placed where they overlap other elements least. The same chart always gives the same text.
///
/// @par Cost    O(points), and O(labels * (points + labels)) for label placement.
/// @par Errors  eenn::error if there are no points or a value is not finite.
[[nodiscard]] inline std::string to_svg(const chart& c, chart_style style = chart_style::own) {
    using namespace svg_parts;
    // Bounding box of the data.
    constexpr double infinity = std::numeric_limits<double>::infinity();
    box data{infinity, infinity, -infinity, -infinity};
    for (const chart_series& s : c.series) {
        for (std::size_t i = 0; i < s.points.size(); ++i) {
            const chart_point& p = s.points[i];
            if (!std::isfinite(p.x) || !std::isfinite(p.y)) {
                raise("to_svg",
                      "point " + std::to_string(i) + " of series '" + s.name + "' is (" + std::to_string(p.x) + ", " +
                          std::to_string(p.y) + ")",
                      "leave it out");
            }
            data = {std::min(data.left, p.x), std::min(data.top, p.y), std::max(data.right, p.x),
                    std::max(data.bottom, p.y)};
        }
    }
    if (!(data.left <= data.right)) raise("to_svg", "the chart has no points", "give a series with at least one");
    for (const chart_guide& g : c.guides) {
        if (!std::isfinite(g.at))
            raise("to_svg", "the guide '" + g.label + "' is at " + std::to_string(g.at), "leave it out");
        if (g.horizontal) {
            data.top = std::min(data.top, g.at);
            data.bottom = std::max(data.bottom, g.at);
        } else {
            data.left = std::min(data.left, g.at);
            data.right = std::max(data.right, g.at);
        }
    }
    const auto ticks_of = [](const chart_axis& axis, double low, double high, int wanted) {
        for (const auto& limit : {axis.low, axis.high}) {
            if (limit && !std::isfinite(*limit))
                raise("to_svg", "a limit of axis '" + axis.title + "' is " + std::to_string(*limit), "leave it out");
        }
        return nice_ticks(std::min(low, axis.low.value_or(low)), std::max(high, axis.high.value_or(high)), wanted);
    };
    const tick_range x_ticks = ticks_of(c.x, data.left, data.right, std::max(c.width / 110, 3));
    const tick_range y_ticks = ticks_of(c.y, data.top, data.bottom, std::max(c.height / 62, 3));

    // Legend rows, then the frame.
    const double margin = 18;
    double head = margin;
    if (!c.title.empty()) head += 22;
    if (!c.subtitle.empty()) head += 20;
    struct entry {
        const chart_series* series;
        double x, y;
    };
    std::vector<entry> legend;
    double legend_x = margin;
    double legend_y = head + 14;
    for (const chart_series& s : c.series) {
        if (s.name.empty()) continue;
        const double width = 34 + text_width(s.name, 12.5) + 18;
        if (legend_x > margin && legend_x + width > c.width - margin) {
            legend_x = margin;
            legend_y += 20;
        }
        legend.push_back({&s, legend_x, legend_y});
        legend_x += width;
    }
    double tick_width = 0;
    for (const double v : y_ticks.values())
        tick_width = std::max(tick_width, text_width(number_text(v, y_ticks.step, c.y.style), 12.5));
    box frame{margin + (c.y.title.empty() ? 0 : 22) + tick_width + 8, (legend.empty() ? head : legend_y + 8) + 14,
              c.width - margin - 12.0, c.height - margin - (c.x.title.empty() ? 18.0 : 42.0)};
    // Space on the right for labels of points near the right edge; those labels are stacked in a column.
    const auto share_of = [&](const chart_point& p) { return (p.x - x_ticks.low) / (x_ticks.high - x_ticks.low); };
    constexpr double right_end = 0.95;
    for (const chart_series& s : c.series) {
        for (const chart_point& p : s.points) {
            const double share = share_of(p);
            if (p.label.empty() || s.sign == marker::tag || share < right_end) continue;
            const double room = c.width - margin - label_width(p.label) - reach_of(s) - 6 - frame.left;
            frame.right =
                std::max(frame.left + 0.7 * (c.width - frame.left), std::min(frame.right, frame.left + room / share));
        }
    }
    const auto at_x = [&](double v) {
        return frame.left + (v - x_ticks.low) / (x_ticks.high - x_ticks.low) * (frame.right - frame.left);
    };
    const auto at_y = [&](double v) {
        return frame.bottom - (v - y_ticks.low) / (y_ticks.high - y_ticks.low) * (frame.bottom - frame.top);
    };

    std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + std::to_string(c.width) + " " +
                      std::to_string(c.height) + "\" width=\"" + std::to_string(c.width) + "\" height=\"" +
                      std::to_string(c.height) + "\" role=\"img\">\n";
    out += "<title>" + xml_text(c.title) + "</title>\n";
    if (!c.description.empty()) out += "<desc>" + xml_text(c.description) + "</desc>\n";
    if (style == chart_style::own) out += "<style>\n" + rules() + "</style>\n";
    out += "<rect class=\"back\" width=\"100%\" height=\"100%\" rx=\"6\"/>\n";
    double baseline = margin + 14;
    if (!c.title.empty()) {
        out += text(margin, baseline, c.title, "title");
        baseline += 21;
    }
    if (!c.subtitle.empty()) out += text(margin, baseline, c.subtitle, "sub");

    for (const double v : x_ticks.values()) {
        out += line(at_x(v), frame.top, at_x(v), frame.bottom, "grid");
        out += text(at_x(v), frame.bottom + 18, number_text(v, x_ticks.step, c.x.style), "tick", "middle");
    }
    for (const double v : y_ticks.values()) {
        out += line(frame.left, at_y(v), frame.right, at_y(v), "grid");
        out += text(frame.left - 8, at_y(v) + 4.3, number_text(v, y_ticks.step, c.y.style), "tick", "end");
    }
    out += line(frame.left, frame.bottom, frame.right, frame.bottom, "frame") +
           line(frame.left, frame.top, frame.left, frame.bottom, "frame");
    if (!c.x.title.empty()) out += text((frame.left + frame.right) / 2, c.height - margin, c.x.title, "axis", "middle");
    if (!c.y.title.empty()) {
        const double x = margin + 8;
        const double y = (frame.top + frame.bottom) / 2;
        out += "<text class=\"axis\" text-anchor=\"middle\" transform=\"translate(" + px(x) + " " + px(y) +
               ") rotate(-90)\">" + xml_text(c.y.title) + "</text>\n";
    }

    // Obstacles for labels: markers, lines sampled every few pixels, other labels.
    std::vector<box> taken;
    for (const chart_guide& g : c.guides) {
        const double x = at_x(g.at);
        const double y = at_y(g.at);
        out += g.horizontal ? line(frame.left, y, frame.right, y, "gl") : line(x, frame.top, x, frame.bottom, "gl");
    }
    std::string signs;
    for (const chart_series& s : c.series) {
        const std::string colour = colour_class(s.colour);
        std::string path;
        double from_x = 0;
        double from_y = 0;
        for (std::size_t i = 0; i < s.points.size(); ++i) {
            const double x = at_x(s.points[i].x);
            const double y = at_y(s.points[i].y);
            if (s.line) {
                const bool last = i + 1 == s.points.size();
                if (i == 0) {
                    path = "M" + px(x) + " " + px(y);
                } else {
                    if (!last && std::hypot(x - from_x, y - from_y) < 0.6) continue;  // too close to be visible
                    path += s.step ? "H" + px(x) + "V" + px(y) : "L" + px(x) + " " + px(y);
                    const double corner_y = s.step ? from_y : y;
                    const int pieces = std::min(200, 1 + static_cast<int>(std::hypot(x - from_x, y - from_y) / 8));
                    for (int k = 1; k <= pieces; ++k) {
                        const double t = static_cast<double>(k) / pieces;
                        const double sample_x = from_x + t * (x - from_x);
                        const double sample_y = from_y + t * (corner_y - from_y);
                        taken.push_back({sample_x - 2, sample_y - 2, sample_x + 2, sample_y + 2});
                    }
                }
                from_x = x;
                from_y = y;
            }
            if (s.sign != marker::none) {
                signs += sign(s.sign, x, y, s.size, s.colour);
                if (s.sign == marker::tag) signs += text(x, y + 4, s.points[i].label, "tagtext", "middle");
                const double r = reach_of(s) + 1;
                taken.push_back({x - r, y - r, x + r, y + r});
            }
        }
        if (!path.empty()) out += "<path class=\"l " + colour + (s.dashed ? " dash" : "") + "\" d=\"" + path + "\"/>\n";
    }

    std::string labels;
    std::string leads;
    // Guide labels go to the end and side with the least overlap.
    for (const chart_guide& g : c.guides) {
        if (g.label.empty()) continue;
        const double width = text_width(g.label, 12) + 4;
        const double x = at_x(g.at);
        const double y = at_y(g.at);
        std::array<box, 4> places;
        if (g.horizontal) {
            const double left = frame.left + 6;
            const double right = frame.right - 4;
            places = {box{right - width, y - 17, right, y - 3}, box{right - width, y + 4, right, y + 18},
                      box{left, y - 17, left + width, y - 3}, box{left, y + 4, left + width, y + 18}};
        } else {
            const double top = frame.top + 3;
            const double bottom = frame.bottom - 4;
            places = {box{x + 6, top, x + 6 + width, top + 14}, box{x - 6 - width, top, x - 6, top + 14},
                      box{x + 6, bottom - 14, x + 6 + width, bottom}, box{x - 6 - width, bottom - 14, x - 6, bottom}};
        }
        const box* best = nullptr;
        double least = infinity;
        for (const box& b : places) {
            double covered = 0;
            for (const box& t : taken) covered += b.overlap(t);
            if (covered < least) {
                least = covered;
                best = &b;
            }
        }
        labels += text((best->left + best->right) / 2, best->bottom - 3, g.label, "guide", "middle");
        taken.push_back(*best);
    }

    struct end_label {
        const chart_point* point;
        double y;
    };
    std::vector<end_label> column;
    double column_x = 0;
    for (const chart_series& s : c.series) {
        for (const chart_point& p : s.points) {
            if (p.label.empty() || s.sign == marker::tag || share_of(p) < right_end) continue;
            column.push_back({&p, at_y(p.y)});
            column_x = std::max(column_x, at_x(p.x) + reach_of(s) + 5);
        }
    }
    std::stable_sort(column.begin(), column.end(), [](const end_label& a, const end_label& b) { return a.y < b.y; });
    constexpr double label_height = 15;
    double limit = frame.top + label_height / 2;
    for (end_label& e : column) {  // downwards, so that no label overlaps the one above ...
        e.y = std::max(e.y, limit);
        limit = e.y + label_height;
    }
    limit = frame.bottom - label_height / 2;
    for (auto e = column.rbegin(); e != column.rend(); ++e) {  // ... then upwards from the axis
        e->y = std::min(e->y, limit);
        limit = e->y - label_height;
    }
    for (const end_label& e : column) {
        const double y = at_y(e.point->y);
        if (std::abs(e.y - y) > 5) leads += line(at_x(e.point->x), y, column_x - 2, e.y, "lead");
        labels += text(column_x, e.y + 4.3, e.point->label, "label");
        taken.push_back(
            {column_x, e.y - label_height / 2, column_x + label_width(e.point->label), e.y + label_height / 2});
    }

    // Every other label goes to the position around its point with the least overlap; with ties, to the nearest.
    const box canvas{frame.left + 2, frame.top + 1, c.width - margin + 4, frame.bottom - 2};
    for (const chart_series& s : c.series) {
        for (const chart_point& p : s.points) {
            if (p.label.empty() || s.sign == marker::tag || share_of(p) >= right_end) continue;
            const double x = at_x(p.x);
            const double y = at_y(p.y);
            const double width = label_width(p.label);
            const double height = label_height;
            double least = infinity;
            box chosen{};
            bool far = false;
            for (const double gap : {4.0, 18.0, 34.0}) {
                for (const auto& [dx, dy] :
                     {std::array<double, 2>{1, 0}, {1, 1}, {1, -1}, {-1, -1}, {-1, 0}, {-1, 1}, {0, 1}, {0, -1}}) {
                    const double reach = (dx != 0 && dy != 0 ? 0.75 : 1.0) * (reach_of(s) + gap);
                    const double cx = x + dx * (reach + width / 2);
                    const double cy = y + dy * (reach + height / 2);
                    const box b{cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2};
                    double cost = 2.5 * gap;
                    cost += 40 * (width * height - b.overlap(canvas));
                    for (const box& t : taken) cost += 6 * b.overlap(t);
                    if (cost < least - 1e-9) {
                        least = cost;
                        chosen = b;
                        far = gap > 4;
                    }
                }
            }
            taken.push_back(chosen);
            if (far) {
                leads += line(x, y, std::clamp(x, chosen.left, chosen.right),
                              std::clamp(y, chosen.top + 2, chosen.bottom - 2), "lead");
            }
            labels += text((chosen.left + chosen.right) / 2, chosen.bottom - 3.5, p.label, "label", "middle");
        }
    }
    out += leads + signs;
    out += labels;
    for (const entry& e : legend) {
        const double y = e.y - 4.3;
        if (e.series->line) {
            out += line(e.x, y, e.x + 24, y,
                        ("l " + colour_class(e.series->colour) + (e.series->dashed ? " dash" : "")).c_str());
        }
        if (e.series->sign != marker::none)
            out += sign(e.series->sign, e.x + 12, y, std::min(e.series->size, 5.5), e.series->colour);
        out += text(e.x + 31, e.y, e.series->name, "legend");
    }
    return out + "</svg>\n";
}

}  // namespace EENN_ISA
}  // namespace eenn::report

#endif

// SPDX-License-Identifier: MIT
//
// detail/network_figure.hpp - the network as a ribbon along its MACs, with exits, savings and cuts.
// Floor 8 (construct); host subset. Tested by tests/construct/report/augmentation.cpp.
#ifndef EENN_CONSTRUCT_REPORT_DETAIL_NETWORK_FIGURE_HPP
#define EENN_CONSTRUCT_REPORT_DETAIL_NETWORK_FIGURE_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <eenn/charts/svg.hpp>
#include <eenn/construct/detail/result.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/text/detail/numbers.hpp>

namespace eenn::report {
inline namespace EENN_ISA {

/// @brief The CSS class that colours exit `e` of `exits`: early exits along a ramp, the classifier grey.
[[nodiscard]] inline std::string exit_class(std::size_t e, std::size_t exits) {
    return e + 1 >= exits ? "xl" : "x" + std::to_string(e);
}

/// @brief MACs of the backbone up to an exit's site. For an exit without a known site, the exit's own MACs, but no more
/// than those of later exits.
[[nodiscard]] inline double backbone_macs(const construct::result& r, std::size_t exit) {
    const auto all = static_cast<double>(r.base_macs);
    if (exit + 1 >= r.exits.size()) return all;
    double own = std::min(static_cast<double>(r.exits[exit].macs), all);
    for (std::size_t e = exit; e + 1 < r.exits.size(); ++e) {
        const auto head = static_cast<std::size_t>(r.exits[e].head);
        if (r.exits[e].head < 0 || head >= r.heads.size()) continue;
        const auto site = static_cast<std::size_t>(r.heads[head].site);
        if (r.heads[head].site < 0 || site >= r.sites.size()) continue;
        const double at = std::min(static_cast<double>(r.sites[site].macs), all);
        if (e == exit) return at;
        own = std::min(own, at);
    }
    return own;
}

/// @brief The same as a share of the whole backbone.
[[nodiscard]] inline double backbone_share(const construct::result& r, std::size_t exit) {
    return backbone_macs(r, exit) / std::max(static_cast<double>(r.base_macs), 1.0);
}

/// @brief MACs of the backbone at the end of each stage but the last.
[[nodiscard]] inline std::vector<double> cuts_of(const construct::result& r) {
    const auto& stages = r.placement.stages;
    const auto all = static_cast<double>(r.base_macs);
    std::int64_t whole = 0;
    for (const auto& s : stages) whole += s.macs;
    std::vector<double> cuts;
    std::int64_t sum = 0;
    for (std::size_t k = 0; k + 1 < stages.size(); ++k) {
        sum += stages[k].macs;
        double at = whole > 0 ? static_cast<double>(sum) / static_cast<double>(whole) * all : 0;
        for (const construct::site_summary& s : r.sites) {
            if (s.node == stages[k].last) at = static_cast<double>(s.macs);
        }
        cuts.push_back(std::clamp(at, cuts.empty() ? 0.0 : cuts.back(), all));
    }
    return cuts;
}

namespace network_parts {

/// A mark with a label to its right. Higher rows are farther from the ribbon.
struct label {
    double x = 0;
    double width = 0;
    int row = 0;
};

/// Assigns rows so that no label covers another label or the line of one farther out. Labels are sorted by ascending x.
inline void stack(std::vector<label>& labels) {
    for (std::size_t k = labels.size(); k-- > 0;) {
        for (std::size_t j = k + 1; j < labels.size(); ++j) {
            if (labels[j].x < labels[k].x + labels[k].width + 10)
                labels[k].row = std::max(labels[k].row, labels[j].row + 1);
        }
    }
}

[[nodiscard]] inline std::string rect(double x, double y, double w, double h, const std::string& classes,
                                      double round = 0) {
    using svg_parts::px;
    return "<rect class=\"" + classes + "\" x=\"" + px(x) + "\" y=\"" + px(y) + "\" width=\"" + px(std::max(w, 0.0)) +
           "\" height=\"" + px(std::max(h, 0.0)) + "\"" + (round > 0 ? " rx=\"" + px(round) + "\"" : "") + "/>\n";
}

/// A numbered head.
[[nodiscard]] inline std::string badge(double x, double y, std::size_t number, const std::string& classes) {
    using svg_parts::px;
    return "<circle class=\"badge " + classes + "\" cx=\"" + px(x) + "\" cy=\"" + px(y) + "\" r=\"9\"/>\n" +
           svg_parts::text(x, y + 4.2, std::to_string(number), "badgetext", "middle");
}

/// Describes the figure in one or two sentences.
[[nodiscard]] inline std::string description(const construct::result& r) {
    std::string text = std::to_string(r.sites.size()) + " sites along " + text::count_text(r.base_macs) + " MACs.";
    for (std::size_t e = 0; e < r.exits.size(); ++e) {
        text += " " + text::percent_text(r.exits[e].share) + " leave at " + text::readable(r.exits[e].site) +
                " after " + text::percent_text(backbone_share(r, e), 0) + " of the MACs.";
    }
    const auto& stages = r.placement.stages;
    for (std::size_t k = 0; k < stages.size(); ++k) {
        text += " " + text::readable(stages[k].processor) + " runs " + text::count_text(stages[k].macs) + " MACs";
        if (k + 1 < stages.size()) text += " and sends " + text::bytes_text(stages[k].transfer_bytes) + " on";
        text += ".";
    }
    return text;
}

}  // namespace network_parts

/// @brief The ribbon as SVG, `width` pixels wide; below 600 pixels labels are shortened.
///
/// The length of the ribbon is the base network's MACs, its height the samples, and the filled area the work done.
/// Exits are drawn at their sites, processors below.
[[nodiscard]] inline std::string network_figure(const construct::result& r, int width) {
    using namespace network_parts;
    using svg_parts::line;
    using svg_parts::px;
    using svg_parts::text;
    using svg_parts::text_width;
    const bool wide = width >= 600;
    const auto all = static_cast<double>(std::max<std::int64_t>(r.base_macs, 1));
    const std::size_t exits = r.exits.size();
    const double left = wide ? 12 : 4;
    const double right = width - (exits == 0 ? left + 8 : wide ? 190 : 66);
    const double height = wide ? 104 : 78;
    const auto at = [&](double macs) { return left + std::clamp(macs / all, 0.0, 1.0) * (right - left); };

    // Labels of the early exits first: they determine the rows of the picture.
    const auto name_of = [&](std::size_t e) {
        const std::string form = ", " + text::readable(r.exits[e].form);
        const double room = width - 30 - at(backbone_macs(r, e)) - 1.06 * text_width(form, 12.5);
        return text::shortened(r.exits[e].site, static_cast<std::size_t>(std::clamp(room / 7.5, 8.0, 25.0))) + form;
    };
    const auto leave_of = [&](std::size_t e) {
        return wide ? text::percent_text(r.exits[e].share) + " leave, " + text::percent_text(r.exits[e].accuracy) +
                          " right"
                    : text::percent_text(r.exits[e].share, 0);
    };
    std::vector<label> above;
    for (std::size_t e = 0; e + 1 < exits; ++e) {
        const double named = wide ? 1.06 * text_width(name_of(e), 12.5) : 0;
        above.push_back({at(backbone_macs(r, e)), 26 + std::max(named, 1.06 * text_width(leave_of(e), 12)), 0});
    }
    stack(above);
    int rows = 0;
    for (const label& l : above) rows = std::max(rows, l.row + 1);
    const double row_height = wide ? 40 : 24;
    const double top = rows * row_height + (rows > 0 ? 14 : 8);
    const double bottom = top + height;
    double end = bottom + 36;

    const std::vector<double> cuts = cuts_of(r);
    const auto& stages = r.placement.stages;
    std::vector<label> below;
    std::vector<std::string> names;
    std::vector<std::string> sends;
    for (std::size_t k = 0; k < stages.size(); ++k) {
        names.push_back(text::shortened(stages[k].processor, wide ? 28 : 22));
        sends.push_back(k + 1 < stages.size() ? text::percent_text(stages[k + 1].reach) +
                                                    " go on: " + text::bytes_text(stages[k].transfer_bytes)
                                              : text::percent_text(stages[k].reach) + " end here");
        const double w = 8 + 1.06 * std::max(text_width(names.back(), 12.5), text_width(sends.back(), 12));
        const double from = at(k == 0 ? 0 : cuts[k - 1]);
        below.push_back({std::max(left, std::min(from, width - 4 - w)), w, 0});
    }
    stack(below);
    int zone_rows = 0;
    for (const label& l : below) zone_rows = std::max(zone_rows, l.row + 1);
    const double zones = end + 4;
    if (zone_rows > 0) end = zones + 14 + 36 * zone_rows;

    std::string out =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"" + std::string{wide ? "wide" : "narrow"} +
        "\" viewBox=\"0 0 " + std::to_string(width) + " " + px(end) + "\" width=\"" + std::to_string(width) +
        "\" height=\"" + px(end) + "\" role=\"img\">\n<title>The network with its exits" +
        (stages.empty() ? "" : " and processors") + "</title>\n<desc>" + xml_text(description(r)) + "</desc>\n";
    // The full rectangle is every sample on a full pass; the filled part is what is computed.
    out += rect(left, top, right - left, height, "saved", 3);
    const auto leaving = [&](std::size_t e) { return std::isfinite(r.exits[e].share) ? r.exits[e].share : 0; };
    double in_flight = 1;
    const auto level = [&] { return bottom - std::clamp(in_flight, 0.0, 1.0) * height; };
    std::string stairs = "M" + px(left) + " " + px(bottom) + "V" + px(top);
    for (std::size_t e = 0; e + 1 < exits; ++e) {
        stairs += "H" + px(at(backbone_macs(r, e)));
        in_flight -= leaving(e);
        stairs += "V" + px(level());
    }
    out += "<path class=\"flow\" d=\"" + stairs + "H" + px(right) + "V" + px(bottom) + "Z\"/>\n";
    for (std::size_t k = 0; k < cuts.size(); ++k) out += line(at(cuts[k]), top - 4, at(cuts[k]), zones + 10, "cut");

    // Exits: the samples that leave, a line to the head, its number and label.
    in_flight = 1;
    for (std::size_t e = 0; e + 1 < exits; ++e) {
        const double x = at(backbone_macs(r, e));
        const double from = level();
        in_flight -= leaving(e);
        const double row = top - 22 - above[e].row * row_height;
        out += line(x, from, x, row, "branch");
        out += rect(x - 3, from, 6, std::max(level() - from, 1.5), exit_class(e, exits), 1.5);
        const double middle = wide ? row - 4 : row + 2;
        out += badge(x, middle, e + 1, exit_class(e, exits));
        if (wide) out += text(x + 15, middle - 3.5, name_of(e), "label");
        out += text(x + 15, wide ? middle + 11.5 : middle + 4.2, leave_of(e), wide ? "sub halo" : "label");
    }
    if (exits > 0) {
        out += rect(right - 3, level(), 6, std::max(bottom - level(), 1.5), "xl", 1.5);
        const double middle = std::clamp((level() + bottom) / 2, top + 14, bottom - 14);
        const std::size_t e = exits - 1;
        out += badge(right + 17, middle, exits, "xl");
        if (wide) {
            out += text(right + 32, middle - 3.5, "the classifier", "label");
            out +=
                text(right + 32, middle + 11.5,
                     text::percent_text(r.exits[e].share) + ", " + text::percent_text(r.exits[e].accuracy) + " right",
                     "sub");
        } else {
            out += text(right + 30, middle + 4.2, text::percent_text(r.exits[e].share, 0), "label");
        }
        out += text(left + 10, bottom - 9, "computed " + text::percent_text(r.mean_macs_share), "flowtext");
        // Placed where no exit's line crosses the text.
        const std::string saved = "saved " + text::percent_text(1 - r.mean_macs_share);
        const double room = right - 18 - 1.06 * text_width(saved, 12.5);
        if (exits > 1 && level() > top + 26 && at(backbone_macs(r, exits - 2)) < room)
            out += text(right - 10, top + 17, saved, "savedtext", "end");
    }

    // The axis: every site, and round numbers of MACs.
    out += line(left, bottom, right, bottom, "frame");
    for (const construct::site_summary& s : r.sites) {
        const double x = at(static_cast<double>(s.macs));
        out += line(x, bottom, x, bottom + 5, "frame");
    }
    const tick_range ticks = nice_ticks(0, all, wide ? 7 : 4);
    const std::string unit = " MACs";
    for (const double v : ticks.values()) {
        const bool last = v + ticks.step > all;
        if (v > all) break;
        const std::string words = number_text(v, ticks.step, number_style::metric) + (last ? unit : "");
        const bool at_edge = at(v) + text_width(words, 12.5) / 2 > width - 2;
        out += text(at_edge ? right : at(v), bottom + 21, words, "tick halo",
                    v == 0    ? "start"
                    : at_edge ? "end"
                              : "middle");
    }
    for (std::size_t k = 0; k < stages.size(); ++k) {
        const double from = at(k == 0 ? 0 : cuts[k - 1]);
        const double to = k + 1 < stages.size() ? at(cuts[k]) : right;
        out += rect(from + (k == 0 ? 0.0 : 1.5), zones, to - from - (k == 0 ? 1.5 : 3), 8,
                    "zone z" + std::to_string(k % 4), 2);
        const double y = zones + 24 + 36 * below[k].row;
        if (below[k].row > 0) out += line(below[k].x + 1, zones + 8, below[k].x + 1, y + 14, "lead");
        out += text(below[k].x + 6, y, names[k], "label");
        out += text(below[k].x + 6, y + 15, sends[k], "sub halo");
    }
    return out + "</svg>\n";
}

}  // namespace EENN_ISA
}  // namespace eenn::report

#endif

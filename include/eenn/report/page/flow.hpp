// SPDX-License-Identifier: MIT
//
// flow.hpp - the network as a ribbon that narrows where samples leave: length is MACs, thickness is samples, and so
// the filled area is what the network with exits computes and the whole rectangle what the base network does.
// Floor 7 (report); host subset.
#ifndef EENN_REPORT_PAGE_FLOW_HPP
#define EENN_REPORT_PAGE_FLOW_HPP

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <eenn/construct/result.hpp>
#include <eenn/report/numbers.hpp>
#include <eenn/report/svg.hpp>

namespace eenn::report::page {

/// @brief A share between 0 and 1; what is no number is 0.
[[nodiscard]] inline double clean_share(double share) { return std::isfinite(share) ? std::clamp(share, 0.0, 1.0) : 0; }

/// @brief Where a layer ends on the way from the input (0) to the classifier (1), or `otherwise` if it is no site.
[[nodiscard]] inline double place_of(const construct::result& r, const std::string& site, double otherwise) {
    for (const construct::site_summary& s : r.sites) {
        if (s.name == site && r.base_macs > 0)
            return clean_share(static_cast<double>(s.macs) / static_cast<double>(r.base_macs));
    }
    return otherwise;
}

/// @brief Where an exit branches off: at its site, else where its cost says; the last one at the end.
[[nodiscard]] inline double place_of_exit(const construct::result& r, std::size_t e) {
    if (e + 1 >= r.exits.size() || r.base_macs <= 0) return 1;
    const double cost = static_cast<double>(r.exits[e].macs) / static_cast<double>(r.base_macs);
    return place_of(r, r.exits[e].site, clean_share(cost));
}

/// @brief Right ends of the processors' zones; the last is 1.
[[nodiscard]] inline std::vector<double> cuts_of(const construct::result& r) {
    std::vector<double> cuts;
    double passed = 0;
    for (const construct::stage_summary& stage : r.placement.stages) {
        if (r.base_macs > 0) passed += static_cast<double>(stage.macs) / static_cast<double>(r.base_macs);
        const double at = place_of(r, stage.to, clean_share(passed));
        cuts.push_back(cuts.empty() ? at : std::max(at, cuts.back()));
    }
    if (!cuts.empty()) cuts.back() = 1;
    return cuts;
}

namespace flow_parts {

/// Left ends of labels in a row of their own each where they would touch: (x, row).
struct label_place {
    double left = 0;
    int row = 0;
};

[[nodiscard]] inline std::vector<label_place> place_labels(const std::vector<double>& centres,
                                                           const std::vector<double>& widths, double low, double high) {
    std::vector<label_place> places;
    std::vector<double> ends;  // of each row
    for (std::size_t k = 0; k < centres.size(); ++k) {
        const double left = std::max(low, std::min(centres[k] - widths[k] / 2, high - widths[k]));
        std::size_t row = 0;
        while (row < ends.size() && left < ends[row] + 12) ++row;
        if (row == ends.size()) ends.push_back(0);
        ends[row] = left + widths[k];
        places.push_back({left, static_cast<int>(row)});
    }
    return places;
}

}  // namespace flow_parts

/// @brief The ribbon as SVG, `width` pixels wide.
[[nodiscard]] inline std::string flow_svg(const construct::result& r, int width) {
    using namespace svg_parts;
    const double left = 1;
    const double right = width - 1;
    const auto at = [&](double share) { return left + share * (right - left); };
    const std::vector<double> cuts = cuts_of(r);
    const double thickness = width < 500 ? 84 : 112;
    const double top = (cuts.empty() ? 0 : 40) + 12;
    const double bottom = top + thickness;

    // The last classifier is the end of the ribbon; the exits before it branch off in the order of their sites.
    std::vector<double> centres;
    std::vector<double> widths;
    std::vector<std::string> names;
    std::vector<std::string> shares;
    for (std::size_t e = 0; e < r.exits.size(); ++e) {
        names.push_back(e + 1 == r.exits.size() ? "classifier" : "exit " + std::to_string(e + 1));
        shares.push_back(percent_text(r.exits[e].share));
        centres.push_back(at(place_of_exit(r, e)));
        widths.push_back(1.06 * std::max(label_width(names.back()), label_width(shares.back())));
    }
    const auto places = flow_parts::place_labels(centres, widths, left, right);
    int rows = 0;
    for (const auto& p : places) rows = std::max(rows, p.row + 1);
    const double labels_top = bottom + 34;
    const double height = labels_top + 42 * std::max(rows - 1, 0) + 44;

    std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + std::to_string(width) + " " +
                      px(height) + "\" width=\"" + std::to_string(width) + "\" height=\"" + px(height) +
                      "\" role=\"img\">\n<title>The network from input to classifier, and the samples that leave it at "
                      "each exit</title>\n";
    const auto rect = [](double x, double y, double w, double h, const std::string& classes) {
        return "<rect class=\"" + classes + "\" x=\"" + px(x) + "\" y=\"" + px(y) + "\" width=\"" +
               px(std::max(w, 0.0)) + "\" height=\"" + px(std::max(h, 0.0)) + "\"/>\n";
    };
    out += rect(left, top, right - left, thickness, "fl-base");
    double remaining = 1;
    double from = 0;
    for (std::size_t e = 0; e < r.exits.size(); ++e) {
        const double to = std::max(from, place_of_exit(r, e));
        out += rect(at(from), top, at(to) - at(from), remaining * thickness, "fl-body");
        // What leaves falls from the ribbon's lower edge in a strip as wide as a share of the samples.
        const double share = std::min(clean_share(r.exits[e].share), remaining);
        const double strip = std::max(share * thickness * 0.5, share > 0 ? 1.5 : 0);
        const double start = std::clamp(at(to) - strip / 2, left, right - strip);
        const double leaves = top + (remaining - share) * thickness;
        if (e + 1 < r.exits.size())
            out += rect(std::min(at(to), right - strip), leaves, strip, labels_top - 16 - leaves, "fl-out");
        else
            out += rect(start, bottom, 0, 0, "fl-out");
        remaining -= share;
        from = to;
    }
    if (r.exits.empty()) out += rect(left, top, right - left, thickness, "fl-last");
    for (const construct::site_summary& s : r.sites) {
        const double x = at(place_of(r, s.name, 0));
        out += line(x, top - 6, x, top - 1, "fl-site");
    }
    for (std::size_t e = 0; e < places.size(); ++e) {
        const double y = labels_top + 42 * places[e].row;
        const double middle = places[e].left + widths[e] / 2;
        if (places[e].row > 0) out += line(centres[e], labels_top - 14, middle, y - 14, "fl-lead");
        out += text(middle, y, names[e], "fl-name", "middle");
        out += text(middle, y + 17, shares[e], "fl-soft", "middle");
    }
    const double axis = height - 4;
    out += text(left, axis, "input", "fl-soft");
    out += text(right, axis, count_text(static_cast<double>(r.base_macs)) + " MACs", "fl-soft", "end");
    double zone_left = 0;
    for (std::size_t k = 0; k < cuts.size(); ++k) {
        const double x1 = at(zone_left) + (k == 0 ? 0 : 3);
        const double x2 = at(cuts[k]) - (k + 1 == cuts.size() ? 0 : 3);
        const double room = x2 - x1;
        out += "<path class=\"fl-zone\" d=\"M" + px(x1) + " 28V22H" + px(std::max(x1, x2)) + "V28\"/>\n";
        const std::string full = readable(r.placement.stages[k].processor);
        std::string name = full;
        for (std::size_t most = characters(full); most >= 3 && label_width(name) > room; --most)
            name = shortened(full, most);
        if (label_width(name) > room) name = std::to_string(k + 1);
        out += text((x1 + x2) / 2, 14, name, "fl-soft", "middle");
        if (k + 1 < cuts.size()) out += line(at(cuts[k]), 22, at(cuts[k]), bottom + 6, "fl-cut");
        zone_left = cuts[k];
    }
    return out + "</svg>\n";
}

}  // namespace eenn::report::page

#endif

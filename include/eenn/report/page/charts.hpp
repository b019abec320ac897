// SPDX-License-Identifier: MIT
//
// charts.hpp - the charts of a construction's report: trade-off, heads by depth, sets of exits.
// Floor 7 (report); host subset.
#ifndef EENN_REPORT_PAGE_CHARTS_HPP
#define EENN_REPORT_PAGE_CHARTS_HPP

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <eenn/construct/result.hpp>
#include <eenn/report/numbers.hpp>
#include <eenn/report/page/style.hpp>
#include <eenn/report/svg.hpp>

namespace eenn::report::page {

/// @brief Adds a point if both its numbers are some.
inline void add_point(chart_series& s, double x, double y, std::string label = {}) {
    if (std::isfinite(x) && std::isfinite(y)) s.points.push_back({x, y, std::move(label)});
}

/// @brief A chart with axes of percentages.
[[nodiscard]] inline chart shares_chart(std::string x_title, std::string y_title) {
    chart c;
    c.x = {.title = std::move(x_title), .style = number_style::percent, .low = {}, .high = {}};
    c.y = {.title = std::move(y_title), .style = number_style::percent, .low = {}, .high = {}};
    return c;
}

/// @brief A chart drawn twice, for desks and for phones, of which the page shows one. Empty if it has no points.
[[nodiscard]] inline std::string figure(chart c, const std::string& caption) {
    std::erase_if(c.series, [](const chart_series& s) { return s.points.empty(); });
    if (c.series.empty()) return {};
    c.width = 832;
    c.height = 430;
    std::string out = "<figure><div class=\"wide\">" + without_style(to_svg(c)) + "</div>";
    c.width = 358;
    c.height = 400;
    out += "<div class=\"narrow\">" + without_style(to_svg(c)) + "</div>";
    if (!caption.empty()) out += "<figcaption>" + caption + "</figcaption>";
    return out + "</figure>\n";
}

/// @brief Accuracy over mean cost: curves, chosen settings as stars, the base network as a diamond and a line.
[[nodiscard]] inline chart trade_off(const construct::result& r) {
    chart c = shares_chart("mean MACs, share of the base network", "accuracy");
    // What lies far below the settings is left out: there the differences that matter would not show.
    double least = r.base_accuracy;
    for (const construct::setting_summary& s : r.settings) {
        if (std::isfinite(s.test_accuracy)) least = std::min(least, s.test_accuracy);
    }
    const double floor = least - std::max(0.02, 2 * (r.base_accuracy - least));
    int colour = 0;
    for (const construct::trade_off_curve& curve : r.curves) {
        const bool test = curve.name == "test";
        chart_series s{.name = readable(curve.name)};
        s.dashed = !test;
        s.step = true;
        // The test curve is the blue one, orange stays with the settings, the base network's colour is grey.
        constexpr int others[] = {2, 3, 4, 5};
        s.colour = test ? 0 : others[static_cast<std::size_t>(colour++) % 4];
        for (const construct::operating_point& p : curve.points) {
            if (p.accuracy >= floor && p.cost <= 1.0001) add_point(s, p.cost, p.accuracy);
        }
        c.series.push_back(std::move(s));
    }
    chart_series chosen{.name = "settings, on test data"};
    chosen.line = false;
    chosen.sign = marker::star;
    chosen.colour = 1;
    chosen.size = 7;
    for (std::size_t k = 0; k < r.settings.size(); ++k)
        add_point(chosen, r.settings[k].test_cost, r.settings[k].test_accuracy, std::to_string(k + 1));
    c.series.push_back(std::move(chosen));
    chart_series base{.name = "base network"};
    base.line = false;
    base.sign = marker::diamond;
    base.colour = -1;
    base.size = 6;
    add_point(base, 1, r.base_accuracy);
    c.series.push_back(std::move(base));
    if (std::isfinite(r.base_accuracy)) c.guides.push_back({.at = r.base_accuracy, .horizontal = true, .label = {}});
    return c;
}

/// @brief Accuracy of the trained heads over the depth of their sites, a series a form, the chosen ones marked.
[[nodiscard]] inline chart heads_by_depth(const construct::result& r) {
    chart c = shares_chart("MACs to the decision, share of the base", "validation accuracy");
    constexpr marker signs[] = {marker::circle, marker::square, marker::triangle, marker::diamond};
    std::vector<chart_series> forms;
    chart_series chosen{.name = "chosen"};
    chosen.line = false;
    chosen.sign = marker::star;
    chosen.colour = 1;
    chosen.size = 7;
    for (const construct::head_summary& h : r.heads) {
        if (!h.trained || r.base_macs <= 0 || h.site < 0 || static_cast<std::size_t>(h.site) >= r.sites.size())
            continue;
        const std::string form = readable(h.form);
        auto s = std::find_if(forms.begin(), forms.end(), [&](const chart_series& f) { return f.name == form; });
        if (s == forms.end()) {
            constexpr int colours[] = {0, 2, 3, 4};
            chart_series fresh{.name = form};
            fresh.line = false;
            fresh.sign = signs[forms.size() % 4];
            fresh.colour = colours[forms.size() % 4];
            forms.push_back(std::move(fresh));
            s = forms.end() - 1;
        }
        const double x = static_cast<double>(r.sites[static_cast<std::size_t>(h.site)].macs + h.macs) /
                         static_cast<double>(r.base_macs);
        add_point(h.chosen ? chosen : *s, x, h.accuracy);
    }
    c.series = std::move(forms);
    c.series.push_back(std::move(chosen));
    if (std::isfinite(r.base_validation_accuracy) && r.base_validation_accuracy > 0)
        c.guides.push_back({.at = r.base_validation_accuracy, .horizontal = true, .label = "base network"});
    return c;
}

/// @brief The heads of the network that was kept, as indices; empty if none is marked.
[[nodiscard]] inline std::vector<int> chosen_heads(const construct::result& r) {
    std::vector<int> chosen;
    for (std::size_t h = 0; h < r.heads.size(); ++h) {
        if (r.heads[h].chosen) chosen.push_back(static_cast<int>(h));
    }
    return chosen;
}

/// @brief The solved sets of exits, at most `most` of them.
[[nodiscard]] inline chart architectures_chart(const construct::result& r, std::size_t most = 1500) {
    chart c = shares_chart("mean MACs, share of the base network", "validation accuracy");
    const auto cloud = [](const char* name, marker sign, int colour, double size) {
        chart_series s{.name = name};
        s.line = false;
        s.sign = sign;
        s.colour = colour;
        s.size = size;
        return s;
    };
    chart_series missed = cloud("misses the objective", marker::ring, -1, 3.5);
    chart_series reached = cloud("reaches the objective", marker::circle, 0, 3.5);
    chart_series kept = cloud("kept", marker::star, 1, 8);
    const std::vector<int> chosen = chosen_heads(r);
    std::size_t shown = 0;
    for (const construct::architecture_summary& a : r.architectures) {
        if (!a.pruned.empty()) continue;
        if (!chosen.empty() && a.heads == chosen) {
            add_point(kept, a.cost, a.accuracy);
        } else if (shown++ < most) {
            add_point(a.feasible ? reached : missed, a.cost, a.accuracy);
        }
    }
    c.series = {std::move(missed), std::move(reached), std::move(kept)};
    return c;
}

}  // namespace eenn::report::page

#endif

// SPDX-License-Identifier: MIT
//
// detail/augmentation_charts.hpp - charts of a construction: trade-off, heads over depth, architectures tried.
// Floor 8 (construct); host subset. Tested by tests/construct/report/augmentation.cpp.
#ifndef EENN_CONSTRUCT_REPORT_DETAIL_AUGMENTATION_CHARTS_HPP
#define EENN_CONSTRUCT_REPORT_DETAIL_AUGMENTATION_CHARTS_HPP

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <eenn/charts/svg.hpp>
#include <eenn/construct/detail/result.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/text/detail/numbers.hpp>

namespace eenn::report {
inline namespace EENN_ISA {

/// @brief The label of a setting: A, B, ... Z, then numbers.
[[nodiscard]] inline std::string setting_letter(std::size_t s) {
    return s < 26 ? std::string(1, static_cast<char>('A' + s)) : std::to_string(s + 1);
}

/// @brief The lowest accuracy that a chart shows: a few points below the base network and the settings, so that outliers
/// do not flatten the relevant part.
[[nodiscard]] inline double lowest_shown(const construct::result& r) {
    double lowest = r.base_accuracy;
    for (const auto& s : r.settings) {
        if (std::isfinite(s.test_accuracy)) lowest = std::min(lowest, s.test_accuracy);
    }
    return lowest - std::max(0.01, 0.6 * (r.base_accuracy - lowest));
}

/// @brief Accuracy against mean cost: one line per curve, the settings on test data as lettered tags, the base network.
///
/// None if no curve has a point and no setting is cheaper than the base network.
[[nodiscard]] inline std::optional<chart> curves_chart(const construct::result& r) {
    chart c;
    c.title = "Accuracy against mean cost";
    c.x = {.title = "mean " + r.cost_unit + ", share of the base network's",
           .style = number_style::percent,
           .low = {},
           .high = {}};
    c.y = {.title = "accuracy", .style = number_style::percent, .low = {}, .high = {}};
    const double lowest = lowest_shown(r);
    bool any = false;
    const auto look_of = [](const std::string& name, chart_series& s) {
        s.colour = name == "test"             ? 0
                   : name == "validation"     ? 2
                   : name == "oracle"         ? 4
                   : name.starts_with("test") ? 3
                                              : -1;
        s.dashed = name != "test";
    };
    std::vector<chart_series> curves;
    for (const auto& curve : r.curves) {
        chart_series s{.name = text::readable(curve.name)};
        look_of(curve.name, s);
        for (const auto& p : curve.points) {
            if (p.cost <= 1 && std::isfinite(p.cost) && p.accuracy >= lowest && std::isfinite(p.accuracy))
                s.points.push_back({p.cost, p.accuracy});
        }
        if (s.points.empty()) continue;
        any = true;
        curves.push_back(std::move(s));
    }
    // The test curve is what a user gets, so it is drawn last, on top of the others.
    std::stable_sort(curves.begin(), curves.end(),
                     [](const auto& a, const auto& b) { return (a.name == "test") < (b.name == "test"); });
    c.series = std::move(curves);
    chart_series settings{.name = "settings, test"};
    settings.line = false;
    settings.sign = marker::tag;
    settings.colour = 1;
    settings.size = 8;
    for (std::size_t s = 0; s < r.settings.size(); ++s) {
        const auto& one = r.settings[s];
        if (!std::isfinite(one.test_cost) || !std::isfinite(one.test_accuracy) || one.test_cost >= 1) continue;
        settings.points.push_back({one.test_cost, one.test_accuracy, setting_letter(s)});
        any = true;
    }
    if (!any || !std::isfinite(r.base_accuracy)) return std::nullopt;
    if (!settings.points.empty()) c.series.push_back(std::move(settings));
    chart_series base{.name = "base network, test", .points = {{1, r.base_accuracy}}};
    base.line = false;
    base.sign = marker::diamond;
    base.colour = -1;
    base.size = 6;
    c.series.push_back(std::move(base));
    c.guides.push_back({.at = r.base_accuracy, .horizontal = true, .label = {}});
    c.description = "The base network is right on " + text::percent_text(r.base_accuracy, 2) +
                    " of test samples at full cost; setting A on " +
                    (r.settings.empty() ? std::string{text::no_number}
                                        : text::percent_text(r.settings[0].test_accuracy, 2) + " at " +
                                              text::percent_text(r.settings[0].test_cost) + " of the " + r.cost_unit) +
                    ".";
    return c;
}

/// @brief The accuracy of each trained head alone, over the backbone's MACs up to its site; selected heads are numbered.
[[nodiscard]] inline std::optional<chart> heads_chart(const construct::result& r) {
    chart c;
    c.title = "Each head alone";
    c.description = "Validation accuracy of every trained head if all samples left there, by depth.";
    c.x = {.title = "backbone MACs up to the site", .style = number_style::percent, .low = 0.0, .high = 1.0};
    c.y = {.title = "validation accuracy", .style = number_style::percent, .low = {}, .high = {}};
    chart_series chosen{.name = "chosen"};
    chosen.line = false;
    chosen.sign = marker::star;
    chosen.colour = 1;
    chosen.size = 7;
    const auto all = static_cast<double>(std::max<std::int64_t>(r.base_macs, 1));
    for (const auto& h : r.heads) {
        if (!h.trained || !std::isfinite(h.accuracy) || h.site < 0 || h.site >= std::ssize(r.sites)) continue;
        auto form = std::find_if(c.series.begin(), c.series.end(),
                                 [&](const auto& s) { return s.name == text::readable(h.form); });
        if (form == c.series.end()) {
            const std::size_t k = c.series.size();
            constexpr marker signs[] = {marker::circle, marker::square, marker::triangle};
            constexpr int colours[] = {5, 2, 3};
            c.series.push_back({.name = text::readable(h.form)});
            form = c.series.end() - 1;
            form->line = false;
            form->sign = signs[k % 3];
            form->colour = colours[k % 3];
            form->size = 5;
        }
        const double depth = static_cast<double>(r.sites[static_cast<std::size_t>(h.site)].macs) / all;
        form->points.push_back({depth, h.accuracy});
        if (h.chosen) chosen.points.push_back({depth, h.accuracy});
    }
    if (c.series.empty()) return std::nullopt;
    if (!chosen.points.empty()) c.series.push_back(std::move(chosen));
    if (std::isfinite(r.base_validation_accuracy) && r.base_validation_accuracy > 0)
        c.guides.push_back({.at = r.base_validation_accuracy, .horizontal = true, .label = "base network"});
    return c;
}

/// @brief Whether the heads of an architecture are the exits of the kept network.
[[nodiscard]] inline bool is_kept(const construct::result& r, const construct::architecture_summary& a) {
    if (r.exits.empty() || a.heads.size() + 1 != r.exits.size()) return false;
    for (std::size_t k = 0; k < a.heads.size(); ++k) {
        if (a.heads[k] < 0 || a.heads[k] != r.exits[k].head) return false;
    }
    return true;
}

/// @brief Every evaluated set of exits, at its best thresholds. Of overlapping points only one is drawn.
[[nodiscard]] inline std::optional<chart> architectures_chart(const construct::result& r) {
    chart c;
    c.title = "Sets of exits tried";
    c.description = "Mean cost and accuracy on validation data of every set of exits that reached the objective.";
    c.x = {.title = "mean " + r.cost_unit, .style = number_style::percent, .low = {}, .high = {}};
    c.y = {.title = "validation accuracy", .style = number_style::percent, .low = {}, .high = {}};
    chart_series reached{.name = "reach the objective"};
    chart_series missed{.name = "do not"};
    chart_series best{.name = "kept"};
    for (chart_series* s : {&reached, &missed, &best}) s->line = false;
    reached.sign = marker::circle;
    reached.colour = 5;
    reached.size = 4.2;
    missed.sign = marker::ring;
    missed.colour = -1;
    missed.size = 4.2;
    best.sign = marker::star;
    best.colour = 1;
    best.size = 7;
    std::set<std::pair<long, long>> drawn;
    for (const auto& a : r.architectures) {
        // Without a solution there is no cost to show.
        if (!a.pruned.empty() || !(a.cost > 0) || !std::isfinite(a.cost) || !std::isfinite(a.accuracy)) continue;
        if (is_kept(r, a)) best.points.push_back({a.cost, a.accuracy});
        if (!drawn.insert({std::lround(1000 * a.cost), std::lround(20000 * a.accuracy)}).second) continue;
        (a.feasible ? reached : missed).points.push_back({a.cost, a.accuracy});
    }
    for (chart_series* s : {&missed, &reached}) {
        if (!s->points.empty()) c.series.push_back(std::move(*s));
    }
    if (c.series.empty()) return std::nullopt;
    if (!best.points.empty()) c.series.push_back(std::move(best));
    return c;
}

}  // namespace EENN_ISA
}  // namespace eenn::report

#endif

// SPDX-License-Identifier: MIT
//
// trade_off.hpp - chart of accuracy against mean cost: Pareto front, single exits, chosen thresholds.
// Floor 8 (construct); host subset. Letters: E = exits, including the last classifier.
#ifndef EENN_CONSTRUCT_REPORT_TRADE_OFF_HPP
#define EENN_CONSTRUCT_REPORT_TRADE_OFF_HPP

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <eenn/charts/svg.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/exits/pareto.hpp>
#include <eenn/exits/trace.hpp>

namespace eenn::report {
inline namespace EENN_ISA {

/// @brief Labels of the chart.
struct trade_off_options {
    std::string title = "Accuracy against mean cost";
    std::string subtitle{};  ///< data set, number of samples, seed
    std::string cost_title = "mean MACs per sample";
    std::vector<std::string> exit_names{};  ///< (E); empty: "exit 1", ..., "last exit"
    std::string chosen_name = "chosen thresholds";
};

/// @brief Charts a Pareto front over its trace, with the operating point `chosen` and each exit alone as points.
///
/// The label of the chosen point gives the cost that it saves against the last exit and the accuracy that it loses.
///
/// @par Errors eenn::error if the trace fails check_trace or the number of names is not E.
[[nodiscard]] inline chart trade_off_chart(const exit_trace& trace, const pareto& front, const exit_evaluation& chosen,
                                           const trade_off_options& options = {}) {
    check_trace(trace);
    if (!options.exit_names.empty() && options.exit_names.size() != trace.cost.size()) {
        raise("trade_off_chart",
              std::to_string(options.exit_names.size()) + " names for " + std::to_string(trace.exits) + " exits");
    }
    chart c;
    c.title = options.title;
    c.subtitle = options.subtitle;
    c.x = {.title = options.cost_title, .style = number_style::metric, .low = {}, .high = {}};
    c.y = {.title = "accuracy", .style = number_style::percent, .low = {}, .high = {}};

    chart_series curve{.name = front.proven ? "best thresholds (proven)" : "best thresholds found"};
    curve.step = true;
    for (const pareto_point& p : front.points) curve.points.push_back({p.mean_cost, p.accuracy});
    c.series.push_back(std::move(curve));

    chart_series alone{.name = "one exit for all"};
    alone.line = false;
    alone.sign = marker::ring;
    alone.colour = -1;
    alone.size = 5.5;
    chart_series last = alone;
    last.name = "last exit";
    last.sign = marker::diamond;
    last.size = 6;
    last.colour = 2;
    for (int e = 0; e < trace.exits; ++e) {
        const bool is_last = e + 1 == trace.exits;
        const auto at = static_cast<std::size_t>(e);
        const std::string name = !options.exit_names.empty() ? options.exit_names[at]
                                 : is_last                   ? "last exit"
                                                             : "exit " + std::to_string(e + 1);
        (is_last ? last : alone).points.push_back({trace.cost[at], lone_accuracy(trace, e), name});
    }
    const chart_point end = last.points.front();
    if (!alone.points.empty()) c.series.push_back(std::move(alone));
    c.series.push_back(std::move(last));

    const auto fixed = [](double value) { return number_text(value, 0.1); };
    std::string label;
    if (end.x > 0) label = "\xe2\x88\x92" + fixed(100 * (1 - chosen.mean_cost / end.x)) + " % cost, ";
    const double points = 100 * (chosen.accuracy - end.y);
    label += (points < -0.05   ? "\xe2\x88\x92"
              : points >= 0.05 ? "+"
                               : "\xc2\xb1") +
             fixed(std::abs(points)) + " points";
    chart_series point{.name = options.chosen_name, .points = {{chosen.mean_cost, chosen.accuracy, label}}};
    point.line = false;
    point.sign = marker::star;
    point.colour = 1;
    point.size = 7.5;
    c.series.push_back(std::move(point));
    c.guides.push_back({.at = end.y, .horizontal = true, .label = {}});
    return c;
}

}  // namespace EENN_ISA
}  // namespace eenn::report

#endif

// SPDX-License-Identifier: MIT
//
// detail/outcome_sections.hpp - report sections about the network that was built: headline, network, trade-off, exits,
// classes, calibration, placement.
// Floor 8 (construct); host subset. Tested by tests/construct/report/augmentation.cpp.
#ifndef EENN_CONSTRUCT_REPORT_DETAIL_OUTCOME_SECTIONS_HPP
#define EENN_CONSTRUCT_REPORT_DETAIL_OUTCOME_SECTIONS_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <eenn/charts/detail/html.hpp>
#include <eenn/construct/detail/result.hpp>
#include <eenn/construct/report/detail/augmentation_charts.hpp>
#include <eenn/construct/report/detail/network_figure.hpp>
#include <eenn/construct/report/detail/reliability_figure.hpp>
#include <eenn/construct/report/detail/terms.hpp>
#include <eenn/core/isa.hpp>

namespace eenn::report::sections {
inline namespace EENN_ISA {

using construct::result;
using html::column;
using html::element;
using html::escaped;

/// A section of the page with its heading.
struct part {
    std::string id;
    std::string title;
    std::string content;  ///< markup; empty: the section is omitted
};

[[nodiscard]] inline std::string paragraph(std::string_view content, const char* classes = "soft") {
    return element("p", std::string{"class=\""} + classes + "\"", html::tight(std::string{content})) + "\n";
}

/// MACs as a share of the base network's.
[[nodiscard]] inline std::string share_of_base(const result& r, std::int64_t macs) {
    if (r.base_macs <= 0) return text::no_number;
    return text::percent_text(static_cast<double>(macs) / static_cast<double>(r.base_macs));
}

/// The number of an exit, in its colour.
[[nodiscard]] inline std::string exit_number(const result& r, std::size_t e) {
    return element("span", "class=\"no " + exit_class(e, r.exits.size()) + "\"", std::to_string(e + 1));
}
[[nodiscard]] inline std::string letter(std::size_t s) {
    return element("span", "class=\"letter\"", setting_letter(s));
}

/// Draws a figure twice, for wide and for narrow screens, so that text has the same size on both.
[[nodiscard]] inline std::string responsive(chart c, int width, int height) {
    c.title.clear();
    std::string out;
    for (const bool wide : {true, false}) {
        c.width = wide ? width : 356;
        c.height = wide ? height : 340;
        out += element("div", wide ? "class=\"wide\"" : "class=\"narrow\"", to_svg(c, chart_style::of_page));
    }
    return out;
}

[[nodiscard]] inline std::string tile(std::string_view title, std::string_view big, std::string_view small,
                                      std::string_view bar = {}) {
    return element("div", "class=\"tile\"",
                   element("dt", "", title) + element("dd", "class=\"big\"", big) +
                       (bar.empty() ? "" : element("dd", "", bar)) +
                       element("dd", "class=\"small\"", html::tight(std::string{small}))) +
           "\n";
}

[[nodiscard]] inline std::string headline(const result& r) {
    const std::string change = text::points_text(r.accuracy - r.base_accuracy) + " points";
    std::string tiles;
    if (!r.pays_off) {
        tiles += tile("Accuracy", text::percent_text(r.base_accuracy, 2), "of the base network, which stays as it is");
        tiles += tile("MACs a sample", text::count_text(r.base_macs), "nothing is saved");
        return element("dl", "class=\"tiles\"", "\n" + tiles);
    }
    std::string interval;
    if (!r.settings.empty() && (r.settings[0].loss_low != 0 || r.settings[0].loss_high != 0)) {
        interval = "<br/>95 % interval " + text::points_text(-r.settings[0].loss_high) + " to " +
                   text::points_text(-r.settings[0].loss_low);
    }
    tiles += tile("Accuracy, test data", text::percent_text(r.accuracy, 2),
                  change + " from " + text::percent_text(r.base_accuracy, 2) + interval);
    tiles += tile("MACs", text::percent_text(r.mean_macs_share),
                  text::count_text(r.mean_macs_share * static_cast<double>(r.base_macs)) + " of " +
                      text::count_text(r.base_macs) + " a sample",
                  html::bar(r.mean_macs_share, ""));
    if (r.base_microseconds > 0) {
        tiles += tile("Time, one by one", text::percent_text(r.mean_time_share),
                      text::seconds_text(1e-6 * r.mean_microseconds) + " of " +
                          text::seconds_text(1e-6 * r.base_microseconds) + " a sample",
                      html::bar(r.mean_time_share, ""));
        tiles += tile("Time, batches of 64", text::percent_text(r.batch_time_share),
                      "deciding takes " + text::percent_text(r.decision_overhead) + " of a full pass",
                      html::bar(r.batch_time_share, ""));
    }
    if (r.exits.size() > 1) {
        std::string where;
        for (std::size_t e = 0; e + 1 < r.exits.size(); ++e)
            where += (e > 0 ? ", " : "after ") + text::percent_text(backbone_share(r, e), 0);
        const std::size_t early = r.exits.size() - 1;
        std::vector<double> shares;
        std::vector<std::string> classes;
        for (std::size_t e = 0; e < r.exits.size(); ++e) {
            shares.push_back(r.exits[e].share);
            classes.push_back(exit_class(e, r.exits.size()));
        }
        tiles += tile("Exits", std::to_string(early) + " early",
                      where + " of the MACs; " + text::percent_text(1 - r.exits.back().share, 0) + " leave early",
                      html::stacked(shares, classes));
    }
    return element("dl", "class=\"tiles\"", "\n" + tiles);
}

[[nodiscard]] inline part network(const result& r) {
    part p{"network", "The network", {}};
    if (r.base_macs <= 0) return p;
    std::string caption = "Length: the base network's MACs. Height: the samples still in it. Small ticks: " +
                          std::to_string(r.sites.size()) + (r.sites.size() == 1 ? " site" : " sites") +
                          " where an exit can go.";
    if (!r.placement.stages.empty()) caption += " Dashed: cuts between processors.";
    if (r.exits.empty()) caption += " No exit was kept: every sample runs through.";
    p.content =
        element("figure", "", network_figure(r, 1040) + network_figure(r, 356) + element("figcaption", "", caption));
    return p;
}

[[nodiscard]] inline std::string thresholds_of(const construct::setting_summary& s) {
    std::string out;
    for (std::size_t e = 0; e < s.thresholds.size(); ++e) {
        const std::string value = threshold_text(s.thresholds[e], false);
        const bool named = e < s.heads.size();
        if (named && !std::isfinite(s.thresholds[e])) continue;  // a head that this objective drops
        out += (out.empty() ? "" : named ? "<br/>" : ", ") + (named ? html::cell(s.heads[e]) + ": " : "") + value;
    }
    return out.empty() ? text::no_number : out;
}

[[nodiscard]] inline std::string certificate_of(const construct::setting_summary& s) {
    if (s.proven) return "proven best";
    const double gap = certified_gap(s);
    if (!std::isfinite(gap)) return "no bound";
    const std::string bound = s.accuracy_bound > 0 ? "at most " + text::percent_text(s.accuracy_bound, 2)
                                                   : "at least " + text::percent_text(s.bound);
    return bound + ", gap " + text::fixed_text(100 * gap, 2) + " points";
}

[[nodiscard]] inline std::string curves_table(const result& r) {
    html::table table{"Points of the curves, at most twelve of each; summary.json has all",
                      {{"curve", false}, {"mean " + r.cost_unit}, {"accuracy"}}};
    bool any = false;
    for (const auto& curve : r.curves) {
        const std::size_t count = curve.points.size();
        const std::size_t shown = std::min<std::size_t>(count, 12);
        for (std::size_t k = 0; k < shown; ++k) {
            const auto& p = curve.points[shown > 1 ? k * (count - 1) / (shown - 1) : 0];
            table.row({html::cell(curve.name), text::percent_text(p.cost), text::percent_text(p.accuracy, 2)});
            any = true;
        }
    }
    return any ? html::folded("The curves in numbers", table.markup()) : "";
}

[[nodiscard]] inline part trade_off(const result& r) {
    part p{"trade-off", "Accuracy against cost", {}};
    if (const auto chart = curves_chart(r)) {
        std::string caption = "Thresholds are chosen on validation data; test data chose nothing.";
        if (!r.settings.empty()) caption += " Letters: the settings of the table below, on test data.";
        caption += " Accuracies below " + text::percent_text(lowest_shown(r)) +
                   " and costs above the base network's are not drawn.";
        p.content += element("figure", "", responsive(*chart, 1040, 460) + element("figcaption", "", caption));
    }
    if (!r.settings.empty()) {
        html::table table{"Settings: thresholds for each objective",
                          {{"objective", false},
                           {r.cost_unit + ", validation"},
                           {"accuracy, validation"},
                           {r.cost_unit + ", test"},
                           {"accuracy, test"},
                           {"change, points"},
                           {"95 % interval, paired"},
                           {"certificate", false},
                           {"thresholds, by depth"}}};
        for (std::size_t s = 0; s < r.settings.size(); ++s) {
            const auto& one = r.settings[s];
            table.row({letter(s) + html::cell(one.objective), text::percent_text(one.validation_cost),
                       text::percent_text(one.validation_accuracy, 2), text::percent_text(one.test_cost),
                       text::percent_text(one.test_accuracy, 2), text::points_text(-one.loss),
                       text::points_text(-one.loss_high) + " to " + text::points_text(-one.loss_low),
                       element("span", "class=\"words\"", certificate_of(one)), thresholds_of(one)});
        }
        p.content += table.markup();
    }
    p.content += curves_table(r);
    if (!r.fine_tuning.empty()) p.content += paragraph("Fine-tuning: " + escaped(r.fine_tuning));
    return p;
}

[[nodiscard]] inline part exits(const result& r) {
    part p{"exits", "Where samples leave", {}};
    if (r.exits.empty()) {
        p.content = paragraph("No early exit was kept: every sample goes through the base network.");
        return p;
    }
    html::table table{"Exits by depth, test data",
                      {{"exit", false},
                       {"leave here", false},
                       {"share"},
                       {"accuracy of those"},
                       {"if all left here"},
                       {"MACs"},
                       {"share of the base"},
                       {"median time"},
                       {"signal", false},
                       {"threshold"},
                       {"temperature"}}};
    double widest = 1e-9;
    for (const auto& x : r.exits) widest = std::max(widest, x.share);
    for (std::size_t e = 0; e < r.exits.size(); ++e) {
        const auto& x = r.exits[e];
        table.row({exit_number(r, e) + html::name(x.site) + " <span class=\"soft\">" + escaped(x.form) + "</span>",
                   html::bar(x.share / widest, exit_class(e, r.exits.size())), text::percent_text(x.share),
                   x.share > 0 ? text::percent_text(x.accuracy, 2) : text::no_number,
                   text::percent_text(x.lone_accuracy, 2), text::count_text(x.macs), share_of_base(r, x.macs),
                   x.microseconds > 0 ? text::seconds_text(1e-6 * x.microseconds) : text::no_number,
                   html::cell(x.policy), threshold_text(x.threshold, e + 1 == r.exits.size()),
                   text::fixed_text(x.temperature, 2)});
    }
    p.content = table.markup();
    return p;
}

[[nodiscard]] inline part classes(const result& r) {
    part p{"classes", "Classes", {}};
    std::size_t count = std::min(r.base_classes.recall.size(), r.classes.recall.size());
    if (count == 0 || r.exits.empty()) return p;
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), 0);
    const auto change = [&](std::size_t c) { return r.classes.recall[c] - r.base_classes.recall[c]; };
    constexpr std::size_t shown = 20;
    if (count > shown) {
        const auto key = [&](std::size_t c) { return std::isfinite(change(c)) ? change(c) : 1.0; };
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
    }
    std::vector<std::string> colours;
    std::string legend;
    for (std::size_t e = 0; e < r.exits.size(); ++e) {
        colours.push_back(exit_class(e, r.exits.size()));
        legend += element("li", "",
                          "<span class=\"swatch " + colours.back() + "\"></span>" +
                              (e + 1 == r.exits.size() ? "classifier" : "exit " + std::to_string(e + 1)));
    }
    std::vector<column> columns{{"class", false}, {"where its samples leave", false}};
    for (std::size_t e = 0; e < r.exits.size(); ++e)
        columns.push_back({e + 1 == r.exits.size() ? "classifier" : "exit " + std::to_string(e + 1)});
    columns.insert(columns.end(), {{"accuracy before"}, {"with exits"}, {"change, points"}});
    const auto rows = [&](std::string caption, std::size_t from, std::size_t to) {
        html::table table{std::move(caption), columns};
        for (std::size_t k = from; k < to; ++k) {
            const std::size_t c = order[k];
            std::vector<double> shares;
            for (const auto& x : r.exits) shares.push_back(c < x.share_by_class.size() ? x.share_by_class[c] : 0);
            std::vector<std::string> cells{
                c < r.class_names.size() ? html::cell(r.class_names[c]) : "class " + std::to_string(c),
                html::stacked(shares, colours)};
            for (const double share : shares) cells.push_back(text::percent_text(share, 0));
            cells.insert(cells.end(), {text::percent_text(r.base_classes.recall[c]),
                                       text::percent_text(r.classes.recall[c]), text::points_text(change(c), 1)});
            table.row(cells);
        }
        return table.markup();
    };
    p.content = element("p", "",
                        "Balanced accuracy (the mean of the classes'): " +
                            text::percent_text(r.base_classes.balanced_accuracy, 2) + " before, " +
                            text::percent_text(r.classes.balanced_accuracy, 2) +
                            " with exits. F1, mean of the classes: " + text::percent_text(r.base_classes.macro_f1, 2) +
                            " before, " + text::percent_text(r.classes.macro_f1, 2) + " with exits.") +
                "\n" + element("ul", "class=\"legend-row\"", legend) + "\n";
    if (count <= shown) {
        p.content += rows("Classes, test data", 0, count);
    } else {
        p.content += rows("The " + std::to_string(shown) + " classes that lose most, test data", 0, shown);
        p.content += html::folded("The other " + std::to_string(count - shown) + " classes",
                                  rows("The other classes, by change", shown, count));
    }
    return p;
}

[[nodiscard]] inline part calibration(const result& r) {
    part p{"calibration", "Calibration", {}};
    std::string figures;
    html::table table{"Expected calibration error, validation data",
                      {{"exit", false}, {"before"}, {"temperature"}, {"after"}}};
    for (std::size_t e = 0; e < r.exits.size(); ++e) {
        const auto& x = r.exits[e];
        const std::string figure = reliability_figure(x, exit_class(e, r.exits.size()));
        if (!figure.empty())
            figures += element("figure", "",
                               element("figcaption", "",
                                       exit_number(r, e) + "ECE " + text::percent_text(x.error_before, 2) +
                                           " \xe2\x86\x92 " + text::percent_text(x.error_after, 2)) +
                                   figure) +
                       "\n";
        table.row({exit_number(r, e) + html::name(x.site), text::percent_text(x.error_before, 2),
                   text::fixed_text(x.temperature, 2), text::percent_text(x.error_after, 2)});
    }
    if (figures.empty()) return p;
    p.content = paragraph(
                    "On the diagonal an exit is right as often as it is sure. Grey rings: before the temperature; "
                    "discs: after it. Areas: samples in the bin.") +
                element("div", "class=\"many\"", "\n" + figures) + table.markup();
    return p;
}

[[nodiscard]] inline part placement(const result& r) {
    part p{"placement", "Placement", {}};
    const auto& plan = r.placement;
    if (plan.stages.empty()) return p;
    html::table table{"What runs where",
                      {{"processor", false},
                       {"from", false},
                       {"to", false},
                       {"MACs"},
                       {"weights"},
                       {"sent on"},
                       {"samples that get here"},
                       {"time"}}};
    for (std::size_t k = 0; k < plan.stages.size(); ++k) {
        const auto& s = plan.stages[k];
        table.row({html::cell(s.processor), html::name(s.from), html::name(s.to), text::count_text(s.macs),
                   text::bytes_text(s.weight_bytes),
                   k + 1 < plan.stages.size() ? text::bytes_text(s.transfer_bytes) : text::no_number,
                   text::percent_text(s.reach), text::seconds_text(s.seconds)});
    }
    p.content = paragraph((plan.objective.empty() ? "" : "Objective: " + escaped(plan.objective) + ". ") + "Expected " +
                          text::seconds_text(plan.expected_seconds) + " a sample, at worst " +
                          text::seconds_text(plan.worst_seconds) +
                          (plan.expected_joules > 0 ? ", " + text::joules_text(plan.expected_joules) : "") + "; " +
                          (plan.proven ? "proven best." : "not proven best.")) +
                table.markup();
    return p;
}

}  // namespace EENN_ISA
}  // namespace eenn::report::sections

#endif

// SPDX-License-Identifier: MIT
//
// sections.hpp - the sections of a construction's report that say what was found: figures, trade-off, exits, classes,
// calibration, settings.
// Floor 7 (report); host subset.
#ifndef EENN_REPORT_PAGE_SECTIONS_HPP
#define EENN_REPORT_PAGE_SECTIONS_HPP

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <eenn/construct/result.hpp>
#include <eenn/report/augmentation_json.hpp>
#include <eenn/report/augmentation_text.hpp>
#include <eenn/report/html.hpp>
#include <eenn/report/page/charts.hpp>
#include <eenn/report/page/flow.hpp>
#include <eenn/report/page/reliability.hpp>

namespace eenn::report::page {

/// @brief A heading, one line that says what is seen, and the content; nothing if there is no content.
[[nodiscard]] inline std::string section(const char* title, const std::string& about, const std::string& content) {
    if (content.empty()) return {};
    return "<section>\n" + html::element("h2", "", title) + "\n" +
           (about.empty() ? "" : html::element("p", "class=\"soft\"", about) + "\n") + content + "</section>\n";
}

/// @brief A table with its caption above the part that scrolls, so that it wraps where the page is narrow.
[[nodiscard]] inline std::string captioned(const std::string& caption, const html::table& t) {
    return html::element("p", "class=\"caption\"", caption) + "\n" + t.markup();
}

/// @brief "1 site", "27 sites".
[[nodiscard]] inline std::string counted(std::size_t n, const std::string& noun) {
    return integer_text(static_cast<std::int64_t>(n)) + " " + noun + (n == 1 ? "" : "s");
}

[[nodiscard]] inline std::string small(const std::string& markup) { return html::element("small", "", markup); }

/// @brief Our own words with numbers that stay with their percent signs at the end of a line.
[[nodiscard]] inline std::string unbroken(std::string text) {
    for (std::size_t at = 0; (at = text.find(" %", at)) != std::string::npos;) text.replace(at, 1, "\xc2\xa0");
    return text;
}

/// @brief The exit's number in a disc.
[[nodiscard]] inline std::string badge(const construct::result& r, std::size_t e) {
    const bool last = e + 1 == r.exits.size();
    return html::element("span", last ? "class=\"no last\"" : "class=\"no\"", last ? "C" : std::to_string(e + 1));
}

/// @brief A difference of accuracies: "−0.34 points".
[[nodiscard]] inline std::string points(double difference) { return points_text(difference) + " points"; }

/// @brief Opacity of the e-th of the exits before the classifier, so that a bar of them is one hue from deep to pale.
[[nodiscard]] inline std::string shade(std::size_t e, std::size_t exits) {
    const double steps = std::max(static_cast<double>(exits) - 2, 1.0);
    return "opacity:" + svg_parts::px(1 - 0.65 * static_cast<double>(e) / steps);
}

/// @brief Shares of the exits side by side.
[[nodiscard]] inline std::string exits_bar(const std::vector<double>& shares) {
    std::string parts;
    for (std::size_t e = 0; e < shares.size(); ++e) {
        if (!(clean_share(shares[e]) > 0)) continue;
        const bool last = e + 1 == shares.size();
        parts += std::string{"<span class=\"fill"} + (last ? " last" : "") +
                 "\" style=\"width:" + html::css_percent(shares[e]) + (last ? "" : ";" + shade(e, shares.size())) +
                 "\"></span>";
    }
    return "<span class=\"track stack\" aria-hidden=\"true\">" + parts + "</span>";
}

/// @brief What a reader sees in ten seconds: the verdict, four figures, the ribbon.
[[nodiscard]] inline std::string headline(const construct::result& r) {
    const std::string verdict = !r.verdict.empty() ? html::escaped(r.verdict)
                                : r.pays_off       ? "Early exits pay off."
                                                   : "No early exit pays off.";
    std::string out = "<header>\n" +
                      html::element("p", "class=\"eyebrow\"",
                                    "Early exits for " + (r.model.empty() ? "a network" : html::escaped(r.model))) +
                      "\n" + html::element("h1", "", verdict) + "\n";
    if (!r.data.empty()) out += html::element("p", "class=\"soft\"", html::escaped(r.data)) + "\n";
    const auto card = [](const std::string& value, const char* what, const std::string& detail, const char* classes) {
        return html::element("div", classes,
                             html::element("span", "class=\"what\"", what) + html::element("b", "", value) +
                                 html::element("span", "", unbroken(detail))) +
               "\n";
    };
    std::string change = points(r.accuracy - r.base_accuracy);
    if (!r.settings.empty() && r.settings.front().loss_high > r.settings.front().loss_low) {
        change += " (95 %: " + points_text(-r.settings.front().loss_high) + " to " +
                  points_text(-r.settings.front().loss_low) + ")";
    }
    std::string cards = card(percent_text(r.accuracy), "accuracy on test data",
                             "base network " + percent_text(r.base_accuracy) + ", " + change, "");
    cards += card(percent_text(r.mean_macs_share), "of the MACs",
                  count_text(r.mean_macs_share * static_cast<double>(r.base_macs)) + " a sample, base network " +
                      count_text(static_cast<double>(r.base_macs)),
                  "");
    if (r.base_microseconds > 0) {
        cards +=
            card(percent_text(r.mean_time_share), "of the time, one by one",
                 seconds_text(1e-6 * r.mean_microseconds) + ", base network " +
                     seconds_text(1e-6 * r.base_microseconds) + "; batches of 64: " + percent_text(r.batch_time_share),
                 "");
    } else {
        cards += card(no_number, "time", "not measured", "class=\"base\"");
    }
    std::string where;
    for (std::size_t e = 0; e + 1 < r.exits.size(); ++e)
        where += (e == 0 ? "after " : ", ") + percent_text(place_of_exit(r, e), 0);
    const std::size_t early = r.exits.empty() ? 0 : r.exits.size() - 1;
    cards += card(std::to_string(early), early == 1 ? "early exit" : "early exits",
                  early == 0 ? "the base network stays as it is" : where + " of the network",
                  early == 0 ? "class=\"base\"" : "");
    out += html::element("div", "class=\"figures\"", "\n" + cards) + "\n</header>\n";
    if (r.exits.size() > 1) {
        out +=
            "<figure><div class=\"wide\">" + flow_svg(r, 832) + "</div><div class=\"narrow\">" + flow_svg(r, 358) +
            "</div><figcaption>Length is MACs, thickness is samples: the coloured area is what the network with "
            "exits computes, the whole rectangle what the base network does. Ticks are the places an exit could "
            "go" +
            std::string{r.placement.stages.size() > 1 ? "; brackets are processors, dashed lines the cuts between them"
                                                      : ""} +
            ".</figcaption></figure>\n";
    }
    return out;
}

/// @brief The curves.
[[nodiscard]] inline std::string trade_off_section(const construct::result& r) {
    std::string content;
    if (!r.exits.empty() && (!r.curves.empty() || r.settings.size() > 1))
        content = figure(trade_off(r),
                         "Up and to the left is better. Numbers at the stars are rows of the table of "
                         "settings; the dotted line is the base network&#39;s accuracy.");
    return section("Accuracy against cost", "", content);
}

/// @brief A row an exit: where, what share leaves, how well, at what cost.
[[nodiscard]] inline std::string exits_section(const construct::result& r) {
    std::string rows;
    for (std::size_t e = 0; e < r.exits.size(); ++e) {
        const construct::exit_summary& x = r.exits[e];
        const bool last = e + 1 == r.exits.size();
        const auto fact = [](const std::string& text) { return html::element("span", "", text); };
        std::string facts;
        facts += fact(x.share > 0 ? percent_text(x.accuracy) + " of them right" : "nobody leaves here");
        facts += fact(percent_text(x.lone_accuracy) + " right if all left here");
        facts += fact(count_text(static_cast<double>(x.macs)) + " MACs");
        if (x.microseconds > 0) facts += fact(seconds_text(1e-6 * x.microseconds));
        const std::string threshold = threshold_text(static_cast<double>(x.threshold), last);
        facts += fact(last ? "takes all that is left" : html::escaped(x.policy) + " threshold " + threshold);
        if (x.temperature != 1) facts += fact("temperature " + fixed_text(x.temperature, 2));
        rows +=
            html::element(
                "li", "",
                "<div class=\"head\">" +
                    html::element("span", "", badge(r, e) + html::name(x.site) + " " + small(html::escaped(x.form))) +
                    html::element("b", "", percent_text(x.share)) + "</div>" + html::bar(x.share, last ? "last" : "") +
                    html::element("div", "class=\"soft\"", facts)) +
            "\n";
    }
    const std::string content = rows.empty() ? "" : html::element("ul", "class=\"list\"", "\n" + rows) + "\n";
    return section("Where samples leave", "Shares of the test samples, costs from the input to the decision.", content);
}

/// @brief A row a class: accuracy before and after, and where its samples leave.
[[nodiscard]] inline std::string classes_section(const construct::result& r) {
    std::size_t classes = std::max({r.class_names.size(), r.class_accuracy.size(), r.base_class_accuracy.size()});
    if (r.class_accuracy.empty() && r.base_class_accuracy.empty()) classes = 0;
    if (classes == 0) return {};
    const auto value = [](const std::vector<double>& of, std::size_t k) { return k < of.size() ? of[k] : NAN; };
    std::vector<std::size_t> order(classes);
    for (std::size_t k = 0; k < classes; ++k) order[k] = k;
    const auto change = [&](std::size_t k) { return value(r.class_accuracy, k) - value(r.base_class_accuracy, k); };
    // Many classes: those that lose or win most, the others folded.
    const bool many = classes > 20;
    if (many) {
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            const double x = std::isfinite(change(a)) ? change(a) : 0;
            const double y = std::isfinite(change(b)) ? change(b) : 0;
            return x < y;
        });
    }
    const std::vector<html::column> columns{
        {"class", false}, {"base network"}, {"with exits"}, {"points"}, {"where its samples leave", false}};
    const std::string title = many ? "Classes that lose most" : "Accuracy on test data by class";
    html::table first{title, columns};
    html::table rest{"The other classes", columns};
    for (std::size_t at = 0; at < classes; ++at) {
        const std::size_t k = order[at];
        std::vector<double> shares;
        bool known = !r.exits.empty();
        for (const construct::exit_summary& x : r.exits) {
            known = known && k < x.share_by_class.size();
            shares.push_back(value(x.share_by_class, k));
        }
        const std::string points = points_text(change(k), 1);
        (many && at >= 12 ? rest : first)
            .row({k < r.class_names.size() ? html::escaped(r.class_names[k]) : std::to_string(k),
                  percent_text(value(r.base_class_accuracy, k)), percent_text(value(r.class_accuracy, k)),
                  change(k) < -0.005 ? html::element("span", "class=\"less\"", points) : points,
                  known ? exits_bar(shares) : std::string{no_number}});
    }
    std::string key;
    for (std::size_t e = 0; e < r.exits.size(); ++e) {
        const bool last = e + 1 == r.exits.size();
        key +=
            html::element("span", "",
                          (last ? "<i class=\"last\"></i>classifier"
                                : "<i style=\"" + shade(e, r.exits.size()) + "\"></i>exit " + std::to_string(e + 1)));
    }
    return section("Classes", "",
                   captioned(title, first) + (many ? html::folded("All other classes", rest.markup()) : "") +
                       (key.empty() ? "" : html::element("div", "class=\"key\"", key) + "\n"));
}

/// @brief A diagram an exit.
[[nodiscard]] inline std::string calibration_section(const construct::result& r) {
    std::string figures;
    for (std::size_t e = 0; e < r.exits.size(); ++e) {
        const construct::exit_summary& x = r.exits[e];
        if (!has_reliability(x)) continue;
        const std::string name = e + 1 == r.exits.size() ? "classifier" : "exit " + std::to_string(e + 1);
        figures += "<figure>" + reliability_svg(x, "Calibration of " + name) + "<figcaption>" +
                   html::element("b", "", name) + "<br/>error " + unbroken(percent_text(x.error_before)) +
                   " \xe2\x86\x92 " + unbroken(percent_text(x.error_after)) + "<br/>temperature " +
                   fixed_text(x.temperature, 2) + "</figcaption></figure>\n";
    }
    if (figures.empty()) return {};
    return section("Calibration",
                   "Dots on the diagonal: the exit is as sure as it is right. Validation data; the error is the "
                   "expected calibration error.",
                   "<div class=\"key\"><span><i class=\"ring\"></i>before the temperature</span><span><i "
                   "class=\"dot\"></i>after</span></div>\n" +
                       html::element("div", "class=\"tiles\"", "\n" + figures) + "\n");
}

/// @brief What the certificate of a setting says.
[[nodiscard]] inline std::string certificate(const construct::setting_summary& s) {
    if (s.proven) return "proven: no thresholds cost less";
    const double gap = certified_gap(s);
    if (!std::isfinite(gap)) return "no bound";
    return "at least " + percent_text(s.bound) + ", gap " + fixed_text(100 * gap, 2) + " points";
}

/// @brief A row a setting: thresholds, cost, loss with its interval, certificate.
[[nodiscard]] inline std::string settings_section(const construct::result& r) {
    if (r.settings.empty()) return {};
    const std::string caption = "Thresholds are chosen on validation data; test data chose nothing.";
    html::table t{caption,
                  {{"", true},
                   {"objective", false},
                   {"MACs", true},
                   {"accuracy", true},
                   {"loss, points", true},
                   {"95 % interval", true},
                   {"validation", true},
                   {"certificate", false},
                   {"thresholds", false}}};
    for (std::size_t k = 0; k < r.settings.size(); ++k) {
        const construct::setting_summary& s = r.settings[k];
        std::string thresholds;
        for (const float threshold : s.thresholds)
            thresholds +=
                (thresholds.empty() ? "" : " \xc2\xb7 ") + threshold_text(static_cast<double>(threshold), false);
        t.row({std::to_string(k + 1), html::escaped(s.objective), percent_text(s.test_cost),
               percent_text(s.test_accuracy, 2), fixed_text(100 * s.loss, 2),
               fixed_text(100 * s.loss_low, 2) + " to " + fixed_text(100 * s.loss_high, 2),
               percent_text(s.validation_cost) + "<br/>" + small(percent_text(s.validation_accuracy, 2)),
               certificate(s), thresholds.empty() ? no_number : thresholds},
              k == 0 ? "mark" : "");
    }
    return section("Settings",
                   "One network, several sets of thresholds; the first is the objective asked for. Loss is "
                   "the base network&#39;s accuracy less this one&#39;s, on the same samples.",
                   captioned(caption, t));
}

}  // namespace eenn::report::page

#endif

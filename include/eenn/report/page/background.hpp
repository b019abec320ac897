// SPDX-License-Identifier: MIT
//
// background.hpp - the sections of a construction's report that say how it was found: placement, candidates, signals,
// seconds, origin.
// Floor 7 (report); host subset.
#ifndef EENN_REPORT_PAGE_BACKGROUND_HPP
#define EENN_REPORT_PAGE_BACKGROUND_HPP

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <eenn/construct/result.hpp>
#include <eenn/report/page/sections.hpp>
#include <eenn/report/progress.hpp>

namespace eenn::report::page {

/// @brief What runs where, for how long, and what is sent on.
[[nodiscard]] inline std::string placement_section(const construct::result& r) {
    const construct::placement_summary& p = r.placement;
    if (p.stages.empty()) return {};
    html::table t{"Processors in the order samples pass them",
                  {{"processor", false},
                   {"layers", false},
                   {"MACs"},
                   {"weights"},
                   {"time"},
                   {"samples that get here"},
                   {"sent on"}}};
    for (const construct::stage_summary& s : p.stages) {
        t.row({html::escaped(s.processor), html::name(s.from) + " to<br/>" + html::name(s.to),
               count_text(static_cast<double>(s.macs)), bytes_text(static_cast<double>(s.weight_bytes)),
               seconds_text(s.seconds), percent_text(s.reach),
               s.transfer_bytes > 0 ? bytes_text(static_cast<double>(s.transfer_bytes)) : std::string{no_number}});
    }
    std::string about =
        "Mean " + seconds_text(p.expected_seconds) + " a sample, at worst " + seconds_text(p.worst_seconds);
    if (p.expected_joules > 0) about += ", mean " + joules_text(p.expected_joules);
    about += ".";
    if (!p.objective.empty()) about += " Objective: " + html::escaped(p.objective) + ".";
    about += p.proven ? " Proven: no placement is better." : " Not proven the best.";
    return section("Placement", about, captioned("Processors in the order samples pass them", t));
}

/// @brief Reasons and how often each was given, the most frequent first.
[[nodiscard]] inline std::string reasons_text(std::vector<std::string> reasons) {
    std::erase(reasons, std::string{});
    std::sort(reasons.begin(), reasons.end());
    std::vector<std::pair<std::size_t, std::string>> counts;
    for (const std::string& reason : reasons) {
        if (counts.empty() || counts.back().second != reason) counts.emplace_back(0, reason);
        ++counts.back().first;
    }
    std::stable_sort(counts.begin(), counts.end(), [](auto& a, auto& b) { return a.first > b.first; });
    std::string rows;
    for (std::size_t k = 0; k < counts.size() && k < 12; ++k)
        rows += html::element("li", "class=\"soft\"",
                              html::element("b", "", integer_text(static_cast<std::int64_t>(counts[k].first))) +
                                  "&#160; " + html::escaped(counts[k].second));
    return rows;
}

/// @brief A cell of the table of sites and forms.
[[nodiscard]] inline std::string head_cell(const construct::head_summary& h) {
    std::string cell = h.trained ? percent_text(h.accuracy) : std::string{no_number};
    if (h.chosen) cell = html::element("b", "", cell + " chosen");
    cell += "<br/>" + small(count_text(static_cast<double>(h.macs)) + " MACs");
    if (!h.pruned.empty()) cell += "<br/>" + small(html::escaped(h.pruned));
    return cell;
}

/// @brief Sites times forms of heads, folded.
[[nodiscard]] inline std::string sites_table(const construct::result& r) {
    std::vector<std::string> forms;
    for (const construct::head_summary& h : r.heads) {
        if (std::find(forms.begin(), forms.end(), h.form) == forms.end()) forms.push_back(h.form);
    }
    std::vector<html::column> columns{{"site", false}, {"features"}, {"MACs to here"}, {"cut sends"}};
    for (const std::string& form : forms) columns.push_back({html::escaped(form), false});
    html::table t{"A row a site; heads by form with their validation accuracy if all samples left there", columns};
    for (std::size_t s = 0; s < r.sites.size(); ++s) {
        const construct::site_summary& site = r.sites[s];
        std::vector<std::string> cells{
            html::name(site.name), to_string(site.features),
            count_text(static_cast<double>(site.macs)) +
                (r.base_macs > 0 ? "<br/>" + small(percent_text(
                                                 static_cast<double>(site.macs) / static_cast<double>(r.base_macs), 0))
                                 : ""),
            bytes_text(static_cast<double>(site.bytes))};
        bool chosen = false;
        for (const std::string& form : forms) {
            std::string cell;
            for (const construct::head_summary& h : r.heads) {
                if (h.site < 0 || static_cast<std::size_t>(h.site) != s || h.form != form) continue;
                cell += (cell.empty() ? "" : "<br/>") + head_cell(h);
                chosen = chosen || h.chosen;
            }
            cells.push_back(cell.empty() ? no_number : cell);
        }
        t.row(cells, chosen ? "mark" : "");
    }
    return html::folded(
        r.sites.size() == 1 ? "The site and its heads" : "All " + counted(r.sites.size(), "site") + " and their heads",
        captioned("A row a site; heads by form with their validation accuracy if all samples left there", t));
}

/// @brief What was considered, what was dropped and why.
[[nodiscard]] inline std::string candidates_section(const construct::result& r) {
    if (r.sites.empty() && r.heads.empty() && r.architectures.empty()) return {};
    const auto count = [](const auto& of, auto&& holds) {
        return integer_text(static_cast<std::int64_t>(std::count_if(of.begin(), of.end(), holds)));
    };
    const std::string about =
        counted(r.sites.size(), "site") + ", " + counted(r.heads.size(), "head") + " (" +
        count(r.heads, [](const construct::head_summary& h) { return h.trained; }) + " trained), " +
        counted(r.architectures.size(), "set") + " of exits (" +
        count(r.architectures, [](const construct::architecture_summary& a) { return a.pruned.empty(); }) +
        " solved, " + count(r.architectures, [](const construct::architecture_summary& a) { return a.feasible; }) +
        " reach the objective).";
    std::string content;
    const std::string heads = figure(heads_by_depth(r), "");
    if (!heads.empty() && r.heads.size() > 1) content += "<h3>Heads by depth</h3>\n" + heads;
    const std::string sets = r.architectures.size() > 1 ? figure(architectures_chart(r), "") : "";
    if (!sets.empty()) content += "<h3>Sets of exits that were solved</h3>\n" + sets;
    std::vector<std::string> of_heads;
    std::vector<std::string> of_sets;
    for (const construct::head_summary& h : r.heads) of_heads.push_back(h.pruned);
    for (const construct::architecture_summary& a : r.architectures) of_sets.push_back(a.pruned);
    for (const auto& [title, rows] :
         {std::pair{"Heads not considered further", reasons_text(of_heads)},
          std::pair{"Sets of exits dropped before they were solved", reasons_text(of_sets)}}) {
        if (!rows.empty())
            content += html::element("h3", "", title) + "\n" + html::element("ul", "class=\"list\"", rows) + "\n";
    }
    if (!r.sites.empty()) content += sites_table(r);
    return section("Candidates", about, content);
}

/// @brief Signals and ways to choose thresholds.
[[nodiscard]] inline std::string signals_section(const construct::result& r) {
    if (r.signals.empty()) return {};
    html::table t{"Cost is a share of the base network&#39;s MACs",
                  {{"signal", false},
                   {"thresholds from", false},
                   {"test cost"},
                   {"test accuracy"},
                   {"validation cost"},
                   {"validation accuracy"}}};
    std::string previous;
    for (const construct::signal_row& s : r.signals) {
        t.row({s.policy == previous ? "" : html::escaped(s.policy), html::escaped(s.solver), percent_text(s.test_cost),
               percent_text(s.test_accuracy, 2), percent_text(s.validation_cost),
               percent_text(s.validation_accuracy, 2)});
        previous = s.policy;
    }
    return section("Signals",
                   "How sure an exit must be can be measured in several ways; each is given the same "
                   "objective.",
                   captioned("Cost is a share of the base network&#39;s MACs", t));
}

/// @brief A bar a stage.
[[nodiscard]] inline std::string seconds_section(const construct::result& r) {
    double total = 0;
    double longest = 0;
    for (const auto& stage : r.seconds) {
        if (!std::isfinite(stage.second)) continue;
        total += stage.second;
        longest = std::max(longest, stage.second);
    }
    if (!(total > 0)) return {};
    html::table t{"Took " + duration_text(total) + " in all", {{"stage", false}, {"time"}, {"", false}}};
    for (const auto& [stage, seconds] : r.seconds)
        t.row({html::escaped(stage), std::isfinite(seconds) ? duration_text(seconds) : no_number,
               "<span style=\"display:block;min-width:120px\">" + html::bar(seconds / longest, "last") + "</span>"});
    return section("Time taken", "", captioned("Took " + duration_text(total) + " in all", t));
}

/// @brief Command, machine, seed, samples, notes.
[[nodiscard]] inline std::string origin_section(const construct::result& r) {
    std::string rows;
    const auto row = [&](const std::string& title, const std::string& markup) {
        if (!markup.empty()) rows += html::element("dt", "", title) + html::element("dd", "", markup) + "\n";
    };
    row("Command", r.command.empty() ? "" : html::name(r.command));
    row("Machine", html::escaped(r.machine));
    row("Seed", html::element("code", "", std::to_string(r.seed)));
    if (r.train_samples + r.validation_samples + r.test_samples > 0)
        row("Samples", integer_text(r.train_samples) + " training, " + integer_text(r.validation_samples) +
                           " validation, " + integer_text(r.test_samples) + " test");
    std::string base;
    if (r.base_macs > 0) base += count_text(static_cast<double>(r.base_macs)) + " MACs";
    if (r.base_parameters > 0)
        base += (base.empty() ? "" : ", ") + count_text(static_cast<double>(r.base_parameters)) + " parameters";
    if (r.base_validation_accuracy > 0)
        base += (base.empty() ? "" : ", ") + percent_text(r.base_validation_accuracy, 2) + " on validation data";
    row("Base network", base);
    if (r.base_microseconds > 0)
        row("Decisions", percent_text(r.decision_overhead, 2) + " of a full pass go into deciding whether to leave");
    row("Fine-tuning", html::escaped(r.fine_tuning));
    for (const auto& [title, text] : r.notes) row(html::escaped(title), html::escaped(text));
    return section("Origin", "", html::element("dl", "", "\n" + rows) + "\n");
}

}  // namespace eenn::report::page

#endif

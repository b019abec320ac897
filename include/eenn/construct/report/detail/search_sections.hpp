// SPDX-License-Identifier: MIT
//
// detail/search_sections.hpp - report sections about the search: candidates, signals and solvers, time, origin.
// Floor 8 (construct); host subset. Tested by tests/construct/report/augmentation.cpp.
#ifndef EENN_CONSTRUCT_REPORT_DETAIL_SEARCH_SECTIONS_HPP
#define EENN_CONSTRUCT_REPORT_DETAIL_SEARCH_SECTIONS_HPP

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <eenn/charts/detail/html.hpp>
#include <eenn/construct/detail/result.hpp>
#include <eenn/construct/report/detail/augmentation_charts.hpp>
#include <eenn/construct/report/detail/outcome_sections.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/text/progress.hpp>

namespace eenn::report::sections {
inline namespace EENN_ISA {

/// Counts how often each reason was given, most frequent first. Reasons that differ only in their numbers are merged.
class reason_counts {
public:
    void add(const std::string& reason) {
        std::string key;
        for (const char c : reason) {
            const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
            if (!digit) key += c;
            if (digit && (key.empty() || key.back() != '#')) key += '#';
        }
        const auto known = std::find_if(counts_.begin(), counts_.end(), [&](const auto& c) { return c.key == key; });
        if (known == counts_.end()) {
            counts_.push_back({key, reason, 1});
        } else {
            ++known->count;
            known->varies = known->varies || known->example != reason;
        }
    }
    [[nodiscard]] bool empty() const { return counts_.empty(); }
    [[nodiscard]] std::string table(const std::string& what) const {
        auto sorted = counts_;
        std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.count > b.count; });
        html::table out{"Dropped " + what + ", and why", {{"reason", false}, {what}}};
        for (const auto& c : sorted)
            out.row({html::cell(c.example) + (c.varies ? " <span class=\"soft\">and alike</span>" : ""),
                     text::integer_text(c.count)});
        return out.markup();
    }

private:
    struct entry {
        std::string key;
        std::string example;
        int count = 0;
        bool varies = false;
    };
    std::vector<entry> counts_;
};

/// Sites by heads: the accuracy of each head alone, or why it was not considered.
[[nodiscard]] inline std::string candidates_table(const result& r) {
    std::vector<std::string> forms;
    for (const auto& h : r.heads) {
        if (std::find(forms.begin(), forms.end(), h.form) == forms.end()) forms.push_back(h.form);
    }
    std::vector<column> columns{{"site", false}, {"features"}, {"MACs up to here"}, {"a cut sends"}};
    for (const auto& form : forms) columns.push_back({escaped(form) + " head: accuracy alone", false});
    html::table table{"Sites and heads, validation data", columns};
    for (std::size_t s = 0; s < r.sites.size(); ++s) {
        const auto& site = r.sites[s];
        std::vector<std::string> cells{html::name(site.name), to_string(site.features), share_of_base(r, site.macs),
                                       text::bytes_text(site.bytes)};
        bool kept = false;
        for (const auto& form : forms) {
            std::string cell = text::no_number;
            for (const auto& h : r.heads) {
                if (std::cmp_not_equal(h.site, s) || h.form != form) continue;
                kept = kept || h.chosen;
                const std::string size = " <span class=\"soft\">" + text::count_text(h.macs) + " MACs</span>";
                cell = h.trained
                           ? text::percent_text(h.accuracy) + (h.chosen ? " chosen" : "") + size
                           : "<span class=\"soft\">" +
                                 (h.pruned.empty() ? std::string{"not trained"} : html::cell(h.pruned)) + "</span>";
            }
            cells.push_back(cell);
        }
        table.row(cells, kept ? "kept" : "");
    }
    return table.markup();
}

/// The sets of exits by cost; those that meet the objective come first.
[[nodiscard]] inline std::string architectures_table(const result& r) {
    std::vector<const construct::architecture_summary*> solved;
    for (const auto& a : r.architectures) {
        if (a.pruned.empty()) solved.push_back(&a);
    }
    std::stable_sort(solved.begin(), solved.end(), [](const auto* a, const auto* b) {
        if (a->feasible != b->feasible) return a->feasible;
        return a->cost < b->cost;
    });
    constexpr std::size_t shown = 15;
    html::table table{solved.size() > shown
                          ? "The " + std::to_string(shown) + " best of " + text::integer_text(std::ssize(solved)) +
                                " sets solved, validation data; summary.json has all"
                          : "Sets of exits solved, validation data",
                      {{"exits", false}, {"mean " + r.cost_unit}, {"accuracy"}, {"objective", false}}};
    for (std::size_t k = 0; k < std::min(shown, solved.size()); ++k) {
        const auto& a = *solved[k];
        std::string heads;
        for (const int h : a.heads) {
            if (h < 0 || h >= std::ssize(r.heads)) continue;
            const auto& head = r.heads[static_cast<std::size_t>(h)];
            const bool known = head.site >= 0 && head.site < std::ssize(r.sites);
            heads += (heads.empty() ? "" : ", ") +
                     (known ? html::name(text::shortened(r.sites[static_cast<std::size_t>(head.site)].name, 30))
                            : text::no_number) +
                     " " + escaped(head.form);
        }
        const bool solution = a.cost > 0;
        table.row(
            {heads, solution ? text::percent_text(a.cost) : text::no_number,
             solution ? text::percent_text(a.accuracy, 2) : text::no_number, a.feasible ? "reached" : "out of reach"},
            is_kept(r, a) ? "kept" : "");
    }
    return solved.empty() ? "" : table.markup();
}

[[nodiscard]] inline part search(const result& r) {
    part p{"search", "The search", {}};
    if (r.sites.empty() && r.heads.empty()) return p;
    const auto count = [](const auto& all, auto which) {
        return text::integer_text(std::count_if(all.begin(), all.end(), which));
    };
    const auto many = [](const auto& all, const char* one, const char* more) {
        return text::integer_text(std::ssize(all)) + " " + (all.size() == 1 ? one : more);
    };
    std::string words = many(r.heads, "head", "heads") + " at " + many(r.sites, "site", "sites") + ": " +
                        count(r.heads, [](const auto& h) { return h.trained; }) + " trained, " +
                        count(r.heads, [](const auto& h) { return h.chosen; }) + " chosen.";
    if (!r.architectures.empty()) {
        const auto solved = [](const auto& a) { return a.pruned.empty(); };
        const auto reached = [](const auto& a) { return a.pruned.empty() && a.feasible; };
        words += " " + many(r.architectures, "set", "sets") + " of exits: " + count(r.architectures, solved) +
                 " solved, " + count(r.architectures, reached) + " of them with the objective reached.";
    }
    p.content = paragraph(words);
    std::string charts;
    const auto add = [&](const auto& chart) {
        if (chart)
            charts += element("figure", "", element("h3", "", escaped(chart->title)) + responsive(*chart, 510, 360));
    };
    add(heads_chart(r));
    add(architectures_chart(r));
    if (!charts.empty()) p.content += element("div", "class=\"pair\"", charts) + "\n";
    reason_counts heads;
    reason_counts sets;
    for (const auto& h : r.heads) {
        if (!h.pruned.empty()) heads.add(h.pruned);
    }
    for (const auto& a : r.architectures) {
        if (!a.pruned.empty()) sets.add(a.pruned);
    }
    std::string dropped =
        (heads.empty() ? "" : heads.table("heads")) + (sets.empty() ? "" : sets.table("sets of exits"));
    if (!dropped.empty()) p.content += element("div", "class=\"pair\"", dropped) + "\n";
    p.content += html::folded("Every site and head", candidates_table(r));
    const std::string solved = architectures_table(r);
    if (!solved.empty()) p.content += html::folded("Sets of exits", solved);
    return p;
}

[[nodiscard]] inline part signals(const result& r) {
    part p{"signals", "Signals and solvers", {}};
    if (r.signals.empty()) return p;
    html::table table{
        "One objective, every signal and way to choose thresholds; an oracle knows which answers are right",
        {{"signal", false},
         {"thresholds by", false},
         {r.cost_unit + ", validation"},
         {"accuracy, validation"},
         {r.cost_unit + ", test"},
         {"accuracy, test"},
         {"share of the base", false}}};
    std::string policy;
    for (const auto& s : r.signals) {
        const bool same = s.policy == policy;
        policy = s.policy;
        table.row({same ? "<span class=\"soft\">" + html::cell(s.policy) + "</span>" : html::cell(s.policy),
                   html::cell(s.solver), text::percent_text(s.validation_cost),
                   text::percent_text(s.validation_accuracy, 2), text::percent_text(s.test_cost),
                   text::percent_text(s.test_accuracy, 2), html::bar(s.test_cost, s.solver == "oracle" ? "xl" : "")});
    }
    p.content = table.markup();
    return p;
}

[[nodiscard]] inline part time_spent(const result& r) {
    part p{"time", "Time spent", {}};
    double longest = 0;
    double total = 0;
    for (const auto& stage : r.seconds) {
        longest = std::max(longest, stage.second);
        total += stage.second;
    }
    if (r.seconds.empty()) return p;
    std::string bars;
    for (const auto& [stage, seconds] : r.seconds)
        bars += element("dt", "", escaped(stage)) +
                element("dd", "", html::bar(longest > 0 ? seconds / longest : 0, "")) +
                element("dd", "class=\"n\"", text::duration_text(seconds)) + "\n";
    p.content =
        paragraph(text::duration_text(total) + " in all.") + element("dl", "class=\"bars\"", "\n" + bars) + "\n";
    return p;
}

[[nodiscard]] inline part origin(const result& r) {
    part p{"origin", "Origin", {}};
    std::string facts;
    const auto fact = [&](std::string_view title, const std::string& text) {
        if (!text.empty()) facts += element("dt", "", title) + element("dd", "", text) + "\n";
    };
    fact("Command", r.command.empty() ? "" : html::name(r.command));
    fact("Seed", std::to_string(r.seed));
    fact("Machine", escaped(r.machine));
    fact("Data", escaped(r.data));
    if (r.train_samples > 0 || r.validation_samples > 0 || r.test_samples > 0)
        fact("Samples", text::integer_text(r.train_samples) + " for training, " +
                            text::integer_text(r.validation_samples) + " for validation, " +
                            text::integer_text(r.test_samples) + " for test");
    fact("Base network", text::percent_text(r.base_validation_accuracy, 2) + " on validation data, " +
                             text::percent_text(r.base_accuracy, 2) + " on test data; " +
                             text::count_text(r.base_macs) + " MACs, " + text::count_text(r.base_parameters) +
                             " parameters");
    for (const auto& [title, text] : r.notes) fact(escaped(title), escaped(text));
    p.content = element("dl", "class=\"facts\"", "\n" + facts) + "\n";
    return p;
}

}  // namespace EENN_ISA
}  // namespace eenn::report::sections

#endif

// SPDX-License-Identifier: MIT
//
// detail/augmentation_text.hpp - a result as a text table.
// Floor 8 (construct); host subset. Tested by tests/construct/report/augmentation.cpp.
#ifndef EENN_CONSTRUCT_REPORT_DETAIL_AUGMENTATION_TEXT_HPP
#define EENN_CONSTRUCT_REPORT_DETAIL_AUGMENTATION_TEXT_HPP

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include <eenn/construct/detail/result.hpp>
#include <eenn/construct/report/detail/terms.hpp>
#include <eenn/core/detail/flow.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/text/detail/numbers.hpp>
#include <eenn/text/detail/table.hpp>
#include <eenn/text/lines.hpp>
#include <eenn/text/progress.hpp>

namespace eenn::report {
inline namespace EENN_HOST {

EENN_FLOW std::string augmentation_text(const construct::result& r) {
    constexpr std::size_t width = 80;
    std::string out;
    const auto line = [&](const std::string& text) { out += text + "\n"; };
    if (!r.model.empty()) line(text::readable(r.model));
    if (!r.verdict.empty()) line(text::wrapped(text::readable(r.verdict), width));
    for (const std::string& warning : r.warnings)
        line("\n" + text::wrapped("Warning: " + text::readable(warning), width));
    line("");
    out +=
        text::table({{"", "base network", "with exits", "change"},
                     {"accuracy", text::percent_text(r.base_accuracy, 2), text::percent_text(r.accuracy, 2),
                      text::points_text(r.accuracy - r.base_accuracy) + " points"},
                     {"balanced accuracy", text::percent_text(r.base_classes.balanced_accuracy, 2),
                      text::percent_text(r.classes.balanced_accuracy, 2),
                      text::points_text(r.classes.balanced_accuracy - r.base_classes.balanced_accuracy) + " points"},
                     {"F1, mean of classes", text::percent_text(r.base_classes.macro_f1, 2),
                      text::percent_text(r.classes.macro_f1, 2),
                      text::points_text(r.classes.macro_f1 - r.base_classes.macro_f1) + " points"},
                     {"MACs a sample", text::count_text(r.base_macs),
                      text::count_text(r.mean_macs_share * static_cast<double>(r.base_macs)),
                      text::points_text(r.mean_macs_share - 1, 1) + " %"},
                     {"mean time, one by one",
                      r.base_microseconds > 0 ? text::seconds_text(1e-6 * r.base_microseconds) : text::no_number,
                      r.base_microseconds > 0 ? text::seconds_text(1e-6 * r.mean_microseconds) : text::no_number,
                      r.base_microseconds > 0 ? text::points_text(r.mean_time_share - 1, 1) + " %" : text::no_number}});
    if (r.pays_off && !r.exits.empty()) {
        std::vector<std::vector<std::string>> rows{
            {"exit", "leave", "accuracy", "if all", "threshold", "MACs", "median"}};
        for (std::size_t e = 0; e < r.exits.size(); ++e) {
            const construct::exit_summary& x = r.exits[e];
            rows.push_back({text::shortened(x.site + ", " + x.form, 22), text::percent_text(x.share),
                            x.share > 0 ? text::percent_text(x.accuracy, 2) : text::no_number,
                            text::percent_text(x.lone_accuracy, 2),
                            threshold_text(x.threshold, e + 1 == r.exits.size()), text::count_text(x.macs),
                            x.microseconds > 0 ? text::seconds_text(1e-6 * x.microseconds) : text::no_number});
        }
        line("");
        out += text::table(rows, 2);
    }
    if (r.settings.size() > 1) {
        std::vector<std::vector<std::string>> rows{{"asked for", r.cost_unit, "loss, points", "95 % interval"}};
        for (const construct::setting_summary& s : r.settings) {
            rows.push_back({text::shortened(s.objective, 36), text::percent_text(s.test_cost),
                            text::fixed_text(100 * s.loss, 2),
                            text::fixed_text(100 * s.loss_low, 2) + " to " + text::fixed_text(100 * s.loss_high, 2)});
        }
        line("");
        out += text::table(rows);
    }
    if (!r.seconds.empty()) {
        double total = 0;
        for (const auto& stage : r.seconds) total += stage.second;
        line("");
        line("Took " + text::duration_text(total) + ".");
    }
    return out;
}

}  // namespace EENN_HOST
}  // namespace eenn::report

#endif

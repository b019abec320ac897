// SPDX-License-Identifier: MIT
//
// detail/reliability_figure.hpp - confidence of an exit against its accuracy, before and after temperature scaling.
// Floor 8 (construct); host subset. Tested by tests/construct/report/augmentation.cpp.
#ifndef EENN_CONSTRUCT_REPORT_DETAIL_RELIABILITY_FIGURE_HPP
#define EENN_CONSTRUCT_REPORT_DETAIL_RELIABILITY_FIGURE_HPP

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <eenn/charts/svg.hpp>
#include <eenn/construct/detail/result.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/text/detail/numbers.hpp>

namespace eenn::report {
inline namespace EENN_ISA {

/// @brief Reliability diagram as SVG: rings before temperature scaling, discs after, with areas proportional to the
/// samples of a bin. On the diagonal, accuracy equals confidence. Empty if there are no bins.
[[nodiscard]] inline std::string reliability_figure(const construct::exit_summary& x, const std::string& colour) {
    using svg_parts::line;
    using svg_parts::px;
    using svg_parts::text;
    constexpr double side = 132, left = 40, top = 8, bottom = top + side;
    const auto at_x = [&](double v) { return left + std::clamp(v, 0.0, 1.0) * side; };
    const auto at_y = [&](double v) { return bottom - std::clamp(v, 0.0, 1.0) * side; };
    std::string marks;
    const auto draw = [&](const std::vector<double>& confidence, const std::vector<double>& accuracy,
                          const std::vector<double>& weight, const std::string& path, const std::string& disc) {
        std::string way;
        std::string discs;
        const std::size_t bins = std::min({confidence.size(), accuracy.size(), weight.size()});
        for (std::size_t b = 0; b < bins; ++b) {
            if (!(weight[b] > 0) || !std::isfinite(confidence[b] + accuracy[b] + weight[b])) continue;
            const std::string cx = px(at_x(confidence[b]));
            const std::string cy = px(at_y(accuracy[b]));
            way += (way.empty() ? "M" : "L") + cx + " " + cy;
            discs += "<circle class=\"" + disc + "\" cx=\"" + cx + "\" cy=\"" + cy + "\" r=\"" +
                     px(std::clamp(11 * std::sqrt(weight[b]), 2.4, 9.0)) + "\"/>\n";
        }
        if (!way.empty()) marks += "<path class=\"" + path + "\" d=\"" + way + "\"/>\n" + discs;
    };
    draw(x.confidence_before, x.accuracy_before, x.weight_before, "before", "before disc");
    draw(x.confidence_after, x.accuracy_after, x.weight_after, "after", "disc " + colour);
    if (marks.empty()) return {};
    std::string out =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 176 180\" width=\"176\" height=\"180\" "
        "role=\"img\">\n<title>Reliability of " +
        xml_text(text::readable(x.site)) + "</title>\n<desc>Expected calibration error " +
        text::percent_text(x.error_before, 2) + " before the temperature, " + text::percent_text(x.error_after, 2) +
        " after.</desc>\n";
    for (const double v : {0.0, 0.5, 1.0}) {
        out += line(at_x(v), top, at_x(v), bottom, "grid") + line(left, at_y(v), left + side, at_y(v), "grid");
        out += text(left - 5, at_y(v) + 4.3, text::fixed_text(100 * v, 0), "tick", "end");
        out += text(at_x(v), bottom + 17, text::fixed_text(100 * v, 0) + (v == 1 ? " %" : ""), "tick",
                    v == 1 ? "end" : "middle");
    }
    out += line(left, bottom, left + side, top, "gl") + marks;
    out += text(left + side / 2, bottom + 34, "confidence", "sub", "middle");
    out += "<text class=\"sub\" text-anchor=\"middle\" transform=\"translate(10 " + px((top + bottom) / 2) +
           ") rotate(-90)\">right</text>\n";
    return out + "</svg>\n";
}

}  // namespace EENN_ISA
}  // namespace eenn::report

#endif

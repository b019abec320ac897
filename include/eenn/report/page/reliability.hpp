// SPDX-License-Identifier: MIT
//
// reliability.hpp - a reliability diagram: accuracy over confidence, before and after the temperature.
// Floor 7 (report); host subset.
#ifndef EENN_REPORT_PAGE_RELIABILITY_HPP
#define EENN_REPORT_PAGE_RELIABILITY_HPP

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <eenn/construct/result.hpp>
#include <eenn/report/page/flow.hpp>
#include <eenn/report/svg.hpp>

namespace eenn::report::page {

/// @brief Whether an exit came with bins.
[[nodiscard]] inline bool has_reliability(const construct::exit_summary& x) {
    return !x.confidence_before.empty() || !x.confidence_after.empty();
}

/// @brief The diagram as SVG. The area of a dot is its bin's share of the samples; the diagonal is perfect calibration.
[[nodiscard]] inline std::string reliability_svg(const construct::exit_summary& x, const std::string& title) {
    using namespace svg_parts;
    constexpr double left = 34, top = 8, side = 160;
    const auto dots = [&](const std::vector<double>& confidence, const std::vector<double>& accuracy,
                          const std::vector<double>& weight, const char* classes) {
        std::string out;
        for (std::size_t b = 0; b < std::min({confidence.size(), accuracy.size(), weight.size()}); ++b) {
            if (!(weight[b] > 0) || !std::isfinite(confidence[b]) || !std::isfinite(accuracy[b])) continue;
            const double radius = std::clamp(14 * std::sqrt(clean_share(weight[b])), 1.6, 9.0);
            out += "<circle class=\"" + std::string{classes} + "\" cx=\"" +
                   px(left + side * clean_share(confidence[b])) + "\" cy=\"" +
                   px(top + side * (1 - clean_share(accuracy[b]))) + "\" r=\"" + px(radius) + "\"/>\n";
        }
        return out;
    };
    std::string out =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 206 206\" width=\"206\" height=\"206\" "
        "role=\"img\">\n<title>" +
        xml_text(title) + "</title>\n";
    out += "<rect class=\"rl-frame\" x=\"34\" y=\"8\" width=\"160\" height=\"160\"/>\n";
    out += line(left, top + side, left + side, top, "rl-diagonal");
    out += dots(x.confidence_before, x.accuracy_before, x.weight_before, "rl-before");
    out += dots(x.confidence_after, x.accuracy_after, x.weight_after, "rl-after");
    out += text(left, 184, "0", "fl-soft", "middle") + text(left + side, 184, "1", "fl-soft", "middle");
    out += text(left - 6, top + side + 4, "0", "fl-soft", "end") + text(left - 6, top + 9, "1", "fl-soft", "end");
    out += text(left + side / 2, 199, "confidence", "fl-soft", "middle");
    out +=
        "<text class=\"fl-soft\" text-anchor=\"middle\" transform=\"translate(14 88) rotate(-90)\">accuracy</text>\n";
    return out + "</svg>\n";
}

}  // namespace eenn::report::page

#endif

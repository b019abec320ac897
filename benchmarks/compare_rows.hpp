// SPDX-License-Identifier: MIT
//
// compare_rows.hpp - the results of compare, as text, JSON and a chart.
#ifndef EENN_BENCHMARKS_COMPARE_ROWS_HPP
#define EENN_BENCHMARKS_COMPARE_ROWS_HPP

#include <eenn/charts/svg.hpp>
#include <eenn/text/json_writer.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace compare {

/// The setting of a comparison, without the network: the same for all runners.
struct setting {
    std::string phase;
    int batch = 1;
    int threads = 1;
    std::string caches;

    friend bool operator==(const setting&, const setting&) = default;
};

[[nodiscard]] inline std::string to_string(const setting& s) {
    return s.phase + ", batch " + std::to_string(s.batch) + ", " + std::to_string(s.threads) +
           (s.threads > 1 ? " threads, " : " thread, ") + s.caches + " caches";
}

/// A median and the middle half around it.
struct spread {
    double low = 0;
    double median = 0;
    double high = 0;
};

[[nodiscard]] inline spread spread_of(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const auto at = [&](double q) {
        return values[std::min(values.size() - 1, static_cast<std::size_t>(q * static_cast<double>(values.size())))];
    };
    return {at(0.25), at(0.5), at(0.75)};
}

/// One library, ours or a peer, on one network in one setting.
struct row {
    setting where;
    std::string model;
    std::string peer;
    double median_us = 0;
    double peak_share = 0;  ///< 0: unknown
    long long memory_bytes = 0;
    spread ratio{1, 1, 1};         ///< peer's time / ours
    double others_busy_cores = 0;  ///< cores busy with other programs, just before the run
};

[[nodiscard]] inline std::string fixed(double value, int decimals) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals, value);
    return text;
}

/// "223.1 us   1.72 (1.65 to 1.80)   1.8 MiB". Our own row shows its share of the peak and whether the machine was
/// otherwise idle.
[[nodiscard]] inline std::string to_string(const row& r, bool ours) {
    const std::string middle =
        ours ? fixed(100 * r.peak_share, 0) + " % of the FMA peak"
             : fixed(r.ratio.median, 2) + " (" + fixed(r.ratio.low, 2) + " to " + fixed(r.ratio.high, 2) + ")";
    char text[200];
    std::snprintf(text, sizeof text, "  %-20s %-20s %11.1f us   %-22s %7.1f MiB", ours ? r.model.c_str() : "",
                  r.peer.c_str(), r.median_us, middle.c_str(), static_cast<double>(r.memory_bytes) / (1 << 20));
    const bool alone = !ours || r.others_busy_cores < 0.1;
    return text + (alone ? "" : "   others keep " + fixed(r.others_busy_cores, 1) + " cores busy");
}

/// A table of all rows, one column per peer: how many times faster we are.
[[nodiscard]] inline std::string summary(const std::vector<row>& rows, const std::vector<std::string>& peers) {
    std::string text;
    const row* before = nullptr;
    for (const row& first : rows) {
        if (first.peer != rows.front().peer) continue;
        if (before == nullptr || !(before->where == first.where)) {
            text += "\ntimes faster than | " + to_string(first.where) + "\n" + std::string(22, ' ');
            for (const auto& peer : peers)
                text += " " + std::string(std::max<std::size_t>(20, peer.size()) - peer.size(), ' ') + peer;
            text += "\n";
        }
        before = &first;
        text += "  " + first.model + std::string(20 - std::min<std::size_t>(20, first.model.size()), ' ');
        for (const auto& peer : peers) {
            const auto found = std::find_if(rows.begin(), rows.end(), [&](const row& r) {
                return r.where == first.where && r.model == first.model && r.peer == peer;
            });
            const std::string value = found == rows.end() ? "-" : fixed(found->ratio.median, 2);
            text += std::string(21 - value.size(), ' ') + value;
        }
        text += "\n";
    }
    return text;
}

[[nodiscard]] inline std::string json(const std::vector<row>& rows, const std::map<std::string, std::string>& versions,
                                      int rounds, double seconds) {
    eenn::text::json_writer w;
    w.begin_object().member("rounds", rounds).member("seconds", seconds).key("versions").begin_object();
    for (const auto& [peer, version] : versions) w.member(peer, version);
    w.end_object().key("rows").begin_array();
    for (const row& r : rows) {
        w.begin_object().member("model", r.model).member("phase", r.where.phase).member("batch", r.where.batch);
        w.member("threads", r.where.threads).member("caches", r.where.caches).member("peer", r.peer);
        w.member("median_us", r.median_us).member("memory_bytes", r.memory_bytes);
        w.member("others_busy_cores", r.others_busy_cores);
        if (r.peak_share > 0) w.member("peak_share", r.peak_share);
        w.key("ratio").array(std::vector<double>{r.ratio.low, r.ratio.median, r.ratio.high}).end_object();
    }
    return w.end_array().end_object().text() + "\n";
}

/// A column per peer and a bar per network on a logarithmic axis: to the right of 1 where we are faster, to the left
/// where we are slower. Twice as fast and half as fast then have equal lengths.
[[nodiscard]] inline std::string chart(const std::vector<row>& rows, const std::vector<std::string>& peers) {
    using eenn::report::xml_text;
    using eenn::report::svg_parts::px;
    constexpr double label = 260;  // networks' names, and our times
    constexpr double column = 190;
    constexpr double bars = 138;  // of a column; the number follows the bar
    constexpr double line = 20;
    // The axis covers the data, within reason; bars beyond it are cut off and labelled with their number.
    double low = 0.8;
    double high = 4;
    for (const row& r : rows) {
        low = std::max(0.25, std::min(low, r.ratio.low));
        high = std::min(16.0, std::max(high, r.ratio.high));
    }
    const auto x = [&](std::size_t peer, double ratio) {
        const double along = std::log(std::clamp(ratio, low, high) / low) / std::log(high / low);
        return label + column * static_cast<double>(peer) + bars * along;
    };
    const auto text = [](double at, double y, const std::string& content, const std::string& rest = {}) {
        return "<text x=\"" + px(at) + "\" y=\"" + px(y) + "\"" + rest + ">" + xml_text(content) + "</text>\n";
    };
    const std::string title = "Times faster than other libraries";
    std::string body = text(10, 24, title, " class=\"title\"") +
                       text(10, 42, "logarithmic; thin line: the middle half of the rounds; left column: our time");
    for (std::size_t p = 0; p < peers.size(); ++p) body += text(x(p, low), 68, peers[p], " class=\"title\"");
    double y = 76;
    const double top = y;
    const row* before = nullptr;
    for (const row& r : rows) {
        const bool ours = r.peer == rows.front().peer;
        if (ours && (before == nullptr || !(before->where == r.where))) {
            y += 18;
            body += text(10, y, to_string(r.where), " class=\"title\"");
            y += 6;
        }
        if (ours) {
            before = &r;
            y += line;
            body += text(20, y - 6, r.model) +
                    text(label - 12, y - 6,
                         r.median_us < 10000 ? fixed(r.median_us, 0) + " us" : fixed(r.median_us / 1000, 1) + " ms",
                         " text-anchor=\"end\"");
            continue;
        }
        const auto found = std::find(peers.begin(), peers.end(), r.peer);
        const auto p = static_cast<std::size_t>(found - peers.begin());
        const double from = x(p, std::min(1.0, r.ratio.median));
        const double to = x(p, std::max(1.0, r.ratio.median));
        body += "<rect x=\"" + px(from) + "\" y=\"" + px(y - line + 3) + "\" width=\"" + px(std::max(1.0, to - from)) +
                "\" height=\"14\" class=\"" + (r.ratio.median >= 1 ? "faster" : "slower") + "\"/>\n<path d=\"M" +
                px(x(p, r.ratio.low)) + " " + px(y - line + 10) + "H" + px(x(p, r.ratio.high)) + "\"/>\n" +
                text(x(p, std::max(1.0, r.ratio.high)) + 5, y - 6, fixed(r.ratio.median, 2));
    }
    for (std::size_t p = 0; p < peers.size(); ++p)
        body += "<path class=\"one\" d=\"M" + px(x(p, 1)) + " " + px(top) + "V" + px(y + 4) + "\"/>\n";
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " +
           px(label + column * static_cast<double>(std::max<std::size_t>(2, peers.size()))) + " " + px(y + 16) +
           "\" font-family=\"sans-serif\" font-size=\"12\">\n<title>" + title +
           "</title>\n<style>text{fill:#222}.title{font-weight:bold}path{stroke:#222}.one{stroke-dasharray:3 3}"
           ".faster{fill:#5aa6a3}.slower{fill:#d98c5f}.page{fill:#fff}@media(prefers-color-scheme:dark){text{fill:#ddd}"
           "path{stroke:#ddd}.faster{fill:#2b7a78}.slower{fill:#b3541e}.page{fill:#161616}}</style>\n"
           "<rect class=\"page\" width=\"100%\" height=\"100%\"/>\n" +
           body + "</svg>\n";
}

}  // namespace compare

#endif

// SPDX-License-Identifier: MIT
//
// report.hpp - prints and writes the results of the demo.
#ifndef EENN_EXAMPLES_DEMO_REPORT_HPP
#define EENN_EXAMPLES_DEMO_REPORT_HPP

#include <eenn/construct/report/trade_off.hpp>
#include <eenn/exits/calibration.hpp>
#include <eenn/exits/pareto.hpp>
#include <eenn/exits/trace.hpp>
#include <eenn/io/file.hpp>
#include <eenn/text/json_writer.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace demo {

/// One exit on test data.
struct exit_summary {
    int samples = 0;  ///< samples that left here
    int right = 0;
    double share = 0;
    double accuracy = 0;       ///< on the samples that left here
    double lone_accuracy = 0;  ///< if all left here
    std::int64_t macs = 0;
    double median_us = 0;
    double threshold = 0;
    eenn::calibration calibrated;
};

/// The run on test data.
struct summary {
    double accuracy_last = 0;
    double accuracy = 0;
    double mean_macs_share = 0;
    double mean_time_share = 0;
    double train_seconds = 0;
    double early_us = 0;
    double full_us = 0;
    std::vector<exit_summary> exits;
};

inline void print(const summary& s) {
    std::printf("\n exit   share  accuracy  if all left  threshold       MACs  median us\n");
    for (std::size_t e = 0; e < s.exits.size(); ++e) {
        const exit_summary& x = s.exits[e];
        char threshold[16] = "-";
        if (e + 1 < s.exits.size()) std::snprintf(threshold, sizeof threshold, "%.4f", x.threshold);
        std::printf("%5zu  %5.1f %%  %7.2f %%    %7.2f %%  %9s %10lld  %9.1f\n", e + 1, 100 * x.share, 100 * x.accuracy,
                    100 * x.lone_accuracy, threshold, static_cast<long long>(x.macs), x.median_us);
    }
    std::printf("\n");
    for (std::size_t e = 0; e < s.exits.size(); ++e) {
        std::printf("Calibration, exit %zu  temperature %.2f: expected error %.4f before, %.4f after\n", e + 1,
                    s.exits[e].calibrated.temperature, s.exits[e].calibrated.ece_before,
                    s.exits[e].calibrated.ece_after);
    }
    std::printf("Test accuracy        %.2f %% leaving early, %.2f %% at the last exit\n", 100 * s.accuracy,
                100 * s.accuracy_last);
    std::printf("Mean MACs            %.1f %% of the last exit's\n", 100 * s.mean_macs_share);
    std::printf("Mean time a sample   %.1f of %.1f us, %.1f %%", s.early_us, s.full_us, 100 * s.mean_time_share);
    if (s.mean_time_share < 1) {
        std::printf(": %.0f %% of what the MACs promise\n", 100 * (1 - s.mean_time_share) / (1 - s.mean_macs_share));
    } else {
        std::printf(": leaving early saves no time on this machine\n");
    }
}

inline void write_text(const std::filesystem::path& path, const std::string& text) {
    eenn::io::write_file(path, std::as_bytes(std::span{text}));
}

/// Re-evaluates on test data a trade-off found on validation data.
inline eenn::pareto seen_on(const eenn::exit_trace& test, eenn::pareto front) {
    for (auto& point : front.points) {
        const auto seen = eenn::evaluate(test, point.thresholds);
        point.mean_cost = seen.mean_cost;
        point.accuracy = seen.accuracy;
    }
    std::sort(front.points.begin(), front.points.end(),
              [](const auto& a, const auto& b) { return a.mean_cost < b.mean_cost; });
    front.proven = false;  // proven optimal on validation data only
    return front;
}

/// Writes summary.json and accuracy.svg to `folder`.
inline void write(const summary& s, const eenn::exit_trace& validation, const eenn::exit_trace& test,
                  std::span<const float> thresholds, const std::string& data, const std::filesystem::path& folder) {
    eenn::text::json_writer json;
    json.begin_object();
    json.member("test_accuracy_last", s.accuracy_last).member("test_accuracy", s.accuracy);
    json.member("mean_macs_share", s.mean_macs_share).member("mean_time_share", s.mean_time_share);
    json.member("train_seconds", s.train_seconds);
    json.key("exits").begin_array();
    for (const exit_summary& x : s.exits) {
        json.begin_object();
        json.member("share", x.share)
            .member("accuracy", x.accuracy)
            .member("macs", x.macs)
            .member("median_us", x.median_us);
        json.end_object();
    }
    json.end_array().end_object();
    write_text(folder / "summary.json", json.text() + "\n");
    const auto chart = eenn::report::trade_off_chart(test, seen_on(test, eenn::pareto_front(validation)),
                                                     eenn::evaluate(test, thresholds),
                                                     {.subtitle = data + ", all thresholds chosen on validation data"});
    write_text(folder / "accuracy.svg", eenn::report::to_svg(chart));
}

}  // namespace demo

#endif

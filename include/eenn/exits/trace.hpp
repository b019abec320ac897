// SPDX-License-Identifier: MIT
//
// trace.hpp - the answers of every exit for every sample, and the evaluation of thresholds on them.
// Floor 5 (exits); host subset. Letters: N = samples, E = exits, including the last classifier.
#ifndef EENN_EXITS_TRACE_HPP
#define EENN_EXITS_TRACE_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/exits/detail/exit_trace.hpp>
#include <eenn/policies/detail/confidence.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Rejects costs (E) of leaving at each exit unless they are E finite, non-negative, non-decreasing numbers.
inline void check_costs(const std::string& where, std::span<const double> cost, std::size_t exits) {
    if (cost.size() != exits) {
        raise(where, std::to_string(cost.size()) + " elements, where E = " + std::to_string(exits) + " are needed");
    }
    for (std::size_t k = 0; k < exits; ++k) {
        if (!(cost[k] >= 0) || !std::isfinite(cost[k])) {
            raise(where, "exit " + std::to_string(k) + " costs " + std::to_string(cost[k]),
                  "give finite costs of at least 0");
        }
        if (k > 0 && cost[k] < cost[k - 1]) {
            raise(where, "exit " + std::to_string(k) + " costs less than the exit before it",
                  "costs are cumulative: what was computed before counts too");
        }
    }
}

/// @brief Rejects a malformed trace.
///
/// @par Cost    O(N E).
/// @par Errors  eenn::error if it is empty, sizes disagree, a confidence is not finite, a cost is negative, not finite
///              or smaller than the one before, `votes` is not in 1 to 255, or `correct` is above it or contradicts
///              predictions and labels.
inline void check_trace(const exit_trace& trace) {
    const auto number = [](auto value) { return std::to_string(value); };
    if (trace.samples <= 0 || trace.exits <= 0) {
        raise("exit_trace", number(trace.samples) + " samples and " + number(trace.exits) + " exits",
              "a trace needs at least one of each");
    }
    if (trace.votes < 1 || trace.votes > 255)
        raise("exit_trace::votes", number(trace.votes) + " votes an answer", "give 1 to 255");
    const auto n = static_cast<std::size_t>(trace.samples);
    const auto e = static_cast<std::size_t>(trace.exits);
    const auto sized = [&](const char* name, std::size_t has, std::size_t needs, const char* shape) {
        if (has != needs) {
            raise(std::string{"exit_trace::"} + name,
                  number(has) + " elements, where " + shape + " = " + number(needs) + " are needed",
                  "N = " + number(n) + " samples, E = " + number(e) + " exits");
        }
    };
    sized("confidence", trace.confidence.size(), n * e, "N E");
    sized("correct", trace.correct.size(), n * e, "N E");
    if (!trace.prediction.empty()) sized("prediction", trace.prediction.size(), n * e, "N E");
    if (!trace.labels.empty()) sized("labels", trace.labels.size(), n, "N");
    check_costs("exit_trace::cost", trace.cost, e);
    const bool judged = !trace.prediction.empty() && !trace.labels.empty() && trace.votes == 1;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < e; ++k) {
            const std::size_t x = i * e + k;
            if (!std::isfinite(trace.confidence[x])) {
                raise("exit_trace::confidence",
                      number(trace.confidence[x]) + " at sample " + number(i) + ", exit " + number(k),
                      "the logits there are not finite: look for a diverged exit");
            }
            if (trace.correct[x] > trace.votes ||
                (judged && (trace.prediction[x] == trace.labels[i]) != (trace.correct[x] != 0))) {
                raise("exit_trace::correct",
                      number(trace.correct[x]) + " at sample " + number(i) + ", exit " + number(k),
                      judged ? "it must be 1 where the prediction is the label, else 0"
                             : "it must be at most " + number(trace.votes));
            }
        }
    }
}

/// @brief Makes a checked trace from confidences (N,E), predictions (N,E), labels (N) and costs (E).
[[nodiscard]] inline exit_trace make_trace(std::vector<float> confidence, std::vector<std::int32_t> prediction,
                                           std::vector<std::int32_t> labels, std::vector<double> cost) {
    exit_trace trace;
    trace.samples = static_cast<int>(labels.size());
    trace.exits = static_cast<int>(cost.size());
    trace.confidence = std::move(confidence);
    trace.prediction = std::move(prediction);
    trace.labels = std::move(labels);
    trace.cost = std::move(cost);
    if (trace.prediction.size() == trace.labels.size() * trace.cost.size()) {
        trace.correct.resize(trace.prediction.size());
        for (int i = 0; i < trace.samples; ++i) {
            for (int e = 0; e < trace.exits; ++e) {
                trace.correct[trace.at(i, e)] =
                    trace.prediction[trace.at(i, e)] == trace.labels[static_cast<std::size_t>(i)];
            }
        }
    }
    check_trace(trace);
    return trace;
}

/// @brief Counts samples at the exits where they leave and evaluates the totals.
class exit_counts {
public:
    explicit exit_counts(std::size_t exits) : leaving_(exits, 0), right_(exits, 0) {}

    void add(std::size_t exit, int right) {
        ++leaving_[exit];
        right_[exit] += right;
    }
    /// @param cost   (E).
    /// @param votes  per answer.
    [[nodiscard]] exit_evaluation evaluate(std::span<const double> cost, double votes) const {
        const std::size_t e = leaving_.size();
        exit_evaluation result;
        result.share.assign(e, 0);
        result.exit_accuracy.assign(e, 0);
        result.leaving = leaving_;
        result.right = right_;
        const double n = std::accumulate(leaving_.begin(), leaving_.end(), 0);
        for (std::size_t k = 0; k < e; ++k) {
            result.mean_cost += leaving_[k] * cost[k];
            result.share[k] = leaving_[k] / n;
            if (leaving_[k] > 0) result.exit_accuracy[k] = right_[k] / (votes * leaving_[k]);
        }
        result.accuracy = std::accumulate(right_.begin(), right_.end(), 0) / (votes * n);
        result.mean_cost /= n;
        return result;
    }

private:
    std::vector<int> leaving_;
    std::vector<int> right_;
};

/// @brief The exit where a sample leaves: the first whose confidence reaches its threshold, or else the last.
/// @param confidence  (E) or (E-1), of one sample
/// @param thresholds  (E-1)
[[nodiscard]] inline int leaving_exit(std::span<const float> confidence, std::span<const float> thresholds) noexcept {
    std::size_t e = 0;
    while (e < thresholds.size() && !(confidence[e] >= thresholds[e])) ++e;
    return static_cast<int>(e);
}

/// @brief Rejects thresholds that inference cannot use.
/// @param thresholds  (E-1), one for each exit but the last
/// @param ranges      (E-1) or (1): the range of each exit's policy; never_exit is always allowed
/// @par Errors        eenn::error naming the exit, the threshold and the range.
inline void check_thresholds(std::span<const float> thresholds, std::span<const threshold_range> ranges) {
    if (ranges.size() != thresholds.size() && ranges.size() != 1) {
        raise("check_thresholds",
              std::to_string(ranges.size()) + " ranges for " + std::to_string(thresholds.size()) + " thresholds",
              "give one range for all or one for each exit but the last");
    }
    for (std::size_t e = 0; e < thresholds.size(); ++e) {
        const threshold_range& r = ranges[ranges.size() == 1 ? 0 : e];
        if (thresholds[e] == never_exit || r.contains(thresholds[e])) continue;
        raise("threshold of exit " + std::to_string(e),
              std::to_string(thresholds[e]) + " is outside of [" + std::to_string(r.low) + ", " +
                  std::to_string(r.high) + "]",
              "take one inside, or never_exit to close the exit");
    }
}

/// @brief Accuracy, mean cost and exit shares of a trace under given thresholds.
/// @param thresholds  (E-1); the last exit accepts every remaining sample. +infinity (never_exit) closes an exit, -infinity
///                    lets every sample leave.
///
/// @par Cost    O(N E). Counts are whole numbers, so the result does not depend on the order of the samples.
/// @par Errors  eenn::error if the trace fails check_trace, there are not E-1 thresholds or one is NaN.
[[nodiscard]] inline exit_evaluation evaluate(const exit_trace& trace, std::span<const float> thresholds) {
    check_trace(trace);
    const std::size_t e = trace.cost.size();
    if (thresholds.size() + 1 != e) {
        raise("evaluate", std::to_string(thresholds.size()) + " thresholds for " + std::to_string(e) + " exits",
              "give one for each exit but the last, " + std::to_string(e - 1));
    }
    for (std::size_t k = 0; k + 1 < e; ++k) {
        if (std::isnan(thresholds[k])) raise("evaluate", "the threshold of exit " + std::to_string(k) + " is NaN");
    }
    exit_counts counts{e};
    for (int i = 0; i < trace.samples; ++i) {
        const int k = leaving_exit({trace.confidence.data() + trace.at(i, 0), e}, thresholds);
        counts.add(static_cast<std::size_t>(k), trace.correct[trace.at(i, k)]);
    }
    return counts.evaluate(trace.cost, trace.votes);
}

/// @brief Accuracy of one exit if every sample left there.
[[nodiscard]] inline double lone_accuracy(const exit_trace& trace, int exit) {
    check_trace(trace);
    if (exit < 0 || exit >= trace.exits) {
        raise("lone_accuracy", "exit " + std::to_string(exit) + " of " + std::to_string(trace.exits),
              "exits count from 0");
    }
    double right = 0;
    for (int i = 0; i < trace.samples; ++i) right += trace.correct[trace.at(i, exit)];
    return right / trace.votes / trace.samples;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// detail/evaluate.hpp - compares a setting with the base network, on samples that influenced no choice.
// Floor 8 (construct); host subset.
#ifndef EENN_CONSTRUCT_DETAIL_EVALUATE_HPP
#define EENN_CONSTRUCT_DETAIL_EVALUATE_HPP

#include <eenn/construct/detail/result.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/exits/trace.hpp>

#include <cmath>
#include <span>
#include <vector>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief Accuracy lost against the base network on the same samples, as fractions, with a 95 % confidence interval.
struct paired_loss {
    double loss = 0;
    double error = 0;  ///< one standard error
    double low = 0;
    double high = 0;
    int only_base = 0;  ///< samples that only the base network classifies correctly
    int only_exits = 0;
};

/// @brief Compares the answers of a network with exits to those of the base network, sample by sample.
///
/// The interval is the normal approximation for a difference of paired proportions: loss +- 1.96 standard errors, each sqrt(b +
/// c - (b - c)^2 / n) / n.
///
/// @param base_correct  (N), 1 where the base network is right.
/// @par Source  Agresti (2002), "Categorical data analysis", section 10.1.1.
[[nodiscard]] inline paired_loss compare(const exit_trace& trace, std::span<const float> thresholds,
                                         std::span<const std::uint8_t> base_correct) {
    paired_loss result;
    for (int i = 0; i < trace.samples; ++i) {
        const std::span<const float> row{trace.confidence.data() + trace.at(i, 0),
                                         static_cast<std::size_t>(trace.exits)};
        const bool right = trace.correct[trace.at(i, leaving_exit(row, thresholds))] != 0;
        const bool base = base_correct[static_cast<std::size_t>(i)] != 0;
        result.only_base += base && !right ? 1 : 0;
        result.only_exits += right && !base ? 1 : 0;
    }
    const double n = trace.samples;
    const double difference = result.only_base - result.only_exits;
    result.error = std::sqrt(std::max(0.0, result.only_base + result.only_exits - difference * difference / n)) / n;
    result.loss = difference / n;
    result.low = result.loss - 1.96 * result.error;
    result.high = result.loss + 1.96 * result.error;
    return result;
}

/// @brief The label of the largest logit, (N).
[[nodiscard]] inline std::vector<std::int32_t> answers_of(std::span<const float> logits, std::size_t samples) {
    const std::size_t classes = logits.size() / samples;
    std::vector<std::int32_t> answers(samples);
    for (std::size_t i = 0; i < samples; ++i)
        answers[i] = leading_logits<float>{logits.subspan(i * classes, classes)}.label;
    return answers;
}

/// @brief 1 where the answer matches the label, (N).
[[nodiscard]] inline std::vector<std::uint8_t> right_answers(std::span<const float> logits,
                                                             std::span<const int> labels) {
    const auto answers = answers_of(logits, labels.size());
    std::vector<std::uint8_t> right(labels.size());
    for (std::size_t i = 0; i < labels.size(); ++i) right[i] = answers[i] == labels[i] ? 1 : 0;
    return right;
}

[[nodiscard]] inline class_scores score_classes(std::span<const std::int32_t> answers, std::span<const int> labels,
                                                int classes) {
    const auto c = static_cast<std::size_t>(classes);
    std::vector<double> right(c, 0), has(c, 0), given(c, 0);
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const auto label = static_cast<std::size_t>(labels[i]);
        has[label] += 1;
        given[static_cast<std::size_t>(answers[i])] += 1;
        right[label] += answers[i] == labels[i] ? 1 : 0;
    }
    class_scores scores{std::vector<double>(c, 0), std::vector<double>(c, 0), 0, 0};
    double present = 0;
    for (std::size_t k = 0; k < c; ++k) {
        if (has[k] == 0) continue;
        scores.recall[k] = right[k] / has[k];
        scores.f1[k] = 2 * right[k] / (has[k] + given[k]);
        scores.balanced_accuracy += scores.recall[k];
        scores.macro_f1 += scores.f1[k];
        present += 1;
    }
    if (present > 0) {
        scores.balanced_accuracy /= present;
        scores.macro_f1 /= present;
    }
    return scores;
}

[[nodiscard]] inline double mean_of(std::span<const std::uint8_t> right) {
    double sum = 0;
    for (const auto r : right) sum += r;
    return right.empty() ? 0 : sum / static_cast<double>(right.size());
}

/// @brief Mean of `right` by class, (classes); 0 for a class without samples.
[[nodiscard]] inline std::vector<double> by_class(std::span<const std::uint8_t> right, std::span<const int> labels,
                                                  int classes) {
    std::vector<double> sum(static_cast<std::size_t>(classes), 0);
    std::vector<double> count(static_cast<std::size_t>(classes), 0);
    for (std::size_t i = 0; i < labels.size(); ++i) {
        sum[static_cast<std::size_t>(labels[i])] += right[i];
        count[static_cast<std::size_t>(labels[i])] += 1;
    }
    for (std::size_t c = 0; c < sum.size(); ++c) sum[c] = count[c] > 0 ? sum[c] / count[c] : 0;
    return sum;
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

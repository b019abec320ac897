// SPDX-License-Identifier: MIT
//
// calibration.hpp - fits one temperature per exit, so that confidence matches accuracy.
// Floor 5 (exits); host subset. Letters: N = samples, C = classes, E = exits, M = bins, b = 1 / temperature.
#ifndef EENN_EXITS_CALIBRATION_HPP
#define EENN_EXITS_CALIBRATION_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/policies/detail/max_probability.hpp>
#include <eenn/tensor/detail/elementary.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief One bar of a reliability diagram: the samples whose confidence lies in (low, high].
struct reliability_bin {
    double low = 0;
    double high = 0;
    int count = 0;
    double confidence = 0;  ///< mean; 0 if the bin is empty
    double accuracy = 0;    ///< fraction correct; 0 if the bin is empty
};

/// @brief How far confidences in [0,1] are from the observed accuracy.
struct reliability {
    std::vector<reliability_bin> bins;
    double error = 0;     ///< expected calibration error: sum over bins of count / N * |accuracy - confidence|
    double largest = 0;   ///< maximum calibration error: the largest |accuracy - confidence| of any non-empty bin
    double accuracy = 0;  ///< over all samples
    double confidence = 0;
};

/// @brief Reliability table of confidences (N) in [0,1] and correctness (N), over M bins of equal width.
///
/// @par Cost    O(N + M).
/// @par Errors  eenn::error if there are no samples or bins, sizes disagree or a confidence lies outside [0,1].
/// @par Source  Naeini, Cooper, Hauskrecht (2015) (ECE and MCE); bins as in Guo et al. (2017), section 2,
///              M = 15. A confidence of 0 falls into the first bin.
[[nodiscard]] inline reliability reliability_of(std::span<const float> confidence,
                                                std::span<const std::uint8_t> correct, int bins = 15) {
    if (confidence.empty() || bins <= 0) {
        raise("reliability_of", std::to_string(confidence.size()) + " samples in " + std::to_string(bins) + " bins",
              "give at least one of each");
    }
    if (correct.size() != confidence.size()) {
        raise("reliability_of: correct",
              std::to_string(correct.size()) + " elements for " + std::to_string(confidence.size()) + " confidences");
    }
    reliability table;
    table.bins.resize(static_cast<std::size_t>(bins));
    const double count = bins;
    int below = 0;
    for (reliability_bin& bin : table.bins) {
        bin.low = below / count;
        bin.high = ++below / count;
    }
    for (std::size_t i = 0; i < confidence.size(); ++i) {
        const double c = confidence[i];
        if (!(c >= 0 && c <= 1)) {
            raise("reliability_of: confidence",
                  std::to_string(c) + " at index " + std::to_string(i) + " is outside of [0, 1]",
                  "give probabilities, not counts or logits");
        }
        reliability_bin& bin =
            table.bins[static_cast<std::size_t>(std::clamp<double>(std::ceil(c * count) - 1, 0, count - 1))];
        ++bin.count;
        bin.confidence += c;
        bin.accuracy += correct[i] != 0 ? 1 : 0;
    }
    const double n = static_cast<double>(confidence.size());
    for (reliability_bin& bin : table.bins) {
        if (bin.count == 0) continue;
        table.accuracy += bin.accuracy / n;
        table.confidence += bin.confidence / n;
        bin.confidence /= bin.count;
        bin.accuracy /= bin.count;
        const double distance = std::abs(bin.accuracy - bin.confidence);
        table.error += bin.count / n * distance;
        table.largest = std::max(table.largest, distance);
    }
    return table;
}

/// @brief Reliability of the largest softmax probability of logits (N,C) at a temperature.
[[nodiscard]] inline reliability reliability_of(std::span<const float> logits, std::span<const std::int32_t> labels,
                                                float temperature, int bins = 15) {
    if (labels.empty() || logits.empty() || logits.size() % labels.size() != 0) {
        raise("reliability_of: logits",
              std::to_string(logits.size()) + " elements for " + std::to_string(labels.size()) + " labels",
              "their shape is (N,C)");
    }
    const std::size_t classes = logits.size() / labels.size();
    std::vector<float> confidence(labels.size());
    std::vector<std::uint8_t> correct(labels.size());
    for (std::size_t i = 0; i < labels.size(); ++i) {
        exit_state state;
        const auto s = max_probability{}.confidence(logits.subspan(i * classes, classes), temperature, state);
        if (s.label < 0) {
            raise("reliability_of", "sample " + std::to_string(i) + " has no finite logits, or the temperature " +
                                        std::to_string(temperature) + " is not positive");
        }
        confidence[i] = std::min(s.confidence, 1.0F);
        correct[i] = s.label == labels[i] ? 1 : 0;
    }
    return reliability_of(confidence, correct, bins);
}

/// @brief The fitted temperature of one exit and its effect.
struct calibration {
    double temperature = 1;
    double nll_before = 0;  ///< mean negative log likelihood at temperature 1, in nats
    double nll_after = 0;
    double ece_before = 0;  ///< expected calibration error over 15 bins
    double ece_after = 0;
    bool at_limit =
        false;  ///< true: no minimum inside [0.01, 100]: every sample correct (lower end) or no better than chance (upper)
    int steps = 0;  ///< Newton or bisection steps taken
};

/// @brief Fits the temperature that minimises the mean negative log likelihood of softmax(z / temperature).
/// @param logits (N,C), of validation samples not used in training
/// @param labels (N)
///
/// The loss is convex in b = 1 / temperature: its slope is the mean of E_p[z] - z_label, its curvature the mean variance
/// of z under p. Runs Newton's method in double inside a bracket that every slope narrows, with bisection as the
/// fallback, until the next step or the bracket is below 1e-10 of b. Predictions do not change, since a temperature
/// preserves the order of the logits. Temperature and losses are bit-identical on every machine.
///
/// @par Cost    About ten passes of N C exponentials; 5 N bytes of memory.
/// @par Errors  eenn::error if sizes disagree, a label lies outside [0, C) or a logit is not finite.
/// @par Source  Guo et al. (2017), "On calibration of modern neural networks", section 4.2. The solver is ours; the paper
///              uses gradient descent on the temperature, in which the loss is not convex.
[[nodiscard]] inline calibration fit_temperature(std::span<const float> logits, std::span<const std::int32_t> labels) {
    constexpr double coldest = 0.01;
    constexpr double hottest = 100;
    const std::size_t n = labels.size();
    if (n == 0 || logits.empty() || logits.size() % n != 0) {
        raise("fit_temperature: logits",
              std::to_string(logits.size()) + " elements for " + std::to_string(n) + " labels", "their shape is (N,C)");
    }
    const std::size_t classes = logits.size() / n;
    for (std::size_t i = 0; i < n; ++i) {
        if (labels[i] < 0 || std::cmp_greater_equal(labels[i], classes)) {
            raise("fit_temperature: labels", "label " + std::to_string(labels[i]) + " at index " + std::to_string(i) +
                                                 " is outside of [0, " + std::to_string(classes) + ")");
        }
    }
    for (std::size_t x = 0; x < logits.size(); ++x) {
        if (!std::isfinite(logits[x])) {
            raise("fit_temperature: logits",
                  std::to_string(logits[x]) + " at sample " + std::to_string(x / classes) + ", class " +
                      std::to_string(x % classes),
                  "look for a diverged exit");
        }
    }
    struct point {
        double loss, slope, curvature;
    };
    const auto at = [&](double b) {
        point mean{0, 0, 0};
        for (std::size_t i = 0; i < n; ++i) {
            const float* z = logits.data() + i * classes;
            const double largest = *std::max_element(z, z + classes);
            double sum = 0;
            double first = 0;
            double second = 0;
            for (std::size_t c = 0; c < classes; ++c) {
                const double d = z[c] - largest;
                const double e = exponential(rounded(b * d));
                sum += e;
                first += rounded(e * d);
                second += rounded(e * d * d);
            }
            first /= sum;
            const double own = z[labels[i]] - largest;
            mean.loss += logarithm(sum) - rounded(b * own);
            mean.slope += first - own;
            mean.curvature += second / sum - rounded(first * first);
        }
        const double count = static_cast<double>(n);
        return point{mean.loss / count, mean.slope / count, mean.curvature / count};
    };

    calibration result;
    double low = 1 / hottest;
    double high = 1 / coldest;
    double b = 1;
    point here = at(b);
    result.nll_before = here.loss;
    if (here.slope != 0 && at(here.slope > 0 ? low : high).slope * here.slope >= 0) {
        b = here.slope > 0 ? low : high;  // the slope keeps its sign up to the end of the range
        result.at_limit = true;
        result.nll_after = at(b).loss;
    } else {
        while (std::abs(here.slope) > 1e-10 * b * here.curvature && high - low > 1e-10 * b) {
            (here.slope > 0 ? high : low) = b;
            double next = b - here.slope / here.curvature;
            if (!(next > low && next < high)) next = 0.5 * (low + high);
            b = next;
            here = at(b);
            ++result.steps;
        }
        result.nll_after = here.loss;
    }
    result.temperature = 1 / b;
    result.ece_before = reliability_of(logits, labels, 1.0F).error;
    result.ece_after = reliability_of(logits, labels, static_cast<float>(result.temperature)).error;
    return result;
}

/// @brief Applies fit_temperature to each exit: logits[e] is (N,C_e), labels (N) are shared.
/// @par Errors As for fit_temperature, naming the exit.
[[nodiscard]] inline std::vector<calibration> calibrate(std::span<const std::span<const float>> logits,
                                                        std::span<const std::int32_t> labels) {
    std::vector<calibration> fitted;
    fitted.reserve(logits.size());
    for (std::size_t e = 0; e < logits.size(); ++e) {
        try {
            fitted.push_back(fit_temperature(logits[e], labels));
        } catch (const error& cause) {
            raise("calibrate: exit " + std::to_string(e), cause.what());
        }
    }
    return fitted;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

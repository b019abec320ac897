// SPDX-License-Identifier: MIT
//
// losses.hpp - losses on a batch of logits, with gradients: cross-entropy, squared error, distillation.
// Floor 7 (training).
// Letters: N = samples of the batch, C = classes (or outputs), z = logits, p = softmax(z), q = target.
#ifndef EENN_TRAINING_LOSSES_HPP
#define EENN_TRAINING_LOSSES_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/tensor/detail/elementary.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief How one loss enters a sum of losses.
struct loss_part {
    double weight = 1;        ///< scales the value and the gradient
    bool accumulate = false;  ///< true: add to the gradient; false: overwrite it
};

/// @brief Targets of mixed samples (mix-up, CutMix): two labels and the share of the first.
struct mixed_labels {
    std::span<const std::int32_t> first;   ///< (N)
    std::span<const std::int32_t> second;  ///< (N)
    std::span<const float> share;          ///< (N), or (1) for all samples; in [0,1]
};

namespace loss_rows {

// These take one sample and check nothing: they are noexcept and never allocate. The gradient g may be null.

/// Sum of exp((z - max) / temperature). Stores max in `largest`.
template <std::floating_point T>
[[nodiscard]] inline double exponential_sum(const T* z, std::size_t classes, double temperature, T& largest) noexcept {
    largest = *std::max_element(z, z + classes);
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c)
        sum += static_cast<double>(exponential((z[c] - largest) / static_cast<T>(temperature)));
    return sum;
}

template <std::floating_point T>
inline void put(T* g, T value, bool accumulate) noexcept {
    *g = accumulate ? *g + value : value;
}

/// -sum_c q_c log p_c with q = (1 - smoothing) (share e_first + (1 - share) e_second) + smoothing / C;
/// g = scale (p - q).
template <std::floating_point T>
inline double cross_entropy(const T* z, T* g, std::size_t classes, std::size_t first, std::size_t second, double share,
                            double smoothing, double scale, bool accumulate) noexcept {
    T largest;
    const double sum = exponential_sum(z, classes, 1.0, largest);
    const double sure = 1 - smoothing;
    const double flat = smoothing / static_cast<double>(classes);
    const auto above = [&](std::size_t c) { return static_cast<double>(z[c] - largest); };
    double targeted = share < 1 ? share * above(first) + (1 - share) * above(second) : above(first);
    targeted *= sure;
    if (smoothing > 0) {
        double all = 0;
        for (std::size_t c = 0; c < classes; ++c) all += above(c);
        targeted += flat * all;
    }
    if (g != nullptr) {
        const T factor = static_cast<T>(scale / sum);
        const T background = static_cast<T>(scale * flat);
        for (std::size_t c = 0; c < classes; ++c)
            put(g + c, factor * exponential(z[c] - largest) - background, accumulate);
        g[first] -= static_cast<T>(scale * sure * share);
        g[second] -= static_cast<T>(scale * sure * (1 - share));
    }
    return logarithm(sum) - targeted;
}

/// temperature^2 KL(softmax(t / temperature) || softmax(z / temperature));
/// g = scale temperature (softmax(z) - softmax(t)).
template <std::floating_point T>
inline double distillation(const T* z, const T* t, T* g, std::size_t classes, double temperature, double scale,
                           bool accumulate) noexcept {
    T z_max;
    T t_max;
    const double z_sum = exponential_sum(z, classes, temperature, z_max);
    const double t_sum = exponential_sum(t, classes, temperature, t_max);
    const T tau = static_cast<T>(temperature);
    double divergence = logarithm(z_sum) - logarithm(t_sum);
    for (std::size_t c = 0; c < classes; ++c) {
        const T dz = (z[c] - z_max) / tau;
        const T dt = (t[c] - t_max) / tau;
        const double p_teacher = static_cast<double>(exponential(dt)) / t_sum;
        if (p_teacher > 0) divergence += p_teacher * (static_cast<double>(dt) - static_cast<double>(dz));
        if (g != nullptr) {
            const double p_student = static_cast<double>(exponential(dz)) / z_sum;
            put(g + c, static_cast<T>(scale * temperature * (p_student - p_teacher)), accumulate);
        }
    }
    return temperature * temperature * divergence;
}

}  // namespace loss_rows

namespace loss_checks {

inline std::size_t classes(const char* loss, std::size_t logits, std::size_t samples, std::size_t gradient) {
    if (samples == 0) raise(loss, "no samples", "give at least one label");
    if (logits == 0 || logits % samples != 0) {
        raise(std::string{loss} + ": logits",
              std::to_string(logits) + " elements for " + std::to_string(samples) + " samples", "their shape is (N,C)");
    }
    if (gradient != 0 && gradient != logits) {
        raise(std::string{loss} + ": gradient",
              std::to_string(gradient) + " elements for " + std::to_string(logits) + " logits",
              "give as many, or none to have the value alone");
    }
    return logits / samples;
}

inline void labels(const char* argument, std::span<const std::int32_t> labels, std::size_t classes) {
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (labels[i] < 0 || static_cast<std::size_t>(labels[i]) >= classes) {
            raise(argument,
                  "label " + std::to_string(labels[i]) + " at index " + std::to_string(i) + " is outside of [0, " +
                      std::to_string(classes) + ")",
                  "labels count from 0 to C - 1");
        }
    }
}

}  // namespace loss_checks

/// @brief Mean over the batch of -sum_c q_c log p_c.
///
/// Every call returns `weight` times the mean and writes the derivative of the returned value. Shapes: logits (N,C),
/// labels (N), gradient (N,C) or empty. Sums run in double and in sample order, so results are bit-reproducible.
/// Non-finite logits yield NaN, which the caller must check for.
///
/// @par Cost    2 N C exponentials with the gradient, N C without; no storage.
/// @par Errors  eenn::error if sizes disagree, a label is outside [0, C) (the message names argument and index), or a
///              share or the smoothing is outside [0, 1].
/// @par Source  Label smoothing: Szegedy et al. (2016), section 7, with the uniform prior over all C classes (the
///              convention of PyTorch). Mixed targets: Zhang et al. (2018), "mixup".
struct cross_entropy {
    double smoothing = 0;

    double operator()(std::span<const float> logits, std::span<const std::int32_t> labels,
                      std::span<float> gradient = {}, loss_part part = {}) const {
        return batch<float>(logits, labels, gradient, part);
    }
    double operator()(std::span<const double> logits, std::span<const std::int32_t> labels,
                      std::span<double> gradient = {}, loss_part part = {}) const {
        return batch<double>(logits, labels, gradient, part);
    }
    double operator()(std::span<const float> logits, const mixed_labels& labels, std::span<float> gradient = {},
                      loss_part part = {}) const {
        return mixed<float>(logits, labels, gradient, part);
    }
    double operator()(std::span<const double> logits, const mixed_labels& labels, std::span<double> gradient = {},
                      loss_part part = {}) const {
        return mixed<double>(logits, labels, gradient, part);
    }

private:
    template <class T>
    double batch(std::span<const T> logits, std::span<const std::int32_t> labels, std::span<T> gradient,
                 loss_part part) const {
        constexpr float all = 1;
        return mixed<T>(logits, {labels, labels, {&all, 1}}, gradient, part);
    }
    template <class T>
    double mixed(std::span<const T> logits, const mixed_labels& labels, std::span<T> gradient, loss_part part) const {
        const std::size_t n = labels.first.size();
        const std::size_t c = loss_checks::classes("cross_entropy", logits.size(), n, gradient.size());
        loss_checks::labels("cross_entropy: labels", labels.first, c);
        if (labels.second.size() != n || (labels.share.size() != n && labels.share.size() != 1)) {
            raise("cross_entropy: mixed_labels",
                  std::to_string(n) + " first labels, " + std::to_string(labels.second.size()) + " second, " +
                      std::to_string(labels.share.size()) + " shares",
                  "give as many of each, or one share for all");
        }
        if (labels.second.data() != labels.first.data())
            loss_checks::labels("cross_entropy: second labels", labels.second, c);
        if (!(smoothing >= 0 && smoothing <= 1))
            raise("cross_entropy: smoothing", std::to_string(smoothing), "take a value in [0, 1]");
        const double scale = part.weight / static_cast<double>(n);
        double total = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const double share = static_cast<double>(labels.share[labels.share.size() == 1 ? 0 : i]);
            if (!(share >= 0 && share <= 1))
                raise("cross_entropy: share", std::to_string(share) + " at index " + std::to_string(i),
                      "take a value in [0, 1]");
            total += loss_rows::cross_entropy<T>(
                logits.data() + i * c, gradient.empty() ? nullptr : gradient.data() + i * c, c,
                static_cast<std::size_t>(labels.first[i]), static_cast<std::size_t>(labels.second[i]), share, smoothing,
                scale, part.accumulate);
        }
        return total * scale;
    }
};

/// @brief Mean over all N C elements of (output - target)^2, as PyTorch's MSELoss.
///
/// outputs, targets and gradient have the same shape. Weight, summation and non-finite values as in cross_entropy.
struct squared_error {
    double operator()(std::span<const float> outputs, std::span<const float> targets, std::span<float> gradient = {},
                      loss_part part = {}) const {
        return batch<float>(outputs, targets, gradient, part);
    }
    double operator()(std::span<const double> outputs, std::span<const double> targets, std::span<double> gradient = {},
                      loss_part part = {}) const {
        return batch<double>(outputs, targets, gradient, part);
    }

private:
    template <class T>
    static double batch(std::span<const T> outputs, std::span<const T> targets, std::span<T> gradient, loss_part part) {
        loss_checks::classes("squared_error", outputs.size(), targets.size(), gradient.size());
        if (outputs.size() != targets.size()) {
            raise("squared_error: targets",
                  std::to_string(targets.size()) + " elements for " + std::to_string(outputs.size()) + " outputs");
        }
        const double scale = part.weight / static_cast<double>(outputs.size());
        double total = 0;
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            const T difference = outputs[i] - targets[i];
            total += static_cast<double>(difference) * static_cast<double>(difference);
            if (!gradient.empty())
                loss_rows::put(&gradient[i], static_cast<T>(2 * scale) * difference, part.accumulate);
        }
        return total * scale;
    }
};

/// @brief Mean over the batch of temperature^2 KL(softmax(teacher / temperature) || softmax(logits / temperature)).
///
/// The factor temperature^2 makes the size of the gradient independent of the temperature, so `weight` keeps its
/// meaning. The teacher's logits are constants. To train on labels as well, add cross_entropy with `accumulate`.
///
/// @par Cost    4 N C exponentials; no storage.
/// @par Errors  eenn::error if sizes disagree or the temperature is not positive.
/// @par Source  Hinton, Vinyals, Dean (2015), "Distilling the knowledge in a neural network", section 2. This is the
///              divergence rather than the cross-entropy, so that the minimum is 0; the two differ by the teacher's
///              entropy, a constant.
struct distillation {
    double temperature = 1;

    double operator()(std::span<const float> logits, std::span<const float> teacher, std::size_t classes,
                      std::span<float> gradient = {}, loss_part part = {}) const {
        return batch<float>(logits, teacher, classes, gradient, part);
    }
    double operator()(std::span<const double> logits, std::span<const double> teacher, std::size_t classes,
                      std::span<double> gradient = {}, loss_part part = {}) const {
        return batch<double>(logits, teacher, classes, gradient, part);
    }

private:
    template <class T>
    double batch(std::span<const T> logits, std::span<const T> teacher, std::size_t classes, std::span<T> gradient,
                 loss_part part) const {
        if (classes == 0 || logits.empty() || logits.size() % classes != 0) {
            raise("distillation: logits",
                  std::to_string(logits.size()) + " elements for " + std::to_string(classes) + " classes",
                  "their shape is (N,C)");
        }
        const std::size_t n = logits.size() / classes;
        loss_checks::classes("distillation", logits.size(), n, gradient.size());
        if (teacher.size() != logits.size()) {
            raise("distillation: teacher",
                  std::to_string(teacher.size()) + " elements for " + std::to_string(logits.size()) + " logits",
                  "teacher and student need the same classes");
        }
        if (!(temperature > 0) || !std::isfinite(temperature)) {
            raise("distillation: temperature", std::to_string(temperature), "take a positive one");
        }
        const double scale = part.weight / static_cast<double>(n);
        double total = 0;
        for (std::size_t i = 0; i < n; ++i) {
            total += loss_rows::distillation<T>(logits.data() + i * classes, teacher.data() + i * classes,
                                                gradient.empty() ? nullptr : gradient.data() + i * classes, classes,
                                                temperature, scale, part.accumulate);
        }
        return total * scale;
    }
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif

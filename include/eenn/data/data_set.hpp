// SPDX-License-Identifier: MIT
//
// data_set.hpp - labelled samples in memory, the common input of training, evaluation and exit construction.
// Floor 2 (data); host subset. Letters: N = samples, H,W,C = height, width, channels of one sample.
#ifndef EENN_DATA_DATA_SET_HPP
#define EENN_DATA_DATA_SET_HPP

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include <span>
#include <string>
#include <utility>
#include <vector>

#include <eenn/core/aligned.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/tensor/shape.hpp>

namespace eenn {

/// @brief N labelled samples of one shape. make_data_set() checks the conditions noted at the members.
///
/// @par Memory   4 * H * W * C + 4 bytes per sample (614 MB for CIFAR-10's 50,000 images); prefer index lists to subsets.
/// @par Threads  safe for const use from many threads.
struct data_set {
    shape sample;
    int classes = 0;
    aligned_vector<float> pixels;  // (N,H,W,C), finite
    std::vector<int> labels;       // (N), in [0, classes)
    std::vector<int> groups;       // (N) or empty: the speaker, patient or device that each sample came from

    [[nodiscard]] int size() const noexcept { return static_cast<int>(labels.size()); }

    /// Sample i, (H,W,C).
    [[nodiscard]] std::span<const float> operator[](int i) const noexcept {
        return std::span{pixels}.subspan(begin_of(i), sample.elements());
    }
    [[nodiscard]] std::span<float> operator[](int i) noexcept {
        return std::span{pixels}.subspan(begin_of(i), sample.elements());
    }
    /// Index of sample i's first element in `pixels`.
    [[nodiscard]] std::size_t begin_of(int i) const noexcept { return static_cast<std::size_t>(i) * sample.elements(); }
};

inline namespace EENN_ISA {

/// @brief Raises eenn::error if the data set violates the conditions of data_set, naming the first offending sample.
///
/// @par Cost  one pass over the pixels.
inline void check(const data_set& set, const std::string& where = "data_set") {
    const std::size_t count = set.labels.size();
    const shape& s = set.sample;
    if (s.h < 1 || s.w < 1 || s.c < 1) raise(where, "a sample of shape " + to_string(s) + " has no elements");
    if (set.classes < 1)
        raise(where, "it has " + std::to_string(set.classes) + " classes", "give the number of classes");
    if (count == 0) raise(where, "it has no samples");
    if (!std::in_range<int>(count)) raise(where, std::to_string(count) + " samples are more than an int counts");
    if (set.pixels.size() % s.elements() != 0 || set.pixels.size() / s.elements() != count) {
        raise(where, std::to_string(set.pixels.size()) + " pixels are not " + std::to_string(count) +
                         " samples (one a label) of shape " + to_string(s));
    }
    if (!set.groups.empty() && set.groups.size() != count) {
        raise(where, std::to_string(set.groups.size()) + " groups for " + std::to_string(count) + " samples",
              "give one group a sample, or none at all");
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (set.labels[i] < 0 || set.labels[i] >= set.classes) {
            raise(where, "sample " + std::to_string(i) + " has label " + std::to_string(set.labels[i]) +
                             ", outside [0, " + std::to_string(set.classes) + ")");
        }
    }
    for (std::size_t i = 0; i < set.pixels.size(); ++i) {
        if (!std::isfinite(set.pixels[i])) {
            raise(where,
                  "sample " + std::to_string(i / s.elements()) + " has the pixel " +
                      (std::isnan(set.pixels[i]) ? "NaN" : "infinity") + " at element " +
                      std::to_string(i % s.elements()),
                  "remove or repair the sample");
        }
    }
}

/// @brief Makes a checked data set from pixels (N,H,W,C), labels (N) and, optionally, the group of each sample (N).
///
/// @par Errors  as for check(): no samples, inconsistent sizes, labels out of range, NaN or infinity; the message names
///              the sample.
[[nodiscard]] inline data_set make_data_set(shape sample, int classes, aligned_vector<float> pixels,
                                            std::vector<int> labels, std::vector<int> groups = {}) {
    data_set made{sample, classes, std::move(pixels), std::move(labels), std::move(groups)};
    check(made, "make_data_set");
    return made;
}

/// @brief Same as above, copying the pixels from any contiguous floats: a std::vector, an array, a span.
template <class Pixels>
requires std::convertible_to<const Pixels&, std::span<const float>>
[[nodiscard]] data_set make_data_set(shape sample, int classes, const Pixels& pixels, std::vector<int> labels,
                                     std::vector<int> groups = {}) {
    const std::span<const float> all{pixels};
    return make_data_set(sample, classes, aligned_vector<float>(all.begin(), all.end()), std::move(labels),
                         std::move(groups));
}

/// @brief Makes a checked data set from integer pixels and labels as stored in files. Every pixel becomes
/// `scale * pixel + offset`.
///
/// `make_data_set({28, 28, 1}, 10, images.as<std::uint8_t>(), labels.as<std::uint8_t>())` is Fashion-MNIST in [0, 1].
template <class Pixel, class Label>
[[nodiscard]] data_set make_data_set(shape sample, int classes, std::span<const Pixel> pixels,
                                     std::span<const Label> labels, float scale = 1.0f / 255.0f, float offset = 0.0f) {
    data_set made{sample, classes, aligned_vector<float>(pixels.size()), std::vector<int>(labels.size()), {}};
    std::transform(pixels.begin(), pixels.end(), made.pixels.begin(),
                   [&](float pixel) { return scale * pixel + offset; });
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (!std::in_range<int>(labels[i]))
            raise("make_data_set", "sample " + std::to_string(i) + " has label " + std::to_string(labels[i]));
    }
    std::copy(labels.begin(), labels.end(), made.labels.begin());
    check(made, "make_data_set");
    return made;
}

/// @brief Copies the samples at `indices`, in that order; an index may repeat. Raises eenn::error if an index is out of
/// range or none is given.
[[nodiscard]] inline data_set subset(const data_set& set, std::span<const int> indices) {
    if (indices.empty()) raise("subset", "no index is given");
    data_set chosen{set.sample, set.classes, {}, {}, {}};
    chosen.pixels.reserve(indices.size() * set.sample.elements());
    chosen.labels.reserve(indices.size());
    for (const int i : indices) {
        if (i < 0 || i >= set.size())
            raise("subset", "index " + std::to_string(i) + " is outside [0, " + std::to_string(set.size()) + ")");
        const auto at = static_cast<std::size_t>(i);
        const auto sample = set[i];
        chosen.pixels.insert(chosen.pixels.end(), sample.begin(), sample.end());
        chosen.labels.push_back(set.labels[at]);
        if (!set.groups.empty()) chosen.groups.push_back(set.groups[at]);
    }
    return chosen;
}

/// @brief Number of samples in each class, (classes).
[[nodiscard]] inline std::vector<int> class_counts(const data_set& set) {
    std::vector<int> counts(static_cast<std::size_t>(set.classes));
    std::for_each(set.labels.begin(), set.labels.end(), [&](std::size_t label) { ++counts[label]; });
    return counts;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

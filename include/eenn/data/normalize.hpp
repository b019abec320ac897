// SPDX-License-Identifier: MIT
//
// normalize.hpp - scales channels to mean 0 and standard deviation 1, with constants that are stored with the model.
// Floor 2 (data); host subset. Letters: N = samples, H,W,C = height, width, channels of one sample.
#ifndef EENN_DATA_NORMALIZE_HPP
#define EENN_DATA_NORMALIZE_HPP

#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/data/data_set.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Per channel: normalised = (pixel - mean) / deviation. A network needs the constants it was trained with, so
/// store them with it.
struct normalization {
    std::vector<float> mean;       // (C)
    std::vector<float> deviation;  // (C), above 0

    friend bool operator==(const normalization&, const normalization&) = default;
};

/// @brief Mean and standard deviation of each channel over the samples at `indices`. Pass the training samples only.
///
/// A constant channel gets deviation 1. A feature table (1,1,F) is normalised per feature.
/// @par Cost     two passes over the samples, summed in double in the order of `indices`.
/// @par Errors   eenn::error if there are no indices or one is out of range.
[[nodiscard]] inline normalization measure(const data_set& set, std::span<const int> indices) {
    if (indices.empty()) raise("measure", "there are no samples to measure");
    for (const int i : indices) {
        if (i < 0 || i >= set.size())
            raise("measure", "index " + std::to_string(i) + " is outside [0, " + std::to_string(set.size()) + ")");
    }
    const std::size_t channels = set.sample.channels();
    const double count = static_cast<double>(indices.size()) * set.sample.pixels();
    const auto mean_of = [&](auto&& term) {
        std::vector<double> sums(channels);
        for (const int i : indices) {
            const auto sample = set[i];
            for (std::size_t at = 0; at < sample.size(); at += channels) {
                for (std::size_t c = 0; c < channels; ++c) sums[c] += term(sample[at + c], c);
            }
        }
        for (double& sum : sums) sum /= count;
        return sums;
    };
    const auto mean = mean_of([](double pixel, std::size_t) { return pixel; });
    const auto variance = mean_of([&](double pixel, std::size_t c) { return (pixel - mean[c]) * (pixel - mean[c]); });
    normalization measured{{mean.begin(), mean.end()}, {}};
    for (const double v : variance) {
        const auto deviation = static_cast<float>(std::sqrt(v));
        measured.deviation.push_back(deviation > 0 ? deviation : 1.0f);
    }
    return measured;
}

/// @brief Same, over all samples.
[[nodiscard]] inline normalization measure(const data_set& set) {
    std::vector<int> all(set.labels.size());
    std::iota(all.begin(), all.end(), 0);
    return measure(set, all);
}

/// @brief Normalises pixels (...,C) in place: one sample, a batch or a whole set.
///
/// Raises eenn::error unless the constants cover C channels, all finite, with every deviation above 0.
inline void normalize(std::span<float> pixels, int channels, const normalization& constants) {
    const auto count = static_cast<std::size_t>(channels);
    if (channels < 1 || constants.mean.size() != count || constants.deviation.size() != count ||
        pixels.size() % count != 0) {
        raise("normalize", "constants of " + std::to_string(constants.mean.size()) + " and " +
                               std::to_string(constants.deviation.size()) + " channels for " +
                               std::to_string(pixels.size()) + " pixels of " + std::to_string(channels) + " channels");
    }
    for (std::size_t c = 0; c < count; ++c) {
        if (!(constants.deviation[c] > 0) || !std::isfinite(constants.deviation[c]) ||
            !std::isfinite(constants.mean[c])) {
            raise("normalize", "channel " + std::to_string(c) + " has mean " + std::to_string(constants.mean[c]) +
                                   " and deviation " + std::to_string(constants.deviation[c]));
        }
    }
    for (std::size_t at = 0; at < pixels.size(); at += count) {
        for (std::size_t c = 0; c < count; ++c)
            pixels[at + c] = (pixels[at + c] - constants.mean[c]) / constants.deviation[c];
    }
}

inline void normalize(data_set& set, const normalization& constants) { normalize(set.pixels, set.sample.c, constants); }

}  // namespace EENN_ISA
}  // namespace eenn

#endif

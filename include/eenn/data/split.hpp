// SPDX-License-Identifier: MIT
//
// split.hpp - splits samples into training, validation and test sets, as disjoint index lists.
// Floor 2 (data); host subset. Letters: N = samples, K = classes, G = groups.
#ifndef EENN_DATA_SPLIT_HPP
#define EENN_DATA_SPLIT_HPP

#include <eenn/core/detail/flow.hpp>
#include <eenn/data/data_set.hpp>

#include <concepts>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace eenn {
inline namespace EENN_HOST {

/// @brief Requested size of a part: `0.1` is a tenth of the samples, `5000` is 5,000 samples, 0 omits the part.
struct part_size {
    double fraction = 0;
    int samples = 0;

    constexpr part_size() = default;
    constexpr part_size(double of_all) : fraction{of_all} {}
    template <std::integral Count>
    constexpr part_size(Count count) : samples{std::in_range<int>(count) ? static_cast<int>(count) : -1} {}
};

/// @brief Options of a split. All samples outside validation and test form the training part.
struct split_options {
    part_size validation = 0.1;
    part_size test = 0;
    std::uint64_t seed = 0;
    bool every_class =
        true;  // each part must contain every class; false for shards without some classes (a device that sees two of them)
};

/// @brief Ascending indices of each part; the parts are disjoint and together cover every sample.
struct data_split {
    std::vector<int> train;
    std::vector<int> validation;
    std::vector<int> test;
};

/// @brief Stratified split: every class has the same share of each part, up to rounding to whole samples.
///
/// The parts have exactly the requested sizes. With `every_class`, each part contains at least one sample of every class.
/// @par Cost     O(N + K^2).
/// @par Errors   eenn::error if the sizes are impossible, or a class is missing or too small to appear in every part.
[[nodiscard]] EENN_FLOW data_split split_by_label(std::span<const int> labels, int classes,
                                                  const split_options& options = {});

/// @brief Splits without sharing a group (speaker, patient, device) between parts, and distributes labels as evenly as
/// that allows.
///
/// Takes the groups in random order and puts each into the part whose class counts lag furthest behind their targets.
/// Repeats this for 64 orders and keeps the result closest to the targets. Sizes are accurate to about one group.
/// @par Cost     O(N log G + 64 G K).
/// @par Errors   eenn::error if there are fewer groups than parts, the sizes are impossible, or none of the orders gives
///               every part every class.
/// @par Source   the criterion is the squared difference of class counts, as in stratified k-fold splits; the search is
///               our own.
[[nodiscard]] EENN_FLOW data_split split_by_group(std::span<const int> labels, int classes, std::span<const int> groups,
                                                  const split_options& options = {});

/// @brief Splits a data set by group if it has groups, by label otherwise.
[[nodiscard]] EENN_FLOW data_split split(const data_set& set, const split_options& options = {});

}  // namespace EENN_HOST
}  // namespace eenn

#if !defined(EENN_COMPILED)
#include <eenn/data/detail/split.hpp>
#endif

#endif

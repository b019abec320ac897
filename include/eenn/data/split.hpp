// SPDX-License-Identifier: MIT
//
// split.hpp - train, validation and test as disjoint index lists.
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

/// @brief The wanted size of a part: `0.1` is a tenth of the samples, `5000` is 5,000 samples; 0 asks for no such part.
struct part_size {
    double fraction = 0;
    int samples = 0;

    constexpr part_size() = default;
    constexpr part_size(double of_all) : fraction{of_all} {}
    template <std::integral Count>
    constexpr part_size(Count count) : samples{std::in_range<int>(count) ? static_cast<int>(count) : -1} {}
};

/// @brief What a split is made from. The rest after validation and test is the training part.
struct split_options {
    part_size validation = 0.1;
    part_size test = 0;
    std::uint64_t seed = 0;
    bool every_class =
        true;  // each part must hold each class; false where a shard lacks some (a device that sees two classes)
};

/// @brief Indices of each part, ascending; the parts are disjoint and hold every sample.
struct data_split {
    std::vector<int> train;
    std::vector<int> validation;
    std::vector<int> test;
};

/// @brief A split in which every class has the same share of each part, as nearly as whole samples allow.
///
/// The parts have exactly the sizes asked for; a class that is present has at least one sample in each part.
/// @par Cost     O(N + K^2).
/// @par Errors   eenn::error if the sizes are impossible, or a class is missing or too small for every part to hold it.
[[nodiscard]] EENN_FLOW data_split split_by_label(std::span<const int> labels, int classes,
                                                  const split_options& options = {});

/// @brief A split in which no group (speaker, patient, device) is in two parts, and labels are shared as evenly as that
/// allows.
///
/// Groups come in random order, each to the part whose class counts lag most behind what is wanted; of 64 such orders
/// the one nearest to the wanted counts is taken. Sizes are met to about one group.
/// @par Cost     O(N log G + 64 G K).
/// @par Errors   eenn::error if there are fewer groups than parts, the sizes are impossible, or no order found gives
///               every part every class.
/// @par Source   the criterion is the squared difference of class counts, as in stratified k-fold splits; the search is
///               our own.
[[nodiscard]] EENN_FLOW data_split split_by_group(std::span<const int> labels, int classes, std::span<const int> groups,
                                                  const split_options& options = {});

/// @brief The split of a data set: by group where it has groups, by label otherwise.
[[nodiscard]] EENN_FLOW data_split split(const data_set& set, const split_options& options = {});

}  // namespace EENN_HOST
}  // namespace eenn

#if !defined(EENN_COMPILED)
#include <eenn/data/detail/split.hpp>
#endif

#endif

// SPDX-License-Identifier: MIT
//
// detail/mirror.hpp - extends a data set with its mirror images.
// Floor 2 (data); host subset. Letters: N = samples, H,W,C = height, width, channels of one sample.
#ifndef EENN_DATA_DETAIL_MIRROR_HPP
#define EENN_DATA_DETAIL_MIRROR_HPP

#include <eenn/core/isa.hpp>
#include <eenn/data/augment.hpp>
#include <eenn/data/data_set.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Returns the samples followed by their horizontal mirror images, with the same labels: (2N,H,W,C).
///
/// For validation data whose labels do not change under mirroring. Choices made on both halves have lower variance.
/// @par Memory  twice the size of the set.
[[nodiscard]] inline data_set with_mirror_images(const data_set& set) {
    data_set both = set;
    const std::size_t each = set.sample.elements();
    both.pixels.resize(2 * set.pixels.size());
    const image_change mirrored{.flipped = true};
    for (std::size_t i = 0; i < set.labels.size(); ++i) {
        apply_change(mirrored, set.sample, 0, set.pixels.data() + i * each,
                     both.pixels.data() + set.pixels.size() + i * each);
    }
    both.labels.insert(both.labels.end(), set.labels.begin(), set.labels.end());
    both.groups.insert(both.groups.end(), set.groups.begin(), set.groups.end());
    return both;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// augment.hpp - random changes of training samples that keep their meaning: crop, flip, cutout, mix-up.
// Floor 2 (data); host subset. Letters: H,W,C = height, width, channels of one sample.
#ifndef EENN_DATA_AUGMENT_HPP
#define EENN_DATA_AUGMENT_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>

#include <eenn/core/detail/flow.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/core/random.hpp>
#include <eenn/tensor/shape.hpp>

namespace eenn {
inline namespace EENN_HOST {

/// @brief Which random changes a training sample gets; all off by default.
struct augmentation {
    int crop_padding = 0;  // shift by up to this many pixels in each direction; what comes in from outside is `fill`
    bool flip = false;     // mirror left and right, every second time
    int cutout = 0;        // side of a square of `fill`, in pixels, centred anywhere in the image; 0: none
    double mix_up = 0;     // alpha of the Beta(alpha, alpha) that the mixing weight comes from, at most 2; 0: none
    float fill = 0;        // 0 is the mean of normalised pixels

    [[nodiscard]] constexpr bool any() const noexcept {
        return crop_padding != 0 || flip || cutout != 0 || mix_up != 0;
    }
};

}  // namespace EENN_HOST
inline namespace EENN_ISA {

/// @brief Raises eenn::error if a member has no meaning for samples of this shape.
inline void check(const augmentation& changes, const shape& sample) {
    const auto refuse = [](const std::string& what) { raise("augmentation", what); };
    if (changes.crop_padding < 0 || changes.crop_padding >= std::max(sample.h, sample.w)) {
        refuse("a crop_padding of " + std::to_string(changes.crop_padding) + " pixels does not suit samples of " +
               to_string(sample));
    }
    if (changes.cutout < 0) refuse("a cutout of " + std::to_string(changes.cutout) + " pixels");
    if (!(changes.mix_up >= 0 && changes.mix_up <= 2))
        refuse("mix_up is " + std::to_string(changes.mix_up) + ", outside [0, 2]");
    if (!std::isfinite(changes.fill)) refuse("fill is not finite");
}

/// @brief The random numbers of one sample in one epoch: they depend on nothing else, so threads and batch size change
/// no bit.
[[nodiscard]] constexpr random_stream augmentation_stream(std::uint64_t seed, std::uint64_t epoch,
                                                          std::uint64_t sample) noexcept {
    return {random_bits(seed, 0x6175676d656e74ULL, epoch), sample, 0};
}

/// @brief What crop, flip and cutout do to one sample, drawn once.
struct image_change {
    int down = 0;  // the image's rows move down by this, its columns right, in pixels
    int right = 0;
    bool flipped = false;  // after the shift
    int cut_y = 0;  // the square covers [cut_y, cut_y + cut_side) and the same in x; it may reach over the border
    int cut_x = 0;
    int cut_side = 0;
};

/// @brief Draws a change. A dimension of one pixel (a signal's height) is not shifted.
///
/// @par Source  shift and flip: K. He et al. (2016), section 4.2. Cutout: T. DeVries, G. Taylor (2017), section 3.2:
///              the centre may be any pixel, so the square is cut by the border at times.
[[nodiscard]] constexpr image_change draw_change(const augmentation& changes, const shape& sample,
                                                 random_stream& random) {
    image_change drawn;
    const auto within = [&random](int count) {
        return static_cast<int>(random.below(static_cast<std::uint64_t>(count)));
    };
    const int range = 2 * changes.crop_padding + 1;
    if (changes.crop_padding > 0 && sample.h > 1) drawn.down = within(range) - changes.crop_padding;
    if (changes.crop_padding > 0 && sample.w > 1) drawn.right = within(range) - changes.crop_padding;
    if (changes.flip) drawn.flipped = within(2) == 1;
    if (changes.cutout > 0) {
        drawn.cut_side = changes.cutout;
        drawn.cut_y = within(sample.h) - changes.cutout / 2;
        drawn.cut_x = within(sample.w) - changes.cutout / 2;
    }
    return drawn;
}

/// @brief Applies a change: target(y,x) = source(y - down, x' - right), or `fill` outside, with x' = x or, flipped, W -
/// 1 - x.
///
/// Shapes: source (H,W,C), target (H,W,C), not overlapping.
/// @par Cost  one pass over the sample, no memory.
inline void apply_change(const image_change& change, const shape& sample, float fill, const float* source,
                         float* target) noexcept {
    for (int y = 0; y < sample.h; ++y) {
        const int from_y = y - change.down;
        const bool row_cut = y >= change.cut_y && y - change.cut_y < change.cut_side;
        for (int x = 0; x < sample.w; ++x, target += sample.c) {
            const int from_x = (change.flipped ? sample.w - 1 - x : x) - change.right;
            const bool cut = row_cut && x >= change.cut_x && x - change.cut_x < change.cut_side;
            if (cut || from_y < 0 || from_y >= sample.h || from_x < 0 || from_x >= sample.w) {
                std::fill_n(target, sample.c, fill);
            } else {
                std::copy_n(source + (from_y * sample.w + from_x) * sample.c, sample.c, target);
            }
        }
    }
}

/// @brief A weight from Beta(alpha, alpha), 0 < alpha <= 2. Alpha 1 is uniform and the same bits everywhere; others use
/// libm's pow.
///
/// @par Cost    on average 1 to 6 pairs of random numbers.
/// @par Source  M. Johnk (1964): u^(1/a) / (u^(1/a) + v^(1/a)), where the sum does not exceed 1.
[[nodiscard]] inline double beta_weight(double alpha, random_stream& random) {
    if (alpha == 1.0) return random.uniform();
    for (;;) {
        const double x = std::pow(random.uniform(), 1.0 / alpha);
        const double y = std::pow(random.uniform(), 1.0 / alpha);
        if (x + y > 0 && x + y <= 1) return x / (x + y);
    }
}

/// @brief Mix-up in place: target = weight * target + (1 - weight) * other. The label is mixed with the same weight.
///
/// @par Source  H. Zhang, M. Cisse, Y. Dauphin, D. Lopez-Paz (2018), section 2. The partner comes from the whole set,
///              not from the batch, so a sample's change does not depend on its batch.
inline void mix_samples(std::span<float> target, const float* other, float weight) noexcept {
    for (std::size_t i = 0; i < target.size(); ++i) target[i] = weight * target[i] + (1.0f - weight) * other[i];
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

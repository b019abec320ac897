// SPDX-License-Identifier: MIT
//
// augment.hpp - random, label-preserving augmentation of training samples: crop, flip, cutout, mix-up.
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

/// @brief The random augmentations of training samples; all off by default.
struct augmentation {
    int crop_padding = 0;  // shift by up to this many pixels in each direction; the exposed border becomes `fill`
    bool flip = false;     // mirror horizontally with probability 1/2
    int cutout = 0;        // side of a square of `fill`, in pixels, centred anywhere in the image; 0: none
    double mix_up = 0;     // alpha of the Beta(alpha, alpha) distribution of the mixing weight, at most 2; 0: none
    float fill = 0;        // 0 is the mean of normalised pixels

    [[nodiscard]] constexpr bool any() const noexcept {
        return crop_padding != 0 || flip || cutout != 0 || mix_up != 0;
    }
};

}  // namespace EENN_HOST
inline namespace EENN_ISA {

/// @brief Raises eenn::error if a member is invalid for samples of this shape.
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

/// @brief The random stream of one sample in one epoch. It depends on seed, epoch and sample alone, so results are
/// bit-reproducible for any thread count and batch size.
[[nodiscard]] constexpr random_stream augmentation_stream(std::uint64_t seed, std::uint64_t epoch,
                                                          std::uint64_t sample) noexcept {
    return {random_bits(seed, 0x6175676d656e74ULL, epoch), sample, 0};
}

/// @brief The crop, flip and cutout drawn for one sample.
struct image_change {
    int down = 0;  // shift of the rows downwards and of the columns to the right, in pixels
    int right = 0;
    bool flipped = false;  // applied after the shift
    int cut_y = 0;         // the square covers [cut_y, cut_y + cut_side), likewise in x, and may extend past the border
    int cut_x = 0;
    int cut_side = 0;
};

/// @brief Draws a change. A dimension of one pixel (such as the height of a signal) is not shifted.
///
/// @par Source  shift and flip: K. He et al. (2016), section 4.2. Cutout: T. DeVries, G. Taylor (2017), section 3.2:
///              any pixel may be the centre, so the border sometimes clips the square.
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

/// @brief Applies a change: target(y,x) = source(y - down, x' - right), or `fill` outside the image. x' = x, or W - 1 - x
/// if flipped.
///
/// Shapes: source (H,W,C), target (H,W,C), not overlapping.
/// @par Cost  one pass over the sample, allocates nothing.
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

/// @brief Draws a weight from Beta(alpha, alpha), 0 < alpha <= 2. Alpha 1 is uniform and bit-identical on every platform;
/// other values use libm's pow.
///
/// @par Cost    1 to 6 pairs of random numbers on average.
/// @par Source  M. Johnk (1964): u^(1/a) / (u^(1/a) + v^(1/a)), accepted if the sum is at most 1.
[[nodiscard]] inline double beta_weight(double alpha, random_stream& random) {
    if (alpha == 1.0) return random.uniform();
    for (;;) {
        const double x = std::pow(random.uniform(), 1.0 / alpha);
        const double y = std::pow(random.uniform(), 1.0 / alpha);
        if (x + y > 0 && x + y <= 1) return x / (x + y);
    }
}

/// @brief Mix-up in place: target = weight * target + (1 - weight) * other. The labels mix with the same weight.
///
/// @par Source  H. Zhang, M. Cisse, Y. Dauphin, D. Lopez-Paz (2018), section 2. The partner comes from the whole data
///              set rather than the batch, so the result does not depend on how samples are batched.
inline void mix_samples(std::span<float> target, const float* other, float weight) noexcept {
    for (std::size_t i = 0; i < target.size(); ++i) target[i] = weight * target[i] + (1.0f - weight) * other[i];
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// detail/share.hpp - how threads divide one step of one sample.
// Floor 2 (kernels).
#ifndef EENN_KERNELS_DETAIL_SHARE_HPP
#define EENN_KERNELS_DETAIL_SHARE_HPP

#include <cstdint>

namespace eenn::kernels {

/// @brief Part `index` of `count`. The default is everything.
struct share {
    int index = 0;
    int count = 1;

    /// Start of this share of `things`, a multiple of `grain`. The share ends where the next one begins.
    [[nodiscard]] constexpr int first(int things, int grain = 1) const noexcept { return start(index, things, grain); }
    [[nodiscard]] constexpr int last(int things, int grain = 1) const noexcept {
        return start(index + 1, things, grain);
    }

private:
    [[nodiscard]] constexpr int start(int part, int things, int grain) const noexcept {
        const int grains = (things + grain - 1) / grain;
        const std::int64_t shares = part;
        const int at = static_cast<int>(shares * grains / count) * grain;
        return at < things ? at : things;
    }
};

}  // namespace eenn::kernels

#endif

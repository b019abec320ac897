// SPDX-License-Identifier: MIT
//
// detail/padding.hpp - how far a window may extend beyond the border.
// Floor 3 (layers). Tested by tests/layers/shapes.cpp.
#ifndef EENN_LAYERS_DETAIL_PADDING_HPP
#define EENN_LAYERS_DETAIL_PADDING_HPP

#include <eenn/core/isa.hpp>
#include <eenn/layers/detail/fault.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <tuple>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Padding of a window: `same`, `valid`, or explicit amounts, which may differ on every side.
///
/// `same` gives ceil(input / stride) outputs and puts an odd element at the end, as in TensorFlow. PyTorch's padding=1
/// is `padding{1}`.
struct padding {
    enum class rule : unsigned char { explicit_amounts, same };

    rule how = rule::explicit_amounts;
    int top = 0;
    int bottom = 0;
    int left = 0;
    int right = 0;

    constexpr padding() = default;
    constexpr explicit padding(rule r) : how{r} {}
    constexpr explicit padding(int all) : top{all}, bottom{all}, left{all}, right{all} {}
    constexpr padding(int vertical, int horizontal)
        : top{vertical}, bottom{vertical}, left{horizontal}, right{horizontal} {}
    constexpr padding(int t, int b, int l, int r) : top{t}, bottom{b}, left{l}, right{r} {}

    /// Constructs from individual fields.
    [[nodiscard]] static constexpr padding of(rule r, int t, int b, int l, int right) noexcept {
        padding made{t, b, l, right};
        made.how = r;
        return made;
    }
    [[nodiscard]] constexpr auto fields() const noexcept {
        const auto& [kind, t, b, l, r] = *this;
        return std::tie(kind, t, b, l, r);
    }
    friend constexpr bool operator==(const padding&, const padding&) = default;
};

inline constexpr padding same{padding::rule::same};
inline constexpr padding valid{};

/// @brief Whether an amount is negative, or above `most_rows` or `most_columns`; if so, sets `why`.
[[nodiscard]] constexpr bool not_allowed(layer_fault& why, const padding& pad, int most_rows = most_elements,
                                         int most_columns = most_elements) {
    return not_allowed(why, "pad.top", pad.top, 0, most_rows) ||
           not_allowed(why, "pad.bottom", pad.bottom, 0, most_rows) ||
           not_allowed(why, "pad.left", pad.left, 0, most_columns) ||
           not_allowed(why, "pad.right", pad.right, 0, most_columns);
}

/// @brief Number of input elements from the first to the last tap of a window, inclusive.
[[nodiscard]] constexpr std::int64_t reach_of(std::int64_t kernel, std::int64_t dilation) noexcept {
    return (kernel - 1) * dilation + 1;
}

/// @brief One axis of a placed window: the number of outputs, and the padding before and after. outputs < 1 means that
/// the window does not fit.
struct window_axis {
    int outputs;
    int before;
    int after;
};

/// @brief Places a window of `kernel` taps, `dilation` apart, over `size` elements.
///
/// Accepts any ints: sums use 64 bits, and results saturate at the largest int. Layers reject such windows earlier.
[[nodiscard]] constexpr window_axis place_window(std::int64_t size, int kernel, int stride, int dilation,
                                                 padding::rule rule, int before, int after) noexcept {
    constexpr std::int64_t most = std::numeric_limits<int>::max();
    const auto held = [&](std::int64_t count) { return static_cast<int>(std::min(count, most)); };
    if (stride < 1) return {0, before, after};
    const std::int64_t reach = reach_of(kernel, dilation);
    if (rule == padding::rule::same) {
        const std::int64_t outputs = (size + stride - 1) / stride;
        const std::int64_t total = std::max<std::int64_t>((outputs - 1) * stride + reach - size, 0);
        return {held(outputs), held(total / 2), held(total - total / 2)};
    }
    const std::int64_t room = size + before + after - reach;
    const std::int64_t outputs = room < 0 ? 0 : room / stride + 1;
    return {held(outputs), before, after};
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

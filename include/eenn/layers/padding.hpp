// SPDX-License-Identifier: MIT
//
// padding.hpp - how far a window may reach beyond the border.
// Floor 3 (layers).
#ifndef EENN_LAYERS_PADDING_HPP
#define EENN_LAYERS_PADDING_HPP

#include <eenn/core/isa.hpp>

#include <algorithm>
#include <tuple>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Padding of a window: `same`, `valid`, or amounts of one's own, which may differ on every side.
///
/// `same` makes ceil(input / stride) outputs and puts an odd element at the end, as TensorFlow does. PyTorch's
/// padding=1 is `padding{1}`.
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

    /// From its fields.
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

/// @brief One axis of a window at its place: how many outputs, and the padding before and after. outputs < 1 is a misfit.
struct window_axis {
    int outputs;
    int before;
    int after;
};

/// @brief Lays a window of `kernel` taps, `dilation` apart, over `size` elements.
[[nodiscard]] constexpr window_axis place_window(int size, int kernel, int stride, int dilation, padding::rule rule,
                                                 int before, int after) noexcept {
    const int reach = (kernel - 1) * dilation + 1;
    if (rule == padding::rule::same) {
        const int outputs = (size + stride - 1) / stride;
        const int total = std::max((outputs - 1) * stride + reach - size, 0);
        return {outputs, total / 2, total - total / 2};
    }
    const int room = size + before + after - reach;
    return {room < 0 ? 0 : room / stride + 1, before, after};
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

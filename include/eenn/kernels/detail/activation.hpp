// SPDX-License-Identifier: MIT
//
// detail/activation.hpp - activation functions on one vector, and their derivatives.
// Floor 2 (kernels). Letters: u = input, y = output.
#ifndef EENN_KERNELS_DETAIL_ACTIVATION_HPP
#define EENN_KERNELS_DETAIL_ACTIVATION_HPP

#include <eenn/kernels/detail/activation_kind.hpp>
#include <eenn/tensor/detail/elementary.hpp>

#include <limits>

namespace eenn::kernels {

inline namespace EENN_ISA {

namespace detail {

/// none, relu and relu6 in one branch-free form; infinite bounds have no effect.
template <class T>
struct clamp {
    lanes<T> low;
    lanes<T> high;
    explicit clamp(activation f) noexcept {
        constexpr T infinity = std::numeric_limits<T>::infinity();
        static constexpr T lows[]{-infinity, T{0}, T{0}, -infinity};
        static constexpr T highs[]{infinity, infinity, T{6}, infinity};
        const auto kind = static_cast<std::size_t>(is_clamp(f.kind) ? f.kind : activation_kind::none);
        low = broadcast(lows[kind]);
        high = broadcast(highs[kind]);
    }
    [[nodiscard]] EENN_ALWAYS_INLINE lanes<T> operator()(const lanes<T>& u) const noexcept {
        return at_most(at_least(u, low), high);
    }
};

/// The other functions, which are too long to inline into every tile.
template <class T>
[[gnu::noinline]] lanes<T> apply_long(activation f, lanes<T> u) noexcept {
    const auto c = [](T value) { return broadcast(value); };
    switch (f.kind) {
        case activation_kind::leaky_relu: return where_at_most(u, c(0), times(u, c(f.slope)), u);
        case activation_kind::sigmoid: return divide(c(1), plus(c(1), exponential(minus(c(0), u))));
        case activation_kind::tanh: return hyperbolic_tangent(u);
        case activation_kind::hard_sigmoid: return at_least(at_most(madd(u, c(T{1} / 6), c(0.5)), c(1)), c(0));
        case activation_kind::hard_swish: return times(u, at_least(at_most(madd(u, c(T{1} / 6), c(0.5)), c(1)), c(0)));
        default: return u;
    }
}

}  // namespace detail

/// @brief y = f(u) per lane. NaN in, NaN out.
template <class T>
[[nodiscard]] EENN_ALWAYS_INLINE lanes<T> apply(activation f, const lanes<T>& u) noexcept {
    return is_clamp(f.kind) ? detail::clamp<T>(f)(u) : detail::apply_long<T>(f, u);
}

/// @brief du = dy f'(u) per lane, computed from y, or from u if needs_input(). At a kink, uses the flatter side: 0 for
/// relu, relu6 and hard_sigmoid, slope for leaky_relu.
template <class T>
[[nodiscard]] EENN_ALWAYS_INLINE lanes<T> derivative(activation f, const lanes<T>& dy, const lanes<T>& y,
                                                     const lanes<T>& u) noexcept {
    const auto c = [](T value) { return broadcast(value); };
    const auto zero = broadcast(T{0});
    switch (f.kind) {
        case activation_kind::none: return dy;
        case activation_kind::relu: return where_at_most(y, zero, zero, dy);
        case activation_kind::relu6: return where_at_most(y, zero, zero, where_at_most(c(6), y, zero, dy));
        case activation_kind::leaky_relu: return where_at_most(y, zero, times(dy, c(f.slope)), dy);
        case activation_kind::sigmoid: return times(dy, times(y, minus(c(1), y)));
        case activation_kind::hard_sigmoid:
            return where_at_most(y, zero, zero, where_at_most(c(1), y, zero, times(dy, c(T{1} / 6))));
        case activation_kind::tanh: return times(dy, madd(minus(zero, y), y, c(1)));
        case activation_kind::hard_swish:
            return where_at_most(u, c(-3), zero, where_at_most(c(3), u, dy, times(dy, madd(u, c(T{1} / 3), c(0.5)))));
    }
    return dy;
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

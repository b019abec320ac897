// SPDX-License-Identifier: MIT
//
// normalization.hpp - the passes of batch norm in training, and gradients through activations.
// Floor 2 (kernels). Letters: C = channels, z = what is normalised, u = what goes into the activation, y = what comes out.
//
// The caller runs them over chunks of samples and adds the chunks' sums up. Forward: moments(), then affine() with
// scale = gamma istd and shift = beta - mean scale. Backward: activation_gradient_sums(), then input_gradient().
#ifndef EENN_KERNELS_NORMALIZATION_HPP
#define EENN_KERNELS_NORMALIZATION_HPP

#include <eenn/kernels/elementwise.hpp>

namespace eenn::kernels {
inline namespace EENN_ISA {

namespace detail {

/// Pixels that are summed in T before the sum goes on in double: a rounding error of at most 32 ulp of the partial sum.
inline constexpr int rows_in_one_sum = 32;

template <class T>
EIGEN_ALWAYS_INLINE void add_lanes(double* sum, const lanes<T>& v, int count) noexcept {
    alignas(64) T each[lane_count<T>];
    store<T>(each, v);
    for (int lane = 0; lane < lane_count<T>; ++lane) {
        if (lane == count) break;
        sum[lane] += static_cast<double>(each[lane]);
    }
}

/// first[c] += sum of f(index, lanes)[0], second[c] += sum of [1], over pixels, for every channel. Two vectors of channels
/// at a time where there are two: their sums hide each other's latency.
template <class T, class F>
EIGEN_ALWAYS_INLINE void two_sums(int pixels, int channels, double* first, double* second, F&& terms) noexcept {
    constexpr int W = lane_count<T>;
    const auto add_sums = [&](int c, const lanes<T>(&acc)[2], int count) {
        add_lanes<T>(first + c, acc[0], count);
        add_lanes<T>(second + c, acc[1], count);
    };
    for (int start = 0; start < pixels; start += rows_in_one_sum) {
        const int end = std::min(pixels, start + rows_in_one_sum);
        int c = 0;
        for (; c + 2 * W <= channels; c += 2 * W) {
            constexpr std::integral_constant<int, W> whole;
            lanes<T> acc[2]{broadcast(T{0}), broadcast(T{0})};
            lanes<T> beside[2]{broadcast(T{0}), broadcast(T{0})};
            const auto add = terms(c, whole);
            const auto add_beside = terms(c + W, whole);
            for (int p = start; p < end; ++p) {
                add(static_cast<std::ptrdiff_t>(p) * channels + c, acc);
                add_beside(static_cast<std::ptrdiff_t>(p) * channels + c + W, beside);
            }
            add_sums(c, acc, W);
            add_sums(c + W, beside, W);
        }
        for_each_vector<T>(channels - c, [&](std::ptrdiff_t i, auto k) {
            lanes<T> acc[2]{broadcast(T{0}), broadcast(T{0})};
            const auto add = terms(c + i, k);
            for (int p = start; p < end; ++p) add(static_cast<std::ptrdiff_t>(p) * channels + c + i, acc);
            add_sums(c + static_cast<int>(i), acc, static_cast<int>(k));
        });
    }
}

/// f(activation) with the commonest as a constant, so that its derivative is not chosen anew for every vector.
template <class F>
EIGEN_ALWAYS_INLINE void with_activation(activation act, F&& f) {
    if (act.kind == activation_kind::relu) return f([] { return activation{activation_kind::relu, {}}; });
    f([act] { return act; });
}

}  // namespace detail

/// @brief sum[c] += sum of z, sum_of_squares[c] += sum of z^2.
///
/// @par Shapes  z (pixels,C), sums (C).
/// @par Cost    one read of z.
template <class T>
void moments(int pixels, int channels, const T* z, double* sum, double* sum_of_squares) noexcept {
    detail::two_sums<T>(pixels, channels, sum, sum_of_squares, [z](std::ptrdiff_t, auto k) {
        return [z, k](std::ptrdiff_t i, lanes<T>(&acc)[2]) {
            const lanes<T> value = detail::load_lanes<T>(z + i, k);
            acc[0] = plus(acc[0], value);
            acc[1] = madd(value, value, acc[1]);
        };
    });
}

/// @brief du = dy act'(.), from y, or from u where needs_input(act.kind) (else u may be null).
///
/// @par Shapes  dy, y, u, du (count); du may be dy.
template <class T>
void activation_gradient(std::size_t count, const T* dy, const std::type_identity_t<T>* y,
                         const std::type_identity_t<T>* u, activation act, std::type_identity_t<T>* du) noexcept {
    const std::type_identity_t<T>* const input = needs_input(act.kind) ? u : y;
    detail::with_activation(act, [&](auto which) {
        detail::for_each_vector<T>(static_cast<std::ptrdiff_t>(count), [&](std::ptrdiff_t i, auto k) {
            const lanes<T> at = detail::load_lanes<T>(input + i, k);
            detail::store_lanes<T>(du + i, derivative<T>(which(), detail::load_lanes<T>(dy + i, k), at, at), k);
        });
    });
}

/// @brief activation_gradient() and, of its du, sum_du[c] += sum du and sum_du_xhat[c] += sum du (z - mean) istd, in one
/// pass: dy, y and z are read once. With du null, dy is du already and only the sums are made.
///
/// @par Shapes  dy, y, u, z, du (pixels,C); mean, istd, sums (C); du may be dy.
template <class T>
void activation_gradient_sums(int pixels, int channels, const T* dy, const std::type_identity_t<T>* y,
                              const std::type_identity_t<T>* u, activation act, std::type_identity_t<T>* du, const T* z,
                              const T* mean, const T* istd, double* sum_du, double* sum_du_xhat) noexcept {
    const T* const input = needs_input(act.kind) ? u : y;
    const auto run = [&](auto gradient_at) {
        detail::two_sums<T>(pixels, channels, sum_du, sum_du_xhat, [=](std::ptrdiff_t c, auto k) {
            const lanes<T> middle = detail::load_lanes<T>(mean + c, k);
            const lanes<T> factor = detail::load_lanes<T>(istd + c, k);
            return [=](std::ptrdiff_t i, lanes<T>(&acc)[2]) {
                const lanes<T> d = gradient_at(i, k);
                acc[0] = plus(acc[0], d);
                acc[1] = madd(d, times(minus(detail::load_lanes<T>(z + i, k), middle), factor), acc[1]);
            };
        });
    };
    if (du == nullptr) return run([=](std::ptrdiff_t i, auto k) { return detail::load_lanes<T>(dy + i, k); });
    detail::with_activation(act, [&](auto which) {
        run([=](std::ptrdiff_t i, auto k) {
            const lanes<T> at = detail::load_lanes<T>(input + i, k);
            const lanes<T> d = derivative<T>(which(), detail::load_lanes<T>(dy + i, k), at, at);
            detail::store_lanes<T>(du + i, d, k);
            return d;
        });
    });
}

/// @brief dz = a du + b z + c, the coefficients per channel.
///
/// @par Shapes  du, z, dz (pixels,C); a, b, c (C); dz may be du.
template <class T>
void input_gradient(int pixels, int channels, const T* du, const T* z, const T* a, const T* b, const T* c,
                    T* dz) noexcept {
    for (std::ptrdiff_t p = 0; p < pixels; ++p) {
        const std::ptrdiff_t start = p * channels;
        detail::for_each_vector<T>(channels, [&](std::ptrdiff_t i, auto k) {
            const auto at = [&](const T* from) { return detail::load_lanes<T>(from, k); };
            const lanes<T> rest = madd(at(b + i), at(z + start + i), at(c + i));
            detail::store_lanes<T>(dz + start + i, madd(at(a + i), at(du + start + i), rest), k);
        });
    }
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

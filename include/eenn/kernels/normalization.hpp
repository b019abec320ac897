// SPDX-License-Identifier: MIT
//
// normalization.hpp - the passes of batch norm in training, and gradients through activations.
// Floor 2 (kernels). Letters: C = channels, z = what is normalised, u = what goes into the activation, y = what comes out.
//
// The caller runs them over chunks of samples and adds the chunks' sums up. Forward: moments(), then affine() with
// scale = gamma istd and shift = beta - mean scale. Backward: activation_gradient_sums(), then input_gradient(); where y was
// not kept, the two make it anew from z.
#ifndef EENN_KERNELS_NORMALIZATION_HPP
#define EENN_KERNELS_NORMALIZATION_HPP

#include <eenn/kernels/elementwise.hpp>

#include <tuple>
#include <utility>

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

/// The two sums of the channels from c on, so many whole vectors side by side: they hide each other's latency, and memory
/// is read in its order.
template <class T, class F, std::size_t... V>
EIGEN_ALWAYS_INLINE void add_two_sums(int start, int end, int channels, int c, double* first, double* second, F& terms,
                                      std::index_sequence<V...>) noexcept {
    constexpr std::ptrdiff_t W = lane_count<T>;
    lanes<T> acc[sizeof...(V)][2];
    ((acc[V][0] = acc[V][1] = broadcast(T{0})), ...);
    const std::tuple add(terms(c + static_cast<std::ptrdiff_t>(V) * W, std::integral_constant<int, W>{})...);
    for (std::ptrdiff_t p = start; p < end; ++p)
        (std::get<V>(add)(p * channels + c + static_cast<std::ptrdiff_t>(V) * W, acc[V]), ...);
    (add_lanes<T>(first + c + V * W, acc[V][0], W), ...);
    (add_lanes<T>(second + c + V * W, acc[V][1], W), ...);
}

/// first[c] += sum of f(index, lanes)[0], second[c] += sum of [1], over pixels, for every channel.
template <class T, class F>
EIGEN_ALWAYS_INLINE void two_sums(int pixels, int channels, double* first, double* second, F&& terms) noexcept {
    constexpr int W = lane_count<T>;
    for (int start = 0; start < pixels; start += rows_in_one_sum) {
        const int end = std::min(pixels, start + rows_in_one_sum);
        int c = 0;
        const auto whole = [&](auto count) {
            for (; c + static_cast<int>(count) * W <= channels; c += static_cast<int>(count) * W)
                add_two_sums<T>(start, end, channels, c, first, second, terms, std::make_index_sequence<count>{});
        };
        whole(std::integral_constant < std::size_t, vector_registers >= 32 ? 4 : 2 > {});
        whole(std::integral_constant<std::size_t, 2>{});
        whole(std::integral_constant<std::size_t, 1>{});
        if (c == channels) continue;
        lanes<T> acc[2]{broadcast(T{0}), broadcast(T{0})};
        const auto add = terms(c, channels - c);
        for (std::ptrdiff_t p = start; p < end; ++p) add(p * channels + c, acc);
        add_lanes<T>(first + c, acc[0], channels - c);
        add_lanes<T>(second + c, acc[1], channels - c);
    }
}

/// two_sums() of joined pixels, whose sums come together again.
template <class T, class F>
EIGEN_ALWAYS_INLINE void two_joined_sums(const joined_pixels<T>& in, double* first, double* second,
                                         F&& terms) noexcept {
    if (in.times == 1) return two_sums<T>(in.pixels, in.channels, first, second, terms);
    double firsts[lane_count<T>]{};
    double seconds[lane_count<T>]{};
    two_sums<T>(in.pixels, in.channels, firsts, seconds, terms);
    for (int i = 0; i < in.channels; ++i) {
        first[i % (in.channels / in.times)] += firsts[i];
        second[i % (in.channels / in.times)] += seconds[i];
    }
}

/// f(activation) with the commonest as a constant, so that its derivative is not chosen anew for every vector.
template <class F>
EIGEN_ALWAYS_INLINE void with_activation(activation act, F&& f) {
    if (act.kind == activation_kind::relu) return f([] { return activation{activation_kind::relu, {}}; });
    f([act] { return act; });
}

/// du of channels c: called with an index and the z there, from dy and the y that batch norm and a clamp make of that z.
template <class T, class Which>
[[nodiscard]] EIGEN_ALWAYS_INLINE auto recomputed_gradient(const T* dy, const T* scale, const T* shift,
                                                           Which which) noexcept {
    return [=](std::ptrdiff_t c, auto k) {
        const lanes<T> factor = load_lanes<T>(scale + c, k);
        const lanes<T> offset = load_lanes<T>(shift + c, k);
        const clamp<T> bounds(which());
        return [=](std::ptrdiff_t i, const lanes<T>& z) {
            const lanes<T> y = bounds(madd(z, factor, offset));
            return derivative<T>(which(), load_lanes<T>(dy + i, k), y, y);
        };
    };
}

/// sum_du[c] += sum of du, sum_du_xhat[c] += sum of du (z - mean) istd.
template <class T, class Gradient>
EIGEN_ALWAYS_INLINE void add_gradient_sums(const joined_pixels<T>& in, const T* z, const T* mean, const T* istd,
                                           double* sum_du, double* sum_du_xhat, Gradient gradient) noexcept {
    const repeated<T> means(mean, in);
    const repeated<T> istds(istd, in);
    const T* const middles = means;
    const T* const factors = istds;
    two_joined_sums<T>(in, sum_du, sum_du_xhat, [=](std::ptrdiff_t c, auto k) {
        const lanes<T> middle = load_lanes<T>(middles + c, k);
        const lanes<T> factor = load_lanes<T>(factors + c, k);
        const auto du = gradient(c, k);
        return [=](std::ptrdiff_t i, lanes<T>(&acc)[2]) {
            const lanes<T> value = load_lanes<T>(z + i, k);
            const lanes<T> d = du(i, value);
            acc[0] = plus(acc[0], d);
            acc[1] = madd(d, times(minus(value, middle), factor), acc[1]);
        };
    });
}

/// dz = a du + b z + c.
template <class T, class Gradient>
EIGEN_ALWAYS_INLINE void combine_gradient(const joined_pixels<T>& in, const T* z, const T* a, const T* b, const T* c,
                                          T* dz, Gradient gradient) noexcept {
    const repeated<T> of_du(a, in);
    const repeated<T> of_z(b, in);
    const repeated<T> constants(c, in);
    const T* const first = of_du;
    const T* const second = of_z;
    const T* const rest = constants;
    for_each_pixel<T>(in.pixels, in.channels, [=](std::ptrdiff_t channel, auto k) {
        const lanes<T> factor = load_lanes<T>(first + channel, k);
        const lanes<T> slope = load_lanes<T>(second + channel, k);
        const lanes<T> offset = load_lanes<T>(rest + channel, k);
        const auto du = gradient(channel, k);
        return [=](std::ptrdiff_t i) {
            const lanes<T> value = load_lanes<T>(z + i, k);
            store_lanes<T>(dz + i, madd(factor, du(i, value), madd(slope, value, offset)), k);
        };
    });
}

}  // namespace detail

/// @brief sum[c] += sum of z, sum_of_squares[c] += sum of z^2.
///
/// @par Shapes  z (pixels,C), sums (C).
/// @par Cost    one read of z.
template <class T>
void moments(int pixels, int channels, const T* z, double* sum, double* sum_of_squares) noexcept {
    detail::two_joined_sums<T>({pixels, channels}, sum, sum_of_squares, [z](std::ptrdiff_t, auto k) {
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
        detail::add_gradient_sums<T>({pixels, channels}, z, mean, istd, sum_du, sum_du_xhat,
                                     [=](std::ptrdiff_t, auto k) {
                                         return [=](std::ptrdiff_t i, const lanes<T>&) { return gradient_at(i, k); };
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

/// @brief activation_gradient_sums() where y was not kept: y = act(scale z + shift), of an activation that is a clamp, is
/// made anew with the bits that affine() gave it, and du is not written.
///
/// @par Shapes  dy, z (pixels,C); scale, shift, mean, istd, sums (C).
template <class T>
void recomputed_gradient_sums(int pixels, int channels, const T* dy, const T* z, const T* scale, const T* shift,
                              activation act, const T* mean, const T* istd, double* sum_du,
                              double* sum_du_xhat) noexcept {
    const detail::joined_pixels<T> all(pixels, channels);
    const detail::repeated<T> factors(scale, all);
    const detail::repeated<T> offsets(shift, all);
    detail::with_activation(act, [&](auto which) {
        detail::add_gradient_sums<T>(all, z, mean, istd, sum_du, sum_du_xhat,
                                     detail::recomputed_gradient<T>(dy, factors, offsets, which));
    });
}

/// @brief dz = a du + b z + c, the coefficients per channel.
///
/// @par Shapes  du, z, dz (pixels,C); a, b, c (C); dz may be du.
template <class T>
void input_gradient(int pixels, int channels, const T* du, const T* z, const T* a, const T* b, const T* c,
                    T* dz) noexcept {
    detail::combine_gradient<T>({pixels, channels}, z, a, b, c, dz, [=](std::ptrdiff_t, auto k) {
        return [=](std::ptrdiff_t i, const lanes<T>&) { return detail::load_lanes<T>(du + i, k); };
    });
}

/// @brief input_gradient() of du = dy act'(scale z + shift), see recomputed_gradient_sums().
///
/// @par Shapes  dy, z, dz (pixels,C); scale, shift, a, b, c (C); dz may be dy.
template <class T>
void recomputed_input_gradient(int pixels, int channels, const T* dy, const T* z, const T* scale, const T* shift,
                               activation act, const T* a, const T* b, const T* c, T* dz) noexcept {
    const detail::joined_pixels<T> all(pixels, channels);
    const detail::repeated<T> factors(scale, all);
    const detail::repeated<T> offsets(shift, all);
    detail::with_activation(act, [&](auto which) {
        detail::combine_gradient<T>(all, z, a, b, c, dz, detail::recomputed_gradient<T>(dy, factors, offsets, which));
    });
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

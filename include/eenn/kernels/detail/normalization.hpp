// SPDX-License-Identifier: MIT
//
// detail/normalization.hpp - the passes of batch norm in training, and gradients through activations.
// Floor 2 (kernels). Letters: C = channels, z = input of the norm, u = input of the activation, y = output.
//
// The caller runs these passes over chunks of samples and adds up the sums of the chunks. Forward: moments(), then
// affine() with scale = gamma istd and shift = beta - mean scale. Backward: activation_gradient_sums(), then
// input_gradient(). If y was not stored, both recompute it from z.
#ifndef EENN_KERNELS_DETAIL_NORMALIZATION_HPP
#define EENN_KERNELS_DETAIL_NORMALIZATION_HPP

#include <eenn/kernels/detail/elementwise.hpp>

namespace eenn::kernels {
inline namespace EENN_ISA {

namespace detail {

/// sum += each. A separate function, whose loop compilers vectorise.
template <class T, class Lanes>
[[gnu::noinline]] void add_in_double(const T* each, Lanes count, double* sum) noexcept {
    for (int i = 0; i < count; ++i) sum[i] += static_cast<double>(each[i]);
}

/// Two sums per channel; in double across passes, in T within a pass.
template <class T>
struct two_sums {
    double* first;
    double* second;

    struct column {
        lanes<T> first;
        lanes<T> second;
    };
    template <class Lanes>
    EENN_ALWAYS_INLINE void begin(column& at, int, Lanes) const noexcept {
        at.first = at.second = broadcast(T{0});
    }
    template <class Lanes>
    EENN_ALWAYS_INLINE void end(const column& at, int c, Lanes k) const noexcept {
        add(first + c, at.first, k);
        add(second + c, at.second, k);
    }

private:
    template <class Lanes>
    EENN_ALWAYS_INLINE static void add(double* sum, const lanes<T>& v, Lanes k) noexcept {
        alignas(64) T each[lane_count<T>];
        store<T>(each, v);
        add_in_double(each, k, sum);
    }
};

/// run(two_sums); then adds up the sums of joined pixels.
template <class T, class F>
EENN_ALWAYS_INLINE void with_sums(const joined_pixels<T>& in, double* first, double* second, F&& run) noexcept {
    double firsts[lane_count<T>]{};
    double seconds[lane_count<T>]{};
    const bool joined = in.times > 1;
    run(two_sums<T>{joined ? firsts : first, joined ? seconds : second});  // one call: it inlines the whole pass
    if (!joined) return;
    for (int i = 0; i < in.channels; ++i) {
        first[i % (in.channels / in.times)] += firsts[i];
        second[i % (in.channels / in.times)] += seconds[i];
    }
}

template <class T>
struct moments_pass : two_sums<T> {
    const T* z;

    template <class Lanes>
    EENN_ALWAYS_INLINE void step(typename two_sums<T>::column& at, std::ptrdiff_t i, Lanes k) const noexcept {
        const lanes<T> value = load_lanes<T>(z + i, k);
        at.first = plus(at.first, value);
        at.second = madd(value, value, at.second);
    }
};

/// f(activation), with the most common one as a constant, so that its derivative is not selected again for every
/// vector.
template <class F>
EENN_ALWAYS_INLINE void with_activation(activation act, F&& f) {
    if (act.kind == activation_kind::relu) return f([] { return activation{activation_kind::relu, {}}; });
    f([act] { return act; });
}

/// As above for a clamp: the compiler can then omit the derivatives of the other functions.
template <class F>
EENN_ALWAYS_INLINE void with_clamp(activation act, F&& f) {
    if (act.kind == activation_kind::relu) return f([] { return activation{activation_kind::relu, {}}; });
    f([six = act.kind == activation_kind::relu6] {
        return activation{six ? activation_kind::relu6 : activation_kind::none, {}};
    });
}

/// du as stored in memory.
template <class T>
struct kept_gradient {
    const T* du;

    struct column {};
    template <class Lanes>
    EENN_ALWAYS_INLINE void begin(column&, int, Lanes) const noexcept {}
    template <class Lanes>
    [[nodiscard]] EENN_ALWAYS_INLINE lanes<T> at(const column&, std::ptrdiff_t i, const lanes<T>&,
                                                 Lanes k) const noexcept {
        return load_lanes<T>(du + i, k);
    }
};

/// du = dy relu'(y), which is also written to memory.
template <class T>
struct written_gradient {
    const T* dy;
    const T* y;
    T* du;

    struct column {};
    template <class Lanes>
    EENN_ALWAYS_INLINE void begin(column&, int, Lanes) const noexcept {}
    template <class Lanes>
    [[nodiscard]] EENN_ALWAYS_INLINE lanes<T> at(const column&, std::ptrdiff_t i, const lanes<T>&,
                                                 Lanes k) const noexcept {
        const lanes<T> zero = broadcast(T{0});
        const lanes<T> d = where_at_most(load_lanes<T>(y + i, k), zero, zero, load_lanes<T>(dy + i, k));
        store_lanes<T>(du + i, d, k);
        return d;
    }
};

/// du = dy act'(y), with y recomputed from z by batch norm and clamp.
template <class T, class Which>
struct recomputed_gradient {
    const T* dy;
    const T* scale;
    const T* shift;
    Which which;
    clamp<T> bounds{which()};

    struct column {
        lanes<T> factor;
        lanes<T> offset;
    };
    template <class Lanes>
    EENN_ALWAYS_INLINE void begin(column& at, int c, Lanes k) const noexcept {
        at.factor = load_lanes<T>(scale + c, k);
        at.offset = load_lanes<T>(shift + c, k);
    }
    template <class Lanes>
    [[nodiscard]] EENN_ALWAYS_INLINE lanes<T> at(const column& channels, std::ptrdiff_t i, const lanes<T>& z,
                                                 Lanes k) const noexcept {
        const lanes<T> y = bounds(madd(z, channels.factor, channels.offset));
        return derivative<T>(which(), load_lanes<T>(dy + i, k), y, y);
    }
};

/// f(recomputed_gradient), with coefficients repeated for joined pixels.
template <class T, class F>
void with_recomputed_gradient(const joined_pixels<T>& in, const T* dy, const T* scale, const T* shift, activation act,
                              F&& f) noexcept {
    const repeated<T> factors(scale, in);
    const repeated<T> offsets(shift, in);
    with_clamp(act, [&](auto which) { f(recomputed_gradient<T, decltype(which)>{dy, factors, offsets, which}); });
}

/// sum_du[c] += sum of du, sum_du_xhat[c] += sum of du (z - mean) istd.
template <class T, class Gradient>
struct gradient_sums_pass {
    const T* z;
    const T* mean;
    const T* istd;
    Gradient gradient;
    two_sums<T> sums;

    struct column {
        lanes<T> middle;
        lanes<T> factor;
        typename Gradient::column of_gradient;
        typename two_sums<T>::column of_sums;
    };
    template <class Lanes>
    EENN_ALWAYS_INLINE void begin(column& at, int c, Lanes k) const noexcept {
        at.middle = load_lanes<T>(mean + c, k);
        at.factor = load_lanes<T>(istd + c, k);
        gradient.begin(at.of_gradient, c, k);
        sums.begin(at.of_sums, c, k);
    }
    template <class Lanes>
    EENN_ALWAYS_INLINE void step(column& at, std::ptrdiff_t i, Lanes k) const noexcept {
        const lanes<T> value = load_lanes<T>(z + i, k);
        const lanes<T> d = gradient.at(at.of_gradient, i, value, k);
        at.of_sums.first = plus(at.of_sums.first, d);
        at.of_sums.second = madd(d, times(minus(value, at.middle), at.factor), at.of_sums.second);
    }
    template <class Lanes>
    EENN_ALWAYS_INLINE void end(const column& at, int c, Lanes k) const noexcept {
        sums.end(at.of_sums, c, k);
    }
};

/// dz = a du + b z + c.
template <class T, class Gradient>
struct input_gradient_pass {
    const T* z;
    const T* a;
    const T* b;
    const T* c;
    Gradient gradient;
    T* dz;

    struct column {
        lanes<T> factor;
        lanes<T> slope;
        lanes<T> offset;
        typename Gradient::column of_gradient;
    };
    template <class Lanes>
    EENN_ALWAYS_INLINE void begin(column& at, int channel, Lanes k) const noexcept {
        at.factor = load_lanes<T>(a + channel, k);
        at.slope = load_lanes<T>(b + channel, k);
        at.offset = load_lanes<T>(c + channel, k);
        gradient.begin(at.of_gradient, channel, k);
    }
    template <class Lanes>
    EENN_ALWAYS_INLINE void step(const column& at, std::ptrdiff_t i, Lanes k) const noexcept {
        const lanes<T> value = load_lanes<T>(z + i, k);
        const lanes<T> du = gradient.at(at.of_gradient, i, value, k);
        store_lanes<T>(dz + i, madd(at.factor, du, madd(at.slope, value, at.offset)), k);
    }
};

/// The sums of a gradient over all pixels.
template <class T, class Gradient>
void add_gradient_sums(const joined_pixels<T>& in, const T* z, const T* mean, const T* istd, const Gradient& gradient,
                       double* sum_du, double* sum_du_xhat) noexcept {
    const repeated<T> means(mean, in);
    const repeated<T> istds(istd, in);
    with_sums<T>(in, sum_du, sum_du_xhat, [&](const two_sums<T>& sums) {
        run_pass<T>(in.pixels, in.channels, gradient_sums_pass<T, Gradient>{z, means, istds, gradient, sums});
    });
}

template <class T, class Gradient>
void combine_gradient(const joined_pixels<T>& in, const Gradient& gradient, const T* z, const T* a, const T* b,
                      const T* c, T* dz) noexcept {
    const repeated<T> of_du(a, in);
    const repeated<T> of_z(b, in);
    const repeated<T> constants(c, in);
    run_pass<T>(in.pixels, in.channels, input_gradient_pass<T, Gradient>{z, of_du, of_z, constants, gradient, dz});
}

}  // namespace detail

/// @brief sum[c] += sum of z, sum_of_squares[c] += sum of z^2.
///
/// @par Shapes  z (pixels,C), sums (C).
/// @par Cost    one read of z.
template <class T>
void moments(int pixels, int channels, const T* z, double* sum, double* sum_of_squares) noexcept {
    const detail::joined_pixels<T> all(pixels, channels);
    detail::with_sums<T>(all, sum, sum_of_squares, [&](const detail::two_sums<T>& sums) {
        detail::run_pass<T>(all.pixels, all.channels, detail::moments_pass<T>{sums, z});
    });
}

/// @brief du = dy act'(.), computed from y, or from u if needs_input(act.kind); otherwise u may be null.
///
/// @par Shapes  dy, y, u, du (count); du may be dy.
template <class T>
void activation_gradient(std::size_t count, const T* dy, const std::type_identity_t<T>* y,
                         const std::type_identity_t<T>* u, activation act, std::type_identity_t<T>* du) noexcept {
    if (act.kind == activation_kind::none) return copy(count, dy, du);
    const std::type_identity_t<T>* const input = needs_input(act.kind) ? u : y;
    detail::with_activation(act, [&](auto which) {
        detail::for_each_vector<T>(static_cast<std::ptrdiff_t>(count), [&](std::ptrdiff_t i, auto k) {
            const lanes<T> at = detail::load_lanes<T>(input + i, k);
            detail::store_lanes<T>(du + i, derivative<T>(which(), detail::load_lanes<T>(dy + i, k), at, at), k);
        });
    });
}

/// @brief activation_gradient() and, for its du, sum_du[c] += sum du and sum_du_xhat[c] += sum du (z - mean) istd. One
/// pass for relu: dy, y and z are read once. If du is null, dy already is du and only the sums are computed.
///
/// @par Shapes  dy, y, u, z, du (pixels,C); mean, istd, sums (C); du may be dy.
template <class T>
void activation_gradient_sums(int pixels, int channels, const T* dy, const std::type_identity_t<T>* y,
                              const std::type_identity_t<T>* u, activation act, std::type_identity_t<T>* du, const T* z,
                              const T* mean, const T* istd, double* sum_du, double* sum_du_xhat) noexcept {
    const detail::joined_pixels<T> all(pixels, channels);
    const auto run = [&](const auto& gradient) {
        detail::add_gradient_sums<T>(all, z, mean, istd, gradient, sum_du, sum_du_xhat);
    };
    if (du == nullptr) return run(detail::kept_gradient<T>{dy});
    if (act.kind == activation_kind::relu) return run(detail::written_gradient<T>{dy, y, du});
    activation_gradient(static_cast<std::size_t>(pixels) * static_cast<std::size_t>(channels), dy, y, u, act, du);
    run(detail::kept_gradient<T>{du});
}

/// @brief activation_gradient_sums() for a y that was not stored. y = act(scale z + shift), where act is a clamp, is
/// recomputed bit-identically to affine(); du is not written.
///
/// @par Shapes  dy, z (pixels,C); scale, shift, mean, istd, sums (C).
template <class T>
void recomputed_gradient_sums(int pixels, int channels, const T* dy, const T* z, const T* scale, const T* shift,
                              activation act, const T* mean, const T* istd, double* sum_du,
                              double* sum_du_xhat) noexcept {
    const detail::joined_pixels<T> all(pixels, channels);
    detail::with_recomputed_gradient<T>(all, dy, scale, shift, act, [&](const auto& gradient) {
        detail::add_gradient_sums<T>(all, z, mean, istd, gradient, sum_du, sum_du_xhat);
    });
}

/// @brief dz = a du + b z + c, with coefficients per channel.
///
/// @par Shapes  du, z, dz (pixels,C); a, b, c (C); dz may be du.
template <class T>
void input_gradient(int pixels, int channels, const T* du, const T* z, const T* a, const T* b, const T* c,
                    T* dz) noexcept {
    detail::combine_gradient<T>({pixels, channels}, detail::kept_gradient<T>{du}, z, a, b, c, dz);
}

/// @brief input_gradient() with du = dy act'(scale z + shift), see recomputed_gradient_sums().
///
/// @par Shapes  dy, z, dz (pixels,C); scale, shift, a, b, c (C); dz may be dy.
template <class T>
void recomputed_input_gradient(int pixels, int channels, const T* dy, const T* z, const T* scale, const T* shift,
                               activation act, const T* a, const T* b, const T* c, T* dz) noexcept {
    const detail::joined_pixels<T> all(pixels, channels);
    detail::with_recomputed_gradient<T>(all, dy, scale, shift, act, [&](const auto& gradient) {
        detail::combine_gradient<T>(all, gradient, z, a, b, c, dz);
    });
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

// SPDX-License-Identifier: MIT
//
// detail/winograd_forms.hpp - the one-dimensional Winograd transforms in each form (method.hpp).
// Floor 2 (kernels). Letters: M = outputs of a tile, R = taps of a filter, N = M + R - 1 = points, d, g, m = inputs of a
// tile, filter, product.
//
// M neighbouring outputs of a filter of R taps take N multiplications instead of M R: y = A' [(G g) (B' d)]. Row p of G
// and of A contains the powers of point p (in G, divided by the product of its distances to the other points); B'
// follows. The points are 0, 1, -1, infinity; with N = 6 also 2, -2; with N = 8 also 1/2, -1/2. B' depends on N alone,
// so one input transform serves filters of 3, 5 and 7 taps. An axis with one tap and one output is not transformed.
// Source: Lavin and Gray (2016), "Fast algorithms for convolutional neural networks", section 4; Winograd (1980),
// "Arithmetic complexity of computations", section IV.
#ifndef EENN_KERNELS_DETAIL_WINOGRAD_FORMS_HPP
#define EENN_KERNELS_DETAIL_WINOGRAD_FORMS_HPP

#include <eenn/kernels/detail/method.hpp>
#include <eenn/tensor/detail/simd.hpp>

#include <array>
#include <cstddef>

namespace eenn::kernels {

inline namespace EENN_ISA {

namespace winograd {

/// Powers of the points. Apart from 0 and infinity, points come in pairs p and -p, where p runs through the first of 1,
/// 2 and 1/2. A table, because clang 14 would call a function from the unrolled loops.
template <class T>
inline constexpr T powers[3][7]{
    {1, 1, 1, 1, 1, 1, 1}, {1, 2, 4, 8, 16, 32, 64}, {1, 1.0 / 2, 1.0 / 4, 1.0 / 8, 1.0 / 16, 1.0 / 32, 1.0 / 64}};
/// Rows p and -p of G have the same divisor, the product of the distances to the other points.
template <class T, int N>
struct point_pairs;
template <class T>
struct point_pairs<T, 1> {
    static constexpr int count = 0;
};
template <class T>
struct point_pairs<T, 4> {
    static constexpr int count = 1;
    static constexpr T distances[count]{2}, at_zero = 1;
};
template <class T>
struct point_pairs<T, 6> {
    static constexpr int count = 2;
    static constexpr T distances[count]{-6, 24}, at_zero = 1.0 / 4;
};
template <class T>
struct point_pairs<T, 8> {
    static constexpr int count = 3;
    static constexpr T distances[count]{-4.5, 90, 45.0 / 32}, at_zero = 1;
};

/// u = G g.
template <std::size_t N, class T, std::size_t R>
[[nodiscard]] constexpr std::array<T, N> transformed_filter(const std::array<T, R>& g) noexcept {
    static_assert(N == 1 || N == 4 || N == 6 || N == 8, "no such form");
    if constexpr (N == 1) {
        return g;
    } else if constexpr (N == 4) {
        const T outer = (g[0] + g[2]) / T{2};
        return {g[0], outer + g[1] / T{2}, outer - g[1] / T{2}, g[2]};
    } else if constexpr (N == 6) {
        const T outer = (g[0] + g[2]) / T{-6};
        const T far = g[0] / T{24} + g[2] / T{6};
        return {g[0] / T{4}, outer - g[1] / T{6}, outer + g[1] / T{6}, far + g[1] / T{12}, far - g[1] / T{12}, g[2]};
    } else {
        std::array<T, N> u{};
        u[0] = g[0];
        using pairs = point_pairs<T, 8>;
        for (std::size_t p = 0; p < pairs::count; ++p) {
            const T distance = pairs::distances[p];
            T sums[2]{};
            for (std::size_t k = 0; k < R; ++k) sums[k % 2] += g[k] * powers<T>[p][k];  // these products are exact
            u[2 * p + 1] = (sums[0] + sums[1]) / distance;
            u[2 * p + 2] = (sums[0] - sums[1]) / distance;
        }
        u[7] = g[R - 1];
        return u;
    }
}

/// t = B' d.
template <class T>
EENN_ALWAYS_INLINE void transform_input(const lanes<T> (&d)[1], lanes<T> (&t)[1]) noexcept {
    t[0] = d[0];
}
template <class T>
EENN_ALWAYS_INLINE void transform_input(const lanes<T> (&d)[4], lanes<T> (&t)[4]) noexcept {
    t[0] = minus(d[0], d[2]);
    t[1] = plus(d[1], d[2]);
    t[2] = minus(d[2], d[1]);
    t[3] = minus(d[1], d[3]);
}
template <class T>
EENN_ALWAYS_INLINE void transform_input(const lanes<T> (&d)[6], lanes<T> (&t)[6]) noexcept {
    const auto c = [](T value) { return broadcast(value); };
    const lanes<T> even = madd(c(-4), d[2], d[4]);
    const lanes<T> odd = madd(c(-4), d[1], d[3]);
    const lanes<T> even_far = minus(d[4], d[2]);
    const lanes<T> odd_far = minus(d[3], d[1]);
    t[0] = madd(c(4), minus(d[0], d[2]), even_far);
    t[1] = plus(even, odd);
    t[2] = minus(even, odd);
    t[3] = madd(c(2), odd_far, even_far);
    t[4] = madd(c(-2), odd_far, even_far);
    t[5] = madd(c(-4), odd_far, minus(d[5], d[3]));
}
template <class T>
EENN_ALWAYS_INLINE void transform_input(const lanes<T> (&d)[8], lanes<T> (&t)[8]) noexcept {
    const auto c = [](T value) { return broadcast(value); };
    t[0] = madd(c(5.25), minus(d[4], d[2]), minus(d[0], d[6]));
    t[7] = madd(c(5.25), minus(d[3], d[5]), minus(d[7], d[1]));
    const lanes<T> even = madd(c(-4.25), d[4], plus(d[2], d[6]));
    const lanes<T> odd = madd(c(-4.25), d[3], plus(d[1], d[5]));
    t[1] = plus(even, odd);
    t[2] = minus(even, odd);
    const lanes<T> even_of_two = madd(c(0.25), d[2], madd(c(-1.25), d[4], d[6]));
    const lanes<T> odd_of_two = madd(c(0.25), d[1], madd(c(-1.25), d[3], d[5]));  // half of the odd part
    t[3] = madd(c(2), odd_of_two, even_of_two);
    t[4] = madd(c(-2), odd_of_two, even_of_two);
    const lanes<T> even_of_half = madd(c(4), d[2], madd(c(-5), d[4], d[6]));
    const lanes<T> odd_of_half = madd(c(4), d[1], madd(c(-5), d[3], d[5]));  // twice the odd part
    t[5] = madd(c(0.5), odd_of_half, even_of_half);
    t[6] = madd(c(-0.5), odd_of_half, even_of_half);
}

/// y = A' m.
template <class T>
EENN_ALWAYS_INLINE void transform_output(const lanes<T> (&m)[1], lanes<T> (&y)[1]) noexcept {
    y[0] = m[0];
}
template <class T>
EENN_ALWAYS_INLINE void transform_output(const lanes<T> (&m)[4], lanes<T> (&y)[2]) noexcept {
    y[0] = plus(m[0], plus(m[1], m[2]));
    y[1] = minus(minus(m[1], m[2]), m[3]);
}
template <class T>
EENN_ALWAYS_INLINE void transform_output(const lanes<T> (&m)[6], lanes<T> (&y)[4]) noexcept {
    const auto c = [](T value) { return broadcast(value); };
    const lanes<T> near_sum = plus(m[1], m[2]);
    const lanes<T> near_difference = minus(m[1], m[2]);
    const lanes<T> far_sum = plus(m[3], m[4]);
    const lanes<T> far_difference = minus(m[3], m[4]);
    y[0] = plus(m[0], plus(near_sum, far_sum));
    y[1] = madd(c(2), far_difference, near_difference);
    y[2] = madd(c(4), far_sum, near_sum);
    y[3] = plus(m[5], madd(c(8), far_difference, near_difference));
}
template <class T, int M>
EENN_ALWAYS_INLINE void transform_output(const lanes<T> (&m)[8], lanes<T> (&y)[M]) noexcept {
    const auto factor = [](int k, int j) { return broadcast(powers<T>[k][j]); };
    const lanes<T> sums[]{plus(m[1], m[2]), plus(m[3], m[4]), plus(m[5], m[6])};
    const lanes<T> differences[]{minus(m[1], m[2]), minus(m[3], m[4]), minus(m[5], m[6])};
    y[0] = plus(plus(m[0], sums[0]), plus(sums[1], sums[2]));
    EENN_UNROLL
    for (int j = 1; j < M; ++j) {
        const auto& of = j % 2 == 0 ? sums : differences;
        y[j] = madd(factor(1, j), of[1], madd(factor(2, j), of[2], of[0]));
    }
    y[M - 1] = plus(y[M - 1], m[7]);
}

/// m = A y: the gradient of the products from the gradient of the outputs.
template <class T, int M, int N>
EENN_ALWAYS_INLINE void transform_output_gradient(const lanes<T> (&y)[M], lanes<T> (&m)[N]) noexcept {
    m[0] = y[0];
    if constexpr (N > 1) {
        const auto factor = [](int k, int j) { return broadcast(powers<T>[k][j]); };
        EENN_UNROLL
        for (int k = 0; k < point_pairs<T, N>::count; ++k) {
            lanes<T> even = y[0];
            EENN_UNROLL
            for (int j = 2; j < M; j += 2) even = madd(factor(k, j), y[j], even);
            lanes<T> odd = times(factor(k, 1), y[1]);
            EENN_UNROLL
            for (int j = 3; j < M; j += 2) odd = madd(factor(k, j), y[j], odd);
            m[2 * k + 1] = plus(even, odd);
            m[2 * k + 2] = minus(even, odd);
        }
        m[N - 1] = N == 4 ? minus(broadcast(T{0}), y[M - 1]) : y[M - 1];  // sign as in transform_output()
    }
}

/// g = G' u: the gradient of the filter from the gradient of the transformed filter.
template <class T, int N, int R>
EENN_ALWAYS_INLINE void transform_filter_gradient(const lanes<T> (&u)[N], lanes<T> (&g)[R]) noexcept {
    if constexpr (N == 1) {
        g[0] = u[0];
    } else {
        using pairs = point_pairs<T, N>;
        lanes<T> sums[pairs::count], differences[pairs::count];
        EENN_UNROLL
        for (int k = 0; k < pairs::count; ++k) {
            sums[k] = plus(u[2 * k + 1], u[2 * k + 2]);
            differences[k] = minus(u[2 * k + 1], u[2 * k + 2]);
        }
        EENN_UNROLL
        for (int r = 0; r < R; ++r) {
            const auto factor = [&](int k) { return broadcast(powers<T>[k][r] / pairs::distances[k]); };
            g[r] = times(factor(0), r % 2 == 0 ? sums[0] : differences[0]);
            EENN_UNROLL
            for (int k = 1; k < pairs::count; ++k) g[r] = madd(factor(k), r % 2 == 0 ? sums[k] : differences[k], g[r]);
        }
        g[0] = madd(broadcast(pairs::at_zero), u[0], g[0]);
        g[R - 1] = plus(g[R - 1], u[N - 1]);
    }
}

}  // namespace winograd

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

// SPDX-License-Identifier: MIT
//
// detail/elementary.hpp - exp, exp - 1, tanh and log for vectors and scalars, bit-identical on every machine.
// Floor 1 (tensor); device subset. Letters: V = a vector of simd.hpp, or a float or double; T = its element.
//
// Uses only operations that IEEE 754 rounds identically everywhere: sums, products, quotients and comparisons. No
// product is fused with a sum; rounded() prevents it whatever -ffp-contract says. A lane of AVX-512, a lane of NEON and
// a scalar therefore agree bit for bit; a NaN is only guaranteed to be a NaN. This requires rounding to nearest, no
// flushing of subnormals to zero, and no -ffast-math.
#ifndef EENN_TENSOR_DETAIL_ELEMENTARY_HPP
#define EENN_TENSOR_DETAIL_ELEMENTARY_HPP

#include <eenn/tensor/detail/simd.hpp>

#include <bit>
#include <limits>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Constants of the functions below. The polynomials have minimal error on their intervals.
template <class T>
struct elementary_constants;

template <>
struct elementary_constants<float> {
    static constexpr int digits = 23;                        // fraction bits
    static constexpr int bias = 127;                         // exponent bias
    static constexpr float shift = 0x1.8p23F;                // x + shift - shift rounds x to an integer
    static constexpr float overflow = 89, underflow = -104;  // exp is infinity above, 0 below
    static constexpr float all_but_one = -18;                // below it exp(x) - 1 is -1
    static constexpr float tiny = 0x1p-26F;                  // for smaller |x|, exp(x) - 1 is x
    static constexpr float log2_e = 0x1.715476p0F;           // 1 / ln 2
    static constexpr float ln2_high = 0x1.62e4p-1F;          // 15 bits, so its product with an exponent is exact
    static constexpr float ln2_low = 0x1.7f7d1cp-20F;        // the rest
    // (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2, to 2^-24
    static constexpr float exponential[]{0x1p-1F, 0x1.5554dcp-3F, 0x1.5554b8p-5F, 0x1.120c68p-7F, 0x1.6d76a2p-10F};
    // (log((1 + s) / (1 - s)) - 2 s) / s^3 as a polynomial in s^2, for s <= 0.172, to 2^-22
    static constexpr float logarithm[]{0x1.55555cp-1F, 0x1.997bf8p-2F, 0x1.2eee4ap-2F};
    static constexpr std::uint32_t root_of_half = 0x3f3504f3;  // bits of sqrt(1/2)
};

template <>
struct elementary_constants<double> {
    static constexpr int digits = 52;
    static constexpr int bias = 1023;
    static constexpr double shift = 0x1.8p52;
    static constexpr double overflow = 710, underflow = -746;
    static constexpr double all_but_one = -40;
    static constexpr double tiny = 0x1p-55;
    static constexpr double log2_e = 0x1.71547652b82fep0;
    static constexpr double ln2_high = 0x1.62e42ffp-1;  // 32 bits
    static constexpr double ln2_low = -0x1.718432a1b0e26p-35;
    // to 2^-53
    static constexpr double exponential[]{0x1.0000000000001p-1,  0x1.5555555555558p-3,  0x1.5555555553d04p-5,
                                          0x1.111111110f7a1p-7,  0x1.6c16c178b0957p-10, 0x1.a01a01b03b239p-13,
                                          0x1.a019b87ed90bfp-16, 0x1.71ddf62f73ed2p-19, 0x1.28922e333be4dp-22,
                                          0x1.af6423f2e5791p-26};
    // to 2^-51
    static constexpr double logarithm[]{0x1.5555555555558p-1, 0x1.99999999951bep-2, 0x1.2492492e0f0b6p-2,
                                        0x1.c71c62c211302p-3, 0x1.7462be2de2547p-3, 0x1.39fd33e032f93p-3,
                                        0x1.2b662c6636b49p-3};
    static constexpr std::uint64_t root_of_half = 0x3fe6a09e667f3bcd;
};

namespace elementary {

template <class V>
using constants = elementary_constants<typename lane_of<V>::type>;
template <class V>
using bits = typename lane_of<V>::bits;

/// a b + c with both operations rounded.
template <class V>
[[nodiscard]] EENN_ALWAYS_INLINE V rounded_madd(const V& a, const V& b, const V& c) noexcept {
    return plus(rounded(times(a, b)), c);
}

/// terms[0] + terms[1] x + ...
template <class V, class T, std::size_t N>
[[nodiscard]] EENN_ALWAYS_INLINE V polynomial(const T (&terms)[N], const V& x) noexcept {
    V sum = every_lane<V>(terms[N - 1]);
    EENN_UNROLL
    for (std::size_t k = N - 1; k > 0; --k) sum = rounded_madd(sum, x, every_lane<V>(terms[k - 1]));
    return sum;
}

/// 2^n for an integer n whose power is a normal number.
template <class V>
[[nodiscard]] EENN_ALWAYS_INLINE V power_of_two(const V& n) noexcept {
    using C = constants<V>;
    const V shifted = plus(n, every_lane<V>(C::shift));  // n is in the lowest bits
    return std::bit_cast<V>((std::bit_cast<bits<V>>(shifted) + C::bias) << C::digits);
}

/// x rounded to the nearest integer.
template <class V>
[[nodiscard]] EENN_ALWAYS_INLINE V nearest_integer(const V& x) noexcept {
    const V shift = every_lane<V>(constants<V>::shift);
    return minus(rounded(plus(x, shift)), shift);
}

template <class V>
[[nodiscard]] EENN_ALWAYS_INLINE V without_sign(const V& x) noexcept {
    return std::bit_cast<V>(std::bit_cast<bits<V>>(x) << 1 >> 1);
}
/// x with the sign of `of`; x must not be negative.
template <class V>
[[nodiscard]] EENN_ALWAYS_INLINE V with_sign(const V& x, const V& of) noexcept {
    constexpr int top = 8 * sizeof(typename lane_of<V>::type) - 1;
    return std::bit_cast<V>(std::bit_cast<bits<V>>(x) | (std::bit_cast<bits<V>>(of) >> top << top));
}

/// x = n ln 2 + r with integer n and |r| <= ln 2 / 2; `rest` is e^r - 1.
template <class V>
struct reduced {
    V n;
    V rest;
    EENN_ALWAYS_INLINE explicit reduced(const V& x) noexcept {
        using C = constants<V>;
        n = nearest_integer(rounded(times(x, every_lane<V>(C::log2_e))));
        const V high = minus(x, rounded(times(n, every_lane<V>(C::ln2_high))));
        const V r = minus(high, rounded(times(n, every_lane<V>(C::ln2_low))));
        rest = rounded_madd(times(r, r), polynomial(C::exponential, r), r);
    }
};

}  // namespace elementary

/// @brief e^x, to 1.1 units in the last place. Infinity above 88.7 (double: 709.7), subnormal below -87.3 (-708.3), 0
/// below -103.9 (-745.1).
///
/// @par Cost    About 30 operations for float, 40 for double.
/// @par Source  Cody, Waite (1980), "Software manual for the elementary functions", chapter 6: range reduction with ln
///              2 split into two parts.
template <class V>
[[nodiscard]] inline V exponential(V x) noexcept {
    using namespace elementary;
    using C = constants<V>;
    const reduced<V> part{at_most(at_least(x, every_lane<V>(C::underflow)), every_lane<V>(C::overflow))};
    // 2^n is applied as two factors: 2^n itself may not be a normal number, and only the last product rounds.
    const V half = nearest_integer(times(part.n, every_lane<V>(0.5F)));
    const V y = times(plus(every_lane<V>(1), part.rest), power_of_two(half));
    return rounded(times(y, power_of_two(minus(part.n, half))));
}

/// @brief e^x - 1 without cancellation at small x, to 2.5 units in the last place. Returns x itself if it is tiny,
/// including -0.
///
/// @par Cost    Like exponential().
template <class V>
[[nodiscard]] inline V exponential_minus_one(V x) noexcept {
    using namespace elementary;
    using C = constants<V>;
    const reduced<V> part{at_most(at_least(x, every_lane<V>(C::all_but_one)), every_lane<V>(C::overflow))};
    // Computed at half scale, because 2^n can overflow where the result does not.
    const V half = every_lane<V>(0.5F);
    const V scale = power_of_two(minus(part.n, every_lane<V>(1)));
    const V y = times(rounded_madd(scale, part.rest, minus(scale, half)), every_lane<V>(2));
    return rounded(where_at_most(without_sign(x), every_lane<V>(C::tiny), x, y));
}

/// @brief tanh x = -t / (2 + t) with t = e^(-2 |x|) - 1 and the sign of x, to 3 units in the last place.
///
/// @par Cost    Like exponential(), plus a division.
template <class V>
[[nodiscard]] inline V hyperbolic_tangent(V x) noexcept {
    using namespace elementary;
    const V t = exponential_minus_one(times(without_sign(x), every_lane<V>(-2)));
    return with_sign(divide(without_sign(t), plus(every_lane<V>(2), t)), x);
}

/// @brief The natural logarithm, to 0.9 units in the last place. -infinity for 0 and -0, NaN for negative x, infinity
/// for infinity.
///
/// @par Cost    About 35 operations, one of them a division; four more for double.
/// @par Source  Tang (1990), "Table-driven implementation of the logarithm function in IEEE floating-point arithmetic":
///              log(1 + f) = log((1 + s) / (1 - s)) with s = f / (2 + f). Here without the table, and with f - f^2 / 2
///              kept separate.
template <class V>
[[nodiscard]] inline V logarithm(V x) noexcept {
    using namespace elementary;
    using C = constants<V>;
    using T = typename lane_of<V>::type;
    constexpr T infinity = std::numeric_limits<T>::infinity();
    const V zero = every_lane<V>(0);
    const V one = every_lane<V>(1);
    // x = 2^n (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)); subnormals are first scaled to normal numbers.
    const V normal = every_lane<V>(std::numeric_limits<T>::min());
    const V raised = where_at_most(normal, x, x, times(x, every_lane<V>(T{1} / std::numeric_limits<T>::epsilon())));
    const V offset = where_at_most(normal, x, zero, every_lane<V>(C::digits));
    const auto moved = std::bit_cast<bits<V>>(raised) + (std::bit_cast<bits<V>>(one) - C::root_of_half);
    const V exponent = std::bit_cast<V>((moved >> C::digits) + std::bit_cast<bits<V>>(every_lane<V>(C::shift)));
    const V n = minus(minus(exponent, every_lane<V>(C::shift + C::bias)), offset);
    constexpr bits<T> fraction = (bits<T>{1} << C::digits) - 1;
    const V f = minus(std::bit_cast<V>((moved & fraction) + C::root_of_half), one);
    const V s = divide(f, plus(every_lane<V>(2), f));
    const V square = times(s, s);
    const V half_square = rounded(times(times(f, f), every_lane<V>(T{0.5})));
    const V rest = rounded_madd(square, polynomial(C::logarithm, square), half_square);
    const V low = rounded_madd(s, rest, rounded(times(n, every_lane<V>(C::ln2_low))));
    const V y = minus(rounded(times(n, every_lane<V>(C::ln2_high))), minus(minus(half_square, low), f));
    const V at_ends = where_at_most(
        x, zero, where_equal(x, zero, every_lane<V>(-infinity), every_lane<V>(std::numeric_limits<T>::quiet_NaN())), y);
    return rounded(where_equal(x, every_lane<V>(infinity), x, where_equal(x, x, at_ends, x)));
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
#include <eenn/tensor/detail/elementary.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using namespace eenn;

namespace {

template <class T>
using bits_of = typename lane_of<T>::bits;
template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T>
constexpr T nan = std::numeric_limits<T>::quiet_NaN();

/// How far `got` is from `wanted`, in units of the last place of the number next to `wanted`.
template <class T>
double units(T got, long double wanted) {
    if (std::isnan(got) || std::isnan(wanted)) return std::isnan(got) && std::isnan(wanted) ? 0 : 1e9;
    const T nearest = static_cast<T>(wanted);
    if (std::isinf(got) || std::isinf(nearest)) return got == nearest ? 0 : 1e9;
    int exponent = 0;
    std::frexp(nearest, &exponent);
    using limits = std::numeric_limits<T>;
    if (nearest == 0) exponent = limits::min_exponent;
    const T unit = std::ldexp(T{1}, std::max(exponent, limits::min_exponent) - limits::digits);
    return static_cast<double>(std::abs(static_cast<long double>(got) - wanted) / static_cast<long double>(unit));
}

/// f(x) for numbers of all sizes and signs, NaN and infinity among them, and densely between low and high.
template <class T, class F>
void sweep(double low, double high, F&& f) {
    constexpr int near = 300'000;
    for (int i = 0; i <= near; ++i) f(static_cast<T>(low + (high - low) * i / near));
    constexpr bits_of<T> all = ~bits_of<T>{0};
    constexpr bits_of<T> step = sizeof(T) == 4 ? 14'407 : all / 300'007;
    for (bits_of<T> x = 0; x <= all - step; x += step) f(std::bit_cast<T>(x));
}

template <class T, class Ours, class Exact>
double worst(double low, double high, Ours&& ours, Exact&& exact) {
    double most = 0;
    sweep<T>(low, high, [&](T x) { most = std::max(most, units(ours(x), exact(static_cast<long double>(x)))); });
    return most;
}

template <class T>
constexpr double far = sizeof(T) == 4 ? 90 : 720;  // beyond it exp overflows

template <class T>
void agrees_with_long_double() {
    const auto exp = [](T x) { return exponential(x); };
    const auto exact_exp = [](long double x) { return std::exp(x); };
    CHECK(worst<T>(-1.15 * far<T>, far<T>, exp, exact_exp) < 1.1);
    CHECK(worst<T>(-1, 1, exp, exact_exp) < 1.1);
    const auto minus_one = [](T x) { return exponential_minus_one(x); };
    CHECK(worst<T>(-3, 3, minus_one, [](long double x) { return std::expm1(x); }) < 2.5);
    const auto tanh = [](T x) { return hyperbolic_tangent(x); };
    CHECK(worst<T>(-3, 3, tanh, [](long double x) { return std::tanh(x); }) < 3);
    const auto log = [](T x) { return logarithm(x); };
    CHECK(worst<T>(0.4, 3, log, [](long double x) { return x < 0 ? nan<long double> : std::log(x); }) < 0.9);
}

template <class T>
bool is_positive_zero(T x) {
    return x == 0 && !std::signbit(x);
}
template <class T>
bool is_negative_zero(T x) {
    return x == 0 && std::signbit(x);
}

template <class T>
void special_values() {
    using limits = std::numeric_limits<T>;
    CHECK(exponential(T{0}) == 1);
    CHECK(exponential(T{-0.0}) == 1);
    CHECK(exponential(infinity<T>) == infinity<T>);
    CHECK(is_positive_zero(exponential(-infinity<T>)));
    CHECK(std::isnan(exponential(nan<T>)));
    const long double end = std::log(static_cast<long double>(limits::max()));
    T largest = static_cast<T>(end);
    if (static_cast<long double>(largest) > end) largest = std::nextafter(largest, T{0});
    CHECK(exponential(largest) < infinity<T>);
    CHECK(exponential(largest) > limits::max() / 2);
    CHECK(exponential(std::nextafter(largest, infinity<T>)) == infinity<T>);
    CHECK(exponential(limits::max()) == infinity<T>);
    const T least = static_cast<T>(std::log(static_cast<long double>(limits::denorm_min())));
    CHECK(exponential(least) == limits::denorm_min());
    CHECK(is_positive_zero(exponential(least - 1)));
    CHECK(is_positive_zero(exponential(limits::lowest())));

    CHECK(is_positive_zero(exponential_minus_one(T{0})));
    CHECK(is_negative_zero(exponential_minus_one(T{-0.0})));
    CHECK(exponential_minus_one(limits::denorm_min()) == limits::denorm_min());
    CHECK(exponential_minus_one(-limits::min()) == -limits::min());
    CHECK(exponential_minus_one(infinity<T>) == infinity<T>);
    CHECK(exponential_minus_one(-infinity<T>) == -1);
    CHECK(exponential_minus_one(largest) < infinity<T>);
    CHECK(exponential_minus_one(limits::max()) == infinity<T>);
    CHECK(std::isnan(exponential_minus_one(nan<T>)));

    CHECK(is_positive_zero(hyperbolic_tangent(T{0})));
    CHECK(is_negative_zero(hyperbolic_tangent(T{-0.0})));
    CHECK(hyperbolic_tangent(limits::denorm_min()) == limits::denorm_min());
    CHECK(hyperbolic_tangent(-limits::min()) == -limits::min());
    CHECK(hyperbolic_tangent(infinity<T>) == 1);
    CHECK(hyperbolic_tangent(limits::lowest()) == -1);
    CHECK(std::isnan(hyperbolic_tangent(nan<T>)));

    CHECK(is_positive_zero(logarithm(T{1})));
    CHECK(logarithm(T{0}) == -infinity<T>);
    CHECK(logarithm(T{-0.0}) == -infinity<T>);
    CHECK(std::isnan(logarithm(T{-1})));
    CHECK(std::isnan(logarithm(-infinity<T>)));
    CHECK(logarithm(infinity<T>) == infinity<T>);
    CHECK(logarithm(limits::denorm_min()) == least);
    CHECK(std::isnan(logarithm(nan<T>)));
}

/// Each lane of V has the bits of the plain number.
template <class K, class F>
void lanes_agree(double low, double high, F&& f) {
    using T = element<K>;
    constexpr auto W = static_cast<std::size_t>(lane_count<K>);
    std::vector<T> x;
    sweep<T>(low, high, [&](T value) { x.push_back(value); });
    x.resize((x.size() + W - 1) / W * W);
    std::size_t different = 0;
    for (std::size_t i = 0; i < x.size(); i += W) {
        T y[W];
        store<K>(y, f(load<K>(&x[i])));
        for (std::size_t k = 0; k < W; ++k) {
            const T alone = f(x[i + k]);
            const bool both_nan = std::isnan(alone) && std::isnan(y[k]);
            if (!both_nan && std::bit_cast<bits_of<T>>(alone) != std::bit_cast<bits_of<T>>(y[k])) ++different;
        }
    }
    CHECK(different == 0);
}

template <class K>
void all_lanes_agree() {
    constexpr double wide = far<element<K>>;
    lanes_agree<K>(-1.15 * wide, wide, [](auto v) { return exponential(v); });
    lanes_agree<K>(-3, 3, [](auto v) { return exponential_minus_one(v); });
    lanes_agree<K>(-3, 3, [](auto v) { return hyperbolic_tangent(v); });
    lanes_agree<K>(0.4, 3, [](auto v) { return logarithm(v); });
}

}  // namespace

TEST_CASE("tensor/elementary: values by hand") {
    CHECK(exponential(1.0F) == 2.71828183F);
    CHECK(exponential(1.0) == doctest::Approx(2.718281828459045).epsilon(1e-15));
    CHECK(exponential(-0.6931471805599453) == 0.5);
    CHECK(exponential_minus_one(1e-10) == 1.00000000005e-10);
    CHECK(hyperbolic_tangent(0.5F) == doctest::Approx(0.46211716F).epsilon(1e-7));
    CHECK(hyperbolic_tangent(20.0F) == 1);
    CHECK(logarithm(2.0F) == 0.693147181F);
    CHECK(logarithm(10.0) == 2.302585092994046);
    CHECK(logarithm(0.25) == -1.3862943611198906);
}

TEST_CASE(
    "tensor/elementary: errors stay below 1.1 units in the last place for exp, 2.5 for exp - 1, 3 for tanh, 0.9 for "
    "log") {
    agrees_with_long_double<float>();
    agrees_with_long_double<double>();
}

TEST_CASE("tensor/elementary: zeros, infinities, NaN, and where results overflow and underflow") {
    special_values<float>();
    special_values<double>();
}

TEST_CASE("tensor/elementary: every lane of a vector has the bits of a plain number") {
    all_lanes_agree<float>();
    all_lanes_agree<double>();
    all_lanes_agree<narrow<float>>();
    all_lanes_agree<narrow<double>>();
}

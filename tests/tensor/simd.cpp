// SPDX-License-Identifier: MIT
#include <eenn/tensor/detail/simd.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

namespace {

using namespace eenn;

template <class T>
void partial_vectors() {
    using E = element<T>;
    constexpr int W = lane_count<T>;
    for (int count = 0; count <= W; ++count) {
        std::vector<E> from(static_cast<std::size_t>(count));  // exactly as long: a sanitizer sees a byte beyond
        for (int i = 0; i < count; ++i) from[static_cast<std::size_t>(i)] = static_cast<E>(i + 1);
        E all[W];
        store<T>(all, load_first<T>(from.data(), count));
        for (int i = 0; i < W; ++i) CHECK(all[i] == (i < count ? static_cast<E>(i + 1) : E{0}));
        std::vector<E> to(static_cast<std::size_t>(count), E{-1});
        store_first<T>(to.data(), load<T>(all), count);
        CHECK(to == from);
    }
}

template <class T>
void multiply_add() {
    // 1 + 2^-k squared needs one rounding or two: with FMA the small term survives.
    const T tiny = std::ldexp(T{1}, sizeof(T) == 4 ? -13 : -27);
    T out[lane_count<T>];
    store<T>(out, madd(broadcast(T{1} + tiny), broadcast(T{1} + tiny), broadcast(-(T{1} + 2 * tiny))));
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    CHECK(out[0] == tiny * tiny);
#else
    CHECK((out[0] == T{0} || out[0] == tiny * tiny));
#endif
}

}  // namespace

TEST_CASE("tensor/simd: partial vectors touch no byte beyond their lanes") {
    partial_vectors<float>();
    partial_vectors<double>();
    if constexpr (has_narrow<float>) partial_vectors<narrow<float>>();
    if constexpr (has_narrow<double>) partial_vectors<narrow<double>>();
}

TEST_CASE("tensor/simd: madd rounds once where the machine can") {
    multiply_add<float>();
    multiply_add<double>();
}

// SPDX-License-Identifier: MIT
//
// generated.hpp - random tensors and geometries for the tests of the kernels, and how results are compared.
#ifndef EENN_TESTS_KERNELS_GENERATED_HPP
#define EENN_TESTS_KERNELS_GENERATED_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/core/random.hpp>
#include <eenn/kernels/detail/convolution.hpp>
#include <eenn/kernels/detail/pooling.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

namespace generated {

inline constexpr float not_written = std::numeric_limits<float>::quiet_NaN();
inline constexpr int odd_channels[] = {1, 2, 3, 4, 7, 8, 9, 12, 15, 16, 17, 24, 31, 33};

/// Numbers in [-1, 1) and, after them, one vector of NaN: a kernel that reads beyond the end and uses it shows.
template <class T>
struct numbers : eenn::aligned_vector<T> {
    numbers(std::size_t count, eenn::random_stream& random) : eenn::aligned_vector<T>(count + 16) {
        for (std::size_t i = 0; i < count; ++i) (*this)[i] = static_cast<T>(random.uniform(-1, 1));
        for (std::size_t i = count; i < count + 16; ++i) (*this)[i] = std::numeric_limits<T>::quiet_NaN();
    }
};

template <class T>
[[nodiscard]] eenn::aligned_vector<double> in_double(const eenn::aligned_vector<T>& from, bool magnitude = false) {
    eenn::aligned_vector<double> to(from.begin(), from.end());
    if (magnitude) {
        for (double& value : to) value = std::abs(value);
    }
    return to;
}

inline int pick(eenn::random_stream& random, int low, int high) {
    return low + static_cast<int>(random.below(static_cast<std::uint64_t>(high - low + 1)));
}

inline std::string describe(const eenn::kernels::convolution& g) {
    return eenn::to_string(g.in) + " -> " + eenn::to_string(g.out) + ", kernel " + std::to_string(g.kernel_h) + "x" +
           std::to_string(g.kernel_w) + ", stride " + std::to_string(g.stride_h) + "x" + std::to_string(g.stride_w) +
           ", pad " + std::to_string(g.pad_top) + "," + std::to_string(g.pad_left) + ", dilation " +
           std::to_string(g.dilation_h) + "x" + std::to_string(g.dilation_w) + ", groups " + std::to_string(g.groups);
}

/// A convolution with everything odd: sizes, paddings that differ on all sides and may exceed the kernel, kernels larger
/// than the input, signals of one row, groups and depthwise.
inline eenn::kernels::convolution any_convolution(eenn::random_stream& random) {
    for (;;) {
        eenn::kernels::convolution g;
        const auto channels = [&] { return odd_channels[random.below(std::size(odd_channels))]; };
        g.in = {random.below(4) == 0 ? 1 : pick(random, 1, 12), pick(random, 1, 15), channels()};
        g.out.c = channels();
        switch (random.below(5)) {
            case 0: g.out.c = g.groups = g.in.c; break;  // depthwise
            case 1:
                g.groups = pick(random, 2, 3);
                g.in.c = g.groups * pick(random, 1, 9);
                g.out.c = g.groups * pick(random, 1, 9);
                break;
            case 2:
                g.groups = g.in.c;
                g.out.c = 2 * g.in.c;
                break;  // channel multiplier
            default: break;
        }
        g.kernel_h = g.in.h == 1 ? 1 : pick(random, 1, 5);
        g.kernel_w = pick(random, 1, 5);
        g.stride_h = pick(random, 1, 3);
        g.stride_w = pick(random, 1, 3);
        g.dilation_h = random.below(3) == 0 ? pick(random, 2, 3) : 1;
        g.dilation_w = random.below(3) == 0 ? pick(random, 2, 3) : 1;
        const int reach_h = (g.kernel_h - 1) * g.dilation_h + 1;
        const int reach_w = (g.kernel_w - 1) * g.dilation_w + 1;
        g.pad_top = pick(random, 0, reach_h);
        g.pad_left = pick(random, 0, reach_w);
        const int room_h = g.in.h + g.pad_top + pick(random, 0, reach_h) - reach_h;
        const int room_w = g.in.w + g.pad_left + pick(random, 0, reach_w) - reach_w;
        if (room_h < 0 || room_w < 0) continue;
        g.out.h = room_h / g.stride_h + 1;
        g.out.w = room_w / g.stride_w + 1;
        return g;
    }
}

/// |got - wanted| <= k epsilon magnitude, magnitude being the sum of the magnitudes of the terms. Returns the first index
/// that fails, or -1.
template <class T>
[[nodiscard]] int first_difference(const T* got, const double* wanted, const double* magnitude, std::size_t count,
                                   double k) {
    for (std::size_t i = 0; i < count; ++i) {
        const double bound = k * static_cast<double>(std::numeric_limits<T>::epsilon()) * magnitude[i];
        if (!(std::abs(static_cast<double>(got[i]) - wanted[i]) <= bound)) return static_cast<int>(i);
    }
    return -1;
}

/// The first element whose bits differ, or -1.
template <class T>
[[nodiscard]] int first_bit_difference(const T* a, const T* b, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        if (std::memcmp(a + i, b + i, sizeof(T)) != 0) return static_cast<int>(i);
    }
    return -1;
}

}  // namespace generated

#endif

// SPDX-License-Identifier: MIT
#include <eenn/kernels/detail/window.hpp>

#include <eenn/core/random.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace eenn;
using kernels::axis;

namespace {

axis any_axis(random_stream& random) {
    const auto pick = [&](int low, int high) {
        return low + static_cast<int>(random.below(static_cast<std::uint64_t>(high - low + 1)));
    };
    return {pick(1, 9), pick(1, 12), pick(0, 6), pick(1, 4), pick(1, 3), pick(-3, 8)};
}
bool inside(const axis& a, int o, int t) {
    const auto i = a.input_of(o, t);
    return i >= 0 && i < a.in;
}

}  // namespace

TEST_CASE("kernels/window: division rounds down and up for both signs") {
    for (int a = -20; a <= 20; ++a) {
        for (int b = 1; b < 5; ++b) {
            CHECK(kernels::floor_divide(a, b) * b <= a);
            CHECK(kernels::floor_divide(a, b) * b > a - b);
            CHECK(kernels::ceil_divide(a, b) * b >= a);
            CHECK(kernels::ceil_divide(a, b) * b < a + b);
        }
    }
}

TEST_CASE("kernels/window: ranges hold exactly the taps and outputs that meet the input") {
    random_stream random{1, 1};
    for (int i = 0; i < 500; ++i) {
        const axis a = any_axis(random);
        for (int o = 0; o < a.out; ++o) {
            const auto taps = a.taps_at(o);
            for (int t = 0; t < a.taps; ++t) CHECK_EQ(inside(a, o, t), t >= taps.first && t < taps.last);
        }
        for (int t = 0; t < a.taps; ++t) {
            const auto outputs = a.outputs_of(t);
            for (int o = 0; o < a.out; ++o) CHECK_EQ(inside(a, o, t), o >= outputs.first && o < outputs.last);
        }
    }
}

TEST_CASE("kernels/window: runs cover every output once, in order, each with its taps") {
    random_stream random{1, 2};
    for (int i = 0; i < 500; ++i) {
        const axis a = any_axis(random);
        int next = 0;
        kernels::for_each_run(a, [&](axis::range outputs, axis::range taps) {
            CHECK_EQ(outputs.first, next);
            CHECK(outputs.last > outputs.first);
            next = outputs.last;
            for (int o = outputs.first; o < outputs.last; ++o) CHECK(a.taps_at(o) == taps);
        });
        CHECK_EQ(next, a.out);
    }
}

TEST_CASE("kernels/window: a plane of 3x3 windows with padding has three runs an axis") {
    int runs = 0;
    kernels::for_each_run(axis{8, 8, 3, 1, 1, 1}, [&](axis::range, axis::range) { ++runs; });
    CHECK_EQ(runs, 3);
}

TEST_CASE("kernels/window: residue classes together hold every product once") {
    random_stream random{1, 3};
    for (int i = 0; i < 500; ++i) {
        const axis a = any_axis(random);
        std::vector<int> seen(static_cast<std::size_t>(a.in * a.out), 0);  // taps that join input and output, + 1
        for (int residue = 0; residue < a.stride; ++residue) {
            const auto c = kernels::gradient_window(a, residue);
            for (int u = 0; u < c.window.out; ++u) {
                for (int t = 0; t < c.window.taps; ++t) {
                    if (!inside(c.window, u, t)) continue;
                    const auto o = static_cast<int>(c.window.input_of(u, t));
                    const int tap = c.first_tap - t * c.tap_step;
                    const int input = u * a.stride + residue;
                    REQUIRE(input < a.in);
                    CHECK_EQ(a.input_of(o, tap), input);
                    seen[static_cast<std::size_t>(input * a.out + o)] = tap + 1;
                }
            }
        }
        for (int o = 0; o < a.out; ++o) {
            for (int t = 0; t < a.taps; ++t) {
                if (inside(a, o, t)) CHECK_EQ(seen[static_cast<std::size_t>(a.input_of(o, t) * a.out + o)], t + 1);
            }
        }
    }
}

// expect gcc: wrong_network<.*"layer 1 \(conv2d\): channels not divisible by groups: channels of the input is 3, allowed multiples of 2"
// expect clang: layer_is_wrong\(1, &"conv2d"\[0\], &"channels not divisible by groups"\[0\], &"channels of the input"\[0\], &"is"\[0\], 3, &"allowed multiples of"\[0\], 2\)
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

constexpr graph wrong() {
    graph g{{4, 4, 3}};
    g(conv2d{.filters = 4, .groups = 2});
    return g;
}
}  // namespace

int main() { return static_cast<int>(network<wrong>::macs); }

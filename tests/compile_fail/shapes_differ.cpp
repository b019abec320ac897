// expect gcc: wrong_network<.*"layer 3 \(add\): shapes differ, expected 8x8x7, got 8x8x4"
// expect clang: layer_is_wrong\(3, &"add"\[0\], &"shapes differ"\[0\], &"expected"\[0\], \{8, 8, 7\}, &"got"\[0\], \{8, 8, 4\}\)
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

constexpr graph wrong() {
    graph g{{8, 8, 4}};
    g(relu{});
    g.residual([](auto& b) { b(conv2d{.filters = 7}); });
    return g;
}
}  // namespace

int main() { return static_cast<int>(network<wrong>::macs); }

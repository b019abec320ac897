// expect gcc: wrong_network<.*"layer 2 \(conv2d\): window larger than its padded input, expected 5x5x6, got 4x4x6"
// expect clang: layer_is_wrong\(2, &"conv2d"\[0\], &"window larger than its padded input"\[0\], &"expected"\[0\], \{5, 5, 6\}, &"got"\[0\], \{4, 4, 6\}\)
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

constexpr graph wrong() {
    graph g{{4, 4, 3}};
    g(conv2d{.filters = 6}, conv2d{.filters = 2, .kernel_h = 5, .kernel_w = 5, .pad = valid});
    return g;
}
}  // namespace

int main() { return static_cast<int>(network<wrong>::macs); }

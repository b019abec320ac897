// expect gcc: wrong_network<.*"layer 2 \(conv2d\): too large: 16384x16384x1 gives 17179869184 elements, at most 268435456"
// expect clang: layer_is_wrong\(2, &"conv2d"\[0\], &"too large"\[0\], \{16384, 16384, 1\}, &"gives"\[0\], 17179869184, &"elements"\[0\], &"at most"\[0\], 268435456\)
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

constexpr graph wrong() {
    graph g{{1 << 14, 1 << 14, 1}};
    g(relu{}, conv2d{.filters = 64});
    return g;
}
}  // namespace

int main() { return static_cast<int>(network<wrong>::macs); }

// expect gcc: wrong_network<.*"layer 3 \(dense\): too large: 1x1x268435456 gives 2\.1617278e17 parameters in all, at most 1\.4411519e17"
// expect clang: layer_is_wrong\(3, &"dense"\[0\], &"too large"\[0\], \{1, 1, 268435456\}, &"gives"\[0\], 216172782113783808, &"parameters in all"\[0\], &"at most"\[0\], 144115188075855872\)
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

constexpr graph wrong() {
    graph g{{1, 1, 1 << 28}};
    for (int i = 0; i < 3; ++i) g(dense{.units = 1 << 28, .bias = false});
    return g;
}
}  // namespace

int main() { return static_cast<int>(network<wrong>::macs); }

// expect gcc: wrong_network<.*"layer 1 \(average_pool\): kernel_h is -2, allowed \[1, 268435456\]"
// expect clang: layer_is_wrong\(1, &"average_pool"\[0\], &"kernel_h"\[0\], &"is"\[0\], -2, &"allowed"\[0\], &"\["\[0\], 1, 268435456, &"\]"\[0\]\)
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

constexpr graph wrong() {
    graph g{{4, 4, 3}};
    g(average_pool{.kernel_h = -2});
    return g;
}
}  // namespace

int main() { return static_cast<int>(network<wrong>::macs); }

// expect gcc: wrong_network<.*"layer 2 \(dropout\): rate is 1, allowed \[0, 1\)"
// expect clang: layer_is_wrong\(2, &"dropout"\[0\], &"rate"\[0\], &"is"\[0\], 1, &"allowed"\[0\], &"\["\[0\], 0, 1, &"\)"\[0\]\)
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

constexpr graph wrong() {
    graph g{{4, 4, 3}};
    g(relu{}, dropout{.rate = 1.0});
    return g;
}
}  // namespace

int main() { return static_cast<int>(network<wrong>::macs); }

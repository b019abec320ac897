// expect gcc: wrong_network<.*"layer 1 \(leaky_relu\): slope is 1\.5, allowed \(0, 1\)"
// expect clang: layer_is_wrong\(1, &"leaky_relu"\[0\], &"slope"\[0\], &"is"\[0\], 1\.500000e\+00, &"allowed"\[0\], &"\("\[0\], 0\.000000e\+00, 1\.000000e\+00, &"\)"\[0\]\)
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

constexpr graph wrong() {
    graph g{{4, 4, 3}};
    g(leaky_relu{.slope = 1.5});
    return g;
}
}  // namespace

int main() { return static_cast<int>(network<wrong>::macs); }

// expect gcc: wrong_network<.*"layer 1 \(max_pool\): pad.left is 2, allowed \[0, 1\]"
// expect clang: layer_is_wrong\(1, &"max_pool"\[0\], &"pad.left"\[0\], &"is"\[0\], 2, &"allowed"\[0\], &"\["\[0\], 0, 1, &"\]"\[0\]\)
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

constexpr graph wrong() {
    graph g{{4, 4, 3}};
    g(max_pool{.pad = padding{0, 0, 2, 0}});
    return g;
}
}  // namespace

int main() { return static_cast<int>(network<wrong>::macs); }

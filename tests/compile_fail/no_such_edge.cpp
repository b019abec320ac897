// expect gcc: wrong_network<.*"layer 2 \(graph\): no such edge: 9, allowed \[0, 1\]"
// expect clang: layer_is_wrong\(2, &"graph"\[0\], &"no such edge"\[0\], &"is"\[0\], 9, &"allowed"\[0\], &"\["\[0\], 0, 1, &"\]"\[0\]\)
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

constexpr graph wrong() {
    graph g{{4, 4, 3}};
    g(relu{});
    g.join(add{}, g.here(), edge{9});
    return g;
}
}  // namespace

int main() { return static_cast<int>(network<wrong>::macs); }

// expect gcc: wrong_network<.*"layer 2 \(add\): wrong number of inputs: 1, allowed 2"
// expect clang: layer_is_wrong\(2, &"add"\[0\], &"wrong number of inputs"\[0\], &"is"\[0\], 1, &"allowed"\[0\], &"\["\[0\], 2, 2, &"\]"\[0\]\)
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

constexpr graph wrong() {
    graph g{{4, 4, 3}};
    g(relu{});
    g.join(add{}, g.here());
    return g;
}
}  // namespace

int main() { return static_cast<int>(network<wrong>::macs); }

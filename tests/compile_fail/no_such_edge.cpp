// expect: no_such_edge
// expect: expected<.*1, 1, 2
// expect: got<.*1, 1, 9
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

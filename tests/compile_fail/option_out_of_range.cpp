// expect: at_layer<1>
// expect: option_out_of_range
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

constexpr graph wrong() {
    graph g{{4, 4, 3}};
    g(dense{.units = 0});
    return g;
}
}  // namespace

int main() { return static_cast<int>(network<wrong>::macs); }

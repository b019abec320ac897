// expect: at_layer<3>
// expect: shapes_differ
// expect: expected<.*8, 8, 7
// expect: got<.*8, 8, 4
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

constexpr graph wrong() {
    graph g{{8, 8, 4}};
    g(relu{});
    g.residual([](auto& b) { b(conv2d{.filters = 7}); });
    return g;
}
}  // namespace

int main() { return static_cast<int>(network<wrong>::macs); }

// expect-ok
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

constexpr graph wrong() {
    graph g{{8, 8, 4}};
    g.residual([](auto& b) { b(conv2d{.filters = 4}); });
    return g(global_average_pool{}, dense{.units = 3});
}
}  // namespace

int main() { return static_cast<int>(network<wrong>::macs); }

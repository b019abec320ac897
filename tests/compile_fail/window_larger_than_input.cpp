// expect: at_layer<2>
// expect: window_larger_than_input
// expect: expected<.*5, 5, 6
// expect: got<.*4, 4, 6
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

constexpr graph wrong() {
    graph g{{4, 4, 3}};
    g(conv2d{.filters = 6}, conv2d{.filters = 2, .kernel_h = 5, .kernel_w = 5, .pad = valid});
    return g;
}
}  // namespace

int main() { return static_cast<int>(network<wrong>::macs); }

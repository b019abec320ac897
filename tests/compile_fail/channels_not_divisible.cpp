// expect: at_layer<1>
// expect: channels_not_divisible_by_groups
// expect: expected<.*1, 1, 2
// expect: got<.*1, 3, 4
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

constexpr graph wrong() {
    graph g{{4, 4, 3}};
    g(conv2d{.filters = 4, .groups = 2});
    return g;
}
}  // namespace

int main() { return static_cast<int>(network<wrong>::macs); }

// expect: at_layer<2>
// expect: wrong_number_of_inputs
// expect: expected<.*1, 1, 2
// expect: got<.*1, 1, 1
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

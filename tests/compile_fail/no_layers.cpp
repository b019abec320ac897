// expect: at_layer<0>
// expect: wrong_number_of_inputs
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

constexpr graph wrong() { return graph{{4, 4, 3}}; }
}  // namespace

int main() { return static_cast<int>(network<wrong>::macs); }

// expect gcc: wrong_network<.*"layer 0 \(graph\): number of layers is 0, allowed \[1, infinity\)"
// expect clang: layer_is_wrong\(0, &"graph"\[0\], &"number of layers"\[0\], &"is"\[0\], 0\.000000e\+00, &"allowed"\[0\], &"\["\[0\], 1\.000000e\+00, INF, &"\)"\[0\]\)
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

constexpr graph wrong() { return graph{{4, 4, 3}}; }
}  // namespace

int main() { return static_cast<int>(network<wrong>::macs); }

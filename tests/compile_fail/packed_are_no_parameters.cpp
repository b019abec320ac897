// expect: no matching (function|constructor)
// SPDX-License-Identifier: MIT
#include <eenn/network/detail/packed_weights.hpp>

namespace {
using namespace eenn;
}  // namespace

void wrong(const executable<float>& net, const packed_weights<float>& packed) {
    const packed_weights<float> again{net, packed};
}

// expect: (could not convert|cannot convert|no known conversion|no viable conversion|conversion).*packed_view
// SPDX-License-Identifier: MIT
#include <eenn/network/detail/packed_weights.hpp>

namespace {
using namespace eenn;

void runs_on(packed_view<float>) {}
}  // namespace

void wrong(const aligned_vector<float>& parameters) { runs_on(parameters); }

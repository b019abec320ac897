// expect: batch_inference: the state of this decider outlives a sample
// SPDX-License-Identifier: MIT
#include <eenn/exits/infer_batch.hpp>
#include <eenn/policies/deciders.hpp>

namespace {
using namespace eenn;
}  // namespace

void decide_many(const executable<float>& net) { batch_inference<float, running_quantile<2>> batch{net}; }

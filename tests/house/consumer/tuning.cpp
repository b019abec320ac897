// SPDX-License-Identifier: MIT
//
// tuning.cpp - a user's program that has the tuning table which the variable EENN_TUNING names, or the library's own.
#include <eenn/kernels/tuning.hpp>

static_assert((eenn::kernels::tuning::winograd_input == 77) == OWN_TABLE, "EENN_TUNING does what it says");

int main() {}

// SPDX-License-Identifier: MIT
//
// device.cpp - a user's program for a device: compiled without exceptions and without RTTI.
#include <eenn/core/version.hpp>
#include <eenn/infer.hpp>

int main() { return eenn::version.major < 0; }

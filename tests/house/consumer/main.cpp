// SPDX-License-Identifier: MIT
//
// main.cpp - a program of a user that says which library it was built with.
#include <eenn/core/version.hpp>

#include <cstdio>

int main() { std::printf("eenn %d.%d.%d\n", eenn::version.major, eenn::version.minor, eenn::version.patch); }

// SPDX-License-Identifier: MIT
//
// main.cpp - doctest's main, once for all test programs.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

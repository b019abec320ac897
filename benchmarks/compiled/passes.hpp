// SPDX-License-Identifier: MIT
//
// passes.hpp - one pass of each of the six networks, as functions that another translation unit times.
#ifndef EENN_BENCHMARKS_COMPILED_PASSES_HPP
#define EENN_BENCHMARKS_COMPILED_PASSES_HPP

#include <functional>
#include <string>
#include <vector>

/// @brief A network, ready to be repeated: a sample through all of it, and a training step of 16.
struct network_passes {
    std::string name;
    std::function<void()> inference;
    std::function<void()> training;
};

/// Types, specialised for this machine's instructions: native.cpp is compiled with -march=native.
std::vector<network_passes> native_passes();

#endif

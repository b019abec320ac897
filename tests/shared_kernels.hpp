// SPDX-License-Identifier: MIT
//
// shared_kernels.hpp - comes before the sources that run networks made at run time: their kernels, nearly all of the
// library, are compiled once, in shared_kernels.cpp.
#ifndef EENN_TESTS_SHARED_KERNELS_HPP
#define EENN_TESTS_SHARED_KERNELS_HPP

#include <eenn/network/runtime_network.hpp>
#include <eenn/network/standard.hpp>

extern template class eenn::runtime_network<float, eenn::graph>;

#endif

// SPDX-License-Identifier: MIT
//
// kernels.cpp - the kernels of one instruction set: compiled once for each, with its flags, under the name that
// EENN_KERNEL_SET gives. All other symbols of the object are made local (CMakeLists.txt), templates of the standard library
// included, so that nothing of it runs on a processor that lacks the set.
#include <eenn/network/detail/compiled.hpp>

#define EENN_TEXT(name) EENN_TEXT_OF(name)
#define EENN_TEXT_OF(name) #name

namespace {

constexpr eenn::compiled::kernel_set kernels{
    EENN_TEXT(EENN_ISA), [](const eenn::graph& g) { return eenn::bind<float>(g); },
    [](const eenn::graph& g, eenn::binding<float>& made) { eenn::bind_backward(g, made); }};

}  // namespace

extern "C" const eenn::compiled::kernel_set* EENN_KERNEL_SET() { return &kernels; }

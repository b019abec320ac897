// SPDX-License-Identifier: MIT
//
// instructions.cpp - one forward pass or one training step of one sample, for callgrind to count.
//
//   instructions MODEL inference|training|runtime
//
// `runtime` is inference by the same graph as a value, compiled when the program starts.
//
// The second of two passes runs in counted_pass(): valgrind --tool=callgrind --toggle-collect='counted_pass*' ... counts it
// alone. tests/house/instructions.sh compares the counts with the committed ones.
#include <eenn/network/runtime_network.hpp>

#include <cstdio>
#include <cstring>

#include "passes.hpp"

namespace {

template <class Pass>
[[gnu::noinline]] void counted_pass(Pass& pass) {
    pass();
    asm volatile("" ::: "memory");  // no tail call: the function must still be there when the pass ends
}

template <class Pass, class Net>
void run_pass(const Net& net) {
    Pass pass{net, 1, 1};
    pass();
    counted_pass(pass);
}

}  // namespace

int main(int argc, char** argv) {
    bool known = false;
    if (argc == 3) {
        passes::for_each_network([&]<auto Recipe>(const char* name) {
            if (std::strcmp(argv[1], name) != 0) return;
            known = true;
            if (std::strcmp(argv[2], "inference") == 0) {
                run_pass<passes::inference_pass>(eenn::network<Recipe>::inference());
            } else if (std::strcmp(argv[2], "runtime") == 0) {
                const eenn::runtime_network<float, eenn::graph> net{Recipe()};
                run_pass<passes::inference_pass>(net.inference());
            } else {
                run_pass<passes::training_step>(eenn::network<Recipe>::training());
            }
        });
    }
    if (known) return 0;
    std::fputs("usage: instructions MODEL inference|training|runtime, with a model of build/bench/speed\n", stderr);
    return 2;
}

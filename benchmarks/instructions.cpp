// SPDX-License-Identifier: MIT
//
// instructions.cpp - one forward pass or one training step of one sample, for callgrind to count.
//
// The second of two passes runs in counted_pass(): valgrind --tool=callgrind --toggle-collect='counted_pass*' ... counts it
// alone. tests/house/instructions.sh compares the counts with the committed ones.
#include <eenn/network/runtime_network.hpp>

#include <string>

#include "../examples/command_line.hpp"
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
    std::string model;
    std::string phase;
    examples::command_line line{
        "instructions", "runs one forward pass or one training step of one sample, twice, for callgrind to count."};
    line.option("MODEL", model, "the network", passes::network_names());
    line.option("PHASE", phase, "what runs; runtime is inference by the same graph as a value, compiled at the start",
                {"inference", "training", "runtime"});
    line.read(argc, argv);
    passes::for_each_network([&]<auto Recipe>(const char* name) {
        if (model != name) return;
        if (phase == "inference") {
            run_pass<passes::inference_pass>(eenn::network<Recipe>::inference());
        } else if (phase == "runtime") {
            const eenn::runtime_network<float, eenn::graph> net{Recipe()};
            run_pass<passes::inference_pass>(net.inference());
        } else {
            run_pass<passes::training_step>(eenn::network<Recipe>::training());
        }
    });
}

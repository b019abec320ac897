// SPDX-License-Identifier: MIT
//
// instructions.cpp - one forward pass or one training step of one sample, for callgrind to count.
//
//   instructions MODEL inference|training
//
// The second of two passes runs in counted_pass(): valgrind --tool=callgrind --toggle-collect='counted_pass*' ... counts it
// alone. tests/house/instructions.sh compares the counts with the committed ones.
#include <cstdio>
#include <cstring>

#include "../examples/models.hpp"
#include "passes.hpp"

namespace {

using namespace eenn;

template <class Pass>
[[gnu::noinline]] void counted_pass(Pass& pass) {
    pass();
    asm volatile("" ::: "memory");  // no tail call: the function must still be there when the pass ends
}

template <class Pass>
void run_pass() {
    Pass pass{1, 1};
    pass();
    counted_pass(pass);
}

template <auto Recipe>
bool run(const char* name, int argc, char** argv) {
    if (argc != 3 || std::strcmp(argv[1], name) != 0) return false;
    if (std::strcmp(argv[2], "inference") == 0) {
        run_pass<passes::inference_pass<network<Recipe>>>();
    } else {
        run_pass<passes::training_step<network<Recipe>>>();
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    if (run<models::resnet8>("resnet8", argc, argv) || run<models::dscnn>("dscnn", argc, argv) ||
        run<models::mobilenet_v1_025_96>("mobilenet_v1_025_96", argc, argv) ||
        run<models::resnet20>("resnet20", argc, argv) || run<models::resnet56>("resnet56", argc, argv) ||
        run<models::ecg_cnn>("ecg_cnn", argc, argv))
        return 0;
    std::fputs("usage: instructions resnet8|resnet20|resnet56|dscnn|mobilenet_v1_025_96|ecg_cnn inference|training\n",
               stderr);
    return 2;
}

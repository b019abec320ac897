// SPDX-License-Identifier: MIT
//
// main.cpp - eenn::compiled in a program without flags against network types in one of -march=native, in turns.
//
// The graphs of the six networks are made at run time and bound to the library's kernels; what surrounds these is compiled
// without flags. Medians of single calls, warm; one thread. Fails where a sample takes more than 1 / 0.95 of the type's time.
#include "passes.hpp"

#include <eenn/network/detail/compiled.hpp>
#include <eenn/network/runtime_network.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "../../examples/command_line.hpp"
#include "../passes.hpp"

namespace {

using clock = std::chrono::steady_clock;

double once(const std::function<void()>& call) {
    const auto start = clock::now();
    call();
    return std::chrono::duration<double, std::micro>(clock::now() - start).count();
}

double median(std::vector<double>& times) {
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    return *middle;
}

/// How many times faster `ours` is; both are called in turns for about `seconds`.
double ratio(const char* name, const char* phase, const std::function<void()>& native,
             const std::function<void()>& ours, double seconds) {
    std::vector<double> native_us, our_us;
    native();
    ours();
    const auto start = clock::now();
    while (our_us.size() < 9 || std::chrono::duration<double>(clock::now() - start).count() < seconds) {
        native_us.push_back(once(native));
        our_us.push_back(once(ours));
    }
    const double there = median(native_us);
    const double here = median(our_us);
    std::printf("%-20s %-9s -march=native %9.1f us, eenn::compiled %9.1f us, %.3f times as fast\n", name, phase, there,
                here, there / here);
    std::fflush(stdout);
    return there / here;
}

}  // namespace

int main(int argc, char** argv) {
    double seconds = 3;
    int training = 1;
    examples::command_line line{
        "compiled",
        "measures eenn::compiled in a program without flags against network types in one of "
        "-march=native, in turns; fails where a sample takes more than 1 / 0.95 of the type's time."};
    line.option("--seconds S", seconds, "for each number", {0.001, 3600});
    line.option("--training 0|1", training, "whether training is measured", {0, 1});
    line.read(argc, argv);
    std::printf("kernels of %s, chosen by the processor\n", eenn::compiled::kernel_sets().front()->isa);
    const std::vector<network_passes> native = native_passes();
    bool slow = false;
    std::size_t at = 0;
    passes::for_each_network([&]<auto Recipe>(const char* name) {
        eenn::runtime_network<float, eenn::graph> made{Recipe()};
        passes::inference_pass one{made.inference(), 1, 1};
        slow = ratio(name, "inference", native[at].inference, std::ref(one), seconds) < 0.95 || slow;
        if (training == 1) {
            passes::training_step step{made.training(), 16, 1};
            ratio(name, "training", native[at].training, std::ref(step), seconds);
        }
        ++at;
    });
    return slow ? EXIT_FAILURE : EXIT_SUCCESS;
}

// SPDX-License-Identifier: MIT
//
// runner.cpp - the protocol of runner.hpp.
#include "runner.hpp"

#include <eenn/network/runtime_network.hpp>

#include "../../examples/command_line.hpp"
#include "../measure.hpp"

#include <malloc.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>

namespace peers {

namespace {

// A line of /proc/self/status, in bytes.
long long status_bytes(const std::string& name) {
    std::ifstream status{"/proc/self/status"};
    for (std::string line; std::getline(status, line);) {
        if (line.rfind(name + ":", 0) == 0) return std::stoll(line.substr(name.size() + 1)) * 1024;
    }
    return 0;
}

// Gives back what the reference needed, and has the kernel forget the peak so far.
long long resident_before() {
    malloc_trim(0);
    std::ofstream{"/proc/self/clear_refs"} << "5";
    return status_bytes("VmRSS");
}

// Relative to the largest, since logits may be near zero.
void check(const std::vector<float>& theirs, const std::vector<float>& ours, double tolerance, const char* what) {
    double largest = 0;
    double apart = theirs.size() == ours.size() ? 0 : INFINITY;
    for (std::size_t i = 0; i < ours.size() && i < theirs.size(); ++i) {
        largest = std::max(largest, std::abs(double{ours[i]}));
        apart = std::max(apart, std::abs(double{theirs[i]} - double{ours[i]}));
    }
    if (!(apart <= tolerance * largest)) {
        throw std::runtime_error{std::string{what} + ": apart from ours by " + std::to_string(apart) +
                                 ", the largest is " + std::to_string(largest)};
    }
}

// The first loss tells of the forward pass, what the first update gains of the gradients. A third step would tell of
// rounding: it differs by 1e-3 between two numbers of threads of one library.
void check_losses(const std::vector<float>& theirs, const std::vector<float>& ours) {
    check({theirs[0]}, {ours[0]}, 1e-3, "the first loss");
    check({theirs[0] - theirs[1]}, {ours[0] - ours[1]}, 2e-2, "what the first update gains");
}

int run(const std::string& model, const task& what, bool cold, const peer& library) {
    if (what.training && !library.trains) throw unsupported{"training"};
    const network net = make_network(model);
    std::vector<float> expected;
    if (what.training) {
        expected = our_losses(net, what.batch, 2);
    } else {
        const eenn::runtime_network<float, eenn::graph> ours{net.graph};
        expected = our_logits(ours.inference(), what.batch);
    }
    std::optional<measure::cold_caches> flush;
    if (cold) flush.emplace(what.threads);

    const long long before = resident_before();
    const auto measured = library.make(net, what);
    measured->run();
    auto results = measured->result();
    if (what.training) {
        measured->run();
        results.push_back(measured->result().at(0));
        check_losses(results, expected);
    } else {
        check(results, expected, 1e-3, "logits");
    }
    std::printf("ready %s\n", library.name.c_str());
    std::fflush(stdout);

    const double flops =
        2.0 * static_cast<double>(net.plan.sizes.macs) * what.batch * (what.training ? 3 : 1) / what.threads;
    for (std::string line; std::getline(std::cin, line);) {
        if (line == "memory") {
            std::printf("%lld\n", status_bytes("VmHWM") - before);
        } else {
            const double peak = measure::fma_peak();
            const auto call = [&] { measured->run(); };
            const double seconds = std::stod(line);
            const std::size_t fewest = what.training ? 3 : 5;
            const double us =
                cold ? measure::median_us(call, seconds, fewest, *flush) : measure::median_us(call, seconds, fewest);
            std::printf("%.3f %.5f\n", us, flops / us * 1e6 / peak);
        }
        std::fflush(stdout);
    }
    return 0;
}

}  // namespace

int serve(int argc, char** argv, const peer& library) try {
    std::string model;
    std::string phase;
    std::string caches;
    task what;
    examples::command_line line{"runner", "measures " + library.name +
                                              " on one network, turn by turn, as build/bench/compare asks through the "
                                              "standard input."};
    line.option("MODEL", model, "the network");
    line.option("PHASE", phase, "what runs", {"inference", "training"});
    line.option("BATCH", what.batch, "samples a call", {1, 65536});
    line.option("THREADS", what.threads, "threads of the library", {1, 1024});
    line.option("CACHES", caches, "before a call", {"warm", "cold"});
    line.read(argc, argv);
    what.training = phase == "training";
    return run(model, what, caches == "cold", library);
} catch (const unsupported& reason) {
    std::printf("unsupported %s\n", reason.what());
    return 0;
} catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", library.name.c_str(), e.what());
    return 1;
}

}  // namespace peers

// SPDX-License-Identifier: MIT
//
// main.cpp - runs every unit that is linked and that this processor can run, and prints the bits of what each computes.
//
// The program is built for the least of the levels. It makes the graph that the units compile, and runs the network that each
// of them gives with functions of its own.
#include "unit.hpp"

#include <eenn/core/aligned.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/runtime_session.hpp>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace eenn;

namespace {

bool failed = false;

void check(bool holds, const char* unit, const char* sentence) {
    if (holds) return;
    std::printf("FAIL: %s: %s\n", unit, sentence);
    failed = true;
}

void print(const char* unit, const char* what, const std::vector<float>& values) {
    std::uint64_t hash = 1469598103934665603ULL;
    for (const float v : values) {
        std::uint32_t bits = 0;
        std::memcpy(&bits, &v, sizeof bits);
        hash = (hash ^ bits) * 1099511628211ULL;
    }
    std::printf("%s %s: %zu numbers, the last %a, hash %016llx\n", unit, what, values.size(),
                static_cast<double>(values.back()), static_cast<unsigned long long>(hash));
}

bool near(const std::vector<float>& a, const std::vector<float>& b) {
    bool all = a.size() == b.size();
    for (std::size_t i = 0; all && i < a.size(); ++i) all = std::abs(a[i] - b[i]) < 2e-4F;
    return all;
}

/// Logits by the unit's kernels, called from here.
std::vector<float> logits_of(const executable<float>& net) {
    const aligned_vector<float> parameters = initialize(net.plan, 3);
    const aligned_vector<float> image(net.plan.input.elements(), 0.5F);
    session run{net, parameters, threshold_rules{std::vector<exit_rule>(net.plan.exits.size(), exit_rule{never_exit})}};
    const auto logits = run.output(run(image).exit);
    return {logits.begin(), logits.end()};
}

void run(const char* name, const two_builds::unit& unit, const graph& shared) {
    static two_builds::results first;
    static std::vector<float> first_logits;
    const two_builds::results now = unit.run(shared);
    const std::vector<float> logits = logits_of(unit.network());
    check(now.type == now.graph, name, "the type and the graph made at run time agree bit for bit");
    if (first.type.empty()) {
        first = now;
        first_logits = logits;
    }
    check(near(first.type, now.type) && near(first.probability, now.probability), name,
          "its results are those of the first unit but for rounding");
    check(near(first_logits, logits), name, "its kernels run when another unit calls them");
    print(name, "type", now.type);
    print(name, "graph", now.graph);
    print(name, "training", now.trained);
    print(name, "confidences", now.probability);
    print(name, "logits elsewhere", logits);
}

/// The network of unit.cpp, made here.
graph made_here() {
    graph g{{12, 12, 3}};
    g(conv2d{.filters = 16}, batch_norm{}, relu{});
    g.residual([](auto& b) { b(conv2d{.filters = 16}, batch_norm{}); })(relu{});
    g.exit(exit_head{.classes = 5}, entropy{});
    g(conv2d{.filters = 32, .stride = 2, .groups = 2}, batch_norm{}, hard_swish{});
    g(separable{.filters = 40}, max_pool{}, dropout{.rate = real{0.25}});
    return g(global_average_pool{}, dense{.units = 5});
}

}  // namespace

int main() {
    const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    const graph shared = made_here();
    if (two_builds::unit_v1 != nullptr) run("v1", two_builds::unit_v1(), shared);
    if (two_builds::unit_v3 != nullptr && v3) run("v3", two_builds::unit_v3(), shared);
    if (two_builds::unit_v4 != nullptr && v4) run("v4", two_builds::unit_v4(), shared);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

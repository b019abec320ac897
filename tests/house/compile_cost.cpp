// SPDX-License-Identifier: MIT
//
// compile_cost.cpp - compiles one source with each compiler and fails above the limits in the source's first lines. They are
// counts, which repeat where seconds do not: seconds are printed, and build/bench/compile compares them.
//
//     compile_cost SOURCE COMPILER... -- FLAG...
//
//     // flags: -O1
//     // limit-mib: 300              peak resident memory of the compiler
//     // limit-allocated-mib: 250    all memory that g++ hands out, its optimizer's included (-ftime-report)
//     // limit-types: 200000         types that clang makes (-print-stats)
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "../../benchmarks/compiler_run.hpp"

namespace {

struct limits {
    std::vector<std::string> flags;
    double mib = 0;
    double allocated_mib = 0;
    double types = 0;
};

limits read_limits(const std::string& source) {
    const auto number = [&](const std::string& key) {
        const auto words = compiler::words_after(source, key);
        return words.empty() ? 0 : std::strtod(words[0].c_str(), nullptr);
    };
    return {compiler::words_after(source, "flags"), number("limit-mib"), number("limit-allocated-mib"),
            number("limit-types")};
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments{argv + 1, argv + argc};
    const auto split = std::find(arguments.begin(), arguments.end(), "--");
    if (arguments.size() < 3 || split == arguments.end()) {
        std::puts("usage: compile_cost SOURCE COMPILER... -- FLAG...");
        return 2;
    }
    const std::string source = arguments[0];
    const limits limit = read_limits(source);
    if (limit.mib <= 0 || limit.allocated_mib <= 0 || limit.types <= 0) {
        std::printf("FAIL: %s needs limit-mib, limit-allocated-mib and limit-types in its first lines\n",
                    source.c_str());
        return 1;
    }
    bool passed = true;
    for (auto name = arguments.begin() + 1; name != split; ++name) {
        const bool clang = name->find("clang") != std::string::npos;
        std::vector<std::string> command{*name};
        command.insert(command.end(), split + 1, arguments.end());
        command.insert(command.end(), limit.flags.begin(), limit.flags.end());
        command.insert(command.end(), {"-c", source, "-o", "/dev/null"});
        if (clang) {
            command.insert(command.end(), {"-Xclang", "-print-stats"});
        } else {
            command.push_back("-ftime-report");
        }
        const compiler::cost spent = compiler::compile(command);
        const double count = clang ? spent.types : spent.allocated_mib;
        const double most = clang ? limit.types : limit.allocated_mib;
        const bool within = spent.mib <= limit.mib && count > 0 && count <= most;
        std::printf("%s: %s %.0f MiB (limit %.0f), %.0f %s (limit %.0f), %.2f s\n", within ? "ok" : "FAIL",
                    name->c_str(), spent.mib, limit.mib, count, clang ? "types" : "MiB allocated", most, spent.seconds);
        passed = passed && within;
    }
    return passed ? 0 : 1;
}

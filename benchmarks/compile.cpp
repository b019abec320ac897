// SPDX-License-Identifier: MIT
//
// compile.cpp - what programs cost the compiler: processor seconds and peak memory, of g++ and clang++ in turns.
//
//   build/bench/compile --help
//
// A row is a source of tests/compile_cost, or an example, with the kernels and flows from the headers and with eenn::compiled.
// The median of the rounds, so run it on an idle machine; tests/compile_cost limits counts, which repeat on a busy one.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "../examples/command_line.hpp"
#include "compiler_run.hpp"

namespace {

struct row {
    std::string source;
    std::vector<std::string> flags;
};

std::vector<row> all_rows(const std::filesystem::path& root) {
    std::vector<row> rows;
    for (const auto& entry : std::filesystem::directory_iterator{root / "tests/compile_cost"})
        rows.push_back({entry.path().string(), compiler::words_after(entry.path().string(), "flags")});
    for (const char* example : {"examples/augment/main.cpp", "examples/demo/main.cpp", "examples/demo/convert.cpp",
                                "examples/train_cifar.cpp", "examples/train_ecg.cpp"}) {
        rows.push_back({(root / example).string(), {"-O2", "-DEENN_COMPILED"}});
        rows.push_back({(root / example).string(), {"-O2", "-march=native"}});
    }
    std::sort(rows.begin(), rows.end(), [](const row& a, const row& b) { return a.source < b.source; });
    return rows;
}

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
    int rounds = 3;
    std::string wanted;
    examples::command_line line{"compile", "Measures what programs cost the compiler."};
    line.option("--rounds N", rounds, "runs of each compiler; the median is printed", {1, 99});
    line.option("--only TEXT", wanted, "only sources whose path holds this text");
    line.read(argc, argv);

    const std::vector<std::string> compilers{"g++", "clang++"};
    std::printf("%-42s %-22s %18s %18s\n", "source", "flags", "g++", "clang++");
    const std::filesystem::path root = EENN_ROOT;
    for (const row& one : all_rows(root)) {
        if (one.source.find(wanted) == std::string::npos) continue;
        std::vector<std::vector<double>> seconds(compilers.size()), mib(compilers.size());
        for (int round = 0; round < rounds; ++round) {
            for (std::size_t c = 0; c < compilers.size(); ++c) {
                std::vector<std::string> command{compilers[c], "-std=c++20", "-I" + (root / "include").string(),
                                                 "-isystem", EENN_EIGEN};
                command.insert(command.end(), one.flags.begin(), one.flags.end());
                command.insert(command.end(), {"-c", one.source, "-o", "/dev/null"});
                const compiler::cost spent = compiler::compile(command);
                seconds[c].push_back(spent.seconds);
                mib[c].push_back(spent.mib);
            }
        }
        std::string flags;
        for (const auto& flag : one.flags) flags += (flags.empty() ? "" : " ") + flag;
        std::printf("%-42s %-22s", std::filesystem::path{one.source}.lexically_relative(root).c_str(), flags.c_str());
        for (std::size_t c = 0; c < compilers.size(); ++c)
            std::printf(" %6.1f s %5.0f MiB", median(seconds[c]), median(mib[c]));
        std::printf("\n");
        std::fflush(stdout);
    }
}

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
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct limits {
    std::vector<std::string> flags;
    double mib = 0;
    double allocated_mib = 0;
    double types = 0;
};

struct cost {
    double seconds = 0;
    double mib = 0;
    double allocated_mib = 0;  // 0: not said
    double types = 0;
};

limits read_limits(const std::string& source) {
    limits result;
    std::ifstream file{source};
    for (std::string line; std::getline(file, line) && line.starts_with("//");) {
        std::istringstream words{line};
        std::string slashes, key, word;
        words >> slashes >> key;
        if (key == "limit-mib:") words >> result.mib;
        if (key == "limit-allocated-mib:") words >> result.allocated_mib;
        if (key == "limit-types:") words >> result.types;
        while (key == "flags:" && words >> word) result.flags.push_back(word);
    }
    return result;
}

// The number in the first group, and its unit in the second.
double find_number(const std::string& text, const std::regex& pattern) {
    std::smatch found;
    if (!std::regex_search(text, found, pattern)) return 0;
    const double value = std::strtod(found[1].str().c_str(), nullptr);
    const std::string unit = found[2];
    return unit == "k" ? value / 1024 : unit == "G" ? value * 1024 : value;
}

cost compile(std::vector<std::string> command) {
    std::vector<char*> arguments;
    for (auto& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    int ends[2];
    if (pipe(ends) != 0) std::exit(1);
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        execvp(arguments[0], arguments.data());
        std::perror(arguments[0]);
        _exit(127);
    }
    close(ends[1]);
    std::string said;
    char buffer[4096];
    for (ssize_t n = 0; (n = read(ends[0], buffer, sizeof buffer)) > 0;)
        said.append(buffer, static_cast<std::size_t>(n));
    close(ends[0]);
    int status = 0;
    rusage used{};
    if (child < 0 || wait4(child, &status, 0, &used) != child || status != 0) {
        std::printf("FAIL: %s does not compile it\n%s", arguments[0], said.c_str());
        std::exit(1);
    }
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
    };
    return {seconds(used.ru_utime) + seconds(used.ru_stime),
            static_cast<double>(used.ru_maxrss) / 1024,  // KiB on Linux
            find_number(said, std::regex{"TOTAL +:.* ([0-9]+)([kMG])"}),
            find_number(said, std::regex{"([0-9]+) types total()"})};
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
    for (auto compiler = arguments.begin() + 1; compiler != split; ++compiler) {
        const bool clang = compiler->find("clang") != std::string::npos;
        std::vector<std::string> command{*compiler};
        command.insert(command.end(), split + 1, arguments.end());
        command.insert(command.end(), limit.flags.begin(), limit.flags.end());
        command.insert(command.end(), {"-c", source, "-o", "/dev/null"});
        if (clang) {
            command.insert(command.end(), {"-Xclang", "-print-stats"});
        } else {
            command.push_back("-ftime-report");
        }
        const cost spent = compile(command);
        const double count = clang ? spent.types : spent.allocated_mib;
        const double most = clang ? limit.types : limit.allocated_mib;
        const bool within = spent.mib <= limit.mib && count > 0 && count <= most;
        std::printf("%s: %s %.0f MiB (limit %.0f), %.0f %s (limit %.0f), %.2f s\n", within ? "ok" : "FAIL",
                    compiler->c_str(), spent.mib, limit.mib, count, clang ? "types" : "MiB allocated", most,
                    spent.seconds);
        passed = passed && within;
    }
    return passed ? 0 : 1;
}

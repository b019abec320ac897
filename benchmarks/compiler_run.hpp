// SPDX-License-Identifier: MIT
//
// compiler_run.hpp - runs a compiler once and says what it took.
#ifndef EENN_BENCHMARKS_COMPILER_RUN_HPP
#define EENN_BENCHMARKS_COMPILER_RUN_HPP

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace compiler {

/// What one run cost.
struct cost {
    double seconds = 0;        // of the processor
    double mib = 0;            // peak resident memory
    double allocated_mib = 0;  // 0: not said
    double types = 0;
};

/// The words behind `// key:` in the comments at the top of a source.
inline std::vector<std::string> words_after(const std::string& source, const std::string& key) {
    std::vector<std::string> found;
    std::ifstream file{source};
    for (std::string line; std::getline(file, line) && line.starts_with("//");) {
        std::istringstream words{line};
        std::string slashes, first;
        words >> slashes >> first;
        for (std::string word; first == key + ":" && words >> word;) found.push_back(word);
    }
    return found;
}

/// The number in the first group, and its unit in the second.
inline double find_number(const std::string& text, const std::regex& pattern) {
    std::smatch found;
    if (!std::regex_search(text, found, pattern)) return 0;
    const double value = std::strtod(found[1].str().c_str(), nullptr);
    const std::string unit = found[2];
    return unit == "k" ? value / 1024 : unit == "G" ? value * 1024 : value;
}

/// Runs `command`. Where it fails, says so, with what it printed, and ends the program with 1.
inline cost compile(std::vector<std::string> command) {
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

}  // namespace compiler

#endif

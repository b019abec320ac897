// SPDX-License-Identifier: MIT
//
// command_line.hpp - the command line of an example or a benchmark: each option is described once, which gives its help,
// its check and its message. CLI11 does the work in command_line.cpp alone, since it takes ten seconds to compile.
//
//   examples::command_line line{"train", "trains a network"};
//   line.option("--epochs N", epochs, "passes over the data", {1, 1000});
//   line.read(argc, argv);
//
// A description is the name and what stands for the value. A name without dashes is a word by its place, in [brackets] if
// it may be missing. What a variable holds before is the default, and the help says it if it is an allowed value.
#ifndef EENN_EXAMPLES_COMMAND_LINE_HPP
#define EENN_EXAMPLES_COMMAND_LINE_HPP

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace examples {

/// Allowed numbers, both ends included.
struct interval {
    double low = std::numeric_limits<double>::lowest();
    double high = std::numeric_limits<double>::max();
};

class command_line {
public:
    /// @param about  what the program does; the help wraps it.
    command_line(const std::string& program, const std::string& about);
    ~command_line();
    command_line(const command_line&) = delete;
    command_line& operator=(const command_line&) = delete;

    /// Options that follow stand under this heading.
    void group(const std::string& heading);
    /// What the help says behind the options.
    void footer(const std::string& text);

    void flag(const std::string& name, bool& on, const std::string& meaning);
    void option(const std::string& name, int& value, const std::string& meaning, interval allowed);
    void option(const std::string& name, std::uint64_t& value, const std::string& meaning, interval allowed);
    void option(const std::string& name, double& value, const std::string& meaning, interval allowed);
    void option(const std::string& name, std::filesystem::path& value, const std::string& meaning);
    /// Without allowed values: any text.
    void option(const std::string& name, std::string& value, const std::string& meaning,
                const std::vector<std::string>& allowed = {});
    /// "yes" or "no".
    void yes_no(const std::string& name, bool& value, const std::string& meaning);
    /// One value or several words; `take` gets them and throws std::invalid_argument to refuse them.
    void words(const std::string& name, int most, const std::function<void(const std::vector<std::string>&)>& take,
               const std::string& meaning);
    /// A number that may be given several times; `take` gets each, in the order of the command line.
    void repeated(const std::string& name, const std::function<void(double)>& take, const std::string& meaning,
                  interval allowed);

    /// Fills in the variables. --help and --version print and end the program with 0; what is wrong is said in one line,
    /// and ends it with 2.
    void read(int argc, const char* const* argv);
    void read(const std::vector<std::string>& words);
    /// Ends the program with 2, as read() does.
    [[noreturn]] void refuse(const std::string& why) const;

private:
    struct parser;
    std::unique_ptr<parser> parser_;
};

}  // namespace examples

#endif

// SPDX-License-Identifier: MIT
//
// command_line.hpp - the command line of an example or a benchmark. Each option is described once; help, checks and
// messages are derived from that. CLI11 is confined to command_line.cpp, since it takes ten seconds to compile.
//
//   examples::command_line line{"train", "trains a network"};
//   line.option("--epochs N", epochs, "passes over the data", {1, 1000});
//   line.read(argc, argv);
//
// A description is the name and a placeholder for the value. A name without dashes is a positional argument, in
// [brackets] if it is optional. The variable's initial value is the default; the help shows it if it is an allowed value.
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
    /// @param about  purpose of the program; the help wraps the text.
    command_line(const std::string& program, const std::string& about);
    ~command_line();
    command_line(const command_line&) = delete;
    command_line& operator=(const command_line&) = delete;

    /// Puts the options that follow under this heading.
    void group(const std::string& heading);
    /// Text that the help shows after the options.
    void footer(const std::string& text);

    void flag(const std::string& name, bool& on, const std::string& meaning);
    void option(const std::string& name, int& value, const std::string& meaning, interval allowed);
    void option(const std::string& name, std::uint64_t& value, const std::string& meaning, interval allowed);
    void option(const std::string& name, double& value, const std::string& meaning, interval allowed);
    void option(const std::string& name, std::filesystem::path& value, const std::string& meaning);
    /// Any text, if no allowed values are given.
    void option(const std::string& name, std::string& value, const std::string& meaning,
                const std::vector<std::string>& allowed = {});
    /// "yes" or "no".
    void yes_no(const std::string& name, bool& value, const std::string& meaning);
    /// One value or several words. `take` receives them and throws std::invalid_argument to refuse them.
    void words(const std::string& name, int most, const std::function<void(const std::vector<std::string>&)>& take,
               const std::string& meaning);
    /// A number that may be given several times. `take` receives each, in command-line order.
    void repeated(const std::string& name, const std::function<void(double)>& take, const std::string& meaning,
                  interval allowed);

    /// Parses the command line into the variables. --help and --version print and exit with status 0; an error prints one
    /// line and exits with status 2.
    void read(int argc, const char* const* argv);
    void read(const std::vector<std::string>& words);
    /// Exits with status 2, as read() does.
    [[noreturn]] void refuse(const std::string& why) const;

private:
    struct parser;
    std::unique_ptr<parser> parser_;
};

}  // namespace examples

#endif

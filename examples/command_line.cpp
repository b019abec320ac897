// SPDX-License-Identifier: MIT
#include "command_line.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <eenn/core/version.hpp>
#include <eenn/text/lines.hpp>
#include <iomanip>
#include <sstream>
#include <stdexcept>

namespace examples {

namespace {

constexpr std::size_t width = 80;
constexpr std::size_t left_column = 26;

/// "--out FOLDER": the name and a placeholder for the value. "[FILE]": an optional positional argument.
struct description {
    std::string name;
    std::string value;
    bool required = false;

    explicit description(const std::string& text) {
        if (text.front() == '[') {
            name = text.substr(1, text.size() - 2);
            return;
        }
        const auto space = text.find(' ');
        name = text.substr(0, space);
        if (space != std::string::npos) value = text.substr(space + 1);
        required = name.front() != '-';
    }
};

template <class Number>
std::string text_of(Number number) {
    std::ostringstream out;
    out << std::setprecision(10) << number;
    return out.str();
}

bool unlimited(double end) { return !(std::abs(end) < 1e9); }

std::string text_of(interval allowed) {
    if (unlimited(allowed.low) && unlimited(allowed.high)) return "";
    if (unlimited(allowed.high)) return "at least " + text_of(allowed.low);
    return text_of(allowed.low) + " to " + text_of(allowed.high);
}

std::string listed(const std::vector<std::string>& values) {
    std::string text;
    for (std::size_t i = 0; i < values.size(); ++i)
        text += (i == 0 ? "" : i + 1 == values.size() ? " or " : ", ") + values[i];
    return text;
}

/// "meaning (allowed; default)".
std::string explained(const std::string& meaning, const std::string& allowed, const std::string& standard) {
    std::string more = allowed;
    if (!standard.empty()) more += (more.empty() ? "default " : "; default ") + standard;
    return more.empty() ? meaning : meaning + " (" + more + ")";
}

/// Checks that a number lies in an interval; the message names the interval.
CLI::Validator within(interval allowed, bool whole) {
    const auto fault = [allowed, whole](const std::string& text) -> std::string {
        char* end = nullptr;
        const double value = std::strtod(text.c_str(), &end);
        const bool fits = !text.empty() && *end == '\0' && value >= allowed.low && value <= allowed.high;
        if (fits && (!whole || text.find_first_not_of("+-0123456789") == std::string::npos)) return {};
        const std::string range = text_of(allowed);
        return text + " is not allowed, give a " + (whole ? "whole " : "") + "number" + (range.empty() ? "" : ", ") +
               range;
    };
    return {fault, ""};
}

CLI::Validator one_of(const std::vector<std::string>& allowed) {
    return {[allowed](const std::string& text) -> std::string {
                if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) return {};
                return text + " is not allowed, give " + listed(allowed);
            },
            ""};
}

/// Two columns that fit a terminal.
class columns : public CLI::Formatter {
public:
    std::string make_option(const CLI::Option* option, bool is_positional) const override {
        std::string left = "  " + make_option_name(option, is_positional);
        if (!option->get_option_text().empty()) left += " " + option->get_option_text();
        const std::string right = eenn::text::wrapped(option->get_description(), width, left_column);
        if (left.size() + 2 > left_column) return left + "\n" + std::string(left_column, ' ') + right + "\n";
        return left + std::string(left_column - left.size(), ' ') + right + "\n";
    }
};

}  // namespace

struct command_line::parser {
    parser(const std::string& program, const std::string& about)
        : app{eenn::text::wrapped(program + " " + about, width) + "\n", program} {
        app.formatter(std::make_shared<columns>());
        app.set_help_flag("-h,--help", "print this and exit");
        std::ostringstream version;
        version << program << " of eenn " << eenn::version.major << '.' << eenn::version.minor << '.'
                << eenn::version.patch;
        app.set_version_flag("--version", version.str(), "print the version and exit");
        app.get_formatter()->label("Positionals", "Arguments");
    }

    CLI::Option* finish(CLI::Option* option, const description& what) const {
        option->option_text(what.value)->type_name("")->required(what.required);
        option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);  // later options override an options file
        if (option->nonpositional()) option->group(heading);
        return option;
    }

    template <class Number>
    void number(const std::string& text, Number& value, const std::string& meaning, interval allowed) {
        const description what{text};
        const auto standard = static_cast<double>(value);
        const bool told = !what.required && standard >= allowed.low && standard <= allowed.high;
        auto* option =
            app.add_option(what.name, value, explained(meaning, text_of(allowed), told ? text_of(value) : ""));
        finish(option->check(within(allowed, std::integral<Number>)), what);
    }

    CLI::App app;
    std::string heading = "Options";
};

command_line::command_line(const std::string& program, const std::string& about)
    : parser_{std::make_unique<parser>(program, about)} {}
command_line::~command_line() = default;

void command_line::group(const std::string& heading) { parser_->heading = heading; }
void command_line::footer(const std::string& text) { parser_->app.footer(eenn::text::wrapped(text, width)); }

void command_line::flag(const std::string& name, bool& on, const std::string& meaning) {
    parser_->app.add_flag(name, on, meaning)->group(parser_->heading);
}
void command_line::option(const std::string& name, int& value, const std::string& meaning, interval allowed) {
    parser_->number(name, value, meaning, allowed);
}
void command_line::option(const std::string& name, std::uint64_t& value, const std::string& meaning, interval allowed) {
    parser_->number(name, value, meaning, allowed);
}
void command_line::option(const std::string& name, double& value, const std::string& meaning, interval allowed) {
    parser_->number(name, value, meaning, allowed);
}
void command_line::option(const std::string& name, std::filesystem::path& value, const std::string& meaning) {
    const description what{name};
    const auto take = [&value](const std::string& text) { value = text; };
    parser_->finish(
        parser_->app.add_option_function<std::string>(what.name, take, explained(meaning, "", value.string())), what);
}
void command_line::option(const std::string& name, std::string& value, const std::string& meaning,
                          const std::vector<std::string>& allowed) {
    const description what{name};
    auto* option = parser_->app.add_option(what.name, value, explained(meaning, listed(allowed), value));
    if (!allowed.empty()) option->check(one_of(allowed));
    parser_->finish(option, what);
}
void command_line::yes_no(const std::string& name, bool& value, const std::string& meaning) {
    const description what{name};
    const auto take = [&value](const std::string& text) { value = text == "yes"; };
    auto* option = parser_->app.add_option_function<std::string>(what.name, take,
                                                                 explained(meaning, "yes or no", value ? "yes" : "no"));
    parser_->finish(option->check(one_of({"yes", "no"})), what);
}
void command_line::words(const std::string& name, int most,
                         const std::function<void(const std::vector<std::string>&)>& take, const std::string& meaning) {
    const description what{name};
    const auto checked = [take, name = what.name](const std::vector<std::string>& given) {
        try {
            take(given);
        } catch (const std::invalid_argument& fault) {
            throw CLI::ValidationError{name, fault.what()};
        }
    };
    auto* option = parser_->app.add_option_function<std::vector<std::string>>(what.name, checked, meaning);
    parser_->finish(option->expected(1, most)->trigger_on_parse(), what);
}
void command_line::repeated(const std::string& name, const std::function<void(double)>& take,
                            const std::string& meaning, interval allowed) {
    const description what{name};
    auto* option = parser_->app.add_option_function<double>(what.name, take, explained(meaning, text_of(allowed), ""));
    option->trigger_on_parse()->check(within(allowed, false));
    parser_->finish(option, what);
}

void command_line::read(int argc, const char* const* argv) { read({argv + 1, argv + argc}); }

void command_line::read(const std::vector<std::string>& words) {
    CLI::App& app = parser_->app;
    try {
        app.parse(std::vector<std::string>{words.rbegin(), words.rend()});  // parse() takes words off the end
    } catch (const CLI::CallForHelp&) {
        std::string help = app.help();
        for (auto at = help.find("\n\n\n"); at != std::string::npos; at = help.find("\n\n\n")) help.erase(at, 1);
        std::fputs(help.c_str(), stdout);
        std::exit(0);
    } catch (const CLI::CallForVersion& version) {
        std::puts(version.what());
        std::exit(0);
    } catch (const CLI::ArgumentMismatch& fault) {
        const std::string text = fault.what();
        refuse(text.substr(0, text.find(':')) + " has no value");
    } catch (const CLI::ParseError& fault) {
        const auto unknown = app.remaining();
        if (!unknown.empty()) refuse(unknown.front() + " is unknown; see " + app.get_name() + " --help");
        refuse(fault.what());
    }
}

void command_line::refuse(const std::string& why) const {
    std::string line = parser_->app.get_name() + ": " + why;
    std::replace(line.begin(), line.end(), '\n', ' ');
    std::fprintf(stderr, "%s\n", line.c_str());
    std::exit(2);
}

}  // namespace examples

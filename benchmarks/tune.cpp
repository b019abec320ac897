// SPDX-License-Identifier: MIT
//
// tune.cpp - chooses the numbers of a tuning table by measuring on this machine, and writes the header for EENN_TUNING.
//
//   build/bench/tune --help
//
// Coordinate descent: one constant after the other takes the value under which the workloads that it affects run
// quickest, until none changes any more (--quick: once, and only the next smaller and larger value). Each candidate is
// compiled into a probe with the compiler and the flags of this build. On a machine that others share, times drift by
// more than constants differ, and where memory comes to lie changes them too; so candidate and incumbent take turns
// workload by workload, with new processes each round, S seconds in all. What counts are ratios of neighbouring turns, in
// the geometric mean over the workloads: a candidate wins where the 95 % interval of their median lies above 1.015.
// FILE is written whole at each change and at the end. --dry-run writes the table of this build.
#include <eenn/io/file.hpp>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "../examples/command_line.hpp"
#include "child_process.hpp"
#include "compare_rows.hpp"
#include "tuning/choices.hpp"

namespace {

using namespace tuning_choices;
using tuning_choices::text_of;
namespace fs = std::filesystem;

constexpr double margin = 0.015;
constexpr int patience_seconds = 60;
#if defined(__OPTIMIZE__)
constexpr bool optimised = true;
#else
constexpr bool optimised = false;
#endif

struct options {
    std::string out = "tuned.hpp";
    double seconds = 0;  // 0: by the kind of search
    int sweeps = 3;
    bool quick = false;
    bool dry_run = false;
    std::string only;
    std::string compiler = EENN_TUNE_COMPILER;

    [[nodiscard]] bool wants(const choice& c) const {
        return only.empty() || ("," + only + ",").find("," + c.names.front() + ",") != std::string::npos;
    }
};

void write(const fs::path& file, const std::string& text) {
    eenn::io::write_file(file, std::as_bytes(std::span{text}));
}

/// A folder that ends with the program.
struct temporary_folder {
    fs::path path = fs::temp_directory_path() / ("eenn_tune_" + std::to_string(getpid()));
    temporary_folder() { fs::create_directories(path); }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    ~temporary_folder() { fs::remove_all(path); }
};

/// Probes by source and table, compiled when they are first wanted.
class probes {
public:
    explicit probes(std::string compiler) : compiler_{std::move(compiler)} {}

    /// The program; empty if it does not compile.
    const fs::path& of(const std::string& source, const table& numbers) {
        const std::string text = header(numbers, "");
        const auto [found, added] = built_.try_emplace(source + text);
        if (!added) return found->second;
        const fs::path program = folder_.path / ("probe" + std::to_string(built_.size()));
        const fs::path file = program.string() + ".hpp";
        write(file, text);
        child_process compiler{{compiler_, "@" EENN_TUNE_FLAGS, "-DEENN_TUNING=\"" + file.string() + "\"",
                                EENN_TUNE_PROBES "/" + source + ".cpp", "-o", program, "-pthread"}};
        if (compiler.wait() == 0) found->second = program;
        return found->second;
    }

private:
    temporary_folder folder_;
    std::string compiler_;
    std::map<std::string, fs::path> built_;
};

/// A probe at work.
class probe {
public:
    explicit probe(const fs::path& program) : process_{{program.string()}} {
        for (auto line = next(); !line.empty(); line = next()) workloads_.push_back(line);
    }
    /// "GROUP NAME" of each.
    [[nodiscard]] const std::vector<std::string>& workloads() const { return workloads_; }
    [[nodiscard]] double us(std::size_t workload) {
        process_.write_line(std::to_string(workload));
        return std::stod(next());
    }

private:
    std::string next() {
        const auto line = process_.read_line(patience_seconds);
        if (!line) throw std::runtime_error{"a probe does not answer"};
        return *line;
    }
    child_process process_;
    std::vector<std::string> workloads_;
};

/// How many times faster the second is: median of the rounds with its 95 % interval, and the workloads' medians' range.
struct comparison {
    compare::spread rounds;
    double slowest = 1;
    double quickest = 1;
};

/// The interval is that of the sign test: a median lies within sqrt(n) ranks of the middle.
compare::spread median_of(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const double middle = static_cast<double>(values.size() - 1) / 2;
    const double reach = std::min(middle, std::sqrt(static_cast<double>(values.size())));
    const auto at = [&](double rank) { return values[static_cast<std::size_t>(rank)]; };
    return {at(middle - reach), at(middle), at(std::ceil(middle + reach))};
}

comparison compare_probes(const fs::path& before, const fs::path& after, const std::vector<std::string>& groups,
                          double seconds) {
    std::map<std::size_t, std::vector<double>> ratios;  // by workload
    std::vector<double> means;
    const auto start = std::chrono::steady_clock::now();
    const auto elapsed = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    for (std::size_t round = 0; round < 8 || elapsed() < seconds; ++round) {
        probe sides[2]{probe{before}, probe{after}};
        const auto& workloads = sides[0].workloads();
        double sum = 0;
        double count = 0;
        for (std::size_t w = 0; w < workloads.size(); ++w) {
            const std::string group = workloads[w].substr(0, workloads[w].find(' '));
            if (std::find(groups.begin(), groups.end(), group) == groups.end()) continue;
            for (const std::size_t first : {round % 2, 1 - round % 2}) {  // nobody always comes second
                double us[2];
                us[first] = sides[first].us(w);
                us[1 - first] = sides[1 - first].us(w);
                ratios[w].push_back(us[0] / us[1]);
                sum += std::log(us[0] / us[1]);
                ++count;
            }
        }
        means.push_back(std::exp(sum / count));
    }
    comparison made{median_of(means), 1e9, 0};
    for (const auto& [w, all] : ratios) {
        const double median = median_of(all).median;
        made.slowest = std::min(made.slowest, median);
        made.quickest = std::max(made.quickest, median);
    }
    return made;
}

std::string text_of(const comparison& c) {
    char text[120];
    std::snprintf(text, sizeof text, "%.3f (%.3f to %.3f), single workloads %.2f to %.2f", c.rounds.median,
                  c.rounds.low, c.rounds.high, c.slowest, c.quickest);
    return text;
}

number& at(table& numbers, const std::string& name) {
    return std::find_if(numbers.begin(), numbers.end(), [&](const auto& n) { return n.first == name; })->second;
}

std::string text_of(const std::vector<number>& values) {
    std::string text;
    for (const number& value : values) text += (text.empty() ? "" : " x ") + text_of(value);
    return text;
}

class descent {
public:
    explicit descent(const options& chosen) : chosen_{chosen}, probes_{chosen.compiler}, best_{present()} {}

    [[nodiscard]] const table& best() const { return best_; }

    void run() {
        for (int sweep = 0; sweep < chosen_.sweeps; ++sweep) {
            bool changed = false;
            for (const choice& c : choices()) {
                if (!chosen_.wants(c) || !improve(c)) continue;
                changed = true;
                write(chosen_.out, header(best_, "// What build/bench/tune had chosen when it was stopped.\n"));
            }
            if (!changed) return;
        }
    }

    /// What all of it gained, as comment lines.
    std::string summary() {
        if (best_ == present()) return "";
        std::string text = "// Times faster than the library's table, with 95 % intervals:\n";
        std::map<std::string, std::vector<std::string>> groups{{"networks", {"warm", "cold"}}};
        for (const choice& c : choices()) {
            auto& all = groups[c.probe];
            for (const auto& group : c.groups)
                if (std::find(all.begin(), all.end(), group) == all.end()) all.push_back(group);
        }
        for (const auto& [source, all] : groups) {
            for (const auto& group : all) {
                const auto gained =
                    compare_probes(probes_.of(source, present()), probes_.of(source, best_), {group}, chosen_.seconds);
                text += "//   " + group + ": " + text_of(gained) + "\n";
            }
        }
        return text;
    }

private:
    bool improve(const choice& c) {
        std::vector<number> values;
        for (const auto& name : c.names) values.push_back(at(best_, name));
        const fs::path incumbent = probes_.of(c.probe, best_);
        if (incumbent.empty()) throw std::runtime_error{"the present table does not compile"};
        if (known_noise_.insert(c.groups).second) {
            const comparison same = compare_probes(incumbent, incumbent, c.groups, chosen_.seconds);
            std::printf("the same against itself, %s: %s\n", joined(c.groups, " and ").c_str(), text_of(same).c_str());
        }
        // From the present value down, then up, so that neighbours come first.
        const auto here = std::lower_bound(c.values.begin(), c.values.end(), values);
        const auto below = static_cast<std::size_t>(here - c.values.begin());
        const std::size_t above = below + (here != c.values.end() && *here == values ? 1 : 0);
        table winner = best_;
        double gain = 1 + margin;
        const auto attempt = [&](const std::vector<number>& candidate) {
            std::printf("%s %s -> %s: ", joined(c.names).c_str(), text_of(values).c_str(), text_of(candidate).c_str());
            std::fflush(stdout);
            table tried = best_;
            for (std::size_t i = 0; i < c.names.size(); ++i) at(tried, c.names[i]) = candidate[i];
            const fs::path program = probes_.of(c.probe, tried);
            if (program.empty()) {
                std::printf("does not compile\n");
                return;
            }
            const comparison made = compare_probes(incumbent, program, c.groups, chosen_.seconds);
            const bool better = made.rounds.low >= 1 + margin && made.rounds.median > gain;
            std::printf("%s%s\n", text_of(made).c_str(), better ? ", better" : "");
            if (better) {
                gain = made.rounds.median;
                winner = tried;
            }
        };
        const std::size_t reach = chosen_.quick ? 1 : c.values.size();
        for (std::size_t i = below; i > 0 && i + reach > below; --i) attempt(c.values[i - 1]);
        for (std::size_t i = above; i < c.values.size() && i < above + reach; ++i) attempt(c.values[i]);
        if (winner == best_) return false;
        best_ = winner;
        return true;
    }

    static std::string joined(const std::vector<std::string>& names, const char* by = " x ") {
        std::string text;
        for (const auto& name : names) text += (text.empty() ? "" : by) + name;
        return text;
    }

    const options& chosen_;
    probes probes_;
    table best_;
    std::set<std::vector<std::string>> known_noise_;
};

options read(int argc, char** argv) {
    options chosen;
    examples::command_line line{"tune",
                                "chooses the numbers of a tuning table by measuring on this machine, half an hour or "
                                "more, and writes the header for EENN_TUNING."};
    line.option("--out FILE", chosen.out, "the header");
    line.option("--seconds S", chosen.seconds, "for each candidate; 10 by default, 4 if it is quick", {0.001, 3600});
    line.flag("--quick", chosen.quick, "goes over the constants once, and tries the next values alone: 20 minutes");
    line.option("--only NAME,...", chosen.only, "constants to choose, all by default");
    line.option("--compiler COMMAND", chosen.compiler, "what compiles the candidates");
    line.flag("--dry-run", chosen.dry_run, "measures nothing and writes the table of this build");
    line.read(argc, argv);
    if (chosen.quick) chosen.sweeps = 1;
    if (chosen.seconds == 0) chosen.seconds = chosen.quick ? 4 : 10;
    return chosen;
}

}  // namespace

int main(int argc, char** argv) try {
    const options chosen = read(argc, argv);
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // progress is seen in a file too
    descent made{chosen};
    std::string notes;
    if (!chosen.dry_run) {
        if (!optimised) throw std::runtime_error{"this build does not optimise: configure a release"};
        std::printf("times faster than the present value: median of the rounds (its 95 %% interval)\n");
        made.run();
        notes = "// Chosen by build/bench/tune, compiler " __VERSION__ ".\n" + made.summary();
    }
    const std::string text = header(made.best(), notes);
    write(chosen.out, text);
    std::printf("%s\n%s\n", text.c_str(), ("written: " + chosen.out).c_str());
} catch (const std::exception& e) {
    std::fprintf(stderr, "tune: %s\n", e.what());
    return 1;
}

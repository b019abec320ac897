// SPDX-License-Identifier: MIT
//
// compare.cpp - the six networks beside other libraries, in turns.
//
//   benchmarks/peers/install.sh build; cmake --preset release; cmake --build build --target peers     (once)
//   build/bench/compare --help
//
// In each round everyone measures for S seconds, one after the other, so that a drifting machine hurts all alike; a ratio
// is the median over the rounds, its spread the middle half. Without options it is everything: some twenty minutes.
// peers/runner.hpp says what is measured, the memory included. Threads of most libraries spin while they wait for each
// other: where other programs keep a core busy, which is said, times of two threads tell nothing.
#include <eenn/io/file.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <thread>

#include "../examples/command_line.hpp"
#include "child_process.hpp"
#include "compare_rows.hpp"

namespace {

using namespace compare;
namespace fs = std::filesystem;

struct library {
    std::string name;
    std::vector<std::string> command;
    std::string missing{};  ///< why it cannot be measured
};

const std::vector<std::string> models{"resnet8", "resnet20", "resnet56", "dscnn", "mobilenet_v1_025_96", "ecg_cnn"};

const setting settings[] = {
    {"inference", 1, 1, "warm"}, {"inference", 1, 2, "warm"},  {"inference", 1, 1, "cold"},
    {"inference", 1, 2, "cold"}, {"inference", 64, 1, "warm"}, {"inference", 64, 2, "warm"},
    {"training", 64, 1, "warm"}, {"training", 64, 2, "warm"},
};

struct options {
    std::string model;
    std::string phase;
    std::string cache;
    std::string peers;
    std::string json;
    std::string svg;
    int batch = 0;
    int threads = 0;
    int rounds = 7;
    double seconds = 0.3;

    [[nodiscard]] bool wants(const setting& s) const {
        return (phase.empty() || phase == s.phase) && (batch == 0 || batch == s.batch) &&
               (threads == 0 || threads == s.threads) && (cache.empty() || cache == s.caches);
    }
    [[nodiscard]] bool wants_peer(const std::string& name) const {
        return peers.empty() || ("," + peers + ",").find("," + name + ",") != std::string::npos;
    }
};

options read(int argc, char** argv) {
    options chosen;
    examples::command_line line{"compare",
                                "measures six networks beside other libraries, in turns, with the runners in peers/. "
                                "Without options it is everything: some twenty minutes."};
    line.option("--model NAME", chosen.model, "one of the networks", models);
    line.option("--phase PHASE", chosen.phase, "one of the phases", {"inference", "training"});
    line.option("--batch N", chosen.batch, "samples a call, 1 or 64; all by default", {1, 64});
    line.option("--threads N", chosen.threads, "1 or 2; all by default", {1, 2});
    line.option("--cache warm|cold", chosen.cache, "caches before a call", {"warm", "cold"});
    line.option("--peers NAME,...", chosen.peers, "libraries to measure ours beside, all by default");
    line.option("--rounds N", chosen.rounds, "turns of each library", {1, 1000});
    line.option("--seconds S", chosen.seconds, "length of a turn", {0.001, 3600});
    line.option("--json FILE", chosen.json, "where the numbers are written");
    line.option("--svg FILE", chosen.svg, "where a chart is written");
    line.read(argc, argv);
    return chosen;
}

// We come first. `folder` is where this program is.
std::vector<library> libraries(const fs::path& folder, const options& chosen) {
    const std::string peers = (folder / "peers").string() + "/";
    const std::string modules = (folder / ".." / "onnxruntime").string();
    std::vector<library> all{{"eenn", {peers + "eenn"}},
                             {"eenn_graph", {peers + "eenn_graph"}},
                             {"onnxruntime", {"node", peers + "onnxruntime.mjs", modules, peers + "models"}},
                             {"xnnpack", {peers + "xnnpack"}},
                             {"onednn", {peers + "onednn"}},
                             {"torch", {peers + "torch", "nchw"}},
                             {"torch_channels_last", {peers + "torch", "channels_last"}}};
    std::erase_if(all, [&](const library& l) { return l.name != "eenn" && !chosen.wants_peer(l.name); });
    for (library& l : all) {
        for (const auto& word : l.command) {
            if (word.find('/') != std::string::npos && !fs::exists(word)) l.missing = word + " is missing";
        }
    }
    return all;
}

// How many cores have been busy for the last moment. Nobody of ours works meanwhile.
double busy_cores() {
    const auto busy_seconds = [] {
        std::ifstream statistics{"/proc/stat"};
        std::string cpu;
        double user = 0, nice = 0, system = 0, idle = 0, waiting = 0, irq = 0, soft_irq = 0, stolen = 0;
        statistics >> cpu >> user >> nice >> system >> idle >> waiting >> irq >> soft_irq >> stolen;
        return (user + nice + system + irq + soft_irq + stolen) / static_cast<double>(sysconf(_SC_CLK_TCK));
    };
    constexpr double seconds = 0.2;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});  // what the runners' idle threads still do ends
    const double before = busy_seconds();
    std::this_thread::sleep_for(std::chrono::duration<double>{seconds});
    return (busy_seconds() - before) / seconds;
}

// A library at work on one network in one setting.
struct runner {
    const library* what;
    std::unique_ptr<child_process> process;
    std::vector<double> us;
    std::vector<double> shares;
};

class comparison {
public:
    comparison(const std::vector<library>& all, int rounds, double seconds)
        : libraries_{all}, rounds_{rounds}, seconds_{std::to_string(seconds)} {}

    void measure(const setting& where, const std::string& model) {
        std::vector<runner> runners;
        for (const library& l : libraries_) {
            if (l.missing.empty()) start(l, where, model, runners);
        }
        if (runners.empty() || runners[0].what != &libraries_[0]) {
            failed_ = true;
            return;
        }
        const double others = busy_cores();
        for (int round = 0; round < rounds_; ++round) {
            // Another one begins each time, so that nobody always follows the same neighbour.
            for (std::size_t i = 0; i < runners.size(); ++i) {
                runner& r = runners[(i + static_cast<std::size_t>(round)) % runners.size()];
                if (r.process) take_turn(r);
            }
        }
        for (const runner& r : runners) {
            if (r.process) report(r, runners[0], where, model, others);
        }
    }

    [[nodiscard]] const std::vector<row>& rows() const { return rows_; }
    [[nodiscard]] const std::map<std::string, std::string>& versions() const { return versions_; }
    [[nodiscard]] bool failed() const { return failed_; }

private:
    static constexpr int patience_seconds = 180;  // for a start, which includes our own training steps, or a turn

    void start(const library& l, const setting& where, const std::string& model, std::vector<runner>& runners) {
        auto command = l.command;
        for (const auto& word :
             {model, where.phase, std::to_string(where.batch), std::to_string(where.threads), where.caches})
            command.push_back(word);
        runner r{&l, std::make_unique<child_process>(command), {}, {}};
        const auto line = r.process->read_line(patience_seconds);
        if (line && line->rfind("unsupported", 0) == 0) return;
        if (!line || line->rfind("ready ", 0) != 0) {
            fail(r, model);
            return;
        }
        versions_[l.name] = line->substr(6);
        runners.push_back(std::move(r));
    }

    void take_turn(runner& r) {
        // What others' idle threads still do ends meanwhile.
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
        r.process->write_line(seconds_);
        const auto line = r.process->read_line(patience_seconds);
        if (!line) {
            fail(r, "");
            return;
        }
        std::istringstream numbers{*line};
        double us = 0;
        double share = 0;
        numbers >> us >> share;
        r.us.push_back(us);
        r.shares.push_back(share);
    }

    void fail(runner& r, const std::string& model) {
        std::printf("  %-20s %s failed\n", model.c_str(), r.what->name.c_str());
        r.process.reset();
        failed_ = true;
    }

    void report(const runner& r, const runner& ours, const setting& where, const std::string& model, double others) {
        if (r.us.size() != ours.us.size()) return;
        std::vector<double> ratios;
        for (std::size_t i = 0; i < r.us.size(); ++i) ratios.push_back(r.us[i] / ours.us[i]);
        r.process->write_line("memory");
        const auto memory = r.process->read_line(patience_seconds);
        rows_.push_back({where, model, r.what->name, spread_of(r.us).median, spread_of(r.shares).median,
                         memory ? std::stoll(*memory) : 0, spread_of(ratios), others});
        std::printf("%s\n", to_string(rows_.back(), &r == &ours).c_str());
        std::fflush(stdout);
    }

    const std::vector<library>& libraries_;
    int rounds_;
    std::string seconds_;
    std::vector<row> rows_;
    std::map<std::string, std::string> versions_;
    bool failed_ = false;
};

void write(const std::string& file, const std::string& text) {
    if (!file.empty()) eenn::io::write_file(file, std::as_bytes(std::span{text}));
}

}  // namespace

int main(int argc, char** argv) try {
    const options chosen = read(argc, argv);
    const auto all = libraries(fs::canonical("/proc/self/exe").parent_path(), chosen);
    std::vector<std::string> peers;
    for (const library& l : all) {
        if (!l.missing.empty()) std::printf("%s is not measured: %s\n", l.name.c_str(), l.missing.c_str());
        if (l.missing.empty() && l.name != "eenn") peers.push_back(l.name);
    }
    if (!all[0].missing.empty()) {
        std::fputs("compare: build the target peers first\n", stderr);
        return 1;
    }
    std::printf("median us of a call; how many times as long as ours, with the middle half of the rounds; memory\n");
    comparison made{all, chosen.rounds, chosen.seconds};
    for (const setting& s : settings) {
        if (!chosen.wants(s)) continue;
        std::printf("\n%s\n", to_string(s).c_str());
        for (const std::string& model : models) {
            if (chosen.model.empty() || chosen.model == model) made.measure(s, model);
        }
    }
    if (made.rows().empty()) {
        std::fputs("compare: nothing was measured\n", stderr);
        return 1;
    }
    std::printf("%s\n", summary(made.rows(), peers).c_str());
    for (const auto& [name, version] : made.versions()) std::printf("%s: %s\n", name.c_str(), version.c_str());
    write(chosen.json, json(made.rows(), made.versions(), chosen.rounds, chosen.seconds));
    write(chosen.svg, chart(made.rows(), peers));
    return made.failed() ? 1 : 0;
} catch (const std::exception& e) {
    std::fprintf(stderr, "compare: %s\n", e.what());
    return 1;
}

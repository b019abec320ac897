// SPDX-License-Identifier: MIT
//
// speed.cpp - how fast the six networks run and train, as shares of the FMA peak measured in the same process.
// `speed --help` says how to measure a part.
//
// Shares are nominal: 2 x MACs (padding taps included; 3 x that for a training step) / time / (threads x peak of one thread).
#include <eenn/io/file.hpp>

#include "../examples/command_line.hpp"
#include "measure.hpp"
#include "passes.hpp"

#include <cstring>
#include <string>

namespace {

using namespace eenn;

struct line {
    std::string model;
    std::string phase;
    int batch;
    int threads;
    double median_us;
    std::int64_t macs;
    double peak_share;
};

// What to measure; empty or 0: all.
struct selection {
    std::string model;
    std::string phase;
    int batch = 0;
    int threads = 0;
};

double seconds_each = 0.5;

double inference_us(const executable<float>& net, int batch, int thread_count) {
    passes::inference_pass pass{net, batch, thread_count};
    return measure::median_us(pass, seconds_each);
}

double training_us(const trainable<float>& net, int batch, int thread_count) {
    passes::training_step step{net, batch, thread_count};
    return measure::median_us(step, seconds_each, 3);
}

template <class Net>
void run(const char* name, const selection& only, double peak, std::vector<line>& lines) {
    if (!only.model.empty() && only.model != name) return;
    for (const bool training : {false, true}) {
        for (const int batch : {1, 64}) {
            for (const int thread_count : {1, 2}) {
                if ((!only.phase.empty() && only.phase != (training ? "training" : "inference")) ||
                    (only.batch != 0 && only.batch != batch) || (only.threads != 0 && only.threads != thread_count))
                    continue;
                const double us = training ? training_us(Net::training(), batch, thread_count)
                                           : inference_us(Net::inference(), batch, thread_count);
                const double flops = 2.0 * static_cast<double>(Net::macs) * batch * (training ? 3 : 1);
                lines.push_back({name, training ? "training" : "inference", batch, thread_count, us, Net::macs,
                                 flops / us * 1e6 / (peak * thread_count)});
                const line& l = lines.back();
                std::printf("%-20s %-9s batch %2d  threads %d  %10.1f us  %5.1f %% of peak\n", name, l.phase.c_str(),
                            batch, thread_count, us, 100 * l.peak_share);
                std::fflush(stdout);
            }
        }
    }
}

std::string json(const std::vector<line>& lines) {
    std::string text = "[\n";
    for (const line& l : lines) {
        char row[400];
        std::snprintf(row, sizeof row,
                      "  {\"model\": \"%s\", \"phase\": \"%s\", \"batch\": %d, \"threads\": %d, \"median_us\": %.3f, "
                      "\"macs\": %lld, "
                      "\"peak_share\": %.5f}%s\n",
                      l.model.c_str(), l.phase.c_str(), l.batch, l.threads, l.median_us, static_cast<long long>(l.macs),
                      l.peak_share, &l == &lines.back() ? "" : ",");
        text += row;
    }
    return text + "]\n";
}

}  // namespace

int main(int argc, char** argv) {
    std::string file;
    selection only;
    examples::command_line words{"speed",
                                 "measures how fast six networks run and train, as shares of the peak of fused "
                                 "multiply-adds measured in the same "
                                 "process. Without options it is everything."};
    words.option("--model NAME", only.model, "one of the networks", passes::network_names());
    words.option("--phase PHASE", only.phase, "one of the phases", {"inference", "training"});
    words.option("--batch N", only.batch, "samples a call, 1 or 64; both by default", {1, 64});
    words.option("--threads N", only.threads, "1 or 2; both by default", {1, 2});
    words.option("--seconds S", seconds_each, "for each number", {0.001, 3600});
    words.option("--json FILE", file, "where the numbers are written");
    words.read(argc, argv);
    const double peak = measure::fma_peak();
    std::printf("FMA peak of one thread, measured here: %.1f GFLOP/s, vectors of %d floats\n", peak * 1e-9,
                lane_count<float>);
    std::vector<line> lines;
    passes::for_each_network([&]<auto Recipe>(const char* name) { run<network<Recipe>>(name, only, peak, lines); });
    if (!file.empty()) {
        const std::string text = json(lines);
        io::write_file(file, std::as_bytes(std::span{text}));
    }
}

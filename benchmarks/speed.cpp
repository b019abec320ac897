// SPDX-License-Identifier: MIT
//
// speed.cpp - how fast the six networks run and train, as shares of the FMA peak measured in the same process.
//
//   speed [--json FILE] [--model NAME] [--seconds S]
//
// Shares are nominal: 2 x MACs (padding taps included; 3 x that for a training step) / time / (threads x peak of one thread).
#include <eenn/core/threads.hpp>
#include <eenn/exits/infer_batch.hpp>
#include <eenn/io/file.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/training/backpropagation.hpp>
#include <eenn/training/losses.hpp>
#include <eenn/training/optimizers.hpp>

#include "../examples/models.hpp"
#include "measure.hpp"

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

double seconds_each = 0.5;

aligned_vector<float> noise(std::size_t count) {
    aligned_vector<float> values(count);
    random_stream random{.seed = 1};
    for (auto& v : values) v = static_cast<float>(random.normal());
    return values;
}

template <class Net>
double inference_us(int batch, int thread_count) {
    const auto net = Net::inference();
    const auto parameters = initialize(net.plan, 1);
    aligned_vector<float> packed(net.packed_elements);
    pack_weights(net, parameters.data(), packed.data());
    const auto images = noise(net.plan.input.elements() * static_cast<std::size_t>(batch));
    const std::vector<exit_rule> rules(net.plan.exits.size());
    std::vector<decision> decisions(static_cast<std::size_t>(batch));
    if (batch == 1) {
        typename Net::workspace scratch{};
        return measure::median_us(
            [&] { decisions[0] = infer<float>(net, packed.data(), images.data(), scratch.data.data(), rules); },
            seconds_each);
    }
    threads pool{thread_count};
    batch_inference<float> run{net, thread_count};
    return measure::median_us(
        [&] { run(packed.data(), images.data(), static_cast<std::size_t>(batch), rules, decisions, pool); },
        seconds_each);
}

template <class Net>
double training_us(int batch, int thread_count) {
    const auto net = Net::training();
    auto parameters = initialize(net.plan, 1);
    const auto images = noise(net.plan.input.elements() * static_cast<std::size_t>(batch));
    std::vector<int> labels(static_cast<std::size_t>(batch));
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<int>(i) % Net::classes;
    std::vector<parameter_range> ranges;
    for (const auto& tensor : net.plan.tensors) {
        if (tensor.spec.trainable) ranges.push_back({tensor.offset, tensor.spec.elements(), tensor.spec.decay});
    }
    aligned_vector<float> gradients(net.plan.sizes.parameters);
    backpropagation<float> run{net, batch};
    const sgd optimizer{.momentum = 0.9, .weight_decay = 1e-4};
    optimizer_state<float> state;
    threads pool{thread_count};
    const bool exits[]{true};
    std::uint64_t pass = 0;
    return measure::median_us(
        [&] {
            run.forward(parameters.data(), images.data(), batch, 1, pass++, pool);
            const auto count = static_cast<std::size_t>(batch * Net::classes);
            cross_entropy{}(std::span<const float>{run.logits(0), count}, labels,
                            std::span<float>{run.logits_gradient(0), count});
            run.backward(parameters.data(), gradients.data(), exits, pool);
            optimizer.step(std::span<float>{parameters}.first(gradients.size()), gradients, state, ranges, 1e-3);
        },
        seconds_each, 3);
}

template <auto Recipe>
void run(const char* name, const std::string& only, double peak, std::vector<line>& lines) {
    if (!only.empty() && only != name) return;
    using net = network<Recipe>;
    for (const bool training : {false, true}) {
        for (const int batch : {1, 64}) {
            for (const int thread_count : {1, 2}) {
                const double us =
                    training ? training_us<net>(batch, thread_count) : inference_us<net>(batch, thread_count);
                const double flops = 2.0 * static_cast<double>(net::macs) * batch * (training ? 3 : 1);
                lines.push_back({name, training ? "training" : "inference", batch, thread_count, us, net::macs,
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
    std::string only;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string option = argv[i];
        if (option == "--json") {
            file = argv[i + 1];
        } else if (option == "--model") {
            only = argv[i + 1];
        } else if (option == "--seconds") {
            seconds_each = std::stod(argv[i + 1]);
        } else {
            std::fprintf(stderr, "speed: unknown option %s\n", argv[i]);
            return 2;
        }
    }
    const double peak = measure::fma_peak();
    std::printf("FMA peak of one thread, measured here: %.1f GFLOP/s, vectors of %d floats\n", peak * 1e-9,
                lane_count<float>);
    std::vector<line> lines;
    run<models::resnet8>("resnet8", only, peak, lines);
    run<models::dscnn>("dscnn", only, peak, lines);
    run<models::mobilenet_v1_025_96>("mobilenet_v1_025_96", only, peak, lines);
    run<models::resnet20>("resnet20", only, peak, lines);
    run<models::resnet56>("resnet56", only, peak, lines);
    run<models::ecg_cnn>("ecg_cnn", only, peak, lines);
    if (!file.empty()) {
        const std::string text = json(lines);
        io::write_file(file, std::as_bytes(std::span{text}));
    }
}

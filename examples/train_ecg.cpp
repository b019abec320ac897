// SPDX-License-Identifier: MIT
//
// train_ecg.cpp - trains a 1-D network on MIT-BIH, split by patient, to detect premature ventricular beats (PVC).
// Writes the files from which augment gives it exits.
// Usage: `train_ecg --help`, then `augment @examples/augment/ecg.args`. A beat is 256 samples at 360 Hz.
#include <eenn/core/threads.hpp>
#include <eenn/data/batches.hpp>
#include <eenn/interop/zlib.hpp>
#include <eenn/io/npy.hpp>
#include <eenn/io/npz.hpp>
#include <eenn/io/onnx/export.hpp>
#include <eenn/io/onnx/write.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/text/progress.hpp>
#include <eenn/training/trainer.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "command_line.hpp"

namespace {

using namespace eenn;

constexpr std::uint64_t seed = 1;
constexpr int length = 256;
// Offset and gain of the A/D converter: (x - 1024) / 200 is in millivolts.
constexpr float middle = 1024;
constexpr float gain = 200;

// Patients. Only two have many PVCs: one is in the training set, one in the test set. A few PVCs remain for validation.
constexpr int training_patients[] = {100, 102, 106, 108};
constexpr int validation_patients[] = {104, 114};
constexpr int test_patients[] = {123, 200};

graph ecg_network() {
    graph g{{1, length, 1}};
    g(conv1d{.filters = 16, .kernel = 9, .stride = 2}, batch_norm{}, relu{});
    g(conv1d{.filters = 32, .kernel = 7, .stride = 2}, batch_norm{}, relu{});
    g(conv1d{.filters = 64, .kernel = 5}, batch_norm{}, relu{});
    g(conv1d{.filters = 64, .kernel = 5, .stride = 2}, batch_norm{}, relu{});
    g(conv1d{.filters = 96, .kernel = 5}, batch_norm{}, relu{});
    return g(global_average_pool{}, dense{.units = 2});
}

struct beats {
    io::array samples;  // (N,256) int16
    std::vector<int> pvc;
    std::vector<int> patient;
};

beats read(const std::filesystem::path& folder) {
    beats all{io::read_npy(folder / "beats256_i16.npy"), {}, {}};
    const auto index = io::read_npz(folder / "index.npz", io::inflate);
    const auto pvc = index.at("pvc").to<int>();
    const auto patient = index.at("record").to<int>();
    all.pvc.assign(pvc.begin(), pvc.end());
    all.patient.assign(patient.begin(), patient.end());
    return all;
}

/// The beats of some patients, in millivolts. Also writes the original samples, for augment.
data_set part(const beats& all, std::span<const int> patients, const std::filesystem::path& out,
              const std::string& name) {
    const auto raw = all.samples.as<std::int16_t>();
    std::vector<std::int16_t> kept;
    std::vector<std::uint8_t> labels;
    aligned_vector<float> values;
    for (std::size_t i = 0; i < all.pvc.size(); ++i) {
        if (std::find(patients.begin(), patients.end(), all.patient[i]) == patients.end()) continue;
        for (std::size_t k = 0; k < length; ++k) {
            kept.push_back(raw[i * length + k]);
            values.push_back((static_cast<float>(kept.back()) - middle) / gain);
        }
        labels.push_back(static_cast<std::uint8_t>(all.pvc[i]));
    }
    const auto count = static_cast<std::int64_t>(labels.size());
    io::write_npy(out / (name + "_x.npy"), io::make_array<std::int16_t>({count, 1, length}, kept));
    io::write_npy(out / (name + "_y.npy"), io::make_array<std::uint8_t>({count}, labels));
    return make_data_set({1, length, 1}, 2, std::move(values), {labels.begin(), labels.end()});
}

/// Simulates moving electrodes: random gain, drifting baseline, time shift.
void disturb(std::span<float> beat, random_stream random) {
    const double stretch = std::exp(0.2 * random.normal());
    const double offset = 0.1 * random.normal();
    const double slope = 0.1 * random.normal();
    const int shift = static_cast<int>(random.uniform(-6, 7));
    std::array<float, length> before;
    std::copy(beat.begin(), beat.end(), before.begin());
    for (int k = 0; k < length; ++k) {
        const auto from = static_cast<std::size_t>(std::clamp(k + shift, 0, length - 1));
        const double drift = offset + slope * (static_cast<double>(k) / length - 0.5);
        beat[static_cast<std::size_t>(k)] = static_cast<float>(stretch * static_cast<double>(before[from]) + drift);
    }
}

void print(const char* name, const runtime_network<float, graph>& net, std::span<const float> parameters,
           const data_set& set, threads& pool) {
    const exit_trace trace = collect_trace(net.inference(), parameters, set, {}, pool);
    int count[2][2] = {};  // label, answer
    for (int i = 0; i < trace.samples; ++i)
        ++count[set.labels[static_cast<std::size_t>(i)]][trace.prediction[trace.at(i, 0)]];
    const double sensitivity = static_cast<double>(count[1][1]) / std::max(1, count[1][0] + count[1][1]);
    const double specificity = static_cast<double>(count[0][0]) / std::max(1, count[0][0] + count[0][1]);
    const double f1 = 2.0 * count[1][1] / std::max(1, 2 * count[1][1] + count[0][1] + count[1][0]);
    std::printf("%-10s %5d beats, %4d PVC: accuracy %.2f %%, balanced %.2f %%, F1 %.2f %%\n", name, set.size(),
                count[1][0] + count[1][1], 100 * lone_accuracy(trace, 0), 50 * (sensitivity + specificity), 100 * f1);
}

void run(const std::filesystem::path& data, const std::filesystem::path& out, int epochs) {
    const beats all = read(data / "ecg_mitbih12");
    std::filesystem::create_directories(out);
    const data_set train = part(all, training_patients, out, "train");
    const data_set validation = part(all, validation_patients, out, "validation");
    const data_set test = part(all, test_patients, out, "test");

    runtime_network<float, graph> net{ecg_network()};
    threads pool;
    text::progress_bar bar{stdout};
    training_options options;
    options.epochs = epochs;
    options.seed = seed;
    options.learning_rate = one_cycle{.peak = 0.05};
    options.loss.smoothing = 0.05;
    options.average_decay = 0.995;
    options.observer = [&](const training_progress& p) {
        bar("train", static_cast<std::int64_t>(p.epoch) * p.steps + p.step,
            static_cast<std::int64_t>(p.epochs) * p.steps);
        return true;
    };
    trainer training{net.training(), sgd{.momentum = 0.9, .weight_decay = 1e-3, .nesterov = true},
                     initialize(net.plan(), seed), options};
    batch_loader batches{train, {.size = 64, .seed = seed, .transform = disturb}};
    training.run(batches, validation, pool);
    std::printf("\n%lld MACs, %zu parameters\n", static_cast<long long>(net.plan().sizes.macs),
                net.plan().sizes.parameters);
    print("train", net, training.parameters(), train, pool);
    print("validation", net, training.parameters(), validation, pool);
    print("test", net, training.parameters(), test, pool);

    onnx::export_options how;
    how.metadata["preprocessing"] = R"({"pixel_scale": 1, "mean": [1024], "std": [200]})";
    how.metadata["classes"] = R"(["other", "pvc"])";
    onnx::write_model(out / "ecg.onnx", onnx::export_network(ecg_network(), training.parameters(), how));
    std::printf("Written: %s/{ecg.onnx,train_x.npy,...}\n", out.c_str());
}

}  // namespace

int main(int argc, char** argv) {
    std::filesystem::path data;
    std::filesystem::path out = "ecg";
    int epochs = 6;
    if (const char* folder = std::getenv("EENN_DATA")) data = folder;
    examples::command_line line{"train_ecg",
                                "trains a 1-D network that tells premature ventricular beats (PVC) from others on "
                                "MIT-BIH, split by patient, and writes what augment needs to give it exits."};
    line.option("--data FOLDER", data, "holds ecg_mitbih12/beats256_i16.npy and index.npz; else $EENN_DATA");
    line.option("--epochs N", epochs, "passes over the training data", {1, 10000});
    line.option("--out FOLDER", out, "where the network and its data are written");
    line.read(argc, argv);
    if (data.empty()) line.refuse("there is no data, set EENN_DATA or give --data FOLDER");
    try {
        run(data, out, epochs);
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "%s\n", problem.what());
        return 1;
    }
}

// SPDX-License-Identifier: MIT
//
// demo - trains an early-exit network on Fashion-MNIST, chooses its thresholds on validation data, and shows on test data
// what early exits cost and save. Then trains the same network without exits and adds exits to it. Usage: `demo --help`.
#include <eenn/core/threads.hpp>
#include <eenn/data/batches.hpp>
#include <eenn/data/glyphs.hpp>
#include <eenn/data/normalize.hpp>
#include <eenn/data/split.hpp>
#include <eenn/exits/calibration.hpp>
#include <eenn/exits/collect_trace.hpp>
#include <eenn/exits/thresholds.hpp>
#include <eenn/interop/zlib.hpp>
#include <eenn/io/idx.hpp>
#include <eenn/io/weights.hpp>
#include <eenn/network/runtime_session.hpp>
#include <eenn/text/progress.hpp>
#include <eenn/training/trainer.hpp>

#include <chrono>
#include <cstdio>
#include <filesystem>

#include "../command_line.hpp"
#include "convert.hpp"
#include "network.hpp"
#include "report.hpp"

namespace {

using namespace eenn;
using demo::net;

constexpr std::uint64_t seed = 1;
constexpr int validation_samples = 6000;
constexpr double allowed_loss = 0.005;  // half a point, on validation data

struct pictures {
    std::string name;
    data_set train;
    data_set test;
};

data_set read_fashion(const std::filesystem::path& folder, const std::string& part) {
    const auto images = io::parse_idx(io::read_gzip(folder / (part + "-images-idx3-ubyte.gz")), part + " images");
    const auto labels = io::parse_idx(io::read_gzip(folder / (part + "-labels-idx1-ubyte.gz")), part + " labels");
    return make_data_set({28, 28, 1}, 10, images.as<std::uint8_t>(), labels.as<std::uint8_t>());
}

pictures load(const std::filesystem::path& folder) {
    if (std::filesystem::exists(folder / "train-images-idx3-ubyte.gz")) {
        std::printf("Data: Fashion-MNIST, 60,000 training and 10,000 test images\n");
        return {"Fashion-MNIST, 10,000 test images", read_fashion(folder, "train"), read_fashion(folder, "t10k")};
    }
    std::printf("Data: glyphs drawn here, since Fashion-MNIST is missing\n(%s; Debian: dataset-fashion-mnist)\n",
                folder.c_str());
    return {"Glyphs, 5,000 test images", make_glyphs(30000, seed), make_glyphs(5000, seed + 1)};
}

/// Mean microseconds per sample, one at a time on this thread, with early exits and without. The two alternate.
std::pair<double, double> race(packed_view<float> weights, const data_set& set,
                               const std::array<exit_rule, net::exits>& rules, std::vector<decision>& decisions,
                               std::vector<double>& times) {
    auto closed = rules;
    for (auto& rule : closed) rule.threshold = never_exit;
    session early{net::inference(), weights, threshold_rules{rules}};
    session never{net::inference(), weights, threshold_rules{closed}};
    using clock = std::chrono::steady_clock;
    double sums[2] = {};
    for (int i = 0; i < set.size(); ++i) {
        for (const bool full : {false, true}) {
            const auto start = clock::now();
            const decision d = full ? never(set[i]) : early(set[i]);
            const double us = std::chrono::duration<double, std::micro>(clock::now() - start).count();
            sums[full ? 1 : 0] += us;
            if (full) continue;
            decisions.push_back(d);
            times.push_back(us);
        }
    }
    return {sums[0] / set.size(), sums[1] / set.size()};
}

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

void run(const std::filesystem::path& data, const std::filesystem::path& out, int epochs) {
    pictures images = load(data);
    threads pool;
    const auto parts = split(images.train, {.validation = validation_samples, .seed = seed});
    const auto constants = measure(images.train, parts.train);
    normalize(images.train.pixels, 1, constants);
    normalize(images.test.pixels, 1, constants);
    const data_set validation = subset(images.train, parts.validation);
    std::printf("Network: %zu parameters, %lld MACs, %d exits, %zu bytes of workspace\n", net::parameters,
                static_cast<long long>(net::macs), net::exits, net::workspace_bytes);

    // Train all exits together.
    text::progress_bar bar{stdout};
    training_options options;
    options.epochs = epochs;
    options.seed = seed;
    options.learning_rate = one_cycle{.peak = 0.15};
    options.loss.smoothing = 0.02;
    options.exit_weights = {0.5, 0.7, 1.0};
    options.average_decay = 0.995;
    options.observer = [&](const training_progress& p) {
        char note[120];
        std::snprintf(note, sizeof note, "epoch %d  loss %.3f", p.epoch + 1, p.loss);
        bar("train", static_cast<std::int64_t>(p.epoch) * p.steps + p.step,
            static_cast<std::int64_t>(p.epochs) * p.steps, note);
        return true;
    };
    trainer training{net::training(), sgd{.momentum = 0.9, .weight_decay = 5e-4, .nesterov = true},
                     initialize(net::plan, seed), options};
    batch_loader batches{
        images.train, parts.train, {.size = 64, .seed = seed, .augment = {.crop_padding = 1, .flip = true}}};
    const auto start = std::chrono::steady_clock::now();
    training.run(batches, validation, pool);
    const double train_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::printf("Trained %d epochs in %s on %d threads\n", epochs, text::duration_text(train_seconds).c_str(),
                pool.concurrency());

    // Calibrate and choose thresholds on validation data only.
    const auto& parameters = training.parameters();
    const auto validation_logits = collect_logits(net::inference(), parameters, validation, pool);
    std::array<exit_rule, net::exits> rules{};
    std::vector<float> temperatures;
    std::vector<calibration> calibrations;
    for (std::size_t e = 0; e < rules.size(); ++e) {
        calibrations.push_back(fit_temperature(validation_logits.of_exit(e), validation.labels));
        rules[e].temperature = static_cast<float>(calibrations[e].temperature);
        temperatures.push_back(rules[e].temperature);
    }
    const exit_trace validation_trace = trace_of(validation_logits, temperatures);
    const threshold_choice choice = choose_thresholds(validation_trace, exit_objective::least_cost(allowed_loss));
    for (std::size_t e = 0; e + 1 < rules.size(); ++e) rules[e].threshold = choice.thresholds[e];

    // Test data: timed inference, one image at a time.
    const packed_weights packed{net::inference(), parameters};
    std::vector<decision> decisions;
    std::vector<double> times;
    const auto [early_us, full_us] = race(packed, images.test, rules, decisions, times);

    demo::summary s;
    const exit_trace test_trace = collect_trace(net::inference(), parameters, images.test, temperatures, pool);
    s.accuracy_last = lone_accuracy(test_trace, net::exits - 1);
    s.train_seconds = train_seconds;
    s.mean_time_share = early_us / full_us;
    s.early_us = early_us;
    s.full_us = full_us;
    for (int e = 0; e < net::exits; ++e) {
        demo::exit_summary x;
        std::vector<double> here;
        for (std::size_t i = 0; i < decisions.size(); ++i) {
            if (decisions[i].exit != e) continue;
            here.push_back(times[i]);
            x.right += decisions[i].label == images.test.labels[i] ? 1 : 0;
        }
        x.samples = static_cast<int>(here.size());
        x.share = static_cast<double>(here.size()) / images.test.size();
        x.accuracy = here.empty() ? 0 : static_cast<double>(x.right) / x.samples;
        x.lone_accuracy = lone_accuracy(test_trace, e);
        x.macs = net::plan.exits[static_cast<std::size_t>(e)].macs;
        x.median_us = median(here);
        x.threshold = static_cast<double>(rules[static_cast<std::size_t>(e)].threshold);
        x.calibrated = calibrations[static_cast<std::size_t>(e)];
        s.accuracy += x.right / static_cast<double>(images.test.size());
        s.mean_macs_share += x.share * static_cast<double>(x.macs) / static_cast<double>(net::macs);
        s.exits.push_back(x);
    }
    demo::print(s);
    std::filesystem::create_directories(out);
    demo::write(s, validation_trace, test_trace, choice.thresholds, images.name, out);
    io::write_weights(out / "weights.safetensors", net::plan, std::span<const float>{parameters});
    std::printf("Written: %s/{summary.json,accuracy.svg,weights.safetensors}\n", out.c_str());

    std::printf("\nNow the other way: a network trained without exits gains them.\n");
    demo::convert(subset(images.train, parts.train), validation, images.test, images.name, allowed_loss, seed, pool,
                  out);
}

}  // namespace

int main(int argc, char** argv) {
    std::filesystem::path data = "/usr/share/datasets/fashion-mnist";
    std::filesystem::path out = std::filesystem::path{argv[0]}.parent_path();
    int epochs = 5;
    examples::command_line line{
        "demo",
        "trains an early-exit network on Fashion-MNIST, chooses its thresholds on validation data, and shows on test "
        "data what leaving early costs and saves; then trains the same network without exits, and has them put on."};
    line.option("--data FOLDER", data,
                "where Fashion-MNIST is, Debian's package dataset-fashion-mnist; without it the demo draws glyphs");
    line.option("--epochs N", epochs, "passes over the training data", {1, 1000});
    line.option("--out FOLDER", out, "where charts and summaries are written");
    line.read(argc, argv);
    try {
        run(data, out, epochs);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}

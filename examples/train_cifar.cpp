// SPDX-License-Identifier: MIT
//
// train_cifar.cpp - trains MLPerf Tiny's ResNet-8 on CIFAR-10 from random weights, on all cores. Usage: `train_cifar
// --help`.
// Ctrl-C loses nothing: the same command resumes from the last epoch, with bit-identical results.
#include <eenn/core/threads.hpp>
#include <eenn/data/batches.hpp>
#include <eenn/data/normalize.hpp>
#include <eenn/data/split.hpp>
#include <eenn/io/cifar.hpp>
#include <eenn/io/weights.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/text/json_writer.hpp>
#include <eenn/text/progress.hpp>
#include <eenn/training/checkpoint.hpp>
#include <eenn/training/trainer.hpp>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "command_line.hpp"
#include "models.hpp"

namespace {

using namespace eenn;

std::atomic<bool> interrupted{false};

struct arguments {
    std::filesystem::path data;
    std::filesystem::path out = "train_cifar";
    int epochs = 30;
    bool exits = false;
};

arguments read(int argc, char** argv) {
    arguments a;
    if (const char* folder = std::getenv("EENN_DATA")) a.data = folder;
    examples::command_line line{
        "train_cifar",
        "trains MLPerf Tiny's ResNet-8 on CIFAR-10 from random weights. A tenth of the training images is for "
        "validation. Ctrl-C loses nothing: the same command goes on from the last epoch, to the same bits."};
    line.option("--data FOLDER", a.data, "holds cifar10/train.bin and test.bin in the binary format; else $EENN_DATA");
    line.option("--epochs N", a.epochs, "passes over the training data", {1, 10000});
    line.yes_no("--exits yes|no", a.exits, "whether the network has exits");
    line.option("--out FOLDER", a.out, "where weights and a summary are written");
    line.read(argc, argv);
    if (a.data.empty()) line.refuse("there is no data, set EENN_DATA or give --data FOLDER");
    return a;
}

data_set images(const std::filesystem::path& path) {
    const auto file = io::read_cifar10(path);
    return make_data_set({32, 32, 3}, 10, file.images.as<std::uint8_t>(), file.labels.as<std::uint8_t>());
}

bool run(const arguments& a) {
    data_set train = images(a.data / "cifar10" / "train.bin");
    data_set test = images(a.data / "cifar10" / "test.bin");
    const auto parts = split(train, {.validation = 0.1, .seed = 1});
    const auto constants = measure(train, parts.train);
    normalize(train.pixels, 3, constants);
    normalize(test.pixels, 3, constants);
    const data_set validation = subset(train, parts.validation);

    runtime_network<float, graph> net{models::cifar_resnet(1, a.exits)};
    threads pool;
    std::printf("ResNet-8: %zu parameters, %lld MACs, %d threads\n%zu training, %d validation, %d test images\n",
                net.plan().sizes.parameters, static_cast<long long>(net.plan().sizes.macs), pool.concurrency(),
                parts.train.size(), validation.size(), test.size());

    std::filesystem::create_directories(a.out);
    text::progress_bar bar{stdout};
    training_options options;
    options.epochs = a.epochs;
    options.seed = 1;
    options.learning_rate = one_cycle{.peak = 0.2};
    options.average_decay = 0.998;
    const checkpoint_file checkpoint{a.out / "training.checkpoint",
                                     digest_of("train_cifar", models::cifar_resnet(1, a.exits), a.epochs, train)};
    options.checkpoint = checkpoint;
    double seconds = 0;
    options.observer = [&](const training_progress& p) {
        char note[160];
        std::snprintf(note, sizeof note, "epoch %d  loss %.3f", p.epoch + 1, p.loss);
        seconds = p.seconds;
        bar("train", static_cast<std::int64_t>(p.epoch) * p.steps + p.step,
            static_cast<std::int64_t>(p.epochs) * p.steps, note);
        if (!p.validation.empty()) {
            bar.clear();
            std::printf("epoch %2d  loss %.3f  validation %.2f %%\n", p.epoch + 1, p.loss, 100 * p.validation.back());
            std::fflush(stdout);
        }
        return !interrupted;
    };
    trainer training{net.training(), sgd{.momentum = 0.9, .weight_decay = 5e-4, .nesterov = true},
                     initialize(net.plan(), 1), options};
    if (checkpoint.resume(training)) std::printf("Going on after epoch %d\n", training.epoch());
    batch_loader batches{train, parts.train, {.size = 128, .seed = 1, .augment = {.crop_padding = 4, .flip = true}}};
    if (!training.run(batches, validation, pool)) {
        std::printf("Interrupted; the same command goes on after epoch %d\n", training.epoch());
        return false;
    }
    const auto trace = collect_trace(net.inference(), training.parameters(), test, {}, pool);
    std::printf("Trained %d epochs in %s\n", a.epochs, text::duration_text(seconds).c_str());
    text::json_writer json;
    json.begin_object().member("epochs", a.epochs).member("train_seconds", seconds);
    json.key("test_accuracy").begin_array();
    for (int e = 0; e < trace.exits; ++e) {
        std::printf("exit %d  test accuracy %.2f %%\n", e + 1, 100 * lone_accuracy(trace, e));
        json.value(lone_accuracy(trace, e));
    }
    json.end_array().end_object();
    io::write_weights(a.out / "weights.safetensors", net.plan(), std::span<const float>{training.parameters()});
    io::write_file(a.out / "summary.json", std::as_bytes(std::span{json.text()}));
    checkpoint.remove();
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGINT, [](int) { interrupted = true; });
    try {
        return run(read(argc, argv)) ? 0 : 130;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}

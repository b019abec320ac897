// SPDX-License-Identifier: MIT
//
// constructs.cpp - a user's program that reads a network from an ONNX file, gives it exits, and writes and runs what came out.
// It compiles neither a kernel nor a flow: all of that is in eenn::compiled.
#include <eenn/construct/augment.hpp>
#include <eenn/construct/report/augmentation.hpp>
#include <eenn/core/random.hpp>
#include <eenn/core/threads.hpp>
#include <eenn/io/model_file.hpp>
#include <eenn/io/onnx/export.hpp>
#include <eenn/io/onnx/import.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/network/runtime_session.hpp>

#include <cstdio>
#include <filesystem>

using namespace eenn;

namespace {

/// Four kinds of patches in noise: a patch in one of four corners.
data_set patches(int count, std::uint64_t seed) {
    data_set set{{8, 8, 3}, 4, {}, {}, {}};
    random_stream random{.seed = seed};
    for (int i = 0; i < count; ++i) {
        const int kind = i % 4;
        set.labels.push_back(kind);
        for (int h = 0; h < 8; ++h) {
            for (int w = 0; w < 8; ++w) {
                const bool inside = (h < 4) == (kind < 2) && (w < 4) == (kind % 2 == 0);
                for (int c = 0; c < 3; ++c)
                    set.pixels.push_back(static_cast<float>((inside ? 1.0 : 0.0) + 0.8 * random.normal()));
            }
        }
    }
    return set;
}

bool check(bool holds, const char* sentence) {
    if (!holds) std::printf("FAIL: %s\n", sentence);
    return holds;
}

}  // namespace

int main() {
    // A network whose weights are random: heads that learn are better than its classifier.
    model base;
    base.network = graph{{8, 8, 3}};
    base.network(conv2d{.filters = 8}, batch_norm{}, relu{});
    for (int block = 0; block < 3; ++block) {
        base.network.residual([](graph& n) { n(conv2d{.filters = 8}, batch_norm{}, relu{}, conv2d{.filters = 8}); });
        base.network(relu{});
    }
    base.network(global_average_pool{}, dense{.units = 4});
    base.parameters = initialize(lower(base.network).view(), 1);
    onnx::write("base.onnx", base);
    const onnx::imported read = onnx::read_network("base.onnx");

    const data_set train = patches(256, 1);
    const data_set validation = patches(128, 2);
    const data_set test = patches(128, 3);
    construct::augment_options options;
    options.most_head_share = 1;
    options.heads.batch = options.tune.batch = 32;
    options.tune.epochs = 0;
    int told = 0;
    options.observer = [&](const construct::construct_progress&) { return ++told > 0; };
    threads pool{2};
    const construct::augmented made = construct::augment(read, {train, validation, test}, options, pool);
    bool good = check(made.finished && made.report.pays_off && told > 0, "an exit pays off, and an observer was told");

    onnx::write("exits.onnx", made.model);
    io::write_model("exits.safetensors", made.model);
    report::write_augmentation("report", made.report);
    good = check(std::filesystem::exists("report/report.html"), "there is a report") && good;
    const model again = io::read_model("exits.safetensors");
    good = check(again.parameters == made.model.parameters && again.rules == made.model.rules,
                 "a model file is read back") &&
           good;

    int right = 0;
    runtime_network<float, graph> net{again.network};
    session run{net.inference(), again.parameters, threshold_rules{again.rules}};
    for (int i = 0; i < test.size(); ++i) right += run(test[i]).label == test.labels[static_cast<std::size_t>(i)];
    good = check(right == static_cast<int>(made.report.accuracy * test.size() + 0.5), "it runs as it was measured") &&
           good;
    try {
        (void)onnx::read("nowhere.onnx");
        good = check(false, "a file that is not there is an error");
    } catch (const error& problem) {
        good = check(std::string{problem.what()}.find("nowhere.onnx") != std::string::npos, "errors name the file") &&
               good;
    }
    std::printf("%s; kernels of %s\n", made.report.verdict.c_str(), compiled::kernel_sets().front()->isa);
    return good ? 0 : 1;
}

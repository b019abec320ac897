// SPDX-License-Identifier: MIT
//
// augment - turns a trained network (ONNX) into an early-exit network: places exits, trains heads, proves thresholds,
// fine-tunes, measures on test data, and writes a report, the weights and ONNX files. `augment --help` says how.
#include <eenn/construct/augment.hpp>
#include <eenn/core/threads.hpp>
#include <eenn/data/split.hpp>
#include <eenn/io/onnx/import.hpp>
#include <eenn/io/weights.hpp>
#include <eenn/report/progress.hpp>

#include <csignal>
#include <cstdio>
#include <cstring>

#include "arguments.hpp"
#include "samples.hpp"

namespace {

using namespace eenn;

std::atomic<bool> interrupted{false};

int run(augment::arguments& a) {
    const onnx::imported model = onnx::read_network(a.model);
    for (const auto& note : model.notes) std::printf("%s: %s\n", a.model.c_str(), note.c_str());
    const shape sample = model.network.input();
    const int classes = model.network.shape_of(model.network.here()).c;
    const auto prepare = augment::read_preprocessing(model.metadata);
    data_set train = augment::read_samples(a.train, sample, classes, prepare);
    data_set validation;
    if (a.validation_share > 0) {
        if (!a.groups.empty()) train.groups = augment::read_groups(a.groups);
        check(train, a.train.samples);
        const auto parts = split(train, {.validation = a.validation_share, .seed = a.options.seed});
        validation = subset(train, parts.validation);
        train = subset(train, parts.train);
    } else {
        validation = augment::read_samples(a.validation, sample, classes, prepare);
    }
    const data_set test = augment::read_samples(a.test, sample, classes, prepare);
    std::printf("%d training, %d validation and %d test samples of %s, %d classes\n", train.size(), validation.size(),
                test.size(), to_string(sample).c_str(), classes);

    threads pool{a.threads};
    report::progress_bar bar{stdout};
    a.options.observer = [&](const construct::construct_progress& p) {
        bar(p.stage, p.done, p.total, p.note);
        return !interrupted;
    };
    construct::augmented made =
        construct::augment(model.network, model.parameters, model.names, train, validation, test, a.options, pool);
    if (!made.finished) {
        std::printf("\nStopped. The same command goes on from %s.\n", a.options.state.c_str());
        return 130;
    }
    made.report.model = std::filesystem::path{a.model}.filename().string();
    made.report.data = a.test.samples;
    made.report.command = a.command;
    made.report.class_names = a.classes;
    std::filesystem::create_directories(a.out);
    const plan lowered = lower(made.network);
    io::write_weights(a.out / "weights.safetensors", lowered.view(), std::span<const float>{made.parameters});
    const auto& r = made.report;
    std::printf("\n%s\nbase %.2f %% (validation %.2f %%); fine-tuning %s\n", r.verdict.c_str(), 100 * r.base_accuracy,
                100 * r.base_validation_accuracy, r.fine_tuning.c_str());
    for (const auto& h : r.heads)
        if (h.trained)
            std::printf("  %-24s %-6s %5.1f %% + %4.1f %% of the MACs, %.2f %% right%s\n",
                        r.sites[static_cast<std::size_t>(h.site)].name.c_str(), h.form.c_str(),
                        100.0 * static_cast<double>(r.sites[static_cast<std::size_t>(h.site)].macs) /
                            static_cast<double>(r.base_macs),
                        100.0 * static_cast<double>(h.macs) / static_cast<double>(r.base_macs), 100 * h.accuracy,
                        h.chosen ? "  chosen" : "");
    for (const auto& s : r.settings)
        std::printf("%-34s validation %5.1f %% MACs %.2f %%; test %5.1f %% MACs %.2f %%, loss %.2f [%.2f, %.2f]\n",
                    s.objective.c_str(), 100 * s.validation_cost, 100 * s.validation_accuracy, 100 * s.test_cost,
                    100 * s.test_accuracy, 100 * s.loss, 100 * s.loss_low, 100 * s.loss_high);
    for (const auto& e : r.exits)
        std::printf(
            "  exit %-24s %-10s threshold %.4f T %.2f: %5.1f %% leave, %.2f %% right (alone %.2f %%), %.1f us\n",
            e.site.c_str(), e.form.c_str(), static_cast<double>(e.threshold), e.temperature, 100 * e.share,
            100 * e.accuracy, 100 * e.lone_accuracy, e.microseconds);
    std::printf("time %.3f (MACs %.3f): %.1f of %.1f us; batch 64 %.3f; decisions %.4f\n", r.mean_time_share,
                r.mean_macs_share, r.mean_microseconds, r.base_microseconds, r.batch_time_share, r.decision_overhead);
    for (const auto& [stage, seconds] : r.seconds) std::printf("  %-20s %.1f s\n", stage.c_str(), seconds);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2 || std::strcmp(argv[1], "--help") == 0) {
        std::fputs(augment::usage, argc < 2 ? stderr : stdout);
        return argc < 2 ? 2 : 0;
    }
    std::signal(SIGINT, [](int) { interrupted = true; });
    std::signal(SIGTERM, [](int) { interrupted = true; });
    try {
        augment::arguments a = augment::read_arguments(argc, argv);
        return run(a);
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "%s\n", problem.what());
        return 1;
    }
}

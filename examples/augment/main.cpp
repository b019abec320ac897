// SPDX-License-Identifier: MIT
//
// augment - turns a trained network (ONNX) into an early-exit network: places exits, trains heads, proves thresholds,
// fine-tunes, measures on test data, and writes a report, the weights and ONNX files. Usage: `augment --help`.
#include <eenn/construct/augment.hpp>
#include <eenn/construct/placing.hpp>
#include <eenn/construct/report/augmentation.hpp>
#include <eenn/core/processor_name.hpp>
#include <eenn/core/threads.hpp>
#include <eenn/data/split.hpp>
#include <eenn/io/model_file.hpp>
#include <eenn/io/onnx/export.hpp>
#include <eenn/io/onnx/import.hpp>
#include <eenn/io/onnx/write.hpp>
#include <eenn/platform/read_platform.hpp>
#include <eenn/text/progress.hpp>

#include <csignal>
#include <cstdio>
#include <filesystem>

#include "arguments.hpp"
#include "samples.hpp"

namespace {

using namespace eenn;

std::atomic<bool> interrupted{false};

void write(const augment::arguments& a, const construct::augmented& made) {
    io::write_model(a.out / "model.safetensors", made.model);
    onnx::write(a.out / "eenn.onnx", made.model);
    report::write_augmentation(a.out, made.report);
}

/// Places the network on the platform, reports the placement, and writes one ONNX file per processor if there are
/// several.
void place(const augment::arguments& a, construct::augmented& made) {
    const auto& goal = a.options.objectives[0];
    const double loss = goal.goal == exit_objective::kind::least_cost ? goal.limit : 0.005;
    const auto objective = a.place_for == "energy"  ? placement_objective::least_joules(loss)
                           : a.place_for == "price" ? placement_objective::least_price(loss)
                                                    : placement_objective::least_seconds(loss);
    const auto placed =
        construct::place_network(made.model, made.validation, *a.options.target, objective, a.options.limits);
    if (!placed.placed.feasible) {
        std::string why;
        for (const auto& reason : placed.placed.refused) why += (why.empty() ? "" : "; ") + reason;
        made.report.notes.emplace_back("Placement", "The network does not fit the platform: " + why + ".");
        return;
    }
    made.report.placement = placed.summary;
    if (placed.cuts.empty()) return;
    const auto stages = onnx::export_stages(made.model.network, made.model.parameters, placed.rules, placed.cuts);
    for (std::size_t s = 0; s < stages.size(); ++s)
        onnx::write_model(a.out / ("stage_" + std::to_string(s) + ".onnx"), stages[s]);
}

int run(augment::arguments& a) {
    if (!a.platform.empty()) a.options.target = read_platform(a.platform);  // fails before the long work
    const onnx::imported model = onnx::read_network(a.model);
    for (const auto& note : model.notes) std::printf("%s: %s\n", a.model.c_str(), note.c_str());
    const shape sample = model.network.input();
    const int classes = model.network.shape_of(model.network.here()).c;
    const preprocessing& prepare = model.prepare;
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
    text::progress_bar bar{stdout};
    a.options.observer = [&](const construct::construct_progress& p) {
        bar(p.stage, p.done, p.total, p.note);
        return !interrupted;
    };
    construct::augmented made = construct::augment(model, {train, validation, test}, a.options, pool);
    if (!made.finished) {
        std::printf("\nStopped. The same command goes on from %s.\n", a.options.state.c_str());
        return 130;
    }
    std::filesystem::create_directories(a.out);
    made.report.model = std::filesystem::path{a.model}.filename().string();
    made.report.data = a.test.samples;
    made.report.command = a.command;
    made.report.machine = std::to_string(pool.concurrency()) + " threads of " + processor_name();
    made.report.class_names = a.classes;
    if (a.classes.empty()) made.report.class_names = model.classes;
    if (a.options.target && made.report.pays_off) place(a, made);
    write(a, made);
    std::printf("\n%s\nWritten: %s/{report.html,summary.json,eenn.onnx,model.safetensors}\n",
                report::augmentation_text(made.report).c_str(), a.out.c_str());
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
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

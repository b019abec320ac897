// SPDX-License-Identifier: MIT
#include "convert.hpp"

#include <eenn/construct/augment.hpp>
#include <eenn/construct/report/augmentation.hpp>
#include <eenn/data/batches.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/text/progress.hpp>
#include <eenn/training/trainer.hpp>

#include <cstdio>
#include <filesystem>

#include "network.hpp"

namespace demo {

void convert(const eenn::data_set& train, const eenn::data_set& validation, const eenn::data_set& test,
             const std::string& data_name, double allowed_loss, std::uint64_t seed, eenn::threads& pool,
             const std::filesystem::path& out) {
    using namespace eenn;
    const graph plain = fashion_net(false);
    const augmentation changes{.crop_padding = 1, .flip = true};
    text::progress_bar bar{stdout};
    runtime_network<float, graph> base{plain};
    training_options how;
    how.epochs = 4;
    how.seed = seed;
    how.learning_rate = one_cycle{.peak = 0.15};
    how.loss.smoothing = 0.02;
    how.average_decay = 0.995;
    how.observer = [&](const training_progress& p) {
        bar("train without exits", static_cast<std::int64_t>(p.epoch) * p.steps + p.step,
            static_cast<std::int64_t>(p.epochs) * p.steps);
        return true;
    };
    trainer training{base.training(), sgd{.momentum = 0.9, .weight_decay = 5e-4, .nesterov = true},
                     initialize(base.plan(), seed), how};
    batch_loader batches{train, {.size = 64, .seed = seed, .augment = changes}};
    training.run(batches, validation, pool);

    construct::augment_options options;
    options.objectives = {exit_objective::least_cost(allowed_loss)};
    options.most_exits = 2;
    options.forms = {construct::head_form::small, construct::head_form::medium};
    options.heads.epochs = 1;
    options.heads.final_epochs = 6;
    options.tune = {.epochs = 0, .augment = changes};  // heads do well on the frozen backbone
    options.seed = seed;
    options.observer = [&](const construct::construct_progress& p) {
        bar(p.stage, p.done, p.total, p.note);
        return true;
    };
    model trained;
    trained.network = plain;
    trained.parameters = training.parameters();
    construct::augmented made = construct::augment(trained, {train, validation, test}, options, pool);
    made.report.model = "the demo's network, trained without exits";
    made.report.data = data_name;
    made.report.command = "demo";
    report::write_augmentation(out / "converted", made.report);
    std::printf("\n\n%s\nWritten: %s/converted/{report.html,summary.json}\n",
                report::augmentation_text(made.report).c_str(), out.c_str());
}

}  // namespace demo

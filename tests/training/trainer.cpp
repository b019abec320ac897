// SPDX-License-Identifier: MIT
#include <eenn/core/threads.hpp>
#include <eenn/data/batches.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/network/standard.hpp>
#include <eenn/training/checkpoint.hpp>
#include <eenn/training/freezing.hpp>
#include <eenn/training/trainer.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <limits>

#include "two_exits.hpp"

namespace {

using namespace eenn;
using two_exits::sides;

training_options options(int epochs) {
    training_options o;
    o.epochs = epochs;
    o.seed = 11;
    o.learning_rate = one_cycle{.peak = 0.1};
    o.exit_weights = {0.5, 1.0};
    o.average_decay = 0.95;
    o.clip_norm = 5;
    return o;
}

constexpr sgd optimizer{.momentum = 0.9, .weight_decay = 1e-4, .nesterov = true};

struct folder {
    std::filesystem::path path = std::filesystem::temp_directory_path() / "eenn_trainer_test";
    folder() { std::filesystem::create_directories(path); }
    ~folder() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_CASE(
    "training/trainer: learns two classes, reports validation accuracy of every exit, for any number of threads") {
    runtime_network<float, graph> net{two_exits::network()};
    const data_set train = sides(400, 1);
    const data_set validation = sides(200, 2);
    aligned_vector<float> results[2];
    for (int thread_count : {1, 2}) {
        std::vector<double> accuracy;
        double left = -1;
        auto o = options(6);
        o.observer = [&](const training_progress& p) {
            if (!p.validation.empty()) accuracy = p.validation;
            left = p.seconds_left;
            return true;
        };
        trainer t{net.training(), optimizer, initialize(net.plan(), 3), o};
        batch_loader batches{train, {.size = 32, .seed = 5}};
        threads pool{thread_count};
        CHECK(t.run(batches, validation, pool));
        REQUIRE(accuracy.size() == 2);
        CHECK(accuracy[0] > 0.9);
        CHECK(accuracy[1] > 0.9);
        CHECK(left == doctest::Approx(0));
        results[thread_count - 1] = t.parameters();
    }
    CHECK(results[0] == results[1]);
}

TEST_CASE("training/trainer: a run that was interrupted and resumed ends in the same bits") {
    const folder files;
    runtime_network<float, graph> net{two_exits::network()};
    const data_set train = sides(120, 1);
    const data_set validation = sides(60, 2);
    serial one;
    const auto whole = [&] {
        trainer t{net.training(), optimizer, initialize(net.plan(), 3), options(4)};
        batch_loader batches{train, {.size = 32, .seed = 5}};
        t.run(batches, validation, one);
        return t.parameters();
    }();
    auto o = options(4);
    const checkpoint_file checkpoint{files.path / "run.safetensors"};
    o.checkpoint = checkpoint;
    int calls = 0;
    o.observer = [&](const training_progress&) { return ++calls < 13; };  // in the middle of the third epoch
    {
        trainer t{net.training(), optimizer, initialize(net.plan(), 3), o};
        batch_loader batches{train, {.size = 32, .seed = 5}};
        CHECK_FALSE(t.run(batches, validation, one));
    }
    o.observer = nullptr;
    trainer t{net.training(), optimizer, initialize(net.plan(), 99), o};
    REQUIRE(checkpoint.resume(t));
    CHECK(t.epoch() == 2);
    batch_loader batches{train, {.size = 32, .seed = 5}};
    CHECK(t.run(batches, validation, one));
    CHECK(t.parameters() == whole);
}

TEST_CASE("training/trainer: heads alone train on a frozen backbone") {
    runtime_network<float, graph> net{two_exits::network()};
    const data_set train = sides(200, 1);
    auto o = options(3);
    o.average_decay = 0;
    o.exit_weights = {1, 0};
    o.trained = heads_only(net.plan());
    const auto start = initialize(net.plan(), 3);
    trainer t{net.training(), optimizer, start, o};
    batch_loader batches{train, {.size = 32}};
    serial one;
    t.run(batches, sides(100, 2), one);
    for (const auto& tensor : net.plan().tensors) {
        bool moved = false;
        for (std::size_t i = 0; i < tensor.spec.elements(); ++i) {
            moved = moved || t.parameters()[tensor.offset + i] != start[tensor.offset + i];
        }
        CAPTURE(tensor_name(tensor));
        CHECK(moved == (tensor.node == edge{5}));
    }
}

TEST_CASE("training/trainer: without validation data it trains to the same bits and tells no accuracy") {
    runtime_network<float, graph> net{two_exits::network()};
    const data_set train = sides(120, 1);
    serial one;
    auto o = options(2);
    int accuracies = 0;
    int calls = 0;
    o.observer = [&](const training_progress& p) {
        ++calls;
        accuracies += p.validation.empty() ? 0 : 1;
        return true;
    };
    aligned_vector<float> results[2];
    for (const bool validated : {true, false}) {
        calls = accuracies = 0;
        trainer t{net.training(), optimizer, initialize(net.plan(), 3), o};
        batch_loader batches{train, {.size = 32, .seed = 5}};
        CHECK((validated ? t.run(batches, sides(60, 2), one) : t.run(batches, one)));
        results[validated ? 0 : 1] = t.parameters();
        CHECK(calls == (validated ? 10 : 8));
        CHECK(accuracies == (validated ? 2 : 0));
    }
    CHECK(results[0] == results[1]);
    o.patience = 1;
    trainer t{net.training(), optimizer, initialize(net.plan(), 3), o};
    batch_loader batches{train, {.size = 32, .seed = 5}};
    CHECK_THROWS_WITH_AS(t.run(batches, one), doctest::Contains("patience is 1"), error);
}

namespace {

/// Batches without labels, of which nobody knows how many come: a BatchSource.
class unlabelled {
public:
    unlabelled(const data_set& set, int batches) : set_{&set}, left_{batches} {}
    [[nodiscard]] static int batch_size() { return 20; }
    [[nodiscard]] static int steps_per_epoch() { return 0; }
    void start(int epoch) {
        batch_.epoch = epoch;
        next_ = 0;
    }
    [[nodiscard]] const batch* next() {
        if (next_ == left_) return nullptr;
        const int epoch = batch_.epoch;
        batch_ = two_exits::samples_of(*set_, next_ * 20, 20);
        batch_.labels = nullptr;
        batch_.epoch = epoch;
        batch_.step = next_++;
        return &batch_;
    }

private:
    const data_set* set_;
    int left_;
    int next_ = 0;
    batch batch_{};
};

}  // namespace

TEST_CASE(
    "training/trainer: outputs that are no classifiers learn from a loss hook, without labels and without a total") {
    graph g{{6, 6, 1}};
    g(flatten{}, dense{.units = 3}, dense{.units = 36});
    runtime_network<float, graph> net{g};
    const data_set set = sides(100, 1);
    training_options o;
    o.epochs = 30;
    o.learning_rate = warm_up{10, inverse_square_root{.rate = 0.02, .steps = 50}};
    double loss = 0;
    double first = 0;
    std::int64_t steps = 0;
    o.observer = [&](const training_progress& p) {
        CHECK(p.steps == 0);
        CHECK(p.validation.empty());
        if (steps++ == 0) first = p.loss;
        loss = p.loss;
        return true;
    };
    o.hooks.loss = [](const batch& b, std::span<const exit_output> exits) {
        CHECK(b.labels == nullptr);
        const std::span<const float> pixels{b.pixels, exits[0].logits.size()};
        return squared_error{}(exits[0].logits, pixels, exits[0].gradient);
    };
    serial one;
    trainer t{net.training(), adam{}, initialize(net.plan(), 3), o};
    unlabelled batches{set, 5};
    CHECK(t.run(batches, one));
    CHECK(steps == 150);
    CHECK(loss < 0.8 * first);
    // Validation data has two classes, the output 36 elements: nothing to count.
    trainer with_validation{net.training(), adam{}, initialize(net.plan(), 3), o};
    CHECK(with_validation.run(batches, set, one));
    CHECK(with_validation.parameters() == t.parameters());

    o.hooks.loss = nullptr;
    trainer without{net.training(), adam{}, initialize(net.plan(), 3), o};
    CHECK_THROWS_WITH_AS(without.run(batches, one), doctest::Contains("the batch has no labels"), error);
    o.learning_rate = one_cycle{};
    trainer in_a_cycle{net.training(), adam{}, initialize(net.plan(), 3), o};
    CHECK_THROWS_WITH_AS(in_a_cycle.run(batches, one), doctest::Contains("one_cycle"), error);
}

TEST_CASE("training/trainer: a run with hooks and extra vectors goes on from a checkpoint to the same bits") {
    const folder files;
    runtime_network<float, graph> net{two_exits::network()};
    const plan_view plan = net.plan();
    const data_set train = sides(120, 1);
    serial one;
    training_state start{.parameters = initialize(plan, 3)};
    start.extra["mean gradient"] = {aligned_vector<float>(plan.sizes.parameters), true};
    start.extra["calls"] = {aligned_vector<float>(1), false};
    // Gradients are drawn to their running mean, which the hook keeps in the state.
    const auto hooks_of = [](auto& t) {
        step_hooks hooks;
        hooks.after_backward = [&t](std::span<const float>, std::span<float> gradients) {
            const auto mean = t.step().extra("mean gradient");
            t.step().extra("calls")[0] += 1;
            for (std::size_t i = 0; i < gradients.size(); ++i) {
                mean[i] += 0.1F * (gradients[i] - mean[i]);
                gradients[i] += 0.5F * mean[i];
            }
        };
        return hooks;
    };
    auto o = options(4);
    const auto whole = [&] {
        trainer t{net.training(), optimizer, start, o};
        t.step().set_hooks(hooks_of(t));
        batch_loader batches{train, {.size = 32, .seed = 5}};
        t.run(batches, one);
        CHECK(t.state().extra.at("calls").values[0] == 16);
        return t.state();
    }();
    const auto checkpoint = files.path / "run.safetensors";
    o.checkpoint = checkpoint_file{checkpoint};
    int calls = 0;
    o.observer = [&](const training_progress&) { return ++calls < 11; };  // in the middle of the third epoch
    {
        trainer t{net.training(), optimizer, start, o};
        t.step().set_hooks(hooks_of(t));
        batch_loader batches{train, {.size = 32, .seed = 5}};
        CHECK_FALSE(t.run(batches, one));
    }
    o.observer = nullptr;
    trainer t{net.training(), optimizer, start, o};
    t.step().set_hooks(hooks_of(t));
    t.resume(read_checkpoint(checkpoint));
    CHECK(t.epoch() == 2);
    CHECK(t.state().extra.at("mean gradient").by_parameter);
    CHECK_FALSE(t.state().extra.at("calls").by_parameter);
    batch_loader batches{train, {.size = 32, .seed = 5}};
    CHECK(t.run(batches, one));
    CHECK(t.parameters() == whole.average);
    CHECK(t.state().extra.at("mean gradient").values == whole.extra.at("mean gradient").values);
    CHECK(t.state().extra.at("calls").values[0] == 16);

    // Another run's extra vectors are refused by name.
    const auto refused = [&](training_state from, const char* text) {
        CHECK_THROWS_WITH_AS(t.resume(std::move(from)), doctest::Contains(text), error);
        CHECK(t.epoch() == 4);
    };
    training_state other = t.state();
    other.extra.erase("calls");
    refused(other, "no extra vector 'calls'");
    other = t.state();
    other.extra["levels"] = {aligned_vector<float>(4), false};
    refused(other, "an extra vector 'levels' that the run does not know");
    other = t.state();
    other.extra["calls"].values.resize(2);
    refused(other, "'calls' of the state has 2 elements, the run's has 1");
    other = t.state();
    other.extra["mean gradient"].values.resize(2);
    refused(other, "'mean gradient' of the state has 2 elements");
    CHECK_THROWS_WITH_AS((void)t.step().extra("levels"), doctest::Contains("no extra vector 'levels'"), error);

    // A tensor that no state has.
    auto tensors = std::vector<io::tensor_view>{};
    for (const char* name : {"parameters", "first_moment", "second_moment", "average", "best", "surplus"})
        tensors.push_back(io::make_tensor_view<float>(name, {0}, {}));
    io::write_safetensors(checkpoint, tensors, {});
    CHECK_THROWS_WITH_AS((void)read_checkpoint(checkpoint), doctest::Contains("surplus"), error);
}

TEST_CASE("training/trainer: patience stops a run that gains nothing and keeps the best parameters") {
    runtime_network<float, graph> net{two_exits::network()};
    const data_set train = sides(100, 1);
    auto o = options(50);
    o.patience = 3;
    o.learning_rate = constant_rate{0.05};
    int epochs = 0;
    o.observer = [&](const training_progress& p) {
        epochs += p.validation.empty() ? 0 : 1;
        return true;
    };
    trainer t{net.training(), optimizer, initialize(net.plan(), 3), o};
    batch_loader batches{train, {.size = 50}};
    serial one;
    CHECK(t.run(batches, sides(100, 2), one));
    CHECK(epochs < 50);
    const auto trace = collect_trace(net.inference(), t.parameters(), sides(100, 2), {}, one);
    CHECK(lone_accuracy(trace, 1) > 0.9);
}

TEST_CASE("training/trainer: what does not fit is an error that names it, and a bad checkpoint changes nothing") {
    const folder files;
    runtime_network<float, graph> net{two_exits::network()};
    const auto start = initialize(net.plan(), 3);
    CHECK_THROWS_WITH_AS((trainer{net.training(), optimizer, aligned_vector<float>(3), options(1)}),
                         doctest::Contains("'parameters' of the state has 3 elements"), error);
    CHECK_THROWS_WITH_AS((trainer{net.training(), optimizer, start, options(0)}), doctest::Contains("epochs is 0"),
                         error);
    auto o = options(1);
    o.exit_weights = {1};
    CHECK_THROWS_WITH_AS((trainer{net.training(), optimizer, start, o}),
                         doctest::Contains("1 exit weights for 2 exits"), error);

    serial one;
    const data_set train = sides(64, 1);
    data_set wrong = sides(64, 2);
    wrong.classes = 3;
    trainer t{net.training(), optimizer, start, options(1)};
    batch_loader batches{train, {.size = 32}};
    CHECK_THROWS_WITH_AS(t.run(batches, wrong, one), doctest::Contains("3 classes"), error);

    auto poisoned = start;
    poisoned[0] = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_WITH_AS((trainer{net.training(), optimizer, poisoned, options(1)}),
                         doctest::Contains("training_step: parameters: element 0 (conv2d_1.weight) is NaN"), error);
    training_state sick = t.state();
    sick.parameters = poisoned;
    CHECK_THROWS_WITH_AS(t.resume(sick), doctest::Contains("training_step::resume: parameters: element 0 "), error);
    o = options(1);
    o.learning_rate = constant_rate{1e30};
    trainer wild{net.training(), optimizer, start, o};
    CHECK_THROWS_WITH_AS(wild.run(batches, train, one), doctest::Contains("loss is not a number"), error);

    const auto path = files.path / "cut.safetensors";
    write_checkpoint(path, t.state());
    CHECK(read_checkpoint(path).parameters == start);
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 5);
    CHECK_THROWS_AS(t.resume(read_checkpoint(path)), error);
    training_state other = t.state();
    other.average.resize(3);
    CHECK_THROWS_WITH_AS(t.resume(other), doctest::Contains("'average' of the state has 3 elements"), error);
    other = t.state();
    other.seed = (std::uint64_t{1} << 60) + 1;
    write_checkpoint(path, other);
    CHECK(read_checkpoint(path).seed == other.seed);
    CHECK_THROWS_WITH_AS(t.resume(read_checkpoint(path)), doctest::Contains("seed"), error);
    CHECK(t.parameters() == start);
    CHECK(t.epoch() == 0);
}

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

namespace {

using namespace eenn;

/// Two kinds of noise: bright on the left, bright on the right.
data_set sides(int count, std::uint64_t seed) {
    data_set set{{6, 6, 1}, 2, {}, {}, {}};
    for (int i = 0; i < count; ++i) {
        random_stream random{.seed = seed, .stream = static_cast<std::uint64_t>(i)};
        set.labels.push_back(i % 2);
        for (int p = 0; p < 36; ++p) {
            const bool bright = (p % 6 < 3) == (i % 2 == 0);
            set.pixels.push_back(static_cast<float>(random.normal()) + (bright ? 0.7F : 0.0F));
        }
    }
    return set;
}

graph two_exits() {
    graph g{{6, 6, 1}};
    g(conv2d{.filters = 4, .stride = 2}, batch_norm{}, relu{});
    g.exit([](graph& b) { b(flatten{}, dense{.units = 2}); });
    return g(conv2d{.filters = 6}, batch_norm{}, relu{}, dropout{.rate = 0.1}, flatten{}, dense{.units = 2});
}

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
    runtime_network<float, graph> net{two_exits()};
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
    runtime_network<float, graph> net{two_exits()};
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
    const auto checkpoint = files.path / "run.safetensors";
    o.checkpoint = checkpoint_file(checkpoint);
    int calls = 0;
    o.observer = [&](const training_progress&) { return ++calls < 13; };  // in the middle of the third epoch
    {
        trainer t{net.training(), optimizer, initialize(net.plan(), 3), o};
        batch_loader batches{train, {.size = 32, .seed = 5}};
        CHECK_FALSE(t.run(batches, validation, one));
    }
    o.observer = nullptr;
    trainer t{net.training(), optimizer, initialize(net.plan(), 99), o};
    t.resume(read_checkpoint(checkpoint));
    CHECK(t.epoch() == 2);
    batch_loader batches{train, {.size = 32, .seed = 5}};
    CHECK(t.run(batches, validation, one));
    CHECK(t.parameters() == whole);
}

TEST_CASE("training/trainer: heads alone train on a frozen backbone") {
    runtime_network<float, graph> net{two_exits()};
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
        CHECK(moved == (tensor.node == 5));
    }
}

TEST_CASE("training/trainer: patience stops a run that gains nothing and keeps the best parameters") {
    runtime_network<float, graph> net{two_exits()};
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
    runtime_network<float, graph> net{two_exits()};
    const auto start = initialize(net.plan(), 3);
    CHECK_THROWS_WITH_AS((trainer{net.training(), optimizer, aligned_vector<float>(3), options(1)}),
                         doctest::Contains("3 parameters"), error);
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
    trainer sick{net.training(), optimizer, poisoned, options(1)};
    CHECK_THROWS_WITH_AS(sick.run(batches, train, one), doctest::Contains("loss is not a number"), error);

    const auto path = files.path / "cut.safetensors";
    write_checkpoint(path, t.state());
    CHECK(read_checkpoint(path).parameters == start);
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 5);
    CHECK_THROWS_AS(t.resume(read_checkpoint(path)), error);
    training_state other = t.state();
    other.average.resize(3);
    CHECK_THROWS_WITH_AS(t.resume(other), doctest::Contains("resume with the network"), error);
    other = t.state();
    other.seed = (std::uint64_t{1} << 60) + 1;
    write_checkpoint(path, other);
    CHECK(read_checkpoint(path).seed == other.seed);
    CHECK_THROWS_WITH_AS(t.resume(read_checkpoint(path)), doctest::Contains("seed"), error);
    CHECK(t.parameters() == start);
    CHECK(t.epoch() == 0);
}

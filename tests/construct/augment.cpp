// SPDX-License-Identifier: MIT
#include <eenn/construct/augment.hpp>

#include <doctest/doctest.h>

#include <eenn/core/threads.hpp>
#include <eenn/data/batches.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/network/runtime_session.hpp>
#include <eenn/training/trainer.hpp>

#include <unistd.h>

#include <filesystem>
#include <set>

#include "networks.hpp"

using namespace eenn;
using namespace eenn::construct;

namespace {

/// Four kinds of patches in noise of two strengths: half of the samples are easy.
data_set patches(int count, std::uint64_t seed) {
    data_set set{{8, 8, 3}, 4, {}, {}, {}};
    for (int i = 0; i < count; ++i) {
        random_stream random{.seed = seed, .stream = static_cast<std::uint64_t>(i)};
        const int kind = i % 4;
        const double noise = i % 8 < 4 ? 0.4 : 1.6;
        set.labels.push_back(kind);
        for (int h = 0; h < 8; ++h)
            for (int w = 0; w < 8; ++w)
                for (int c = 0; c < 3; ++c) {
                    const bool inside = (h < 4) == (kind < 2) && (w < 4) == (kind % 2 == 0);
                    set.pixels.push_back(static_cast<float>((inside ? 1.0 : 0.0) + noise * random.normal()));
                }
    }
    return set;
}

struct fixture {
    data_set train = patches(512, 1);
    data_set validation = patches(256, 2);
    data_set test = patches(256, 3);
    graph base = test_network();
    aligned_vector<float> parameters = trained();

    static graph test_network() { return eenn::test::small_resnet(2); }
    [[nodiscard]] aligned_vector<float> trained() const {
        runtime_network<float, graph> net{base};
        training_options how;
        how.epochs = 4;
        how.seed = 1;
        trainer training{net.training(), sgd{}, initialize(net.plan(), 1), how};
        batch_loader batches{train, {.size = 32, .seed = 1}};
        threads pool{2};
        training.run(batches, validation, pool);
        return training.parameters();
    }
    [[nodiscard]] augment_options options() const {
        augment_options o;
        o.objectives = {exit_objective::least_cost(0.02), exit_objective::best_accuracy(0.6)};
        o.most_exits = 2;
        o.most_head_share = 0.5;
        o.heads.epochs = 3;
        o.heads.batch = 32;
        o.tune.epochs = 1;
        o.tune.batch = 32;
        o.seed = 4;
        return o;
    }
    [[nodiscard]] model base_model() const {
        model m;
        m.network = base;
        m.parameters = parameters;
        return m;
    }
    template <class X>
    [[nodiscard]] augmented run(const augment_options& o, X& executor) const {
        return augment(base_model(), {train, validation, test}, o, executor);
    }
};

}  // namespace

TEST_CASE("construct/augment: a trained network gains exits that keep the objective and save work") {
    const fixture f;
    threads two{2};
    const augmented made = f.run(f.options(), two);
    REQUIRE(made.finished);
    const result& r = made.report;
    CHECK(r.base_accuracy > 0.6);
    REQUIRE(r.pays_off);
    CHECK(made.model.network.exits().size() + 1 == made.model.rules.size());
    CHECK(r.exits.size() == made.model.rules.size());
    CHECK(r.settings.size() == 2);
    // Chosen on validation data: the limit holds there, and the cost is less than the base network's.
    CHECK(r.settings[0].validation_accuracy >= r.base_validation_accuracy - 0.02 - 1e-9);
    CHECK(r.settings[0].validation_cost < 1);
    CHECK(r.settings[1].validation_cost <= 0.6 + 1e-9);
    CHECK(r.settings[0].bound <= r.settings[0].validation_cost + 1e-9);

    // What the report says of test data is what inference does, sample by sample.
    const runtime_network<float, graph> net{made.model.network};
    session run{net.inference(), made.model.parameters, threshold_rules{made.model.rules}};
    int right = 0;
    double macs = 0;
    for (int i = 0; i < f.test.size(); ++i) {
        const decision d = run(f.test[i]);
        right += d.label == f.test.labels[static_cast<std::size_t>(i)] ? 1 : 0;
        macs += static_cast<double>(net.plan().exits[static_cast<std::size_t>(d.exit)].macs);
    }
    CHECK(right / 256.0 == doctest::Approx(r.accuracy));
    CHECK(macs / 256.0 / static_cast<double>(r.base_macs) == doctest::Approx(r.mean_macs_share));
    CHECK(r.settings[0].loss == doctest::Approx(r.base_accuracy - r.accuracy));
    double shares = 0;
    for (const auto& e : r.exits) shares += e.share;
    CHECK(shares == doctest::Approx(1));

    // The number of threads changes no bit.
    serial one;
    const augmented again = f.run(f.options(), one);
    CHECK(again.model.parameters == made.model.parameters);
    CHECK(again.report.settings[0].thresholds == r.settings[0].thresholds);
}

TEST_CASE("construct/augment: exits may save time instead of MACs, and the state keeps the times") {
    const fixture f;
    threads two{2};
    const auto folder = std::filesystem::temp_directory_path() / ("eenn_construct_times_" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder);
    augment_options o = f.options();
    o.cost = cost_unit::time;
    o.state = folder;
    const augmented made = f.run(o, two);
    REQUIRE(made.finished);
    const result& r = made.report;
    CHECK(r.cost_unit == "time");
    CHECK(r.settings[1].objective == "at most 60.0 % of the time");
    REQUIRE(r.settings[1].validation_cost > 0);
    CHECK(r.settings[1].validation_cost <= 0.6 + 1e-9);
    if (r.pays_off) {  // MACs are still MACs
        double macs = 0;
        for (const auto& e : r.exits) macs += e.share * static_cast<double>(e.macs);
        CHECK(r.mean_macs_share == doctest::Approx(macs / static_cast<double>(r.base_macs)));
        CHECK(r.exits.back().macs > r.base_macs);
    }
    const augmented again = f.run(o, two);  // measured anew, times would differ in their last digits
    CHECK(again.report.settings[0].validation_cost == r.settings[0].validation_cost);
    CHECK(again.report.settings[1].thresholds == r.settings[1].thresholds);
    std::filesystem::remove_all(folder);
}

TEST_CASE("construct/augment: a run that was stopped goes on to the same bits") {
    const fixture f;
    threads two{2};
    const augmented whole = f.run(f.options(), two);
    const auto folder = std::filesystem::temp_directory_path() / ("eenn_construct_state_" + std::to_string(::getpid()));
    for (const std::string& stage : {std::string{"heads"}, std::string{"chosen heads"}, std::string{"fine-tune"}}) {
        CAPTURE(stage);
        std::filesystem::remove_all(folder);
        augment_options o = f.options();
        o.tune.epochs = 2;
        augment_options plain = o;
        o.state = folder;
        o.observer = [&](const construct_progress& p) { return p.stage != stage || 2 * p.done < p.total + 1; };
        const augmented stopped = f.run(o, two);
        CHECK_FALSE(stopped.finished);
        o.observer = {};
        const augmented resumed = f.run(o, two);
        const augmented straight = f.run(plain, two);
        REQUIRE(resumed.finished);
        CHECK(resumed.model.parameters == straight.model.parameters);
        CHECK(resumed.report.settings[0].test_cost == straight.report.settings[0].test_cost);
    }
    std::filesystem::remove_all(folder);
    CHECK(whole.finished);
}

TEST_CASE("construct/augment: every stage is told from its start to its end, rising, and a long one often") {
    const fixture f;
    threads two{2};
    augment_options o = f.options();
    o.tune.epochs = 1;
    o.heads.final_epochs = o.heads.epochs + 1;
    struct stage {
        std::string name;
        double first;
        double last;
        int steps;
    };
    for (const std::size_t memory : {o.feature_memory, std::size_t{1}}) {
        CAPTURE(memory);
        o.feature_memory = memory;
        std::vector<stage> seen;
        o.observer = [&](const construct_progress& p) {
            const double share = static_cast<double>(p.done) / static_cast<double>(p.total);
            if (seen.empty() || seen.back().name != p.stage) seen.push_back({p.stage, share, share, 0});
            CHECK_MESSAGE(share >= seen.back().last, p.stage);
            seen.back().steps += share > seen.back().last ? 1 : 0;
            seen.back().last = share;
            return true;
        };
        REQUIRE(f.run(o, two).finished);
        std::set<std::string> names;
        for (const stage& s : seen) {
            CAPTURE(s.name);
            CHECK(names.insert(s.name).second);  // no stage comes twice
            CHECK(s.first < 0.7);
            CHECK(s.last == 1);
            if (s.name.substr(0, 8) != "backbone") CHECK(s.steps >= 4);
        }
        for (const char* name : {"search", "thresholds", "fine-tune", "thresholds, tuned", "test", "time"})
            CHECK_MESSAGE(names.contains(name), name);
    }
}

TEST_CASE("construct/augment: a search, a test and a timing stop when they are told to") {
    const fixture f;
    threads two{2};
    for (const char* stage : {"search", "thresholds", "test", "time"}) {
        CAPTURE(stage);
        augment_options o = f.options();
        o.tune.epochs = 0;
        int told = 0;
        o.observer = [&](const construct_progress& p) { return p.stage != stage || ++told < 2; };
        CHECK_FALSE(f.run(o, two).finished);
        CHECK(told == 2);
    }
}

TEST_CASE("construct/augment: features that exceed the memory are computed in turns, to the same heads") {
    const fixture f;
    threads two{2};
    augment_options o = f.options();
    o.tune.epochs = 0;
    const augmented at_once = f.run(o, two);
    o.feature_memory = 1;
    const augmented in_turns = f.run(o, two);
    CHECK(at_once.model.parameters == in_turns.model.parameters);
}

TEST_CASE("construct/augment: what cannot be done is said") {
    const fixture f;
    serial one;
    augment_options o = f.options();
    o.tune.epochs = 0;
    o.heads.epochs = 1;

    // A gain that no exit brings: the base network comes back, and the report says so.
    o.objectives = {exit_objective::least_cost(-0.5)};
    const augmented none = f.run(o, one);
    CHECK(none.finished);
    CHECK_FALSE(none.report.pays_off);
    CHECK(none.model.network.exits().empty());
    CHECK(none.report.verdict.find("No exit pays off") != std::string::npos);
    CHECK_FALSE(none.report.heads.empty());

    const data_set few = patches(8, 5);
    CHECK_THROWS_WITH_AS((void)augment(f.base_model(), {f.train, few, f.test}, f.options(), one),
                         doctest::Contains("too few"), error);
    data_set classes = f.validation;
    classes.classes = 9;
    CHECK_THROWS_WITH_AS((void)augment(f.base_model(), {f.train, classes, f.test}, f.options(), one),
                         doctest::Contains("9 classes"), error);
    o = f.options();
    o.most_head_share = 1e-6;
    CHECK_THROWS_WITH_AS((void)f.run(o, one), doctest::Contains("no exit fits"), error);
}

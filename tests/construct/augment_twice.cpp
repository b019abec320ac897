// SPDX-License-Identifier: MIT
//
// augment_twice.cpp - a folder of kept work that has seen other questions changes no bit of an answer.
#include <eenn/construct/augment.hpp>

#include <doctest/doctest.h>

#include <algorithm>

#include <eenn/construct/report/augmentation.hpp>
#include <eenn/core/detail/fields.hpp>
#include <eenn/core/detail/fingerprint.hpp>
#include <eenn/core/threads.hpp>
#include <eenn/data/batches.hpp>
#include <eenn/network/model.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/training/trainer.hpp>

#include "folder.hpp"
#include "networks.hpp"

using namespace eenn;
using namespace eenn::construct;

namespace {

data_set patches(int count, std::uint64_t seed) {
    data_set set{{6, 6, 2}, 3, {}, {}, {}};
    for (int i = 0; i < count; ++i) {
        random_stream random{.seed = seed, .stream = static_cast<std::uint64_t>(i)};
        const int kind = i % 3;
        const double noise = i % 6 < 3 ? 0.4 : 1.4;
        set.labels.push_back(kind);
        for (int h = 0; h < 6; ++h)
            for (int w = 0; w < 6; ++w)
                for (int c = 0; c < 2; ++c) {
                    const bool inside = (h < 3) == (kind < 1) && (w < 4) == (kind < 2);
                    set.pixels.push_back(static_cast<float>((inside ? 1.0 : 0.0) + noise * random.normal()));
                }
    }
    return set;
}

/// Three convolutions, whose weights fit any stride and activation.
graph small_network(int stride = 1, bool leaky = false) {
    graph g{{6, 6, 2}};
    const auto activate = [&] { leaky ? g(leaky_relu{}) : g(relu{}); };
    g(conv2d{.filters = 4}, batch_norm{});
    activate();
    g(conv2d{.filters = 6, .stride = 2}, batch_norm{});
    activate();
    g(conv2d{.filters = 8, .stride = stride}, batch_norm{});
    activate();
    return g(global_average_pool{}, dense{.units = 3});
}

/// What is asked, wholly.
struct question {
    graph base = small_network();
    aligned_vector<float> parameters;
    data_set train = patches(96, 1);
    data_set validation = patches(60, 2);
    data_set test = patches(60, 3);
    augment_options options;

    question() {
        runtime_network<float, graph> net{base};
        training_options how;
        how.epochs = 2;
        trainer training{net.training(), sgd{}, initialize(net.plan(), 1), how};
        batch_loader batches{train, {.size = 16, .seed = 1}};
        serial here;
        training.run(batches, validation, here);
        parameters = training.parameters();
        augment_options& o = options;
        o.objectives = {exit_objective::best_accuracy(0.9), exit_objective::least_cost(0.05)};
        o.most_exits = 2;
        o.most_sites = 1;
        o.forms = {head_form::small, head_form::medium};
        o.most_head_share = 0.9;
        o.heads.epochs = 1;
        o.heads.final_epochs = 2;
        o.heads.batch = 16;
        o.head_samples = 80;
        o.tune.epochs = 6;  // enough for fine-tuning to be kept, so that its options matter
        o.tune.rate = 0.05;
        o.tune.clip_norm = 0.5;
        o.tune.batch = 16;
        o.tune.augment.crop_padding = 1;
    }
};

/// All of an answer that no clock has measured.
std::string answer(const question& asked, const std::filesystem::path& state) {
    augment_options options = asked.options;
    options.state = state;
    threads pool{2};
    model base;
    base.network = asked.base;
    base.parameters = asked.parameters;
    augmented made = augment(base, {asked.train, asked.validation, asked.test}, options, pool);
    REQUIRE(made.finished);
    result& r = made.report;
    r.seconds.clear();
    r.base_microseconds = r.mean_microseconds = r.mean_time_share = r.batch_time_share = r.decision_overhead = 0;
    for (auto& e : r.exits) e.microseconds = 0;
    r.verdict.resize(std::min(r.verdict.size(), r.verdict.find(" On this machine it saves no time")));
    const digest bits =
        digest_of(fingerprint_of(made.model).text(), made.sites, made.validation.confidence, made.test.confidence);
    return bits.text() + report::augmentation_json(r);
}

/// visit(value, change) for every value in a struct of options, however deep: change() changes that one alone.
template <class T, class F>
void each_option(T& value, F&& visit, const std::string& path = "options") {
    const auto change_to = [&](T other) {
        const T before = value;
        value = other;
        visit(path);
        value = before;
    };
    if constexpr (std::is_same_v<T, bool>) {
        change_to(!value);
    } else if constexpr (std::is_enum_v<T>) {
        change_to(static_cast<T>(static_cast<std::underlying_type_t<T>>(value) == 0 ? 1 : 0));
    } else if constexpr (std::is_floating_point_v<T>) {
        change_to(value == 0 ? T{0.25} : std::isfinite(value) ? T{0.75} * value : T{1000});
    } else if constexpr (std::is_integral_v<T>) {
        change_to(value + 1);
    } else if constexpr (std::is_same_v<T, std::optional<platform>>) {
        change_to(platform{{{.name = "board", .macs_per_second = 1e9, .memory_bytes = 1e9}}, {}});
    } else if constexpr (std::is_same_v<T, std::filesystem::path> || std::is_same_v<T, construct_observer>) {
        // Where work is kept, and who watches it.
    } else if constexpr (requires { value.pop_back(); }) {
        T shorter = value;
        shorter.pop_back();
        change_to(shorter);
        T longer = value;
        longer.push_back(value.front());
        change_to(longer);
        for (std::size_t k = 0; k < value.size(); ++k)
            each_option(value[k], visit, path + "[" + std::to_string(k) + "]");
    } else {
        int number = 0;
        each_field(value, [&](auto& member) { each_option(member, visit, path + "." + std::to_string(number++)); });
    }
}

}  // namespace

TEST_CASE(
    "construct/augment: with any one option changed, a folder that knows the other answer gives what none gives") {
    const test::scratch_folder folder;
    question asked;
    const std::string first = answer(asked, folder.path);
    CHECK(first == answer(asked, {}));
    int options = 0;
    int matter = 0;
    each_option(asked.options, [&](const std::string& path) {
        CAPTURE(path);
        ++options;
        if (asked.options.cost == cost_unit::time) {  // clocks never say the same twice
            CHECK(answer(asked, folder.path).find("\"time\"") != std::string::npos);
            return;
        }
        const std::string fresh = answer(asked, {});
        matter += fresh != first ? 1 : 0;
        CHECK(fresh == answer(asked, folder.path));
        CHECK(fresh == answer(asked, folder.path));  // what was just kept too
    });
    MESSAGE(options, " options, ", matter, " of them matter here");
    CHECK(options > 40);
    CHECK(3 * matter > 2 * options);
    CHECK(first == answer(asked, folder.path));
}

TEST_CASE(
    "construct/augment: with other data, weights or layers, a folder that knows the other answer gives what none "
    "gives") {
    const test::scratch_folder folder;
    const question usual;
    const std::string first = answer(usual, folder.path);
    int matter = 0;
    const auto ask = [&](const char* what, auto&& change) {
        CAPTURE(what);
        question asked = usual;
        change(asked);
        const std::string fresh = answer(asked, {});
        matter += fresh != first ? 1 : 0;
        CHECK(fresh == answer(asked, folder.path));
    };
    ask("a training pixel", [](question& q) { q.train.pixels[5] += 1; });
    ask("a training label", [](question& q) { q.train.labels[7] = (q.train.labels[7] + 1) % 3; });
    ask("fewer training samples", [](question& q) {
        q.train.labels.resize(80);
        q.train.pixels.resize(80 * q.train.sample.elements());
    });
    ask("a validation pixel", [](question& q) { q.validation.pixels[5] += 1; });
    ask("a validation label", [](question& q) { q.validation.labels[7] = (q.validation.labels[7] + 1) % 3; });
    ask("a test pixel", [](question& q) { q.test.pixels[5] += 1; });
    ask("a test label", [](question& q) { q.test.labels[7] = (q.test.labels[7] + 1) % 3; });
    ask("a weight", [](question& q) { q.parameters[3] += 0.125F; });
    ask("another activation, same weights", [](question& q) { q.base = small_network(1, true); });
    ask("another stride, same weights", [](question& q) { q.base = small_network(2); });
    CHECK(matter == 10);
    CHECK(first == answer(usual, folder.path));
}

TEST_CASE("construct/augment: damage to kept work is an error that names the file, or makes no difference") {
    const test::scratch_folder folder;
    const question asked;
    const std::string first = answer(asked, folder.path);
    const auto file = folder.path / "kept.journal";
    const auto size = std::filesystem::file_size(file);
    const auto intact = folder.path / "intact";
    std::filesystem::copy_file(file, intact);
    random_stream random{.seed = 11};
    int refused = 0;
    for (int k = 0; k < 100; ++k) {
        std::filesystem::copy_file(intact, file, std::filesystem::copy_options::overwrite_existing);
        const auto at = random.below(size);
        CAPTURE(at);
        if (k % 4 == 0) {
            std::filesystem::resize_file(file, at);
        } else {
            test::flip_byte(file, at);
        }
        try {
            const std::string again = answer(asked, folder.path);
            CHECK(again == first);
        } catch (const error& e) {
            ++refused;
            const std::string said = e.what();
            CHECK(said.find(file.string()) != std::string::npos);
            CHECK((said.find("delete the file") != std::string::npos || said.find("another") != std::string::npos));
        }
    }
    MESSAGE(refused, " of 100 were refused");
    CHECK(refused > 30);
}

TEST_CASE("construct/augment: what a kill cut off is said and done again") {
    const test::scratch_folder folder;
    question asked;
    const std::string first = answer(asked, folder.path);
    const auto file = folder.path / "kept.journal";
    std::filesystem::resize_file(file, std::filesystem::file_size(file) - 5);
    std::string said;
    asked.options.observer = [&](const construct_progress& p) {
        if (p.stage == "kept work") said = p.note;
        return true;
    };
    CHECK(answer(asked, folder.path) == first);
    CHECK(said.find("bytes") != std::string::npos);
    said.clear();
    CHECK(answer(asked, folder.path) == first);
    CHECK(said.empty());
}

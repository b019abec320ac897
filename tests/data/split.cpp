// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <eenn/core/random.hpp>
#include <eenn/data/split.hpp>
#include <set>
#include <string>
#include <vector>

#include "../raised.hpp"

using namespace eenn;

namespace {

// Disjoint and complete: every index exactly once.
bool covers(const data_split& parts, std::size_t samples) {
    std::vector<int> all = parts.train;
    all.insert(all.end(), parts.validation.begin(), parts.validation.end());
    all.insert(all.end(), parts.test.begin(), parts.test.end());
    std::sort(all.begin(), all.end());
    if (all.size() != samples) return false;
    for (std::size_t i = 0; i < samples; ++i) {
        if (all[i] != static_cast<int>(i)) return false;
    }
    return true;
}

int count(const std::vector<int>& part, const std::vector<int>& labels, int label) {
    return static_cast<int>(
        std::count_if(part.begin(), part.end(), [&](int i) { return labels[std::size_t(i)] == label; }));
}

std::vector<int> repeated(const std::vector<int>& counts) {
    std::vector<int> labels;
    for (std::size_t k = 0; k < counts.size(); ++k)
        labels.insert(labels.end(), std::size_t(counts[k]), static_cast<int>(k));
    return labels;
}

}  // namespace

TEST_CASE("data/split: 60, 30 and 10 samples a class at a tenth give 6, 3 and 1 to validation and to test") {
    const auto labels = repeated({60, 30, 10});
    const auto parts = split_by_label(labels, 3, {.validation = 0.1, .test = 10, .seed = 3});
    CHECK(covers(parts, 100));
    const int wanted[] = {6, 3, 1};
    for (int k = 0; k < 3; ++k) {
        CHECK(count(parts.validation, labels, k) == wanted[k]);
        CHECK(count(parts.test, labels, k) == wanted[k]);
    }
}

TEST_CASE("data/split: sizes are exact and every class is in every part, however uneven the classes") {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        random_stream random{seed, 1, 0};
        std::vector<int> counts;
        for (int k = 0; k < 5; ++k) counts.push_back(3 + static_cast<int>(random.below(40)));
        const auto labels = repeated(counts);
        const int validation = 5 + static_cast<int>(random.below(labels.size() / 3 - 5 + 1));
        const int test = 5 + static_cast<int>(random.below(labels.size() / 3 - 5 + 1));
        CAPTURE(seed);
        const auto parts = split_by_label(labels, 5, {.validation = validation, .test = test, .seed = seed});
        REQUIRE(covers(parts, labels.size()));
        CHECK(parts.validation.size() == static_cast<std::size_t>(validation));
        CHECK(parts.test.size() == static_cast<std::size_t>(test));
        for (int k = 0; k < 5; ++k) {
            CHECK(count(parts.train, labels, k) > 0);
            CHECK(count(parts.validation, labels, k) > 0);
            CHECK(count(parts.test, labels, k) > 0);
        }
    }
}

TEST_CASE("data/split: the same seed gives the same parts, another seed others") {
    const auto labels = repeated({50, 50});
    const auto once = split_by_label(labels, 2, {.validation = 0.2, .seed = 5});
    CHECK(once.validation == split_by_label(labels, 2, {.validation = 0.2, .seed = 5}).validation);
    CHECK(once.validation != split_by_label(labels, 2, {.validation = 0.2, .seed = 6}).validation);
}

TEST_CASE("data/split: impossible sizes and missing classes are refused by name") {
    const auto labels = repeated({10, 10, 2});
    const auto refuse = [&](const split_options& options, int classes = 3) {
        return raised([&] { (void)split_by_label(labels, classes, options); });
    };
    CHECK(contains(refuse({.validation = 0.5, .test = 0.5}), "leave none to train on"));
    CHECK(contains(refuse({.validation = 1.0}), "validation part cannot have 1.0"));
    CHECK(contains(refuse({.validation = 22}), "cannot have 22 of 22"));
    CHECK(contains(refuse({.validation = -3}), "cannot have -3"));
    CHECK(contains(refuse({.validation = 0.01}), "leaves the validation part empty"));
    CHECK(contains(refuse({.validation = 2}), "validation part of 2 samples cannot hold each of 3 classes"));
    CHECK(contains(refuse({.validation = 5, .test = 5}), "class 2 has 2 samples for 3 parts"));
    CHECK(contains(refuse({.validation = 5}, 4), "class 3 has 0 samples"));
    CHECK(contains(refuse({.validation = 5}, 2), "sample 20 has label 2"));
    CHECK(contains(raised([] { (void)split_by_label({}, 2); }), "no samples"));
    CHECK(covers(split_by_label(labels, 4, {.validation = 5, .test = 5, .every_class = false}), 22));
}

TEST_CASE("data/split: a group is never in two parts, and sizes are met to about one group") {
    std::vector<int> labels, groups;
    random_stream random{11, 0, 0};
    for (int g = 0; g < 60; ++g) {
        const int size = 5 + static_cast<int>(random.below(20));
        for (int i = 0; i < size; ++i) {
            labels.push_back(static_cast<int>(random.below(4)));
            groups.push_back(1000 - 7 * g);
        }
    }
    const auto parts = split_by_group(labels, 4, groups, {.validation = 0.2, .test = 0.1, .seed = 1});
    REQUIRE(covers(parts, labels.size()));
    std::set<int> seen[3];
    int p = 0;
    for (const auto* part : {&parts.train, &parts.validation, &parts.test}) {
        for (const int i : *part) seen[p].insert(groups[std::size_t(i)]);
        ++p;
    }
    for (const int g : seen[1]) CHECK(seen[0].count(g) + seen[2].count(g) == 0);
    for (const int g : seen[2]) CHECK(seen[0].count(g) == 0);
    const auto samples = static_cast<double>(labels.size());
    CHECK(std::abs(static_cast<double>(parts.validation.size()) - 0.2 * samples) < 25);
    CHECK(std::abs(static_cast<double>(parts.test.size()) - 0.1 * samples) < 25);
    CHECK(parts.validation ==
          split_by_group(labels, 4, groups, {.validation = 0.2, .test = 0.1, .seed = 1}).validation);
    CHECK(parts.validation !=
          split_by_group(labels, 4, groups, {.validation = 0.2, .test = 0.1, .seed = 2}).validation);
}

TEST_CASE("data/split: five speakers at a tenth still give one speaker to validation") {
    std::vector<int> labels, groups;
    for (int i = 0; i < 500; ++i) {
        labels.push_back(i % 10);
        groups.push_back(i / 100);
    }
    const auto parts = split_by_group(labels, 10, groups, {.validation = 0.1});
    CHECK(parts.validation.size() == 100);
    CHECK(parts.train.size() == 400);
}

TEST_CASE("data/split: a class that lives in one group cannot be in two parts") {
    const std::vector<int> labels{0, 0, 0, 0, 1, 1};
    const std::vector<int> groups{1, 2, 3, 4, 5, 5};
    CHECK(contains(raised([&] { (void)split_by_group(labels, 2, groups, {.validation = 0.4}); }),
                   "class 1 has no sample in"));
    CHECK(covers(split_by_group(labels, 2, groups, {.validation = 0.4, .every_class = false}), 6));
    CHECK(contains(raised([&] { (void)split_by_group(labels, 2, std::vector<int>(6, 1), {.validation = 0.4}); }),
                   "1 groups cannot fill 2 parts"));
    CHECK(
        contains(raised([&] { (void)split_by_group(labels, 2, std::vector<int>{1}, {}); }), "1 groups for 6 samples"));
}

TEST_CASE("data/split: a data set with groups is split by them, one without by label") {
    data_set set = make_data_set({1, 1, 1}, 2, {1, 2, 3, 4, 5, 6, 7, 8}, {0, 1, 0, 1, 0, 1, 0, 1});
    CHECK(split(set, {.validation = 2}).validation.size() == 2);
    set.groups = {1, 1, 1, 1, 1, 1, 2, 2};
    CHECK(split(set, {.validation = 2}).validation == std::vector<int>{6, 7});
}

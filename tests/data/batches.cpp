// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <eenn/data/batches.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "../raised.hpp"

using namespace eenn;

namespace {

// Sample i is 4x4x2 with pixel values 100 * i + position; its label is i % 5.
data_set numbered(int count) {
    aligned_vector<float> pixels;
    std::vector<int> labels;
    for (int i = 0; i < count; ++i) {
        for (int e = 0; e < 32; ++e) pixels.push_back(static_cast<float>(100 * i + e));
        labels.push_back(i % 5);
    }
    return make_data_set({4, 4, 2}, 5, std::move(pixels), std::move(labels));
}

struct copied_batch {
    int epoch, step;
    std::vector<int> indices, labels, mixed_labels;
    std::vector<float> pixels, label_weight;
    friend bool operator==(const copied_batch&, const copied_batch&) = default;
};

copied_batch copy_of(const batch& b) {
    const auto n = static_cast<std::size_t>(b.size);
    copied_batch c{b.epoch, b.step, {b.indices, b.indices + n}, {b.labels, b.labels + n}, {}, {}, {}};
    c.pixels.assign(b.pixels, b.pixels + n * b.sample.elements());
    if (b.mixed_labels != nullptr) c.mixed_labels.assign(b.mixed_labels, b.mixed_labels + n);
    if (b.label_weight != nullptr) c.label_weight.assign(b.label_weight, b.label_weight + n);
    return c;
}

std::vector<copied_batch> all_batches(const data_set& set, const batch_options& options, int epochs) {
    std::vector<copied_batch> all;
    batch_loader loader{set, options};
    for (int epoch = 0; epoch < epochs; ++epoch) {
        for (loader.start(epoch); const batch* b = loader.next();) all.push_back(copy_of(*b));
    }
    return all;
}

const augmentation everything{.crop_padding = 2, .flip = true, .cutout = 2, .mix_up = 0.4, .fill = -1};

}  // namespace

TEST_CASE("data/batches: an epoch visits every sample once, the last batch holds the rest") {
    const data_set set = numbered(23);
    const auto all = all_batches(set, {.size = 5, .seed = 1}, 1);
    REQUIRE(all.size() == 5);
    CHECK(all.back().indices.size() == 3);
    std::set<int> seen;
    for (const auto& b : all) {
        for (std::size_t i = 0; i < b.indices.size(); ++i) {
            seen.insert(b.indices[i]);
            CHECK(b.labels[i] == b.indices[i] % 5);
            CHECK(b.pixels[i * 32 + 31] == static_cast<float>(100 * b.indices[i] + 31));
        }
    }
    CHECK(seen.size() == 23);
    CHECK(all_batches(set, {.size = 5, .drop_last = true}, 1).size() == 4);
}

TEST_CASE("data/batches: without shuffling the order is that of the index list, with it each epoch has its own") {
    const data_set set = numbered(12);
    const std::vector<int> chosen{7, 3, 3, 9};
    batch_loader loader{set, chosen, {.size = 3, .shuffle = false}};
    const batch* first = loader.next();
    REQUIRE(first != nullptr);
    CHECK(std::vector<int>(first->indices, first->indices + 3) == std::vector<int>{7, 3, 3});
    const auto two = all_batches(set, {.size = 12}, 2);
    CHECK(two[0].indices != two[1].indices);
    CHECK(two[0].indices != all_batches(set, {.size = 12, .seed = 1}, 1)[0].indices);
}

TEST_CASE("data/batches: the thread, and how far it runs ahead, change no bit") {
    const data_set set = numbered(50);
    batch_options options{.size = 8, .seed = 9, .augment = everything};
    options.transform = [](std::span<float> pixels, random_stream random) {
        for (float& p : pixels) p += static_cast<float>(random.uniform());
    };
    options.ahead = 0;
    const auto expected = all_batches(set, options, 3);
    for (const int ahead : {1, 2, 5, 100}) {
        options.ahead = ahead;
        CAPTURE(ahead);
        CHECK(all_batches(set, options, 3) == expected);
    }
}

TEST_CASE("data/batches: a sample's changes depend on seed, epoch and sample, not on the batch size") {
    const data_set set = numbered(20);
    const auto single = all_batches(set, {.size = 1, .augment = everything}, 1);
    const auto whole = all_batches(set, {.size = 20, .augment = everything}, 1);
    for (std::size_t i = 0; i < 20; ++i) {
        REQUIRE(single[i].indices[0] == whole[0].indices[i]);
        CHECK(std::equal(single[i].pixels.begin(), single[i].pixels.end(), &whole[0].pixels[i * 32]));
        CHECK(single[i].mixed_labels[0] == whole[0].mixed_labels[i]);
    }
}

TEST_CASE("data/batches: start(epoch, step) resumes with the same bits") {
    const data_set set = numbered(50);
    const batch_options options{.size = 8, .seed = 4, .augment = everything};
    const auto expected = all_batches(set, options, 3);  // 7 steps an epoch
    batch_loader loader{set, options};
    loader.start(2, 3);
    for (std::size_t at = 2 * 7 + 3; at < expected.size(); ++at) {
        const batch* b = loader.next();
        REQUIRE(b != nullptr);
        CHECK(copy_of(*b) == expected[at]);
    }
    CHECK(loader.next() == nullptr);
    CHECK(loader.next() == nullptr);
    loader.start(1, 6);
    CHECK(copy_of(*loader.next()) == expected[13]);
    CHECK(loader.next() == nullptr);
}

TEST_CASE("data/batches: what was prepared ahead is dropped by start() at any moment") {
    const data_set set = numbered(64);
    const batch_options options{.size = 4, .ahead = 3};
    const auto expected = all_batches(set, options, 4);
    batch_loader loader{set, options};
    random_stream random{1, 2, 3};
    for (int i = 0; i < 300; ++i) {
        const int epoch = static_cast<int>(random.below(4));
        const int step = static_cast<int>(random.below(16));
        loader.start(epoch, step);
        const int reads = static_cast<int>(random.below(4));
        for (int r = 0; r < reads && step + r < 16; ++r) {
            REQUIRE(copy_of(*loader.next()) == expected[std::size_t(16 * epoch + step + r)]);
        }
    }
}

TEST_CASE("data/batches: a batch stays unchanged until the next call") {
    const data_set set = numbered(40);
    batch_options options{.size = 2, .shuffle = false, .ahead = 2};
    std::atomic<int> calls{0};     // of next()
    std::atomic<int> prepared{0};  // samples
    std::vector<int> calls_before(40);
    options.transform = [&](std::span<float>, random_stream) {
        calls_before[static_cast<std::size_t>(prepared)] = calls;
        ++prepared;
        prepared.notify_one();
    };
    batch_loader loader{set, options};
    for (int step = 0; step < 20; ++step) {
        ++calls;
        const batch* b = loader.next();
        REQUIRE(b != nullptr);
        const auto before = copy_of(*b);
        const int all = std::min(40, 2 * (step + 1 + options.ahead));  // that the thread may prepare meanwhile
        for (int now = prepared; now < all; now = prepared) prepared.wait(now);
        CHECK(copy_of(*b) == before);
    }
    // Of three slots, step 3 takes that of step 0, so it has to wait for the second call, which gives that back.
    for (int sample = 0; sample < 40; ++sample) {
        CAPTURE(sample);
        CHECK(calls_before[static_cast<std::size_t>(sample)] >= sample / 2 - 1);
    }
}

TEST_CASE(
    "data/batches: an exception of the loader's thread reaches the consumer at its batch, again and again until "
    "start()") {
    const data_set set = numbered(12);
    for (const int ahead : {0, 1, 3}) {
        CAPTURE(ahead);
        batch_options options{.size = 4, .shuffle = false, .ahead = ahead};
        options.transform = [](std::span<float> pixels, random_stream) {
            if (pixels[0] == 500.0F) throw std::runtime_error{"sample 5 is broken"};
        };
        batch_loader loader{set, options};
        REQUIRE(loader.next() != nullptr);
        CHECK_THROWS_WITH_AS((void)loader.next(), "sample 5 is broken", std::runtime_error);
        CHECK_THROWS_WITH_AS((void)loader.next(), "sample 5 is broken", std::runtime_error);
        loader.start(0, 2);
        CHECK(loader.next()->indices[0] == 8);
    }
}

TEST_CASE("data/batches: a loader can be destroyed at any moment of an epoch, and then its thread has ended") {
    const data_set set = numbered(64);
    std::atomic<int> entered{0};
    std::atomic<int> left{0};
    batch_options options{.size = 4, .ahead = 4};
    options.transform = [&](std::span<float>, random_stream) {
        ++entered;
        ++left;
    };
    for (int reads = 0; reads < 20; ++reads) {
        int batches = 0;
        {
            batch_loader loader{set, options};
            for (int r = 0; r < reads; ++r) batches += loader.next() != nullptr ? 1 : 0;
        }
        CHECK(batches == std::min(reads, 16));
        CHECK(entered == left);
    }
    // In the middle of a batch that nobody reads.
    entered = left = 0;
    std::atomic<bool> destroying{false};
    options.transform = [&](std::span<float>, random_stream) {
        ++entered;
        entered.notify_one();
        destroying.wait(false);
        ++left;
    };
    {
        batch_loader never_read{set, options};
        never_read.start(0);
        entered.wait(0);
        destroying = true;
        destroying.notify_one();
    }
    CHECK(entered >= 1);
    CHECK(entered == left);
}

TEST_CASE("data/batches: senseless requests are refused") {
    const data_set set = numbered(10);
    const auto refuse = [&](const batch_options& options) { return raised([&] { batch_loader{set, options}; }); };
    CHECK(contains(refuse({.size = 0}), "a batch of 0 samples"));
    CHECK(contains(refuse({.size = -4}), "a batch of -4 samples"));
    CHECK(contains(refuse({.ahead = -1}), "ahead is -1"));
    CHECK(contains(refuse({.size = 11, .drop_last = true}), "10 samples fill no batch of 11"));
    CHECK(contains(refuse({.augment = {.crop_padding = 4}}), "crop_padding of 4"));
    CHECK(contains(refuse({.augment = {.cutout = -1}}), "cutout of -1"));
    CHECK(contains(refuse({.augment = {.mix_up = 3}}), "mix_up is 3"));
    CHECK(contains(raised([&] { batch_loader{set, std::vector<int>{10}, {}}; }), "index 10 is outside [0, 10)"));
    CHECK(contains(raised([&] { batch_loader{set, std::vector<int>{}, {}}; }), "no samples"));
    batch_loader loader{set, {.size = 5}};
    CHECK(contains(raised([&] { loader.start(0, 3); }), "no step 3 of epoch 0"));
    CHECK(contains(raised([&] { loader.start(-1); }), "epoch -1"));
    CHECK(loader.next() != nullptr);
}

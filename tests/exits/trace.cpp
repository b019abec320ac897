// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <eenn/core/random.hpp>
#include <eenn/exits/trace.hpp>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

using namespace eenn;

namespace {

// Four samples, three exits, costs 1, 3, 10; labels 0 1 2 0.
exit_trace example() {
    return make_trace({0.9F, 0.8F, 0.7F,   //
                       0.4F, 0.9F, 0.9F,   //
                       0.9F, 0.2F, 0.5F,   //
                       0.1F, 0.3F, 0.6F},  //
                      {0, 0, 0,            //
                       2, 1, 1,            //
                       1, 1, 2,            //
                       1, 1, 0},
                      {0, 1, 2, 0}, {1, 3, 10});
}

template <class F>
std::string message(F&& f) {
    try {
        f();
    } catch (const error& e) {
        return e.what();
    }
    return "nothing was thrown";
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("exits/trace: thresholds 0.9 and 0.5 send two samples out first, one second and one last") {
    const exit_trace trace = example();
    const std::vector<float> thresholds{0.9F, 0.5F};
    const exit_evaluation e = evaluate(trace, thresholds);
    CHECK(e.leaving == std::vector<int>{2, 1, 1});
    CHECK(e.right == std::vector<int>{1, 1, 1});
    CHECK(e.share == std::vector<double>{0.5, 0.25, 0.25});
    CHECK(e.exit_accuracy == std::vector<double>{0.5, 1, 1});
    CHECK(e.accuracy == 0.75);
    CHECK(e.mean_cost == (1 + 1 + 3 + 10) / 4.0);
}

TEST_CASE("exits/trace: closed exits give the last exit alone, thresholds of -infinity the first alone") {
    const exit_trace trace = example();
    const exit_evaluation last = evaluate(trace, std::vector<float>{never_exit, never_exit});
    CHECK(last.accuracy == lone_accuracy(trace, 2));
    CHECK(last.mean_cost == 10);
    const exit_evaluation first = evaluate(trace, std::vector<float>{-never_exit, 0.5F});
    CHECK(first.accuracy == lone_accuracy(trace, 0));
    CHECK(first.mean_cost == 1);
    CHECK(first.exit_accuracy == std::vector<double>{0.25, 0, 0});
}

TEST_CASE("exits/trace: a confidence equal to the threshold leaves") {
    const std::vector<float> c{0.5F, 0.5F, 0.1F};
    CHECK(leaving_exit(c, std::vector<float>{0.5F, 0.5F}) == 0);
    CHECK(leaving_exit(c, std::vector<float>{0.6F, 0.5F}) == 1);
    CHECK(leaving_exit(c, std::vector<float>{0.6F, 0.6F}) == 2);
}

TEST_CASE("exits/trace: shares sum to one and the mean cost never rises when a threshold falls") {
    random_stream random{7, 8};
    exit_trace trace;
    trace.samples = 200;
    trace.exits = 4;
    trace.cost = {1, 2, 5, 9};
    for (int x = 0; x < 800; ++x) {
        trace.confidence.push_back(static_cast<float>(random.uniform()));
        trace.correct.push_back(random.uniform() < 0.8 ? 1 : 0);
    }
    for (int round = 0; round < 50; ++round) {
        std::vector<float> t{static_cast<float>(random.uniform()), static_cast<float>(random.uniform()),
                             static_cast<float>(random.uniform())};
        const exit_evaluation before = evaluate(trace, t);
        CHECK(std::accumulate(before.leaving.begin(), before.leaving.end(), 0) == 200);
        CHECK(std::accumulate(before.share.begin(), before.share.end(), 0.0) == doctest::Approx(1));
        t[random.below(3)] -= 0.2F;
        CHECK(evaluate(trace, t).mean_cost <= before.mean_cost);
    }
}

TEST_CASE("exits/trace: a trace without predictions and labels is judged by its correctness alone") {
    exit_trace trace = example();
    const exit_evaluation with = evaluate(trace, std::vector<float>{0.5F, 0.5F});
    trace.prediction.clear();
    trace.labels.clear();
    CHECK(evaluate(trace, std::vector<float>{0.5F, 0.5F}).accuracy == with.accuracy);
}

TEST_CASE("exits/trace: an error names the table, the place and both sizes") {
    const std::vector<float> fine{0.5F, 0.5F};
    exit_trace t = example();
    t.samples = 0;
    CHECK(contains(message([&] { check_trace(t); }), "0 samples and 3 exits"));
    t = example();
    t.confidence.pop_back();
    CHECK(contains(message([&] { (void)evaluate(t, fine); }), "exit_trace::confidence: 11 elements, where N E = 12"));
    t = example();
    t.confidence[4] = std::numeric_limits<float>::quiet_NaN();
    CHECK(contains(message([&] { (void)evaluate(t, fine); }), "nan at sample 1, exit 1"));
    t.confidence[4] = never_exit;
    CHECK(contains(message([&] { check_trace(t); }), "inf at sample 1, exit 1"));
    CHECK(contains(message([&] { (void)lone_accuracy(example(), 3); }), "exit 3 of 3"));
    t = example();
    t.cost[1] = 0.5;
    CHECK(contains(message([&] { check_trace(t); }), "exit 1 costs less"));
    t.cost[0] = -1;
    CHECK(contains(message([&] { check_trace(t); }), "exit 0 costs -1"));
    t = example();
    t.correct[0] = 0;
    CHECK(contains(message([&] { check_trace(t); }), "exit_trace::correct: 0 at sample 0, exit 0"));
    t = example();
    CHECK(contains(message([&] { (void)evaluate(t, std::vector<float>{0.5F}); }), "1 thresholds for 3 exits"));
    CHECK(contains(message([&] {
                       (void)evaluate(t, std::vector<float>{0.5F, std::numeric_limits<float>::quiet_NaN()});
                   }),
                   "exit 1 is NaN"));
    CHECK(contains(message([&] { (void)make_trace({0.5F}, {}, {1}, {1}); }), "exit_trace::correct: 0 elements"));
}

TEST_CASE("exits/trace: thresholds outside of their policy's range are refused by exit and value") {
    const std::vector<threshold_range> one{{0, 1}};
    const std::vector<threshold_range> each{{0, 1}, {1, 3}};
    CHECK_NOTHROW(check_thresholds(std::vector<float>{0.0F, 1.0F, never_exit}, one));
    CHECK_NOTHROW(check_thresholds(std::vector<float>{0.5F, 3.0F}, each));
    CHECK(contains(message([&] {
                       check_thresholds(std::vector<float>{0.5F, 1.5F}, one);
                   }),
                   "threshold of exit 1: 1.5"));
    CHECK(contains(message([&] { check_thresholds(std::vector<float>{0.5F, 0.5F}, each); }), "[1.0"));
    CHECK(contains(message([&] { check_thresholds(std::vector<float>{std::numeric_limits<float>::quiet_NaN()}, one); }),
                   "nan"));
    CHECK(contains(message([&] {
                       check_thresholds(std::vector<float>{0.1F, 0.2F, 0.3F}, each);
                   }),
                   "2 ranges for 3 thresholds"));
}

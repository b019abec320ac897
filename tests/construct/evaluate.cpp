// SPDX-License-Identifier: MIT
#include <eenn/construct/detail/evaluate.hpp>

#include <doctest/doctest.h>

using namespace eenn;
using namespace eenn::construct;

TEST_CASE("construct/evaluate: class scores by hand") {
    // Class 0: 4 samples, 3 found; class 1: 1 sample, found, and one false alarm; class 2: none, never named.
    const int labels[] = {0, 0, 0, 0, 1};
    const std::int32_t answers[] = {0, 0, 0, 1, 1};
    const class_scores s = score_classes(answers, labels, 3);
    CHECK(s.recall == std::vector<double>{0.75, 1, 0});
    CHECK(s.f1[0] == doctest::Approx(2 * 3.0 / (4 + 3)));
    CHECK(s.f1[1] == doctest::Approx(2 * 1.0 / (1 + 2)));
    CHECK(s.balanced_accuracy == doctest::Approx(0.875));
    CHECK(s.macro_f1 == doctest::Approx((6.0 / 7 + 2.0 / 3) / 2));
}

TEST_CASE("construct/evaluate: a paired loss counts what only one of two has right") {
    exit_trace trace;
    trace.samples = 4;
    trace.exits = 2;
    trace.confidence = {0.9F, 1, 0.2F, 1, 0.8F, 1, 0.1F, 1};
    trace.correct = {0, 1, 1, 1, 1, 0, 0, 1};
    trace.cost = {1, 2};
    const float thresholds[] = {0.5F};
    const std::uint8_t base[] = {1, 1, 0, 1};
    const paired_loss loss = compare(trace, thresholds, base);
    CHECK(loss.only_base == 1);   // sample 0 left early with a wrong answer
    CHECK(loss.only_exits == 1);  // sample 2 with a right one
    CHECK(loss.loss == doctest::Approx(0));
    CHECK(loss.high == doctest::Approx(1.96 * std::sqrt(2.0) / 4));
    CHECK(loss.low == doctest::Approx(-loss.high));
}

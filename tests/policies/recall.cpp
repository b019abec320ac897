// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <eenn/policies/deciders.hpp>

using namespace eenn;

namespace {

const std::array<exit_rule, 3> rules{{{0.9F, 1}, {0.9F, 1}, {0.9F, 1}}};
const recall rule{threshold_rules{rules}};
using state_of = decltype(rule)::state;

// The verdict on an exit whose label has the probability p.
verdict say(std::size_t exit, int label, float p, state_of& state) {
    std::array<float, 2> z{};
    z[static_cast<std::size_t>(label)] = std::log(p / (1 - p));
    return decide(rule, exit_view<>{exit, exit == 2, max_probability{}, z}, state);
}

}  // namespace

TEST_CASE("policies/recall: confidences 0.6, 0.8, 0.7 end with the label of the second exit") {
    state_of state;
    rule.begin(state);
    CHECK_FALSE(say(0, 0, 0.6F, state).leave);
    CHECK_FALSE(say(1, 1, 0.8F, state).leave);
    const verdict end = say(2, 0, 0.7F, state);
    CHECK(end.leave);
    CHECK(end.label == 1);
    CHECK(end.confidence == doctest::Approx(0.8));
}

TEST_CASE("policies/recall: before the end a sample leaves with the label of its exit, and a new sample forgets") {
    state_of state;
    rule.begin(state);
    CHECK_FALSE(say(0, 0, 0.8F, state).leave);
    const verdict sure = say(1, 1, 0.95F, state);
    CHECK(sure.leave);
    CHECK(sure.label == 1);
    rule.begin(state);
    CHECK_FALSE(say(0, 1, 0.6F, state).leave);
    CHECK(say(2, 0, 0.7F, state).label == 0);
    rule.begin(state);
    CHECK_FALSE(say(0, 1, 0.85F, state).leave);
    CHECK(say(2, 0, 0.92F, state).label == 0);
}

TEST_CASE(
    "policies/recall: of equal confidences the later exit answers, and logits that are not numbers stay an error") {
    state_of state;
    rule.begin(state);
    (void)say(0, 0, 0.75F, state);
    CHECK(say(2, 1, 0.75F, state).label == 1);
    const std::array<float, 2> broken{0, std::nanf("")};
    CHECK(decide(rule, exit_view<>{2, true, max_probability{}, broken}, state).label == -1);
}

// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <eenn/policies/deciders.hpp>

using namespace eenn;

namespace {

exit_view<> view_of(const std::array<float, 2>& z, std::size_t exit) { return {exit, false, max_probability{}, z}; }

}  // namespace

TEST_CASE("policies/ensemble: probabilities (3/4, 1/4) and (1/8, 7/8) have the mean (7/16, 9/16)") {
    const std::array<exit_rule, 2> rules{{{0.8F, 1}, {0.55F, 1}}};
    const ensemble<2> rule{rules};
    ensemble<2>::state state;
    const verdict first = rule(view_of({std::log(3.0F), 0}, 0), state);
    CHECK_FALSE(first.leave);
    CHECK(first.label == 0);
    CHECK(first.confidence == doctest::Approx(0.75));
    const verdict both = rule(view_of({0, std::log(7.0F)}, 1), state);
    CHECK(both.leave);  // 9/16 >= 0.55
    CHECK(both.label == 1);
    CHECK(both.confidence == doctest::Approx(9.0 / 16));
    rule.begin(state);
    CHECK(rule(view_of({0, std::log(7.0F)}, 1), state).confidence == doctest::Approx(7.0 / 8));
}

TEST_CASE("policies/ensemble: the temperature of each exit divides its logits") {
    const std::array<exit_rule, 2> rules{{{1, 1}, {1, 2}}};
    ensemble<2>::state state;
    (void)ensemble<2>{rules}(view_of({std::log(3.0F), 0}, 0), state);
    CHECK(ensemble<2>{rules}(view_of({std::log(9.0F), 0}, 1), state).confidence == doctest::Approx(0.75));
}

TEST_CASE("policies/ensemble: logits that are not numbers, and those of other classes, spoil every later mean") {
    const std::array<exit_rule, 2> rules{{{0, 1}, {0, 1}}};
    const ensemble<2> rule{rules};
    const std::array<float, 3> other{1, 2, 3};
    for (const bool broken : {false, true}) {
        ensemble<2>::state state;
        const verdict said = broken ? rule(view_of({1, std::nanf("")}, 0), state)
                                    : rule(exit_view<>{0, false, max_probability{}, other}, state);
        CHECK(said.label == -1);
        CHECK_FALSE(said.leave);
        CHECK(rule(view_of({1, 0}, 1), state).label == -1);
        rule.begin(state);
        CHECK(rule(view_of({1, 0}, 1), state).label == 0);
    }
}

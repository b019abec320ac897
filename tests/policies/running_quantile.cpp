// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <eenn/core/random.hpp>
#include <eenn/policies/deciders.hpp>

using namespace eenn;

namespace {

using rule_of = running_quantile<2>;

// Whether a sample leaves at the first exit, whose label has the probability p.
bool leaves(const rule_of& rule, float p, rule_of::state& state) {
    const std::array<float, 2> z{std::log(p / (1 - p)), 0};
    rule.begin(state);
    return decide(rule, exit_view<>{0, false, max_probability{}, z}, state).leave;
}

}  // namespace

TEST_CASE(
    "policies/running_quantile: at a share of 1/4 and a rate of 0.4, confidences 0.9, 0.6, 0.6, 0.6 move it from 0.5") {
    const rule_of rule{{0.25F, 0}, 0.4F};
    rule_of::state state;
    state.threshold[0] = 0.5F;
    CHECK(leaves(rule, 0.9F, state));
    CHECK(state.threshold[0] == doctest::Approx(0.8));  // + 0.4 * 3/4
    CHECK_FALSE(leaves(rule, 0.6F, state));
    CHECK(state.threshold[0] == doctest::Approx(0.7));  // - 0.4 * 1/4
    CHECK_FALSE(leaves(rule, 0.65F, state));
    CHECK(state.threshold[0] == doctest::Approx(0.6));
    CHECK(leaves(rule, 0.65F, state));
    CHECK(state.threshold[0] == doctest::Approx(0.9));
    CHECK(state.threshold[1] == 0);
}

TEST_CASE("policies/running_quantile: the share is held within (1 + rate) / (rate N) when confidences drift and jump") {
    for (const float share : {0.1F, 0.5F, 0.8F}) {
        const rule_of rule{{share, 0}, 0.02F};
        rule_of::state state;
        random_stream random{.seed = 4};
        int left = 0;
        constexpr int samples = 4000;
        for (int i = 0; i < samples; ++i) {
            const double drift = i < 2000 ? 0.55 + 0.0001 * i : 0.51;
            left += leaves(rule, static_cast<float>(drift + 0.2 * random.uniform()), state) ? 1 : 0;
        }
        CHECK(std::abs(left / double{samples} - static_cast<double>(share)) <= 1.02 / (0.02 * samples));
    }
}

TEST_CASE("policies/running_quantile: its state outlives a sample, and logits that are not numbers move nothing") {
    CHECK(rule_of::sequential);
    const rule_of rule{{0.5F, 0}, 0.1F};
    rule_of::state state;
    state.threshold[0] = 0.25F;
    rule.begin(state);
    CHECK(state.threshold[0] == 0.25F);
    const std::array<float, 2> broken{0, std::nanf("")};
    CHECK_FALSE(rule(exit_view<>{0, false, max_probability{}, broken}, state).leave);
    CHECK(state.threshold[0] == 0.25F);
}

// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <eenn/policies/deciders.hpp>
#include <vector>

using namespace eenn;

namespace {

/// By how much the largest logit leads, softmax or not.
struct lead {
    static constexpr std::string_view name = "lead";
    static constexpr float default_threshold = 4;
    static constexpr threshold_range thresholds(int) noexcept { return {0, 1e6}; }
    [[nodiscard]] scored<float> confidence(std::span<const float> logits, float temperature,
                                           exit_state& state) const noexcept {
        const leading_logits<float> top{logits};
        note_prediction(state, top.label);
        return {top.label, (top.first - top.second) / temperature};
    }
};

}  // namespace

TEST_CASE("policies/policy_rules: a policy from outside the library decides, whatever the exit's own policy is") {
    const std::vector<exit_rule> rules{{2, 1}, {2, 0.5F}};
    const policy_rules rule{lead{}, rules};
    static_assert(Decider<decltype(rule)>);
    CHECK(rule.exit_count() == 2);
    const std::array<float, 3> z{1, 5, 3.5F};
    exit_state state;
    rule.begin(state);
    const verdict first = rule({0, false, entropy{}, z}, state);
    CHECK_FALSE(first.leave);
    CHECK(first.label == 1);
    CHECK(first.confidence == 1.5F);
    const verdict second = rule({1, false, patience{}, z}, state);
    CHECK(second.leave);
    CHECK(second.confidence == 3);
    CHECK(state == exit_state{1, 2});
}

TEST_CASE("policies/policy_rules: with a standard policy it gives the bits of threshold_rules") {
    const std::array<float, 3> z{0.3F, -1.7F, 2.1F};
    const std::array<exit_rule, 1> rules{{{0.5F, 1.3F}}};
    exit_state one;
    exit_state two;
    const verdict expected = threshold_rules<>{rules}(exit_view<>{0, false, margin{}, z}, one);
    const verdict made = policy_rules<margin>{margin{}, rules}({0, false, entropy{}, z}, two);
    CHECK(made.leave == expected.leave);
    CHECK(made.label == expected.label);
    CHECK(made.confidence == expected.confidence);
    CHECK(one == two);
}

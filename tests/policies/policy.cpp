// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <array>
#include <eenn/core/random.hpp>
#include <eenn/policies/policy.hpp>
#include <vector>

using namespace eenn;

namespace {

template <policy P>
struct stored {  // a policy is structural
    static constexpr policy value = P;
};

template <class P>
void agrees_with_its_kind(P concrete) {
    const policy erased = concrete;
    CHECK(erased.name() == P::name);
    CHECK(erased.thresholds(4) == P::thresholds(4));
    CHECK(erased.default_threshold() == P::default_threshold);
    CHECK(erased.thresholds(4).contains(erased.default_threshold()));
    random_stream random{5, 6};
    exit_state a;
    exit_state b;
    for (int exit = 0; exit < 20; ++exit) {
        std::vector<float> z(3);
        for (float& v : z) v = static_cast<float>(random.normal());
        const auto direct = concrete.confidence(z, 1.3F, a);
        const auto through = erased.confidence(z, 1.3F, b);
        CHECK(direct.label == through.label);
        CHECK(direct.confidence == through.confidence);
        CHECK(a == b);
    }
}

}  // namespace

TEST_CASE("policies/policy: the erased form answers what the policy it was made from answers") {
    agrees_with_its_kind(max_probability{});
    agrees_with_its_kind(margin{});
    agrees_with_its_kind(entropy{});
    agrees_with_its_kind(patience{});
}

TEST_CASE("policies/policy: a policy is a constant, a template argument and has a name that reads back") {
    constexpr policy p = entropy{};
    static_assert(p.name() == "entropy", "names are constant expressions");
    static_assert(stored<policy{patience{}}>::value == policy{patience{}}, "a policy is a template argument");
    static_assert(policy{} == policy{max_probability{}}, "the default policy is the largest probability");
    for (int k = 0; k < policy_count; ++k) {
        const policy original{static_cast<policy_kind>(k)};
        policy read;
        CHECK(parse_policy(original.name(), read));
        CHECK(read == original);
    }
    policy kept = margin{};
    CHECK_FALSE(parse_policy("certainty", kept));
    CHECK(kept == policy{margin{}});
}

TEST_CASE("policies/policy: labels do not depend on the policy, and surer logits never lower a softmax confidence") {
    for (int k = 0; k < 3; ++k) {
        const policy p{static_cast<policy_kind>(k)};
        float before = -1;
        for (float lead = 0; lead < 10; lead += 0.25F) {
            const std::array<float, 4> z{0.5F, lead + 0.5F, 0, -1};
            exit_state state;
            const auto s = p.confidence(z, 1.0F, state);
            CHECK(s.confidence >= before);
            before = s.confidence;
            if (lead > 0) CHECK(s.label == 1);
        }
    }
}

// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <eenn/policies/decider.hpp>

using namespace eenn;

namespace {

// Leaves never, and says how often it was asked.
struct asks {
    struct state {
        int count = 0;
    };
    static constexpr bool sequential = false;
    void begin(state& s) const noexcept { s = {}; }
    verdict operator()(const exit_view<>& at, state& s) const noexcept {
        return {false, static_cast<int>(at.exit), static_cast<float>(++s.count)};
    }
};
struct owns_memory : asks {
    struct state {
        ~state() {}
    };
    void begin(state&) const noexcept {}
    verdict operator()(const exit_view<>&, state&) const noexcept { return {}; }
};
struct may_throw : asks {
    verdict operator()(const exit_view<>&, state&) const { return {}; }
};
struct says_not_whether_it_is_sequential {
    struct state {};
    void begin(state&) const noexcept {}
    verdict operator()(const exit_view<>&, state&) const noexcept { return {}; }
};

}  // namespace

TEST_CASE("policies/decider: its state is plain bytes, its answers throw nothing, and it says whether order counts") {
    CHECK(Decider<asks>);
    CHECK_FALSE(Decider<asks, double>);
    CHECK_FALSE(Decider<owns_memory>);
    CHECK_FALSE(Decider<may_throw>);
    CHECK_FALSE(Decider<says_not_whether_it_is_sequential>);
}

TEST_CASE("policies/decider: at the last exit a sample leaves, whatever the decider says") {
    asks::state state;
    CHECK_FALSE(decide(asks{}, exit_view<>{.exit = 0}, state).leave);
    const verdict at_the_end = decide(asks{}, exit_view<>{.exit = 1, .last = true}, state);
    CHECK(at_the_end.leave);
    CHECK(at_the_end.label == 1);
    CHECK(at_the_end.confidence == 2);
    asks{}.begin(state);
    CHECK(state.count == 0);
}

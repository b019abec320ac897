// SPDX-License-Identifier: MIT
#include <eenn/tensor/detail/id.hpp>

#include <doctest/doctest.h>

#include <concepts>

namespace {

using namespace eenn;

template <class List, class Place>
concept takes = requires(List& list, Place place) {
    list[place];
};
using steps = id_vector<step_id, int>;
using step_view = id_span<step_id, int>;

// Places of another kind, and numbers, are no places of this list.
static_assert(takes<steps, step_id> && takes<step_view, step_id>);
static_assert(!takes<steps, value_id> && !takes<steps, int> && !takes<steps, std::size_t> && !takes<steps, node_id>);
static_assert(!takes<step_view, value_id> && !takes<step_view, int>);
static_assert(!std::convertible_to<int, step_id> && !std::convertible_to<value_id, step_id>);
static_assert(!std::constructible_from<step_id, bool> && !std::constructible_from<step_id, node_id>);
static_assert(!std::equality_comparable_with<step_id, value_id>);
// Lists of another kind are no views of this one.
static_assert(std::constructible_from<id_span<step_id, const int>, const steps&>);
static_assert(std::constructible_from<id_span<step_id, const int>, step_view>);
static_assert(!std::constructible_from<id_span<edge, const int>, const steps&>);
static_assert(!std::constructible_from<id_span<edge, int>, step_view>);
static_assert(!std::convertible_to<std::span<int>, step_view>);

}  // namespace

TEST_CASE("tensor/id: a list is walked and indexed by its places") {
    steps list;
    CHECK(list.end_id() == step_id{0});
    CHECK_FALSE(list.has(step_id{0}));
    CHECK_FALSE(step_id{}.exists());
    CHECK(step_id{} < step_id{0});
    for (int i = 0; i < 3; ++i) list.push_back(10 * i);
    CHECK(list.has(step_id{2}));
    CHECK_FALSE(list.has(step_id{3}));
    CHECK_FALSE(list.has(step_id{}));
    int sum = 0;
    for (const step_id s : list.ids()) {
        CHECK(list[s] == 10 * s.number);
        sum += list[s];
    }
    CHECK(sum == 30);
    const id_span<step_id, const int> view{list};
    CHECK(view[step_id{1}] == 10);
    CHECK(view[step_id{1}.next()] == 20);
    CHECK(view.end_id() == step_id{3});
}

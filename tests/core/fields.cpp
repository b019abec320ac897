// SPDX-License-Identifier: MIT
#include <eenn/core/detail/fields.hpp>

#include <doctest/doctest.h>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

using namespace eenn;

namespace {

struct nothing {};
struct derived_nothing : nothing {};
struct one {
    int a = 1;
};
struct many {
    int number = 2;
    std::vector<one> list{{}, {}};
    std::array<double, 3> fixed{};
    std::optional<one> perhaps{};
    std::string text{"text"};
    std::function<bool(int)> call{};
    one inner{5};
};
struct must_be_given {
    explicit must_be_given(int x) : value{x} {}
    int value;
};
struct inputs {
    const many& first;
    int number = 1;
    const must_be_given& last;
};
struct given {
    must_be_given member;
    const int& reference;
    double rest = 0;
};
struct twenty {
    int a = 0, b = 1, c = 2, d = 3, e = 4, f = 5, g = 6, h = 7, i = 8, j = 9, k = 10, l = 11, m = 12, n = 13, o = 14,
        p = 15, q = 16, r = 17, s = 18, t = 19;
};
struct built {
    constexpr explicit built(int x) : a{x}, b{-x} {}
    [[nodiscard]] constexpr auto fields() const {
        const auto& [first, second] = *this;
        return std::tie(first, second);
    }
    int a;
    int b;
};

template <class T>
constexpr int sum_of(const T& value) {
    int sum = 0;
    each_field(value, [&](int member) { sum = 10 * sum + member; });
    return sum;
}

}  // namespace

TEST_CASE("core/fields: members are counted whatever their types") {
    static_assert(field_count<nothing> == 0);
    static_assert(field_count<derived_nothing> == 0);
    static_assert(field_count<one> == 1);
    static_assert(field_count<many> == 7);
    static_assert(field_count<twenty> == 20);
    static_assert(field_count<inputs> == 3, "references must be given a value");
    static_assert(field_count<given> == 3);
}

TEST_CASE("core/fields: each member is visited once, in order, itself and no copy") {
    static_assert(sum_of(one{7}) == 7);
    static_assert(sum_of(built{4}) == 36);
    static_assert(sum_of(derived_nothing{}) == 0);
    const many value;
    std::vector<const void*> seen;
    each_field(value, [&](const auto& member) { seen.push_back(&member); });
    CHECK(seen == std::vector<const void*>{&value.number, &value.list, &value.fixed, &value.perhaps, &value.text,
                                           &value.call, &value.inner});
    int next = 0;
    each_field(twenty{}, [&](int member) { CHECK(member == next++); });
    CHECK(next == 20);
}

TEST_CASE("core/fields: of a reference what it refers to is visited") {
    const many some;
    const must_be_given other{5};
    const inputs value{some, 7, other};
    std::vector<const void*> seen;
    each_field(value, [&](const auto& member) { seen.push_back(&member); });
    CHECK(seen == std::vector<const void*>{&some, &value.number, &other});
}

TEST_CASE("core/fields: members of a value that may change may be changed") {
    twenty value;
    each_field(value, [](int& member) { member += 1; });
    CHECK(value.a == 1);
    CHECK(value.t == 20);
}

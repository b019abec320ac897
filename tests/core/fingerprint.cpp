// SPDX-License-Identifier: MIT
#include <eenn/core/detail/fingerprint.hpp>

#include <doctest/doctest.h>

#include <array>
#include <optional>
#include <set>
#include <vector>

using namespace eenn;

namespace {

enum class colour : unsigned char { red, green };
struct inner {
    float rate = 0.5F;
    bool on = false;
};
struct options {
    int count = 3;
    inner how{};
    std::vector<inner> list{{}, {}};
    std::optional<double> limit{};
    colour shade = colour::red;
    std::string name{"net"};
};
struct convolution {
    static constexpr std::string_view kind = "convolution";
    int filters = 1;
};
struct pooling {
    static constexpr std::string_view kind = "pooling";
    int filters = 1;
};
struct wrapped {
    std::uint32_t bits = 0;
    constexpr wrapped(int value) : bits{static_cast<std::uint32_t>(value)} {}
};

}  // namespace

TEST_CASE("core/fingerprint: words are hashed as MurmurHash3 (x64, 128 bits) hashes their bytes") {
    // Expected values are of another program, which gives e34bbc7bbc071b6c7a433ca9c49a9347 for "The quick brown fox jumps
    // over the lazy dog", as published.
    CHECK(fingerprint{}.value().text() == "00000000000000000000000000000000");
    CHECK(digest_of(1).text() == "004403b7fb05c44a3d8acdb4d36d9c06");
    CHECK(digest_of(1, 2L).text() == "deed8b2be489f0062f85052754e1e577");
    CHECK(digest_of(1, std::uint8_t{2}, 3U).text() == "b50a97f8b297f54157f6887b59f04f45");
    // A range is its elements, then their number.
    CHECK(digest_of("The quick brown fox jumps over t").text() == "b68b891af69c03e4c20921f72a8c10a1");
    CHECK(digest_of(std::vector<float>{1, 2, 3}).text() == "553797935359f08e7cd849536370658a");
}

TEST_CASE("core/fingerprint: constant evaluation gives the same digest as the run") {
    constexpr digest constant = digest_of(1, 2.5, colour::green, std::array<float, 3>{1, 2, 3}, inner{});
    fingerprint print;
    print.add(1).add(2.5);
    print.add(colour::green).add(std::vector<float>{1, 2, 3}).add(inner{});
    CHECK(print.value() == constant);
}

TEST_CASE("core/fingerprint: a struct changes with each of its members, however deep, and with nothing else") {
    std::set<digest> seen;
    const auto fresh = [&](const options& o) { return seen.insert(digest_of(o)).second; };
    CHECK(fresh({}));
    CHECK_FALSE(fresh({}));
    options o;
    CHECK(fresh(o = {.count = 4}));
    CHECK(fresh(o = {.how = {.rate = 0.25F}}));
    CHECK(fresh(o = {.how = {.on = true}}));
    CHECK(fresh(o = {.list = {{}}}));
    CHECK(fresh(o = {.list = {{}, {.on = true}}}));
    CHECK(fresh(o = {.list = {{.on = true}, {}}}));
    CHECK(fresh(o = {.limit = 0.0}));
    CHECK(fresh(o = {.limit = -0.0}));
    CHECK(fresh(o = {.shade = colour::green}));
    CHECK(fresh(o = {.name = "net "}));
}

TEST_CASE("core/fingerprint: where one value ends and the next begins matters") {
    CHECK(digest_of("ab", "c") != digest_of("a", "bc"));
    CHECK(digest_of(std::vector<int>{1}, std::vector<int>{}) != digest_of(std::vector<int>{}, std::vector<int>{1}));
    CHECK(digest_of(std::vector<std::uint8_t>{1, 0}) != digest_of(std::vector<std::uint8_t>{1}));
    CHECK(digest_of(1, 2) != digest_of(2, 1));
    CHECK(digest_of(std::pair{1, 2}) == digest_of(1, 2));
}

TEST_CASE("core/fingerprint: alternatives are told by their kinds, others by their places") {
    using layers = std::variant<convolution, pooling>;
    using more_layers = std::variant<pooling, convolution>;
    CHECK(digest_of(layers{convolution{2}}) != digest_of(layers{pooling{2}}));
    CHECK(digest_of(layers{convolution{2}}) == digest_of(more_layers{convolution{2}}));
    CHECK(digest_of(std::variant<int, long>{1}) != digest_of(std::variant<int, long>{1L}));
}

TEST_CASE("core/fingerprint: a number in a wrapper, and a digest of what was before, are values too") {
    CHECK(digest_of(wrapped{1}) != digest_of(wrapped{2}));
    CHECK(digest_of(digest_of(1)) != digest_of(digest_of(2)));
}

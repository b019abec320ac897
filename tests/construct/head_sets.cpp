// SPDX-License-Identifier: MIT
#include <eenn/construct/detail/head_sets.hpp>

#include <doctest/doctest.h>

#include <eenn/core/random.hpp>
#include <eenn/core/threads.hpp>
#include <eenn/exits/thresholds.hpp>

using namespace eenn;
using namespace eenn::construct;

namespace {

/// Heads on three sites, two on the middle one, surer with depth.
exit_table make_table(int samples) {
    exit_table table;
    const int sites[] = {0, 1, 1, 2};
    const auto logits = [&](double skill, std::uint64_t stream) {
        std::vector<float> all;
        for (int i = 0; i < samples; ++i) {
            random_stream random{.seed = 3, .stream = stream * 1000 + static_cast<std::uint64_t>(i)};
            for (int c = 0; c < 3; ++c) all.push_back(static_cast<float>(random.normal() + (c == i % 3 ? skill : 0.0)));
        }
        return all;
    };
    for (int i = 0; i < samples; ++i) table.labels.push_back(i % 3);
    for (int h = 0; h < 4; ++h) {
        table.heads.push_back({logits(0.8 + 0.4 * h, static_cast<std::uint64_t>(h)), 1, max_probability{},
                               10.0 * (sites[h] + 1), 1.0 + h, sites[h]});
    }
    table.classifier = {logits(2.5, 9), 1, max_probability{}, 50, 0, -1};
    return table;
}

}  // namespace

TEST_CASE("construct/exit_table: a trace charges the heads that are kept, no others") {
    const exit_table table = make_table(6);
    const int heads[] = {0, 3};
    const exit_trace trace = trace_of(table, heads);
    CHECK(trace.exits == 3);
    CHECK(trace.cost == std::vector<double>{11, 35, 55});
    exit_state state;
    const auto s = max_probability{}.confidence<float>({table.heads[3].logits.data() + 3, 3}, 1.0F, state);
    CHECK(trace.confidence[trace.at(1, 1)] == s.confidence);
    CHECK(trace.prediction[trace.at(1, 1)] == s.label);
}

TEST_CASE("construct/head_sets: the beam finds what looking at every set finds") {
    const exit_table table = make_table(200);
    const auto judge = [&](std::span<const int> heads) {
        return try_thresholds(trace_of(table, heads), exit_objective::least_cost(0.02));
    };
    std::vector<std::vector<int>> seen;
    const auto watch = [&](std::span<const int> heads, const auto&) { seen.emplace_back(heads.begin(), heads.end()); };
    const auto ignore = [](std::span<const int>, const auto&) {};
    serial one;
    threads two{2};
    double least = 1e300;
    for (int set = 1; set < 16; ++set) {
        std::vector<int> heads;
        for (int h = 0; h < 4; ++h) {
            if ((set >> h & 1) != 0) heads.push_back(h);
        }
        if ((set & 6) == 6) continue;  // two heads of one site
        if (const auto choice = judge(heads)) least = std::min(least, choice->objective);
    }
    const auto found = search_head_sets(table, 3, one, judge, watch);
    REQUIRE_FALSE(found.empty());
    CHECK(judge(found)->objective == doctest::Approx(least));
    const auto order = std::exchange(seen, {});
    CHECK(search_head_sets(table, 3, two, judge, watch) == found);
    CHECK(seen == order);
    // Nothing reaches it: nothing is chosen.
    const auto never = [](std::span<const int>) { return std::optional<threshold_choice>{}; };
    CHECK(search_head_sets(table, 3, one, never, ignore).empty());
}

// SPDX-License-Identifier: MIT
#include <eenn/core/random.hpp>
#include <eenn/network/detail/memory_plan.hpp>

#include <doctest/doctest.h>

#include <cstdio>

namespace {

using namespace eenn;

std::vector<buffer_request> generated(std::uint64_t seed, int count, int steps, std::uint64_t largest) {
    random_stream random{.seed = seed};
    std::vector<buffer_request> buffers;
    for (int i = 0; i < count; ++i) {
        const int first = static_cast<int>(random.below(static_cast<std::uint64_t>(steps)));
        const int last = first + static_cast<int>(random.below(static_cast<std::uint64_t>(std::min(steps - first, 4))));
        buffers.push_back({1 + random.below(largest), first, last});
    }
    return buffers;
}

bool meet(const buffer_request& a, const buffer_request& b) { return a.first <= b.last && b.first <= a.last; }

bool apart(const std::vector<buffer_request>& buffers, const std::vector<std::size_t>& offsets, std::size_t total) {
    for (std::size_t i = 0; i < buffers.size(); ++i) {
        if (offsets[i] + buffers[i].size > total) return false;
        for (std::size_t j = 0; j < i; ++j) {
            const bool clear = offsets[i] + buffers[i].size <= offsets[j] || offsets[j] + buffers[j].size <= offsets[i];
            if (meet(buffers[i], buffers[j]) && !clear) return false;
        }
    }
    return true;
}

// The oracle tries every offset of every buffer: no theory, no pruning but the limit.
bool fits(const std::vector<buffer_request>& buffers, std::vector<std::size_t>& offsets, std::size_t index,
          std::size_t limit) {
    if (index == buffers.size()) return true;
    for (std::size_t at = 0; at + buffers[index].size <= limit; ++at) {
        bool clear = true;
        for (std::size_t j = 0; clear && j < index; ++j) {
            clear = !meet(buffers[index], buffers[j]) || at + buffers[index].size <= offsets[j] ||
                    offsets[j] + buffers[j].size <= at;
        }
        offsets[index] = at;
        if (clear && fits(buffers, offsets, index + 1, limit)) return true;
    }
    return false;
}

std::size_t optimum(const std::vector<buffer_request>& buffers, std::size_t from) {
    std::vector<std::size_t> offsets(buffers.size());
    std::size_t limit = from;
    while (!fits(buffers, offsets, 0, limit)) ++limit;
    return limit;
}

constexpr std::size_t chain_total() {
    const std::vector<buffer_request> chain{{4, 0, 1}, {8, 1, 2}, {2, 2, 3}};
    return plan_memory(chain).total;
}
static_assert(chain_total() == 12, "a chain needs its two largest neighbours");

}  // namespace

TEST_CASE("network/memory_plan: hand values") {
    CHECK(plan_memory({}).total == 0);
    const std::vector<buffer_request> chain{{4, 0, 1}, {8, 1, 2}, {2, 2, 3}};
    const auto plan = plan_memory(chain);
    CHECK(plan.lower_bound == 12);
    CHECK(plan.total == 12);
    CHECK(plan.proven);
    CHECK(apart(chain, plan.offsets, plan.total));
}

TEST_CASE("network/memory_plan: equals the optimum on generated networks small enough to enumerate") {
    for (std::uint64_t seed = 0; seed < 3000; ++seed) {
        const auto buffers = generated(seed, 2 + static_cast<int>(seed % 8), 4 + static_cast<int>(seed % 4), 4);
        const auto plan = plan_memory(buffers);
        CAPTURE(seed);
        REQUIRE(apart(buffers, plan.offsets, plan.total));
        REQUIRE(plan.proven);
        REQUIRE(plan.total == optimum(buffers, plan.lower_bound));
    }
}

TEST_CASE("network/memory_plan: where the heuristics leave a gap, the search closes it") {
    int left_open = 0;
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        const auto buffers = generated(seed, 11, 6, 5);
        const auto greedy = plan_memory(buffers, 0);
        if (greedy.proven) continue;
        ++left_open;
        const auto plan = plan_memory(buffers, 10000000);
        CAPTURE(seed);
        REQUIRE(plan.proven);
        REQUIRE(plan.total == optimum(buffers, plan.lower_bound));
    }
    MESSAGE("left open by the heuristics: ", left_open, " of 2000");
    CHECK(left_open > 0);
}

TEST_CASE("network/memory_plan: larger plans are sound and report their gap to the largest live set") {
    double worst = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const auto buffers = generated(1000 + seed, 60, 40, 4096);
        const auto plan = plan_memory(buffers);
        CAPTURE(seed);
        REQUIRE(apart(buffers, plan.offsets, plan.total));
        REQUIRE(plan.total >= plan.lower_bound);
        worst = std::max(worst, static_cast<double>(plan.total) / static_cast<double>(plan.lower_bound) - 1);
    }
    MESSAGE("worst gap over 200 plans of 60 random buffers: ", 100 * worst, " %");
    CHECK(worst < 0.25);
}

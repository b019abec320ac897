// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <atomic>
#include <eenn/interop/tbb.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include <tbb/global_control.h>

using namespace eenn;

namespace {
// Four threads also on machines with fewer cores; TBB prints a warning where an arena asks for more than it has.
const tbb::global_control four_threads{tbb::global_control::max_allowed_parallelism, 4};
}  // namespace

TEST_CASE("interop/tbb: every task runs exactly once, on one thread and on several") {
    for (const int threads : {0, 1, 4}) {
        tbb_executor executor{threads};
        CHECK(executor.concurrency() >= 1);
        if (threads > 0) CHECK(executor.concurrency() == threads);
        std::vector<int> runs(1000);
        executor.run(1000, [&](int i) { ++runs[static_cast<std::size_t>(i)]; });
        CHECK(runs == std::vector<int>(1000, 1));
        executor.run(0, [&](int) { FAIL("no task was asked for"); });
    }
}

TEST_CASE("interop/tbb: the exception of the lowest index comes out after the other tasks have ended") {
    tbb_executor executor{4};
    for (int repeat = 0; repeat < 20; ++repeat) {
        std::atomic<int> ended{0};
        std::string what;
        try {
            executor.run(100, [&](int i) {
                if (i % 10 == 3) throw std::runtime_error{std::to_string(i)};
                ++ended;
            });
        } catch (const std::runtime_error& e) {
            what = e.what();
        }
        CHECK(what == "3");
        CHECK(ended == 90);
    }
}

TEST_CASE("interop/tbb: tasks may run tasks, also through executor_ref") {
    tbb_executor executor{3};
    executor_ref view{executor};
    std::atomic<int> sum{0};
    view.run(10, [&](int i) { view.run(10, [&](int j) { sum += 10 * i + j; }); });
    CHECK(sum == 4950);
    CHECK(view.concurrency() == 3);
}

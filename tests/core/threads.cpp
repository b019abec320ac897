// SPDX-License-Identifier: MIT
#include <eenn/core/executor.hpp>
#include <eenn/core/threads.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace {

using namespace eenn;
static_assert(Executor<threads> && Executor<serial> && Executor<executor_ref>, "executors meet their concept");

}  // namespace

TEST_CASE("core/threads: every task runs exactly once, for any count and any number of threads") {
    for (const int thread_count : {1, 2, 3, 7}) {
        threads pool{thread_count};
        CHECK(pool.concurrency() == thread_count);
        for (const int count : {0, 1, 2, 3, 64, 1000}) {
            std::vector<std::atomic<int>> ran(static_cast<std::size_t>(count));
            pool.run(count, [&](int i) { ++ran[static_cast<std::size_t>(i)]; });
            bool once = true;
            for (const auto& r : ran) once = once && r == 1;
            CAPTURE(thread_count);
            CAPTURE(count);
            CHECK(once);
        }
    }
}

TEST_CASE("core/threads: run() returns after the last task, so its writes are seen") {
    threads pool{3};
    for (int round = 0; round < 2000; ++round) {
        int sums[5] = {};
        pool.run(5, [&](int i) { sums[i] = round + i; });
        for (int i = 0; i < 5; ++i) REQUIRE(sums[i] == round + i);
    }
}

TEST_CASE("core/threads: threads that have fallen asleep between two calls take part again") {
    threads pool{2};
    for (int round = 0; round < 20; ++round) {
        std::this_thread::sleep_for(std::chrono::milliseconds{round % 3});
        std::atomic<bool> second_began{false};
        std::thread::id who[2];
        pool.run(2, [&](int i) {  // neither ends before both have begun
            who[i] = std::this_thread::get_id();
            if (i == 1) second_began = true;
            while (!second_began) std::this_thread::yield();
        });
        CHECK(who[0] != who[1]);
    }
}

TEST_CASE("core/threads: the exception of the lowest task reaches the caller after all tasks, and the pool goes on") {
    threads pool{2};
    std::atomic<int> ran{0};
    const auto failing = [&](int i) {
        ++ran;
        if (i == 3 || i == 7) throw std::runtime_error{std::to_string(i)};
    };
    CHECK_THROWS_WITH_AS(pool.run(10, failing), "3", std::runtime_error);
    CHECK(ran == 10);
    ran = 0;
    pool.run(4, [&](int) { ++ran; });
    CHECK(ran == 4);
}

TEST_CASE("core/threads: a call from inside a task runs there and does not lock up") {
    threads pool{2};
    std::atomic<int> ran{0};
    pool.run(4, [&](int) { pool.run(5, [&](int) { ++ran; }); });
    CHECK(ran == 20);
}

TEST_CASE("core/threads: idle threads use no processor time") {
    threads pool{4};
    pool.run(8, [](int) {});
    const std::clock_t before = std::clock();
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
    const double used = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
    CHECK(used < 0.05);
}

TEST_CASE("core/threads: threads that cannot start are missing, and the pool works with the others") {
    for (const int can_start : {0, 1, 3}) {
        int started = 0;
        threads pool{8, [&](threads::worker one) {
                         if (started == can_start) throw std::system_error{EAGAIN, std::generic_category()};
                         ++started;
                         return std::thread{one};
                     }};
        CAPTURE(can_start);
        CHECK(pool.concurrency() == can_start + 1);
        CHECK(pool.missing() == 7 - can_start);
        std::atomic<int> ran{0};
        pool.run(100, [&](int) { ++ran; });
        CHECK(ran == 100);
    }
    CHECK(threads{3}.missing() == 0);
}

TEST_CASE("core/threads: a pool that must have all its threads says how many cannot start, and ends those that did") {
    int started = 0;
    const auto two = [&](threads::worker one) {
        if (started == 2) throw std::system_error{EAGAIN, std::generic_category()};
        ++started;
        return std::thread{one};
    };
    const std::string message = [&] {
        try {
            threads pool = threads::all_of(8, two);
        } catch (const error& e) {
            return std::string{e.what()};
        }
        return std::string{};
    }();
    CHECK(message.starts_with("threads: 5 of 8 threads cannot start ("));
    CHECK(message.find("ask for fewer") != std::string::npos);
    threads pool = threads::all_of(3);
    CHECK(pool.concurrency() == 3);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED  // shadow memory needs more addresses than the test leaves
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__linux__) && !defined(SANITIZED)
TEST_CASE("core/threads: where the system has no room for more threads, the pool has those that it could start") {
    const pid_t child = fork();
    if (child == 0) {  // the stacks of a thousand threads need gigabytes of addresses
        const rlimit few{512U << 20, 512U << 20};
        if (setrlimit(RLIMIT_AS, &few) != 0) _exit(3);
        threads pool{1000};
        std::atomic<int> ran{0};
        pool.run(100, [&](int) { ++ran; });
        _exit(pool.missing() > 0 && pool.missing() + pool.concurrency() == 1000 && ran == 100 ? 0 : 1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}
#endif

TEST_CASE("core/executor: the view runs what the executor runs") {
    threads pool{2};
    const serial one;
    std::atomic<int> sum{0};
    const executor_ref views[]{pool, one};
    for (const auto& view : views) view.run(10, [&](int i) { sum += i; });
    CHECK(sum == 90);
    CHECK(views[0].concurrency() == 2);
    CHECK(views[1].concurrency() == 1);
}

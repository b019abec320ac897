// SPDX-License-Identifier: MIT
//
// threads.hpp - a pool of std::threads that spin briefly before they sleep.
// Floor 0 (core); host subset.
#ifndef EENN_CORE_THREADS_HPP
#define EENN_CORE_THREADS_HPP

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

/// @brief A fixed-size thread pool; the calling thread works too.
///
/// An idle thread spins for about 50 us before it sleeps, so the short steps of one inference follow each other without
/// a system call.
///
/// @par Cost     A call of run() with two tasks adds about 0.3 us to the tasks themselves while the threads are awake.
///               The caller never waits for a sleeping thread: it takes the tasks itself.
/// @par Threads  One call of run() at a time. A call from inside a task runs on that task's thread.
/// @par Errors   Once all tasks have ended, the exception of the task with the lowest index is rethrown. missing()
///               counts threads that could not start; the pool works with the others, or with the calling thread alone.
///               all_of() throws instead.
class threads {
public:
    /// The function that each thread of the pool runs, for the lifetime of the pool.
    class worker {
    public:
        void operator()() const { pool_->work(); }

    private:
        friend class threads;
        explicit worker(threads* pool) : pool_{pool} {}
        threads* pool_;
    };

    /// `count` threads in total, including the caller's; 0 means one per core.
    explicit threads(int count = 0) : threads{count, [](worker one) { return std::thread{one}; }} {}

    /// As above, with threads created by `start(worker)`, which may set a name, a core or a priority, and throws on
    /// failure.
    template <class Start>
    requires std::is_invocable_r_v<std::thread, Start&, worker> threads(int count, Start&& start) {
        const int wanted = count > 0 ? count : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
        try {
            while (concurrency() < wanted) {
                workers_.reserve(workers_.size() + 1);  // a started thread must always have room in the vector
                workers_.push_back(start(worker{this}));
            }
        } catch (...) {  // std::system_error or bad_alloc; threads are already running, so nothing here may throw
            missing_ = wanted - concurrency();
            reason_ = std::current_exception();
        }
    }

    /// A pool of exactly `count` threads.
    /// @par Errors  eenn::error if one cannot start.
    [[nodiscard]] static threads all_of(int count) {
        return threads{every{}, count, [](worker one) { return std::thread{one}; }};
    }
    template <class Start>
    requires std::is_invocable_r_v<std::thread, Start&, worker>
    [[nodiscard]] static threads all_of(int count, Start&& start) { return threads{every{}, count, start}; }

    threads(const threads&) = delete;
    threads& operator=(const threads&) = delete;
    ~threads() {
        offer(0, true);
        for (auto& thread : workers_) thread.join();
    }

    [[nodiscard]] int concurrency() const noexcept { return static_cast<int>(workers_.size()) + 1; }
    /// Requested threads that could not start.
    [[nodiscard]] int missing() const noexcept { return missing_; }

    template <class Task>
    void run(int count, Task&& task) {
        if (count <= 0) return;
        if (count == 1 || workers_.empty() || inside_) {
            for (int i = 0; i < count; ++i) task(i);
            return;
        }
        using type = std::remove_reference_t<Task>;
        task_ = const_cast<std::remove_const_t<type>*>(&task);
        call_ = [](void* self, int i) { (*static_cast<type*>(self))(i); };
        count_ = count;
        finished_.store(0, std::memory_order_relaxed);
        offer(count, false);
        while (take_one()) {
        }
        wait(finished_, [&](int finished) { return finished == count; });
        if (failed_index_ >= 0) {
            failed_index_ = -1;
            std::rethrow_exception(std::exchange(failure_, nullptr));
        }
    }

private:
    struct every {};
    template <class Start>
    threads(every, int count, Start&& start) : threads{count, start} {
        if (missing_ == 0) return;  // otherwise the destructor joins the threads that did start
        std::string reason = "for an unknown reason";
        try {
            std::rethrow_exception(reason_);
        } catch (const std::exception& why) {
            reason = why.what();
        } catch (...) {
        }
        raise("threads",
              std::to_string(missing_) + " of " + std::to_string(missing_ + concurrency()) + " threads cannot start (" +
                  reason + ")",
              "ask for fewer, or take those that start: threads{count}");
    }

    // One word holds the state of the pool: the number of the run() call, whether the pool is stopping, and how many
    // tasks are untaken. A thread takes a task by decrementing the word. It cannot take a task of a finished call,
    // because the call number no longer matches.
    static constexpr std::uint64_t stopping = 1ULL << 31;
    static constexpr std::uint64_t one_call = 1ULL << 32;
    static constexpr std::uint64_t untaken = stopping - 1;

    void offer(int count, bool stop) {
        const std::uint64_t call = (offer_.load(std::memory_order_relaxed) / one_call + 1) * one_call;
        offer_.store(call | (stop ? stopping : 0) | static_cast<std::uint64_t>(count));
        offer_.notify_all();
    }

    /// Runs one task of the current call; false if all are taken.
    bool take_one() {
        std::uint64_t seen = offer_.load(std::memory_order_acquire);
        do {
            if ((seen & untaken) == 0) return false;
        } while (!offer_.compare_exchange_weak(seen, seen - 1, std::memory_order_acquire));
        // run() does not return before this task has finished, so its members stay valid.
        const int i = count_ - static_cast<int>(seen & untaken);
        inside_ = true;
        try {
            call_(task_, i);
        } catch (...) {
            const std::lock_guard lock{failure_mutex_};
            if (failed_index_ < 0 || i < failed_index_) {
                failed_index_ = i;
                failure_ = std::current_exception();
            }
        }
        inside_ = false;
        // Read this before the task counts as finished: from then on run() may return, and its next call overwrites
        // count_.
        const int all = count_;
        if (finished_.fetch_add(1) + 1 == all) finished_.notify_one();
        return true;
    }

    void work() {
        for (;;) {
            while (take_one()) {
            }
            const auto seen = wait(offer_, [](std::uint64_t word) { return (word & (untaken | stopping)) != 0; });
            if ((seen & stopping) != 0) return;
        }
    }

    /// Waits until `wanted(word)` holds: spins for a while, then sleeps. The final loads and the stores that change the
    /// word are sequentially consistent; otherwise the waiter and the notifier could miss each other.
    template <class Word, class Wanted>
    static Word wait(const std::atomic<Word>& at, Wanted&& wanted) {
        constexpr int looks = 2000;
        for (int i = 0; i < looks; ++i) {
            const Word word = at.load(std::memory_order_acquire);
            if (wanted(word)) return word;
            pause();
        }
        for (;;) {
            const Word word = at.load();
            if (wanted(word)) return word;
            at.wait(word);
        }
    }

    /// Tells the core that this is a spin-wait; takes about 40 cycles.
    static void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
        asm volatile("yield");
#endif
    }

    // Separate cache lines for the data that threads read to start a task and the data that they write to finish one.
    alignas(64) std::atomic<std::uint64_t> offer_{0};
    void* task_ = nullptr;
    void (*call_)(void*, int) = nullptr;
    int count_ = 0;
    alignas(64) std::atomic<int> finished_{0};
    alignas(64) std::mutex failure_mutex_;
    int failed_index_ = -1;
    std::exception_ptr failure_{};
    std::vector<std::thread> workers_;
    int missing_ = 0;
    std::exception_ptr reason_{};
    static inline thread_local bool inside_ = false;
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif

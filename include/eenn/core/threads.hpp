// SPDX-License-Identifier: MIT
//
// threads.hpp - an executor of std::threads that sleep between calls.
// Floor 0 (core); host subset.
#ifndef EENN_CORE_THREADS_HPP
#define EENN_CORE_THREADS_HPP

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace eenn {

/// @brief A fixed pool of threads; the calling thread works too. Idle threads wait on a condition variable.
///
/// @par Threads  One call of run() at a time; a call from inside a task runs on that task's thread.
/// @par Errors   The exception of the task with the lowest index is rethrown once all tasks have ended.
class threads {
public:
    /// `count` threads in all, the caller's among them; 0 means one per core.
    explicit threads(int count = 0) {
        if (count <= 0) count = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
        workers_.reserve(static_cast<std::size_t>(count - 1));
        for (int i = 1; i < count; ++i) workers_.emplace_back([this] { work(); });
    }
    threads(const threads&) = delete;
    threads& operator=(const threads&) = delete;
    ~threads() {
        {
            const std::lock_guard lock{mutex_};
            stopping_ = true;
        }
        wake_.notify_all();
        for (auto& worker : workers_) worker.join();
    }

    [[nodiscard]] int concurrency() const noexcept { return static_cast<int>(workers_.size()) + 1; }

    template <class Task>
    void run(int count, Task&& task) {
        if (count <= 0) return;
        if (count == 1 || workers_.empty() || inside_) {
            for (int i = 0; i < count; ++i) task(i);
            return;
        }
        using type = std::remove_reference_t<Task>;
        job current{const_cast<void*>(static_cast<const void*>(&task)),
                    [](void* self, int i) { (*static_cast<type*>(self))(i); }, count};
        std::unique_lock lock{mutex_};
        job_ = &current;
        wake_.notify_all();
        drain(current, lock);
        done_.wait(lock, [&] { return current.finished == count; });
        job_ = nullptr;
        if (current.failure) std::rethrow_exception(current.failure);
    }

private:
    struct job {
        void* task;
        void (*call)(void*, int);
        int count;
        int next = 0;
        int finished = 0;
        int failed_index = -1;
        std::exception_ptr failure{};
    };

    // Takes indices one by one until none is left; the mutex is free while a task runs.
    void drain(job& current, std::unique_lock<std::mutex>& lock) {
        inside_ = true;
        while (current.next < current.count) {
            const int i = current.next++;
            lock.unlock();
            std::exception_ptr failure;
            try {
                current.call(current.task, i);
            } catch (...) {
                failure = std::current_exception();
            }
            lock.lock();
            if (failure && (current.failed_index < 0 || i < current.failed_index)) {
                current.failed_index = i;
                current.failure = failure;
            }
            if (++current.finished == current.count) done_.notify_all();
        }
        inside_ = false;
    }

    void work() {
        std::unique_lock lock{mutex_};
        for (;;) {
            wake_.wait(lock, [&] { return stopping_ || (job_ != nullptr && job_->next < job_->count); });
            if (stopping_) return;
            drain(*job_, lock);
        }
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable done_;
    job* job_ = nullptr;
    bool stopping_ = false;
    std::vector<std::thread> workers_;
    static inline thread_local bool inside_ = false;
};

}  // namespace eenn

#endif

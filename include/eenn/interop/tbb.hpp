// SPDX-License-Identifier: MIT
//
// tbb.hpp - an executor on oneTBB, for programs that already use its thread pool.
// Floor 10 (interop); host subset. Needs oneTBB: link eenn::tbb.
#ifndef EENN_INTEROP_TBB_HPP
#define EENN_INTEROP_TBB_HPP

#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <exception>
#include <mutex>

#include <eenn/core/executor.hpp>
#include <eenn/core/isa.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Runs indexed tasks in a oneTBB arena. TBB chooses the thread of each task, but results do not depend on it.
///
/// @par Threads  run() may be called from many threads and from inside tasks. A thread that waits in an inner run()
///               takes only tasks of that run, so it never acquires an outer task's locks or scratch memory twice.
/// @par Errors   rethrows the exception of the task with the lowest index, once all tasks have ended. (TBB alone would
///               cancel the other tasks and throw whichever exception came first.)
class tbb_executor {
public:
    /// `count` is the total number of threads, including the caller's; 0 means TBB's default of one per core. TBB
    /// itself prints a warning if `count` is larger than that; a tbb::global_control raises the limit.
    explicit tbb_executor(int count = 0) : arena_{count > 0 ? count : tbb::task_arena::automatic} {}

    [[nodiscard]] int concurrency() const { return arena_.max_concurrency(); }

    template <class Task>
    void run(int count, Task&& task) {
        std::mutex mutex;
        int failed_index = -1;
        std::exception_ptr failure;
        const auto guarded = [&](int i) {
            try {
                task(i);
            } catch (...) {
                const std::lock_guard lock{mutex};
                if (failed_index < 0 || i < failed_index) {
                    failed_index = i;
                    failure = std::current_exception();
                }
            }
        };
        arena_.execute([&] {
            tbb::this_task_arena::isolate([&] { tbb::parallel_for(0, count, guarded, tbb::simple_partitioner{}); });
        });
        if (failure) std::rethrow_exception(failure);
    }

private:
    tbb::task_arena arena_;
};

static_assert(Executor<tbb_executor>, "tbb_executor has to model Executor");

}  // namespace EENN_ISA
}  // namespace eenn

#endif

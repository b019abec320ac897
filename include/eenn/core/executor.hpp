// SPDX-License-Identifier: MIT
//
// executor.hpp - running independent tasks: the Executor concept and the serial executor.
// Floor 0 (core). Tested by tests/core/threads.cpp.
#ifndef EENN_CORE_EXECUTOR_HPP
#define EENN_CORE_EXECUTOR_HPP

#include <concepts>
#include <type_traits>
#include <utility>

namespace eenn {

/// @brief Runs task(i) for every i in [0, count), in any order and on any thread; returns when all are done.
///
/// Tasks of one call are independent. Their results must not depend on `concurrency()`; only the speed may.
/// An exception thrown by a task reaches the caller after the other tasks have ended.
template <class E>
concept Executor = requires(E& executor, void (&task)(int)) {
    { executor.run(1, task) } -> std::same_as<void>;
    { executor.concurrency() } -> std::convertible_to<int>;
};

/// @brief Runs everything on the calling thread, in order.
struct serial {
    template <class Task>
    void run(int count, Task&& task) const {
        for (int i = 0; i < count; ++i) task(i);
    }
    [[nodiscard]] static constexpr int concurrency() noexcept { return 1; }
};

/// @brief Non-owning view of any executor, so that code is compiled once instead of per executor type.
///
/// The executor must outlive the view. Costs one indirect call per task.
class executor_ref {
public:
    template <Executor E>
    requires(!std::same_as<std::remove_cvref_t<E>, executor_ref>) executor_ref(E& executor)
    noexcept
        : executor_{const_cast<std::remove_const_t<E>*>(&executor)},
          run_{[](void* self, int count, void* task, void (*call)(void*, int)) {
              static_cast<E*>(self)->run(count, [=](int i) { call(task, i); });
          }},
          concurrency_{[](void* self) { return static_cast<int>(static_cast<E*>(self)->concurrency()); }} {}

    template <class Task>
    void run(int count, Task&& task) const {
        using type = std::remove_reference_t<Task>;
        run_(executor_, count, const_cast<std::remove_const_t<type>*>(&task),
             [](void* self, int i) { (*static_cast<type*>(self))(i); });
    }
    [[nodiscard]] int concurrency() const { return concurrency_(executor_); }

private:
    void* executor_;
    void (*run_)(void*, int, void*, void (*)(void*, int));
    int (*concurrency_)(void*);
};

}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// detail/slots.hpp - a few numbered places that running tasks borrow, scratch memory for instance.
// Floor 0 (core).
#ifndef EENN_CORE_DETAIL_SLOTS_HPP
#define EENN_CORE_DETAIL_SLOTS_HPP

#include <eenn/core/isa.hpp>

#include <atomic>
#include <bit>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Slots 0, 1, ..., count - 1; count in [1, 32]. A lease is of the lowest free one, the likeliest to be in a cache.
///
/// @par Threads  a lease waits, awake, while all are lent: have as many as tasks run at once, and it never does.
class slots {
public:
    explicit slots(int count) noexcept : free_{~0U >> (32 - count)} {}

    /// Holds a slot as long as it lives.
    class lease {
    public:
        explicit lease(slots& from) noexcept : from_{from}, slot_{from.take()} {}
        lease(const lease&) = delete;
        lease& operator=(const lease&) = delete;
        ~lease() { from_.free_.fetch_or(1U << slot_, std::memory_order_release); }
        [[nodiscard]] int slot() const noexcept { return slot_; }

    private:
        slots& from_;
        int slot_;
    };

private:
    [[nodiscard]] int take() noexcept {
        for (unsigned now = free_.load(std::memory_order_relaxed);;) {
            if (now == 0) {
                now = free_.load(std::memory_order_relaxed);
            } else if (free_.compare_exchange_weak(now, now & (now - 1), std::memory_order_acquire,
                                                   std::memory_order_relaxed)) {
                return std::countr_zero(now);
            }
        }
    }

    std::atomic<unsigned> free_;
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// detail/slots.hpp - a few numbered slots that running tasks borrow, for scratch memory for example.
// Floor 0 (core).
#ifndef EENN_CORE_DETAIL_SLOTS_HPP
#define EENN_CORE_DETAIL_SLOTS_HPP

#include <eenn/core/isa.hpp>

#include <atomic>
#include <bit>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Slots 0, 1, ..., count - 1, with count in [1, 32]. A lease takes the lowest free slot, whose memory is the
/// likeliest to be cached.
///
/// @par Threads  A lease spins while all slots are taken; with as many slots as concurrent tasks it never waits.
class slots {
public:
    explicit slots(int count) noexcept : free_{~0U >> (32 - count)} {}

    /// Holds a slot for its lifetime.
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

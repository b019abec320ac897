// SPDX-License-Identifier: MIT
//
// slots.cpp - leases: the lowest free slot, and never one twice at a time.
#include <eenn/core/detail/slots.hpp>
#include <eenn/core/threads.hpp>

#include <atomic>
#include <vector>

#include <doctest/doctest.h>

using namespace eenn;

TEST_CASE("core/slots: the lowest free one, which is free again when its lease ends") {
    slots three{3};
    const slots::lease first{three};
    CHECK(first.slot() == 0);
    {
        const slots::lease second{three};
        const slots::lease third{three};
        CHECK(second.slot() == 1);
        CHECK(third.slot() == 2);
    }
    const slots::lease again{three};
    CHECK(again.slot() == 1);
}

TEST_CASE("core/slots: no two tasks hold one slot, with as many slots as threads and with fewer") {
    threads pool{4};
    for (const int count : {1, 2, 4, 32}) {
        slots few{count};
        std::vector<std::atomic<int>> holders(static_cast<std::size_t>(count));
        std::atomic<int> meetings{0};
        std::atomic<int> strangers{0};
        pool.run(2000, [&](int) {
            const slots::lease mine{few};
            if (mine.slot() < 0 || mine.slot() >= count) {
                ++strangers;
                return;
            }
            auto& here = holders[static_cast<std::size_t>(mine.slot())];
            if (here.fetch_add(1) != 0) ++meetings;
            here.fetch_sub(1);
        });
        CHECK(strangers == 0);
        CHECK(meetings == 0);
    }
}

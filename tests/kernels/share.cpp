// SPDX-License-Identifier: MIT
#include <eenn/kernels/detail/share.hpp>

#include <doctest/doctest.h>

#include <initializer_list>

using eenn::kernels::share;

TEST_CASE("kernels/share: shares follow each other without a gap, in whole grains, and differ by one grain at most") {
    for (const int count : {1, 2, 3, 8}) {
        for (const int grain : {1, 2, 4}) {
            for (int things = 0; things < 40; ++things) {
                int at = 0;
                int least = things;
                int most = 0;
                for (int i = 0; i < count; ++i) {
                    const share mine{i, count};
                    REQUIRE(mine.first(things, grain) == at);
                    at = mine.last(things, grain);
                    const int size = at - mine.first(things, grain);
                    REQUIRE(size >= 0);
                    if (at < things) REQUIRE(at % grain == 0);
                    least = size < least ? size : least;
                    most = size > most ? size : most;
                }
                REQUIRE(at == things);
                CHECK(most - least < 2 * grain);
            }
        }
    }
}

// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <eenn/core/random.hpp>
#include <eenn/platform/detail/rank_masks.hpp>

using namespace eenn;

TEST_CASE("platform/rank_masks: the samples at or above each rank, whether their set is held or made") {
    for (const std::size_t samples : {1U, 63U, 64U, 65U, 300U}) {
        random_stream random{samples, 2};
        const std::size_t distinct = 1 + samples / 2;
        std::vector<std::uint32_t> ranks(samples);
        for (auto& r : ranks) r = static_cast<std::uint32_t>(random.below(distinct));
        for (const std::size_t most_words : {1U << 17, 40U, 1U}) {
            const rank_masks masks{ranks, distinct, most_words};
            std::vector<rank_masks::word> room(rank_masks::words_for(samples));
            for (std::size_t rank = 0; rank <= distinct; ++rank) {
                const auto* set = masks.at_least(rank, room.data());
                for (std::size_t i = 0; i < room.size() * 64; ++i) {
                    const bool in = (set[i / 64] >> (i % 64) & 1U) != 0;
                    REQUIRE(in == (i < samples && ranks[i] >= rank));
                }
            }
        }
    }
}

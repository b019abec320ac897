// SPDX-License-Identifier: MIT
//
// detail/rank_masks.hpp - the samples with at least a given rank, one bit a sample.
// Floor 7 (platform); host subset; numbers alone, no Eigen. Letters: N = samples, D = distinct ranks.
#ifndef EENN_PLATFORM_DETAIL_RANK_MASKS_HPP
#define EENN_PLATFORM_DETAIL_RANK_MASKS_HPP

#include <eenn/core/isa.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

/// @brief For every rank, the set of samples with that rank or a higher one. Sample i is bit i % 64 of word i / 64.
///
/// Only the sets of every stride-th rank are stored, at most about a megabyte. A set in between is built from the next
/// stored one and the samples missing from it.
/// @par Memory   the lesser of D N / 8 bytes and a megabyte, plus 8 N + 4 D bytes.
class rank_masks {
public:
    using word = std::uint64_t;

    [[nodiscard]] static constexpr std::size_t words_for(std::size_t samples) noexcept { return (samples + 63) / 64; }

    rank_masks() = default;
    /// @param ranks  (N), each below `distinct`
    rank_masks(std::span<const std::uint32_t> ranks, std::size_t distinct, std::size_t most_words = 1U << 17)
        : words_{words_for(ranks.size())}, order_(ranks.size()), reaching_(distinct + 1, 0) {
        stride_ = 1 + distinct * words_ / std::max<std::size_t>(most_words, 1);
        for (const std::uint32_t r : ranks) ++reaching_[r];
        for (std::size_t r = distinct; r-- > 0;) reaching_[r] += reaching_[r + 1];
        std::vector<std::uint32_t> next(reaching_.begin() + 1, reaching_.end());
        std::uint32_t sample = 0;
        for (const std::uint32_t r : ranks) order_[next[r]++] = sample++;
        // One row for each stride-th rank, and an empty one above the last.
        const std::size_t rows = (distinct + stride_ - 1) / stride_ + 1;
        held_.assign(rows * words_, 0);
        for (std::size_t row = rows - 1; row-- > 0;) {
            word* const here = held_.data() + row * words_;
            std::copy_n(here + words_, words_, here);
            add(here, row * stride_, std::min((row + 1) * stride_, distinct));
        }
    }

    /// The samples of rank `rank` or above, as words: a stored set, or one built in `room` (words).
    [[nodiscard]] const word* at_least(std::size_t rank, word* room) const noexcept {
        const std::size_t row = (rank + stride_ - 1) / stride_;
        const word* const above = held_.data() + row * words_;
        if (row * stride_ == rank) return above;
        std::copy_n(above, words_, room);
        add(room, rank, std::min(row * stride_, reaching_.size() - 1));
        return room;
    }

private:
    // Adds the samples of ranks [from, to).
    void add(word* into, std::size_t from, std::size_t to) const noexcept {
        for (std::size_t k = reaching_[to]; k < reaching_[from]; ++k)
            into[order_[k] / 64] |= word{1} << (order_[k] % 64);
    }

    std::size_t words_ = 0;
    std::size_t stride_ = 1;
    std::vector<std::uint32_t> order_;     // (N), samples by falling rank
    std::vector<std::uint32_t> reaching_;  // (D+1), number of samples of at least that rank
    std::vector<word> held_;
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif

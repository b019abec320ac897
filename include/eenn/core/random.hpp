// SPDX-License-Identifier: MIT
//
// random.hpp - counter-based random numbers: the same seed gives the same bits everywhere.
// Floor 0 (core).
#ifndef EENN_CORE_RANDOM_HPP
#define EENN_CORE_RANDOM_HPP

#include <eenn/core/isa.hpp>

#include <cstdint>

namespace eenn {
inline namespace EENN_ISA {

/// @brief One random word as a pure function of (seed, stream, counter).
///
/// There is no state, hence no order: any thread may draw any element of any stream with the same result. Three rounds
/// of the SplitMix64 finaliser (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators", Fig. 15)
/// over the mixed words.
[[nodiscard]] constexpr std::uint64_t random_bits(std::uint64_t seed, std::uint64_t stream,
                                                  std::uint64_t counter) noexcept {
    constexpr auto mix = [](std::uint64_t z) {
        z += 0x9e3779b97f4a7c15ULL;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    };
    return mix(mix(mix(seed) ^ stream) ^ counter);
}

/// @brief A stream of random numbers. Its whole state is seed, stream number and counter, which a checkpoint stores.
struct random_stream {
    std::uint64_t seed = 0;
    std::uint64_t stream = 0;
    std::uint64_t counter = 0;

    constexpr std::uint64_t bits() noexcept { return random_bits(seed, stream, counter++); }

    /// Uniform in [0, 1), 53 bits.
    constexpr double uniform() noexcept { return static_cast<double>(bits() >> 11) * 0x1p-53; }

    constexpr double uniform(double low, double high) noexcept { return low + (high - low) * uniform(); }

    /// Uniform integer in [0, bound), for 0 < bound < 2^32. The multiply-shift method has a bias below bound / 2^32.
    constexpr std::uint64_t below(std::uint64_t bound) noexcept { return ((bits() >> 32) * bound) >> 32; }

    /// Approximately standard normal: the sum of twelve uniforms minus six (mean 0, variance 1, tails cut at 6). It
    /// needs no libm, so every platform draws the same bits.
    constexpr double normal() noexcept {
        double sum = -6;
        for (int i = 0; i < 12; ++i) sum += uniform();
        return sum;
    }
};

/// @brief Fisher-Yates shuffle of a range.
template <class Container>
constexpr void shuffle(Container& items, random_stream random) {
    for (auto i = items.size(); i > 1; --i) {
        const auto j = static_cast<decltype(i)>(random.below(i));
        auto kept = items[i - 1];
        items[i - 1] = items[j];
        items[j] = kept;
    }
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

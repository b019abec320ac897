// SPDX-License-Identifier: MIT
//
// two_exits.hpp - a small network with two exits, and two kinds of noise for it to tell apart.
#ifndef EENN_TESTS_TRAINING_TWO_EXITS_HPP
#define EENN_TESTS_TRAINING_TWO_EXITS_HPP

#include <eenn/core/random.hpp>
#include <eenn/data/data_set.hpp>
#include <eenn/data/detail/batch.hpp>
#include <eenn/network/standard.hpp>

namespace two_exits {

using namespace eenn;

/// Two kinds of noise: bright on the left, bright on the right.
inline data_set sides(int count, std::uint64_t seed) {
    data_set set{{6, 6, 1}, 2, {}, {}, {}};
    for (int i = 0; i < count; ++i) {
        random_stream random{.seed = seed, .stream = static_cast<std::uint64_t>(i)};
        set.labels.push_back(i % 2);
        for (int p = 0; p < 36; ++p) {
            const bool bright = (p % 6 < 3) == (i % 2 == 0);
            set.pixels.push_back(static_cast<float>(random.normal()) + (bright ? 0.7F : 0.0F));
        }
    }
    return set;
}

/// Nodes: 1 conv2d, 2 batch_norm, 3 relu, 4 flatten, 5 dense (the head), 6 conv2d, 7 batch_norm, 8 relu, 9 dropout, 10 flatten,
/// 11 dense.
constexpr graph network() {
    graph g{{6, 6, 1}};
    g(conv2d{.filters = 4, .stride = 2}, batch_norm{}, relu{});
    g.exit([](graph& b) { b(flatten{}, dense{.units = 2}); });
    return g(conv2d{.filters = 6}, batch_norm{}, relu{}, dropout{.rate = 0.1}, flatten{}, dense{.units = 2});
}

/// A batch of the samples [first, first + count).
inline batch samples_of(const data_set& set, int first, int count) {
    batch b;
    b.size = count;
    b.sample = set.sample;
    b.pixels = set[first].data();
    b.labels = set.labels.data() + first;
    return b;
}

}  // namespace two_exits

#endif

// expect: eenn: an array of another size than is wanted
// SPDX-License-Identifier: MIT
#include <eenn/infer.hpp>

namespace {
using namespace eenn;

constexpr graph small() {
    graph g{{4, 4, 1}};
    return g(conv2d{.filters = 2}, global_average_pool{}, dense{.units = 3});
}
using net = network<small>;
}  // namespace

decision wrong(net::session& run) {
    const float sample[15]{};
    return run(sample);
}

// expect: eenn: a session wants a decider
// SPDX-License-Identifier: MIT
#include <eenn/infer.hpp>

namespace {
using namespace eenn;

constexpr graph small() {
    graph g{{4, 4, 1}};
    return g(conv2d{.filters = 2}, global_average_pool{}, dense{.units = 3});
}
struct says_nothing {
    struct state {};
};
}  // namespace

decision wrong(session<fixed_storage<network<small>>, says_nothing>& run) { return run(std::array<float, 16>{}); }

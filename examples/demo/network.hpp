// SPDX-License-Identifier: MIT
//
// network.hpp - the demo's network: three stages, an exit after each of the first two.
#ifndef EENN_EXAMPLES_DEMO_NETWORK_HPP
#define EENN_EXAMPLES_DEMO_NETWORK_HPP

#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace demo {

constexpr eenn::graph fashion_net(bool exits) {
    using namespace eenn;
    graph g{{28, 28, 1}};
    const auto block = [](graph& at, int filters) {
        at.residual([=](graph& b) {
            b(conv2d{.filters = filters}, batch_norm{}, relu{}, conv2d{.filters = filters}, batch_norm{});
        });
        at(relu{});
    };
    g(conv2d{.filters = 16}, batch_norm{}, relu{}, max_pool{});  // 14 x 14
    block(g, 16);
    if (exits) g.exit(exit_head{.classes = 10, .filters = 32}, max_probability{});
    g(conv2d{.filters = 32}, batch_norm{}, relu{}, max_pool{});  // 7 x 7
    block(g, 32);
    if (exits) g.exit(exit_head{.classes = 10, .filters = 32}, max_probability{});
    g(conv2d{.filters = 48}, batch_norm{}, relu{});
    block(g, 48);
    return g(global_average_pool{}, dropout{.rate = 0.2}, dense{.units = 10});
}

constexpr eenn::graph fashion_net_with_exits() { return fashion_net(true); }

using net = eenn::network<fashion_net_with_exits>;

}  // namespace demo

#endif

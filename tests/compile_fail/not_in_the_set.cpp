// expect: this layer is not in the graph.s set of layers
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

struct stranger {
    static constexpr std::string_view kind = "stranger";
    static constexpr layer_role role = layer_role::operation;
    [[nodiscard]] constexpr output_shape output(std::span<const shape> in) const { return in[0]; }
};
constexpr graph wrong() {
    graph g{{4, 4, 3}};
    g(stranger{});
    return g;
}
}  // namespace

int main() { return static_cast<int>(network<wrong>::macs); }

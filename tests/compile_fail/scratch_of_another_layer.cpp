// expect: scratch\(\) of a layer takes a problem of that layer
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

// scratch() is inherited and takes a problem<conv2d>: the plan would have no room for what the kernels write.
struct renamed : conv2d {
    static constexpr std::string_view kind = "renamed";
    [[nodiscard]] static constexpr kernel_choice select(const problem<renamed>&, const kernels::target&) { return {}; }
};
struct layers {
    using layer = std::variant<identity, renamed>;
};
constexpr basic_graph<layers> wrong() {
    basic_graph<layers> g{{4, 4, 3}};
    g(renamed{{.filters = 2}});
    return g;
}
}  // namespace

int main() { return static_cast<int>(network<wrong>::macs); }

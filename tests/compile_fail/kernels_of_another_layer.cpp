// expect: select\(\) of a layer takes a problem of that layer and a target
// SPDX-License-Identifier: MIT
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

// select() is inherited and takes a problem<conv2d>: the plan would not ask it.
struct renamed : conv2d {
    static constexpr std::string_view kind = "renamed";
    [[nodiscard]] static constexpr scratch_elements scratch(const problem<renamed>&) { return {}; }
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

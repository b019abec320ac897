// SPDX-License-Identifier: MIT
#include <eenn/core/detail/fingerprint.hpp>
#include <eenn/network/standard.hpp>

#include <doctest/doctest.h>

#include <set>

using namespace eenn;

namespace {

template <class T>
T another(T value) {
    if constexpr (std::is_same_v<T, bool>) {
        return !value;
    } else if constexpr (std::is_same_v<T, padding>) {
        return value == same ? padding{1, 0, 0, 0} : same;
    } else if constexpr (std::is_same_v<T, real>) {
        return float{value} + 0.25;
    } else {
        return value + 1;
    }
}

template <class L>
void try_all_options(const L& layer) {
    CAPTURE(L::kind);
    using layers = standard_layers::layer;
    std::set<digest> seen{digest_of(layers{layer})};
    int options = 0;
    each_field(layer, [&](const auto&) { ++options; });
    for (int k = 0; k < options; ++k) {
        L changed = layer;
        int i = 0;
        each_field(changed, [&](auto& option) {
            if (i++ == k) option = another(option);
        });
        CAPTURE(k);
        CHECK(seen.insert(digest_of(layers{changed})).second);
    }
}

template <class... L>
std::size_t kinds_told(std::variant<L...>*) {
    (try_all_options(L{}), ...);
    return std::set<digest>{digest_of(standard_layers::layer{L{}})...}.size();
}

graph small_network(int filters, const policy& decides = max_probability{}) {
    graph g{{8, 8, 3}};
    g(conv2d{.filters = filters}, batch_norm{}, relu{});
    g.exit(exit_head{.classes = 4}, decides);
    return g(global_average_pool{}, dense{.units = 4});
}

}  // namespace

TEST_CASE("network/graph: the fingerprint of a layer changes with its kind and with each of its options") {
    standard_layers::layer* const all = nullptr;
    CHECK(kinds_told(all) == std::variant_size_v<standard_layers::layer>);
    for (int side = 0; side < 4; ++side) {
        const padding one{side == 0, side == 1, side == 2, side == 3};
        CHECK(digest_of(one) != digest_of(padding{}));
        CHECK(digest_of(one) != digest_of(padding{1}));
    }
}

TEST_CASE("network/graph: the fingerprint of a network changes with its input, layers, edges, exits and ids") {
    std::set<digest> seen{digest_of(small_network(8))};
    const auto fresh = [&](const graph& g) { return seen.insert(digest_of(g)).second; };
    CHECK_FALSE(fresh(small_network(8)));
    CHECK(fresh(small_network(9)));
    CHECK(fresh(small_network(8, entropy{})));
    graph longer = small_network(8);
    CHECK(fresh(longer(softmax{})));
    CHECK(fresh(graph{{8, 8, 3}}));
    CHECK(fresh(graph{{8, 8, 4}}));
    CHECK(fresh(graph{{8, 8, 3}, node_id{1}}));
    graph input{{8, 8, 3}};
    const edge first = input.join(relu{}, edge{0});
    graph same_shapes = input;
    (void)input.join(add{}, first, edge{0});
    (void)same_shapes.join(add{}, first, first);
    CHECK(fresh(input));
    CHECK(fresh(same_shapes));
    static_assert(digest_of(conv2d{.filters = 8}) != digest_of(conv2d{.filters = 8, .bias = true}));
}

// SPDX-License-Identifier: MIT
//
// Networks that do not compile, each below the message that it must give. They share a unit, which compiles once.
#include <eenn/network/network.hpp>
#include <eenn/network/standard.hpp>

namespace {
using namespace eenn;

// expect gcc: wrong_network<.*"layer 1 \(conv2d\): channels not divisible by groups: channels of the input is 3, allowed multiples of 2"
// expect clang: layer_is_wrong\(1, &"conv2d"\[0\], &"channels not divisible by groups"\[0\], &"channels of the input"\[0\], &"is"\[0\], 3, &"allowed multiples of"\[0\], 2\)
constexpr graph channels_not_divisible() {
    graph g{{4, 4, 3}};
    g(conv2d{.filters = 4, .groups = 2});
    return g;
}

// expect gcc: wrong_network<.*"layer 0 \(graph\): number of layers is 0, allowed \[1, infinity\)"
// expect clang: layer_is_wrong\(0, &"graph"\[0\], &"number of layers"\[0\], &"is"\[0\], 0\.000000e\+00, &"allowed"\[0\], &"\["\[0\], 1\.000000e\+00, INF, &"\)"\[0\]\)
constexpr graph no_layers() { return graph{{4, 4, 3}}; }

// expect gcc: wrong_network<.*"layer 2 \(graph\): no such edge: 9, allowed \[0, 1\]"
// expect clang: layer_is_wrong\(2, &"graph"\[0\], &"no such edge"\[0\], &"is"\[0\], 9, &"allowed"\[0\], &"\["\[0\], 0, 1, &"\]"\[0\]\)
constexpr graph no_such_edge() {
    graph g{{4, 4, 3}};
    g(relu{});
    g.join(add{}, g.here(), edge{9});
    return g;
}

// expect gcc: wrong_network<.*"layer 1 \(dense\): units is 0, allowed \[1, 268435456\]"
// expect clang: layer_is_wrong\(1, &"dense"\[0\], &"units"\[0\], &"is"\[0\], 0, &"allowed"\[0\], &"\["\[0\], 1, 268435456, &"\]"\[0\]\)
constexpr graph option_out_of_range() {
    graph g{{4, 4, 3}};
    g(dense{.units = 0});
    return g;
}

// expect gcc: wrong_network<.*"layer 3 \(add\): shapes differ, expected 8x8x7, got 8x8x4"
// expect clang: layer_is_wrong\(3, &"add"\[0\], &"shapes differ"\[0\], &"expected"\[0\], \{8, 8, 7\}, &"got"\[0\], \{8, 8, 4\}\)
constexpr graph shapes_differ() {
    graph g{{8, 8, 4}};
    g(relu{});
    g.residual([](auto& b) { b(conv2d{.filters = 7}); });
    return g;
}

// expect gcc: wrong_network<.*"layer 2 \(conv2d\): too large: 16384x16384x1 gives 17179869184 elements, at most 268435456"
// expect clang: layer_is_wrong\(2, &"conv2d"\[0\], &"too large"\[0\], \{16384, 16384, 1\}, &"gives"\[0\], 17179869184, &"elements"\[0\], &"at most"\[0\], 268435456\)
constexpr graph layer_too_large() {
    graph g{{1 << 14, 1 << 14, 1}};
    g(relu{}, conv2d{.filters = 64});
    return g;
}

// expect gcc: wrong_network<.*"layer 3 \(dense\): too large: 1x1x268435456 gives 2\.1617278e17 parameters in all, at most 1\.4411519e17"
// expect clang: layer_is_wrong\(3, &"dense"\[0\], &"too large"\[0\], \{1, 1, 268435456\}, &"gives"\[0\], 216172782113783808, &"parameters in all"\[0\], &"at most"\[0\], 144115188075855872\)
constexpr graph too_many_parameters() {
    graph g{{1, 1, 1 << 28}};
    for (int i = 0; i < 3; ++i) g(dense{.units = 1 << 28, .bias = false});
    return g;
}

// expect gcc: wrong_network<.*"layer 2 \(conv2d\): window larger than its padded input, expected 5x5x6, got 4x4x6"
// expect clang: layer_is_wrong\(2, &"conv2d"\[0\], &"window larger than its padded input"\[0\], &"expected"\[0\], \{5, 5, 6\}, &"got"\[0\], \{4, 4, 6\}\)
constexpr graph window_larger_than_input() {
    graph g{{4, 4, 3}};
    g(conv2d{.filters = 6}, conv2d{.filters = 2, .kernel_h = 5, .kernel_w = 5, .pad = valid});
    return g;
}

// expect gcc: wrong_network<.*"layer 1 \(average_pool\): kernel_h is -2, allowed \[1, 268435456\]"
// expect clang: layer_is_wrong\(1, &"average_pool"\[0\], &"kernel_h"\[0\], &"is"\[0\], -2, &"allowed"\[0\], &"\["\[0\], 1, 268435456, &"\]"\[0\]\)
constexpr graph wrong_kernel() {
    graph g{{4, 4, 3}};
    g(average_pool{.kernel_h = -2});
    return g;
}

// expect gcc: wrong_network<.*"layer 2 \(add\): wrong number of inputs: 1, allowed 2"
// expect clang: layer_is_wrong\(2, &"add"\[0\], &"wrong number of inputs"\[0\], &"is"\[0\], 1, &"allowed"\[0\], &"\["\[0\], 2, 2, &"\]"\[0\]\)
constexpr graph wrong_number_of_inputs() {
    graph g{{4, 4, 3}};
    g(relu{});
    g.join(add{}, g.here());
    return g;
}

// expect gcc: wrong_network<.*"layer 1 \(max_pool\): pad.left is 2, allowed \[0, 1\]"
// expect clang: layer_is_wrong\(1, &"max_pool"\[0\], &"pad.left"\[0\], &"is"\[0\], 2, &"allowed"\[0\], &"\["\[0\], 0, 1, &"\]"\[0\]\)
constexpr graph wrong_padding() {
    graph g{{4, 4, 3}};
    g(max_pool{.pad = padding{0, 0, 2, 0}});
    return g;
}

// expect gcc: wrong_network<.*"layer 2 \(dropout\): rate is 1, allowed \[0, 1\)"
// expect clang: layer_is_wrong\(2, &"dropout"\[0\], &"rate"\[0\], &"is"\[0\], 1, &"allowed"\[0\], &"\["\[0\], 0, 1, &"\)"\[0\]\)
constexpr graph wrong_rate() {
    graph g{{4, 4, 3}};
    g(relu{}, dropout{.rate = 1.0});
    return g;
}

// expect gcc: wrong_network<.*"layer 1 \(leaky_relu\): slope is 1\.5, allowed \(0, 1\)"
// expect clang: layer_is_wrong\(1, &"leaky_relu"\[0\], &"slope"\[0\], &"is"\[0\], 1\.500000e\+00, &"allowed"\[0\], &"\("\[0\], 0\.000000e\+00, 1\.000000e\+00, &"\)"\[0\]\)
constexpr graph wrong_slope() {
    graph g{{4, 4, 3}};
    g(leaky_relu{.slope = 1.5});
    return g;
}

// expect gcc: wrong_network<.*"layer 1 \(conv2d\): stride is 0, allowed \[1, 268435456\]"
// expect clang: layer_is_wrong\(1, &"conv2d"\[0\], &"stride"\[0\], &"is"\[0\], 0, &"allowed"\[0\], &"\["\[0\], 1, 268435456, &"\]"\[0\]\)
constexpr graph wrong_stride() {
    graph g{{4, 4, 3}};
    g(conv2d{.filters = 2, .stride = 0});
    return g;
}

}  // namespace

template struct eenn::network<channels_not_divisible>;
template struct eenn::network<no_layers>;
template struct eenn::network<no_such_edge>;
template struct eenn::network<option_out_of_range>;
template struct eenn::network<shapes_differ>;
template struct eenn::network<layer_too_large>;
template struct eenn::network<too_many_parameters>;
template struct eenn::network<window_larger_than_input>;
template struct eenn::network<wrong_kernel>;
template struct eenn::network<wrong_number_of_inputs>;
template struct eenn::network<wrong_padding>;
template struct eenn::network<wrong_rate>;
template struct eenn::network<wrong_slope>;
template struct eenn::network<wrong_stride>;

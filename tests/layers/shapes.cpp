// SPDX-License-Identifier: MIT
#include <eenn/network/detail/lower.hpp>
#include <eenn/network/standard.hpp>

#include <doctest/doctest.h>

namespace {

using namespace eenn;

template <class L>
constexpr shape out(const L& layer, shape in) {
    graph g{in};
    g(layer);
    return g.shape_of(g.here());
}

// Convolutions: ceil(n / stride) with same padding, (n + before + after - reach) / stride + 1 otherwise.
static_assert(out(conv2d{.filters = 8}, {32, 32, 3}) == shape{32, 32, 8}, "same");
static_assert(out(conv2d{.filters = 8, .stride = 2}, {33, 32, 3}) == shape{17, 16, 8}, "same, strided");
static_assert(out(conv2d{.filters = 8, .pad = valid}, {32, 32, 3}) == shape{30, 30, 8}, "valid");
static_assert(out(conv2d{.filters = 8, .stride = 2, .pad = padding{1}}, {32, 32, 3}) == shape{16, 16, 8},
              "PyTorch's 1");
static_assert(out(conv2d{.filters = 4, .kernel_h = 10, .kernel_w = 4, .stride = 2, .pad = padding{5, 1}},
                  {49, 10, 1}) == shape{25, 5, 4},
              "DS-CNN's first");
static_assert(out(conv2d{.filters = 2, .pad = padding{0, 2, 1, 3}, .dilation = 2}, {7, 8, 1}) == shape{5, 8, 2},
              "dilated");
static_assert(out(conv1d{.filters = 16, .kernel = 7, .stride = 2}, {1, 187, 1}) == shape{1, 94, 16}, "over time");
static_assert(out(depthwise_conv2d{.stride = 2, .multiplier = 2}, {8, 8, 5}) == shape{4, 4, 10}, "depthwise");
static_assert(out(separable{.filters = 7}, {8, 8, 5}) == shape{8, 8, 7}, "separable");
// Pools: floor; padding counts as room.
static_assert(out(max_pool{}, {9, 8, 3}) == shape{4, 4, 3}, "halved");
static_assert(out(max_pool{.kernel_h = 3, .stride = 2, .pad = padding{1}}, {9, 8, 3}) == shape{5, 4, 3}, "padded");
static_assert(out(max_pool{.kernel_h = 1, .kernel_w = 2}, {1, 187, 4}) == shape{1, 93, 4}, "over time");
static_assert(out(average_pool{.kernel_h = 8}, {8, 8, 4}) == shape{1, 1, 4}, "the plane");
static_assert(out(global_average_pool{}, {5, 7, 4}) == shape{1, 1, 4} &&
                  out(global_max_pool{}, {5, 7, 4}) == shape{1, 1, 4},
              "global");
// Shaping.
static_assert(out(flatten{}, {2, 3, 4}) == shape{1, 1, 24}, "flat");
static_assert(out(pad{.top = 1, .bottom = 2, .left = 3, .channels_after = 5}, {2, 2, 1}) == shape{5, 5, 6}, "pad");
static_assert(out(dense{.units = 9}, {2, 3, 4}) == shape{1, 1, 9}, "dense");
static_assert(out(squeeze_excite{}, {6, 5, 8}) == shape{6, 5, 8}, "squeeze and excite keeps the shape");
static_assert(out(exit_head{.classes = 3, .filters = 4, .hidden = 8}, {8, 8, 5}) == shape{1, 1, 3}, "head");

// An odd element of same padding goes to the end, as in TensorFlow.
static_assert(place_window(5, 3, 2, 1, padding::rule::same, 0, 0).before == 1 &&
                  place_window(6, 3, 2, 1, padding::rule::same, 0, 0).before == 0 &&
                  place_window(6, 3, 2, 1, padding::rule::same, 0, 0).after == 1,
              "one more behind than before");

// Parameters and MACs: kernel x input channels of the group x filters.
constexpr plan_sizes sizes(const graph& g) { return lower(g).sizes; }
constexpr plan_sizes of(auto layer, shape in) {
    graph g{in};
    g(layer);
    return sizes(g);
}
static_assert(of(conv2d{.filters = 8, .bias = true}, {4, 4, 3}).parameters == 9 * 3 * 8 + 8, "weights and biases");
static_assert(of(conv2d{.filters = 8, .groups = 2}, {4, 4, 6}).parameters == 9 * 3 * 8, "half of the channels each");
static_assert(of(conv2d{.filters = 8, .groups = 2}, {4, 4, 6}).macs == 16 * 9 * 3 * 8, "padding taps count");
static_assert(of(depthwise_conv2d{}, {4, 4, 6}).macs == 16 * 9 * 6, "one filter a channel");
static_assert(of(dense{.units = 5}, {2, 2, 3}).macs == 60 && of(dense{.units = 5}, {2, 2, 3}).parameters == 65,
              "dense");
static_assert(of(batch_norm{}, {2, 2, 3}).parameters == 6 && of(batch_norm{}, {2, 2, 3}).state == 6, "norm");
static_assert(of(max_pool{}, {4, 4, 3}).macs == 0 && of(relu{}, {4, 4, 3}).macs == 0, "free by convention");

}  // namespace

TEST_CASE("layers/shapes: the shapes, parameters and costs above hold at run time too") {
    CHECK(out(conv2d{.filters = 8, .stride = 2}, {33, 32, 3}) == shape{17, 16, 8});
    CHECK(of(conv2d{.filters = 8, .groups = 2}, {4, 4, 6}).macs == 16 * 9 * 3 * 8);
    CHECK(out(squeeze_excite{.reduction = 100}, {6, 5, 8}) == shape{6, 5, 8});
}

// SPDX-License-Identifier: MIT
//
// Hostile options: every layer makes the right shape or a fault that is justified, and nothing overflows on the way. The oracle
// computes in 128 bits. Constant evaluation refuses undefined behaviour, so the first part runs in the compiler too.
#include <eenn/core/random.hpp>
#include <eenn/network/detail/lower.hpp>
#include <eenn/network/standard.hpp>

#include <doctest/doctest.h>

#include <iterator>
#include <limits>

namespace {

using namespace eenn;
__extension__ using wide = __int128;

constexpr int largest = std::numeric_limits<int>::max();
constexpr int smallest = std::numeric_limits<int>::min();
constexpr wide most = most_elements;

/// Mostly usual numbers, so that some layers are right; else such as break sums and products.
constexpr int some_int(random_stream& random, bool hostile) {
    constexpr int usual[]{1, 1, 1, 2, 2, 3, 3, 4, 5, 7};
    constexpr int odd[]{0,       -1,      smallest, largest, largest - 1, 46341,       65536,         1 << 15, 1 << 20,
                        1 << 27, 1 << 28, 1 << 29,  1 << 30, 1000003,     largest / 2, (1 << 28) + 1, 255,     16384};
    return hostile && random.below(3) == 0 ? odd[random.below(std::size(odd))] : usual[random.below(std::size(usual))];
}
constexpr shape some_shape(random_stream& random) {
    constexpr int sizes[]{1, 2, 4, 8, 15, 16, 32, 4096, 16384, 1 << 20, 1 << 28};
    shape s{};
    do {
        s = {sizes[random.below(std::size(sizes))], sizes[random.below(std::size(sizes))],
             sizes[random.below(std::size(sizes))]};
    } while (!s.fits());
    return s;
}
constexpr padding some_padding(random_stream& random) {
    if (random.below(2) == 0) return same;
    const bool hostile = random.below(3) == 0;
    const auto amount = [&] { return random.below(2) == 0 ? 0 : some_int(random, hostile); };
    const int top = amount(), bottom = amount(), left = amount(), right = amount();
    return {top, bottom, left, right};
}
constexpr real some_real(random_stream& random) {
    constexpr double values[]{0,
                              1,
                              -1,
                              0.5,
                              1e-5,
                              0.999,
                              std::numeric_limits<double>::quiet_NaN(),
                              1e30,
                              -1e-30,
                              std::numeric_limits<float>::infinity()};
    return values[random.below(std::size(values))];
}

constexpr bool in(wide value, wide low, wide high = most) { return value >= low && value <= high; }
constexpr bool nonnegative(const padding& p, wide rows = most, wide columns = most) {
    return in(p.top, 0, rows) && in(p.bottom, 0, rows) && in(p.left, 0, columns) && in(p.right, 0, columns);
}

/// What a layer should make: a shape, and parameters and MACs of it; or that it must be refused.
struct truth {
    bool right = false;
    wide h = 0, w = 0, c = 0;
    wide parameters = 0;
    wide macs = 0;
};

constexpr truth made(wide h, wide w, wide c) {
    return {h * w * c <= most && h <= most && w <= most && c <= most, h, w, c};
}

constexpr wide outputs(wide size, wide reach, wide stride, bool same_rule, wide before, wide after) {
    if (same_rule) return (size + stride - 1) / stride;
    const wide room = size + before + after - reach;
    return room < 0 ? 0 : room / stride + 1;
}

constexpr truth truth_of(const conv2d& l, shape x) {
    if (!in(l.filters, 1) || !in(l.kernel_h, 1) || !in(l.kernel_w, 1) || !in(l.stride, 1) || !in(l.stride_w, 0) ||
        !in(l.groups, 1) || !in(l.dilation, 1) || !in(l.dilation_w, 0) || !nonnegative(l.pad)) {
        return {};
    }
    const wide sw = l.stride_w == 0 ? l.stride : l.stride_w;
    const wide dw = l.dilation_w == 0 ? l.dilation : l.dilation_w;
    const wide rows = (wide{l.kernel_h} - 1) * l.dilation + 1;
    const wide columns = (wide{l.kernel_w} - 1) * dw + 1;
    const wide taps = wide{l.kernel_h} * l.kernel_w;
    const bool same_rule = l.pad.how == padding::rule::same;
    truth t = made(outputs(x.h, rows, l.stride, same_rule, l.pad.top, l.pad.bottom),
                   outputs(x.w, columns, sw, same_rule, l.pad.left, l.pad.right), l.filters);
    t.right = t.right && x.c % l.groups == 0 && l.filters % l.groups == 0 && rows <= most && columns <= most &&
              t.h > 0 && t.w > 0 && taps * (x.c / l.groups) <= most && taps * (l.filters / l.groups) <= most;
    t.parameters = taps * (x.c / l.groups) * l.filters + (l.bias ? l.filters : 0);
    t.macs = t.h * t.w * t.c * taps * (x.c / l.groups);
    return t;
}
template <class Pool>
constexpr truth truth_of_pool(const Pool& l, shape x) {
    const wide kh = l.kernel_h;
    const wide kw = l.kernel_w == 0 ? l.kernel_h : l.kernel_w;
    if (!in(kh, 1) || !in(kw, 1) || !in(l.stride, 0) || !in(l.stride_w, 0) || !nonnegative(l.pad, kh - 1, kw - 1))
        return {};
    const wide sh = l.stride == 0 ? kh : wide{l.stride};
    const wide sw = l.stride_w != 0 ? l.stride_w : l.stride != 0 ? l.stride : kw;
    const bool same_rule = l.pad.how == padding::rule::same;
    truth t = made(outputs(x.h, kh, sh, same_rule, l.pad.top, l.pad.bottom),
                   outputs(x.w, kw, sw, same_rule, l.pad.left, l.pad.right), x.c);
    t.right = t.right && kh * kw <= most && t.h > 0 && t.w > 0;
    return t;
}
constexpr truth truth_of(const max_pool& l, shape x) { return truth_of_pool(l, x); }
constexpr truth truth_of(const average_pool& l, shape x) { return truth_of_pool(l, x); }
constexpr truth truth_of(const pad& l, shape x) {
    if (!in(l.top, 0) || !in(l.bottom, 0) || !in(l.left, 0) || !in(l.right, 0) || !in(l.channels_before, 0) ||
        !in(l.channels_after, 0) || float{l.value} != float{l.value}) {
        return {};
    }
    return made(wide{x.h} + l.top + l.bottom, wide{x.w} + l.left + l.right,
                wide{x.c} + l.channels_before + l.channels_after);
}
constexpr truth truth_of(const dense& l, shape x) {
    if (!in(l.units, 1)) return {};
    truth t = made(1, 1, l.units);
    t.macs = wide{x.h} * x.w * x.c * l.units;
    t.parameters = t.macs + (l.bias ? l.units : 0);
    return t;
}
constexpr truth truth_of(const dropout& l, shape x) {
    truth t = made(x.h, x.w, x.c);
    t.right = float{l.rate} >= 0 && float{l.rate} < 1;
    return t;
}
constexpr truth truth_of(const leaky_relu& l, shape x) {
    truth t = made(x.h, x.w, x.c);
    t.right = float{l.slope} > 0 && float{l.slope} < 1;
    return t;
}
constexpr truth truth_of(const batch_norm& l, shape x) {
    truth t = made(x.h, x.w, x.c);
    t.right = float{l.epsilon} >= 0 && float{l.epsilon} <= std::numeric_limits<float>::max() &&
              float{l.momentum} >= 0 && float{l.momentum} <= 1;
    t.parameters = wide{4} * x.c;
    return t;
}
constexpr truth truth_of(const flatten&, shape x) { return made(1, 1, wide{x.h} * x.w * x.c); }

/// Whether the layer says what is so; `rights` counts those that are right.
template <class L>
constexpr bool honest(const L& layer, shape x, int& rights) {
    const truth t = truth_of(layer, x);
    const output_shape out = layer.output({&x, 1});
    if (!t.right) return out.why.kind != fault_kind::none;
    ++rights;
    const auto tensors = tensors_of(layer, {&x, 1});
    return out.why.kind == fault_kind::none && t.h == out.value.h && t.w == out.value.w && t.c == out.value.c &&
           t.parameters == static_cast<wide>(tensors.elements()) && t.macs == macs_of(layer, {&x, 1});
}

constexpr conv2d some_convolution(random_stream& r) {
    const bool hostile = r.below(2) == 0;
    const auto n = [&] { return some_int(r, hostile); };
    const auto or_none = [&] { return r.below(2) == 0 ? 0 : n(); };
    return {.filters = n(),
            .kernel_h = n(),
            .kernel_w = n(),
            .stride = n(),
            .stride_w = or_none(),
            .pad = some_padding(r),
            .groups = r.below(2) == 0 ? 1 : n(),
            .dilation = n(),
            .dilation_w = or_none(),
            .bias = r.below(2) == 0};
}
template <class Pool>
constexpr Pool some_pool(random_stream& r) {
    const bool hostile = r.below(2) == 0;
    const auto n = [&] { return some_int(r, hostile); };
    const auto or_none = [&] { return r.below(2) == 0 ? 0 : n(); };
    return {.kernel_h = n(), .kernel_w = or_none(), .stride = or_none(), .stride_w = or_none(), .pad = some_padding(r)};
}
constexpr pad some_pad(random_stream& r) {
    const bool hostile = r.below(2) == 0;
    const auto n = [&] { return r.below(2) == 0 ? 0 : some_int(r, hostile); };
    return {n(), n(), n(), n(), n(), n(), some_real(r)};
}

/// Whether all layers of one seed are honest.
constexpr bool honest_at(std::uint64_t seed, int& rights) {
    random_stream r{.seed = seed};
    const shape x = some_shape(r);
    return honest(some_convolution(r), x, rights) && honest(some_pool<max_pool>(r), x, rights) &&
           honest(some_pool<average_pool>(r), x, rights) && honest(some_pad(r), x, rights) &&
           honest(dense{some_int(r, true), r.below(2) == 0}, x, rights) && honest(dropout{some_real(r)}, x, rights) &&
           honest(leaky_relu{some_real(r)}, x, rights) && honest(batch_norm{some_real(r), some_real(r)}, x, rights) &&
           honest(flatten{}, x, rights);
}
constexpr int dishonest_among(std::uint64_t seeds) {
    int rights = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        if (!honest_at(seed, rights)) return static_cast<int>(seed);
    }
    return -1;
}
static_assert(dishonest_among(150) == -1, "hostile options are faults, not undefined behaviour, for the compiler too");

// Each option that is wrong is named, with its value and what is allowed.
template <class L>
std::string fault_of(const L& layer, shape x) {
    return std::string{text_of(layer.output({&x, 1}).why).view()};
}

static_assert(place_window(largest, largest, largest, largest, padding::rule::same, 0, 0).after == largest &&
                  place_window(largest, 1, 1, 1, padding::rule::explicit_amounts, largest, largest).outputs ==
                      largest &&
                  place_window(4, largest, 1, largest, padding::rule::explicit_amounts, 0, 0).outputs == 0 &&
                  place_window(4, 2, 0, 1, padding::rule::same, 0, 0).outputs == 0,
              "a window is placed for any ints");

}  // namespace

TEST_CASE("layers/fault: hostile options make a fault or the right shape, parameters and MACs") {
    int rights = 0;
    int first_wrong = -1;
    constexpr int seeds = 20000;
    for (int seed = 0; seed < seeds && first_wrong < 0; ++seed) {
        if (!honest_at(static_cast<std::uint64_t>(seed), rights)) first_wrong = seed;
    }
    CHECK(first_wrong == -1);
    CHECK(rights > 2 * seeds);  // of nine layers each, enough are right for the test to mean something
}

TEST_CASE("layers/fault: a network of hostile layers is refused, or has a plan whose sizes are right") {
    int plans = 0;
    for (std::uint64_t seed = 0; seed < 3000; ++seed) {
        random_stream r{.seed = seed, .stream = 1};
        const shape x = some_shape(r);
        const auto layer = some_convolution(r);
        const truth t = truth_of(layer, x);
        CAPTURE(seed);
        try {
            graph g{x};
            const auto pool = some_pool<max_pool>(r);
            const auto border = some_pad(r);
            g(layer, pool, border, flatten{}, dense{.units = some_int(r, true)});
            const plan made = lower(g);
            ++plans;
            CHECK(t.right);
            CHECK(static_cast<wide>(made.steps[step_id{0}].weight_count) == t.parameters);
            CHECK(made.sizes.workspace <= most_total_elements);
            CHECK(made.sizes.macs >= made.steps[step_id{0}].macs);
            const problem<conv2d> p{layer, {x}, 1, g.nodes()[edge{1}].out};
            const auto weights = static_cast<std::size_t>(t.parameters);
            CHECK(packed_elements<float>(p) >= weights / 2);  // no less than half of them, in any form
            CHECK(packed_elements<float>(p) <= 64 * weights);
            const wide classes =
                wide{std::min(layer.stride, x.h)} * (layer.stride_w == 0 ? layer.stride : layer.stride_w);
            if (classes * layer.kernel_h * layer.kernel_w < 100000) CHECK(packed_gradient_elements<float>(p) > 0);
        } catch (const error& e) {
            const std::string text = e.what();
            CHECK((text.starts_with("graph: layer ") || text.starts_with("lower: layer ")));
            if (t.right) CHECK_FALSE(text.starts_with("graph: layer 1 "));
        }
    }
    CHECK(plans > 200);
}

TEST_CASE("layers/fault: the option that is wrong is named, with its value and what is allowed") {
    const shape x{8, 8, 4};
    CHECK(fault_of(conv2d{.filters = 0}, x) == "filters is 0, allowed [1, 268435456]");
    CHECK(fault_of(conv2d{.filters = 1, .kernel_h = -3}, x) == "kernel_h is -3, allowed [1, 268435456]");
    CHECK(fault_of(conv2d{.filters = 1, .kernel_w = largest}, x) == "kernel_w is 2147483647, allowed [1, 268435456]");
    CHECK(fault_of(conv2d{.filters = 1, .stride = 0}, x) == "stride is 0, allowed [1, 268435456]");
    CHECK(fault_of(conv2d{.filters = 1, .stride_w = -1}, x) == "stride_w is -1, allowed [0, 268435456]");
    CHECK(fault_of(conv2d{.filters = 1, .pad = padding{0, 0, 0, -2}}, x) == "pad.right is -2, allowed [0, 268435456]");
    CHECK(fault_of(conv2d{.filters = 1, .groups = 0}, x) == "groups is 0, allowed [1, 268435456]");
    CHECK(fault_of(conv2d{.filters = 1, .dilation = 0}, x) == "dilation is 0, allowed [1, 268435456]");
    CHECK(fault_of(conv2d{.filters = 1, .dilation_w = -1}, x) == "dilation_w is -1, allowed [0, 268435456]");
    CHECK(fault_of(conv2d{.filters = 3, .groups = 2}, x) ==
          "channels not divisible by groups: filters is 3, allowed multiples of 2");
    CHECK(fault_of(max_pool{.kernel_h = 3, .pad = padding{3}}, x) == "pad.top is 3, allowed [0, 2]");
    CHECK(fault_of(average_pool{.kernel_h = 0}, x) == "kernel_h is 0, allowed [1, 268435456]");
    CHECK(fault_of(dense{.units = -1}, x) == "units is -1, allowed [1, 268435456]");
    CHECK(fault_of(dropout{.rate = 1.5}, x) == "rate is 1.5, allowed [0, 1)");
    CHECK(fault_of(leaky_relu{.slope = 0.0}, x) == "slope is 0, allowed (0, 1)");
    CHECK(fault_of(batch_norm{.epsilon = -1e-5}, x) == "epsilon is -1e-5, allowed [0, infinity)");
    CHECK(fault_of(batch_norm{.momentum = 1.5}, x) == "momentum is 1.5, allowed [0, 1]");
    CHECK(fault_of(pad{.channels_after = -1}, x) == "channels_after is -1, allowed [0, 268435456]");
    CHECK(fault_of(pad{.value = std::numeric_limits<double>::quiet_NaN()}, x) ==
          "value is NaN, allowed [-infinity, infinity]");
}

TEST_CASE("layers/fault: sums of channels and filters of a depthwise convolution do not wrap") {
    const auto message = [](auto&& build) {
        try {
            graph g{{1, 1, 1 << 27}};
            build(g);
        } catch (const error& e) {
            return std::string{e.what()};
        }
        return std::string{};
    };
    CHECK(message([](graph& g) { g.join(concat{}, edge{0}, edge{0}, edge{0}); }) ==
          "graph: layer 1 (concat): too large: 1x1x134217728 gives 402653184 elements, at most 268435456");
    CHECK(message([](graph& g) { g(depthwise_conv2d{.kernel_h = 1, .kernel_w = 1, .multiplier = largest}); }) ==
          "graph: layer 1 (conv2d): filters is 268435457, allowed [1, 268435456]");
    CHECK(message([](graph& g) { g(squeeze_excite{.reduction = smallest}); }).empty());
}

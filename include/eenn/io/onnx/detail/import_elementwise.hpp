// SPDX-License-Identifier: MIT
//
// detail/import_elementwise.hpp - imports activations, and sums, products and concatenations of values.
// Floor 6 (io); host subset. Tested by tests/io/onnx/conformance.cpp.
#ifndef EENN_IO_ONNX_DETAIL_IMPORT_ELEMENTWISE_HPP
#define EENN_IO_ONNX_DETAIL_IMPORT_ELEMENTWISE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <variant>
#include <vector>

#include <eenn/core/isa.hpp>
#include <eenn/io/onnx/detail/import_affine.hpp>
#include <eenn/io/onnx/detail/import_call.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {
namespace detail {

template <class Layer>
activation_value import_activation(import_call& call) {
    return call.elementwise(Layer{}, call.activation(0));
}

[[nodiscard]] inline activation_value make_leaky_relu(import_call& call, double slope) {
    const auto& x = call.activation(0);
    if (slope == 1) return x;
    if (slope == 0) return call.elementwise(relu{}, x);
    if (!(slope > 0 && slope < 1)) call.refuse("has the slope " + std::to_string(slope), "slopes lie in [0, 1]");
    return call.elementwise(leaky_relu{.slope = slope}, x);
}
inline activation_value import_leaky_relu(import_call& call) {
    return make_leaky_relu(call, real_or(call.what, "alpha", 0.01));
}
inline activation_value import_prelu(import_call& call) {
    const auto slopes = call.floats(1);
    if (slopes.empty() || !std::all_of(slopes.begin(), slopes.end(), [&](float s) { return s == slopes[0]; })) {
        call.refuse("has a slope for each channel", "leaky_relu has one");
    }
    return make_leaky_relu(call, slopes[0]);
}

/// clamp(alpha x + beta, 0, 1) = hard_sigmoid(6 alpha x + 6 (beta - 1/2)).
inline activation_value import_hard_sigmoid(import_call& call) {
    const auto& x = call.activation(0);
    const double scale = 6 * real_or(call.what, "alpha", 0.2F);
    const double shift = 6 * (real_or(call.what, "beta", 0.5) - 0.5);
    if (std::fabs(scale - 1) < 1e-5 && shift == 0) return call.elementwise(hard_sigmoid{}, x);
    return call.elementwise(hard_sigmoid{}, apply(call, x, scale, shift, "scale"));
}

inline activation_value import_clip(import_call& call) {
    const auto& x = call.activation(0);
    constexpr double most = std::numeric_limits<float>::max();
    const double low = call.number("min", 1).value_or(-most), high = call.number("max", 2).value_or(most);
    if (low == 0 && high == 6) return call.elementwise(relu6{}, x);
    if (low == 0 && high >= most) return call.elementwise(relu{}, x);
    if (low <= -most && high >= most) return x;
    // Other bounds rescale one of these two. Bounds far from 0 would cost small values their precision.
    const bool has_low = low > -most, has_high = high < most;
    if ((has_low && std::fabs(low) > 256) || (has_high && std::fabs(high) > 256) ||
        (has_low && has_high && !(low < high))) {
        call.refuse("clips to " + std::to_string(low) + ".." + std::to_string(high), "bounds lie within -256..256");
    }
    if (has_low && has_high) {
        const double unit = (high - low) / 6;
        return apply(call, call.elementwise(relu6{}, apply(call, x, 1 / unit, -low / unit, "scale")), unit, low);
    }
    const double sign = has_low ? 1 : -1,
                 bound = has_low ? low : high;  // bound + max(x - bound, 0), or its mirror image
    return apply(call, call.elementwise(relu{}, apply(call, x, sign, -sign * bound, "scale")), sign, bound);
}

/// Drops a softmax or log-softmax at the end, because networks end in logits.
inline activation_value import_softmax(import_call& call) {
    activation_value x = call.activation(0);
    const bool logarithm = call.what.op_type == "LogSoftmax";
    const auto dims = call.dims_of(x);
    const auto axis_at = axis_index(call.what, integer_or(call.what, "axis", call.opset < 13 ? 1 : -1), dims.size());
    merged over;  // before opset 13: all axes from that one on
    bool all = axis_at > 0;
    for (std::size_t d = 1; d < dims.size(); ++d) {
        const bool taken = d == axis_at || (call.opset < 13 && d > axis_at);
        if (taken) over.insert(over.end(), x.axes[d - 1].begin(), x.axes[d - 1].end());
        all = all && (taken || dims[d] == 1);
    }
    if (call.ends && all && !call.options.keep_softmax) {
        call.notes.push_back("dropped the final " + call.what.op_type + " " + describe(call.what) +
                             ": the network ends in logits");
        return x;
    }
    if (logarithm) call.refuse("takes the logarithm of a softmax in the middle of the network");
    if (all && x.axes.size() == 1) x = call.features(x);
    const shape s = call.shape_of(x);
    if (axis_at == 0 || (over != along(axis::c, s) && !(all && s.pixels() == 1))) {
        call.refuse("is a softmax over another axis than the channels");
    }
    return call.elementwise(softmax{}, x);
}

/// Requires two values with the same axes in the same order.
inline void require_alike(const import_call& call, const activation_value& a, const activation_value& b) {
    if (call.dims_of(a) != call.dims_of(b)) {
        call.refuse("joins dims " + io::to_string(call.dims_of(a)) + " and " + io::to_string(call.dims_of(b)),
                    "they must be equal");
    }
    if (a.axes != b.axes || a.order != b.order || call.shape_of(a) != call.shape_of(b)) {
        call.refuse("joins values whose elements lie in another order", "flatten or transpose them alike");
    }
}

[[nodiscard]] inline activation_value sum_of(import_call& call, const activation_value& a, const activation_value& b,
                                             const std::string& part = {}) {
    require_alike(call, a, b);
    return {call.append(add{}, {a.layer, b.layer}, {}, part), a.axes, a.order};
}

/// One of a + b, a - b, a b or a / b with a constant operand: y = scale x + shift.
struct pair_of {
    bool constant_first = false;
    bool with_constant = false;
};
[[nodiscard]] inline pair_of operands_of(const import_call& call) {
    if (call.inputs.size() != 2) call.refuse("has not two inputs");
    return {call.is_constant(0), call.is_constant(0) || call.is_constant(1)};
}
template <class ToMap>
activation_value with_constant(import_call& call, const pair_of& pair, ToMap&& to_map) {
    activation_value x = call.activation(pair.constant_first ? 1 : 0);
    auto values = by_channel(call, call.constant(pair.constant_first ? 0 : 1), x);
    affine_map map{std::vector<float>(values.size(), 1.0F), std::vector<float>(values.size(), 0.0F)};
    for (std::size_t k = 0; k < values.size(); ++k) to_map(values[k], map.scale[k], map.shift[k]);
    return apply(call, x, std::move(map));
}

inline activation_value import_add(import_call& call) {
    const auto pair = operands_of(call);
    if (!pair.with_constant) return sum_of(call, call.activation(0), call.activation(1));
    return with_constant(call, pair, [](float v, float&, float& shift) { shift = v; });
}
inline activation_value import_subtract(import_call& call) {
    const auto pair = operands_of(call);
    if (!pair.with_constant) {
        const auto negative = apply(call, call.activation(1), -1, 0, "negative");
        return sum_of(call, call.activation(0), negative);
    }
    return with_constant(call, pair, [&](float v, float& scale, float& shift) {
        scale = pair.constant_first ? -1.0F : 1.0F;
        shift = pair.constant_first ? v : -v;
    });
}
inline activation_value import_divide(import_call& call) {
    const auto pair = operands_of(call);
    if (!pair.with_constant || pair.constant_first) call.refuse("divides by an activation");
    return with_constant(call, pair, [](float v, float& scale, float&) { scale = 1 / v; });
}
inline activation_value import_negate(import_call& call) { return apply(call, call.activation(0), -1, 0); }

inline activation_value import_multiply(import_call& call) {
    const auto pair = operands_of(call);
    if (pair.with_constant) {
        return with_constant(call, pair, [](float v, float& scale, float&) { scale = v; });
    }
    const activation_value* a = &call.activation(0);
    const activation_value* b = &call.activation(1);
    if (call.shape_of(*a).elements() < call.shape_of(*b).elements()) std::swap(a, b);
    for (const auto& [x, gate] : {std::pair{a, b}, std::pair{b, a}}) {  // x hard_sigmoid(x) is a layer of its own
        auto& from = call.layers.at(gate->layer);
        if (std::holds_alternative<hard_sigmoid>(from.what) && from.inputs[0] == x->layer && x->axes == gate->axes) {
            return call.elementwise(hard_swish{}, *x);
        }
    }
    bool fits = a->axes.size() == b->axes.size() && a->order == b->order;
    for (std::size_t d = 0; fits && d < a->axes.size(); ++d) fits = b->axes[d].empty() || b->axes[d] == a->axes[d];
    if (!fits) require_alike(call, *a, *b);
    return {call.append(multiply{}, {a->layer, b->layer}), a->axes, a->order};
}

/// Sums any number of values.
inline activation_value import_sum(import_call& call) {
    activation_value made = call.activation(0);
    for (std::size_t i = 1; i < call.inputs.size(); ++i) {
        const bool last = i + 1 == call.inputs.size();
        made = sum_of(call, made, call.activation(i), last ? std::string{} : "part_" + std::to_string(i));
    }
    return made;
}

/// Concatenates along the channels. Flattened vectors are joined in our order.
inline activation_value import_concat(import_call& call) {
    std::vector<activation_value> parts;
    for (std::size_t i = 0; i < call.inputs.size(); ++i) parts.push_back(call.activation(i));
    if (parts.empty()) call.refuse("joins nothing");
    if (parts.size() == 1) return parts[0];
    const std::size_t rank = parts[0].axes.size() + 1;
    const auto at = concat_axis(call.what, rank);
    if (at == 0) call.refuse("joins along the samples");
    bool ordered = true;
    for (auto& part : parts) {
        if (part.axes.size() + 1 != rank) call.refuse("joins values of unlike numbers of axes");
        if (rank == 2) part = call.features(part);
        ordered = ordered && part.order.empty();
        auto first = parts[0].axes, other = part.axes;
        const bool channels = other[at - 1] == along(axis::c, call.shape_of(part));
        first[at - 1].clear();
        other[at - 1].clear();
        if (!channels || first != other) call.refuse("joins along another axis than the channels");
    }
    if (!ordered && rank != 2) call.refuse("joins features whose order flattening changed");
    std::vector<int> order;
    std::vector<int> layers;
    int offset = 0;
    for (const auto& part : parts) {
        const int channels = call.shape_of(part).c;
        for (int k = 0; !ordered && k < channels; ++k) {
            order.push_back(offset + (part.order.empty() ? k : part.order[static_cast<std::size_t>(k)]));
        }
        offset += channels;
        layers.push_back(part.layer);
    }
    int step = 0;
    while (std::cmp_greater(layers.size(), max_inputs)) {  // a layer joins at most four
        const auto end = layers.begin() + max_inputs;
        const int joined = call.append(concat{}, {layers.begin(), end}, {}, "part_" + std::to_string(++step));
        layers.erase(layers.begin(), end);
        layers.insert(layers.begin(), joined);
    }
    activation_value made{call.append(concat{}, layers), parts[0].axes, std::move(order)};
    made.axes[at - 1] = along(axis::c, call.shape_of(made));
    return made;
}

}  // namespace detail
}  // namespace EENN_ISA
}  // namespace eenn::onnx

#endif

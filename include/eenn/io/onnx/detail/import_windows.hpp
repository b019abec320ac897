// SPDX-License-Identifier: MIT
//
// detail/import_windows.hpp - imports operators over height and width: convolutions, pools, pads and slices.
// Floor 6 (io); host subset. Tested by tests/io/onnx/conformance.cpp. Letters: I, O = input, output channels; G = groups.
#ifndef EENN_IO_ONNX_DETAIL_IMPORT_WINDOWS_HPP
#define EENN_IO_ONNX_DETAIL_IMPORT_WINDOWS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <eenn/core/isa.hpp>
#include <eenn/io/onnx/detail/import_affine.hpp>
#include <eenn/io/onnx/detail/import_call.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {
namespace detail {

/// A window along one axis.
struct window {
    int kernel = 1;
    int stride = 1;
    int dilation = 1;
    int before = 0;
    int after = 0;

    [[nodiscard]] int reach() const { return (kernel - 1) * dilation + 1; }
};

/// An operator's window on our two axes. An axis missing in the file keeps a window of 1.
struct plane_window {
    std::vector<axis> plane;  ///< our axis for each of the file's axes
    window h;
    window w;

    [[nodiscard]] window& along(axis a) { return a == axis::h ? h : w; }
    [[nodiscard]] padding pad() const { return {h.before, h.after, w.before, w.after}; }
};

[[nodiscard]] inline std::vector<axis> plane_at(const import_call& call, const activation_value& x) {
    const auto plane = plane_of(x.axes, call.shape_of(x));
    if (!plane) call.refuse("needs channels, then one or two axes; got dims " + io::to_string(call.dims_of(x)));
    call.require_file_order(x);
    return *plane;
}

[[nodiscard]] inline int small(const import_call& call, std::int64_t value, int least) {
    if (value < least || value > (1 << 20)) call.refuse("a window's size, step or padding is " + std::to_string(value));
    return static_cast<int>(value);
}

/// Reads strides, dilations and pads; `kernel` comes from the weight or from an attribute.
[[nodiscard]] inline plane_window window_of(const import_call& call, const activation_value& x,
                                            const integer_list& kernel) {
    plane_window made{plane_at(call, x), {}, {}};
    const std::size_t rank = made.plane.size();
    const auto read = [&](const char* name, std::size_t count, std::int64_t fallback) {
        auto given = integers_in(call.what, name).value_or(integer_list{});
        if (given.empty()) given.assign(count, fallback);
        if (given.size() != count)
            call.refuse(std::string{name} + " does not have " + std::to_string(count) + " values");
        return given;
    };
    if (kernel.size() != rank) call.refuse("has a window of another number of axes than its input");
    if (read("kernel_shape", rank, 0) != kernel && integers_in(call.what, "kernel_shape")) {
        call.refuse("kernel_shape is not that of the weight");
    }
    const auto strides = read("strides", rank, 1), dilations = read("dilations", rank, 1);
    const auto pads = read("pads", 2 * rank, 0);
    const std::string automatic = text_or(call.what, "auto_pad", "NOTSET");
    for (std::size_t i = 0; i < rank; ++i) {
        window& one = made.along(made.plane[i]);
        one = {small(call, kernel[i], 1), small(call, strides[i], 1), small(call, dilations[i], 1), 0, 0};
        if (1LL * one.kernel * one.dilation > (1 << 20)) call.refuse("its window is too large");
        if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
            const int size = size_along(call.shape_of(x), made.plane[i]);
            const auto placed = place_window(size, one.kernel, one.stride, one.dilation, padding::rule::same, 0, 0);
            one.before = automatic == "SAME_UPPER" ? placed.before : placed.after;
            one.after = automatic == "SAME_UPPER" ? placed.after : placed.before;
        } else if (automatic == "NOTSET" || automatic.empty()) {
            one.before = small(call, pads[i], 0);
            one.after = small(call, pads[rank + i], 0);
        } else if (automatic != "VALID") {
            call.refuse("pads by the unknown rule '" + io::printable(automatic) + "'");
        }
    }
    return made;
}

/// The output of a windowed layer: channels, then the axes of the input.
[[nodiscard]] inline activation_value on_plane(const import_call& call, int layer, const std::vector<axis>& plane) {
    activation_value made{layer, {}, {}};
    made.axes.push_back(along(axis::c, call.shape_of(made)));
    for (const axis a : plane) made.axes.push_back(along(a, call.shape_of(made)));
    return made;
}

/// Transposes the file's weight (O,I/G,first axis,second axis) to ours, (kh,kw,I/G,O).
[[nodiscard]] inline std::vector<float> convolution_weight(const std::vector<float>& theirs, const plane_window& at,
                                                           std::size_t outputs, std::size_t inputs) {
    const auto kh = static_cast<std::size_t>(at.h.kernel), kw = static_cast<std::size_t>(at.w.kernel);
    const bool columns_first = at.plane[0] == axis::w;
    std::vector<float> ours(theirs.size());
    for (std::size_t o = 0; o < outputs; ++o) {
        for (std::size_t i = 0; i < inputs; ++i) {
            for (std::size_t y = 0; y < kh; ++y) {
                for (std::size_t x = 0; x < kw; ++x) {
                    const auto tap = columns_first ? x * kh + y : y * kw + x;
                    ours[((y * kw + x) * inputs + i) * outputs + o] = theirs[(o * inputs + i) * kh * kw + tap];
                }
            }
        }
    }
    return ours;
}

inline activation_value import_conv(import_call& call) {
    activation_value x = call.activation(0);
    const auto& weight = call.constant(1);
    if (weight.dims.size() < 3) call.refuse("its weight has dims " + io::to_string(weight.dims));
    plane_window at = window_of(call, x, {weight.dims.begin() + 2, weight.dims.end()});
    const auto groups = integer_or(call.what, "group", 1);
    const auto outputs = weight.dims[0], inputs = weight.dims[1];
    const shape s = call.shape_of(x);
    if (outputs < 1 || inputs < 1 || inputs > s.c || groups < 1 || groups > s.c || inputs * groups != s.c ||
        outputs % groups != 0 || outputs > std::numeric_limits<int>::max()) {
        call.refuse("its weight " + io::to_string(weight.dims) + " in " + std::to_string(groups) +
                    " groups does not fit " + std::to_string(s.c) + " channels");
    }
    // A preceding pad is merged into the convolution.
    if (const auto* before = std::get_if<pad>(&call.layers.at(x.layer).what)) {
        if (before->channels_before == 0 && before->channels_after == 0 && float{before->value} == 0) {
            at.h.before += before->top;
            at.h.after += before->bottom;
            at.w.before += before->left;
            at.w.after += before->right;
            x.layer = call.layers.at(x.layer).inputs[0];
        }
    }
    const conv2d layer{.filters = static_cast<int>(outputs),
                       .kernel_h = at.h.kernel,
                       .kernel_w = at.w.kernel,
                       .stride = at.h.stride,
                       .stride_w = at.w.stride == at.h.stride ? 0 : at.w.stride,
                       .pad = at.pad(),
                       .groups = static_cast<int>(groups),
                       .dilation = at.h.dilation,
                       .dilation_w = at.w.dilation == at.h.dilation ? 0 : at.w.dilation,
                       .bias = call.has(2)};
    std::vector<named_tensor> tensors;
    tensors.push_back({"weight", convolution_weight(numbers<float>(weight), at, static_cast<std::size_t>(outputs),
                                                    static_cast<std::size_t>(inputs))});
    if (call.has(2)) tensors.push_back({"bias", call.floats(2)});
    if (call.has(2) && std::cmp_not_equal(call.floats(2).size(), outputs)) call.refuse("its bias does not fit");
    return on_plane(call, call.append(layer, {x.layer}, std::move(tensors)), at.plane);
}

/// ceil_mode: the last window may extend past the end if it starts inside. Returns the extra padding this needs.
inline int overhang(const window& one, int size) {
    const int room = size + one.before + one.after - one.reach();
    if (room < 0 || room % one.stride == 0) return 0;
    const int start = (room / one.stride + 1) * one.stride;
    return start < size + one.before ? start + one.reach() - (size + one.before + one.after) : 0;
}

template <class Pool>
activation_value import_pool(import_call& call) {
    activation_value x = call.activation(0);
    const auto kernel = integers_in(call.what, "kernel_shape");
    if (!kernel) call.refuse("lacks its kernel_shape");
    plane_window at = window_of(call, x, *kernel);
    if ((at.h.dilation != 1 && at.h.kernel != 1) || (at.w.dilation != 1 && at.w.kernel != 1)) {
        call.refuse("pools with a dilation", "no layer does");
    }
    const shape s = call.shape_of(x);
    const bool up = integer_or(call.what, "ceil_mode", 0) != 0;
    const int over_h = up ? overhang(at.h, s.h) : 0, over_w = up ? overhang(at.w, s.w) : 0;
    bool count = integer_or(call.what, "count_include_pad", 0) != 0;
    if constexpr (std::is_same_v<Pool, average_pool>) {
        if (count && (over_h > 0 || over_w > 0)) {  // the average counts padding but not the overhang
            const pad zeros{.top = at.h.before, .bottom = at.h.after, .left = at.w.before, .right = at.w.after};
            x.layer = call.append(zeros, {x.layer}, {}, "pad");
            at.h.before = at.h.after = at.w.before = at.w.after = 0;
            count = false;
        }
    }
    at.h.after += over_h;
    at.w.after += over_w;
    Pool layer{.kernel_h = at.h.kernel,
               .kernel_w = at.w.kernel == at.h.kernel ? 0 : at.w.kernel,
               .stride = at.h.stride,
               .stride_w = at.w.stride == at.h.stride ? 0 : at.w.stride,
               .pad = at.pad()};
    if constexpr (std::is_same_v<Pool, average_pool>) layer.count_padding = count && layer.pad != valid;
    return on_plane(call, call.append(layer, {x.layer}), at.plane);
}

/// Reduces the whole plane, or one of its axes, to one element for each channel.
template <class Global, class Pool>
activation_value reduce(import_call& call, const activation_value& x, bool rows, bool columns) {
    const shape s = call.shape_of(x);
    rows = rows || s.h == 1;
    columns = columns || s.w == 1;
    activation_value made{0, {}, x.order};
    made.layer = rows && columns
                     ? call.append(Global{}, {x.layer})
                     : call.append(Pool{.kernel_h = rows ? s.h : 1, .kernel_w = columns ? s.w : 1}, {x.layer});
    return made;
}

template <class Global, class Pool>
activation_value import_global_pool(import_call& call) {
    const auto& x = call.activation(0);
    const auto plane = plane_at(call, x);
    return on_plane(call, reduce<Global, Pool>(call, x, true, true).layer, plane);
}

template <class Global, class Pool>
activation_value import_reduce(import_call& call) {
    const auto& x = call.activation(0);
    const auto axes = call.list("axes", 1);
    const bool keep = integer_or(call.what, "keepdims", 1) != 0;
    if (axes && axes->empty() && integer_or(call.what, "noop_with_empty_axes", 0) != 0) return x;
    if (!axes || axes->empty()) call.refuse("reduces over the samples", "name the axes");
    std::vector<bool> gone(x.axes.size(), false);
    for (const std::int64_t a : *axes) {
        const auto d = axis_index(call.what, a, x.axes.size() + 1);
        if (d == 0) call.refuse("reduces over the samples");
        gone[d - 1] = true;
    }
    bool rows = false, columns = false;
    axis_list left;
    for (std::size_t d = 0; d < gone.size(); ++d) {
        for (const axis a : x.axes[d]) {
            if (gone[d] && a == axis::c) call.refuse("reduces over the channels");
            if (gone[d]) (a == axis::h ? rows : columns) = true;
        }
        if (!gone[d]) left.push_back(x.axes[d]);
        if (gone[d] && keep) left.emplace_back();
    }
    if (!rows && !columns) return {x.layer, left, x.order, x.sole};
    activation_value made = reduce<Global, Pool>(call, x, rows, columns);
    made.axes = left;
    return made;
}

/// Pads with zeros or another constant around an image or after its channels.
inline activation_value import_pad(import_call& call) {
    const auto& x = call.activation(0);
    const auto pads = call.list("pads", 1);
    const std::size_t rank = x.axes.size() + 1;
    auto axes = call.has(3) ? numbers<std::int64_t>(call.constant(3)) : integer_list{};
    if (axes.empty()) {
        axes.resize(rank);
        std::iota(axes.begin(), axes.end(), 0);
    }
    if (!pads || pads->size() != 2 * axes.size()) call.refuse("its pads do not fit its axes");
    if (std::all_of(pads->begin(), pads->end(), [](std::int64_t p) { return p == 0; })) return x;
    if (const auto mode = text_or(call.what, "mode", "constant"); mode != "constant") {
        call.refuse("pads by '" + io::printable(mode) + "'", "only constants are padded");
    }
    // Axes of size 1 map to no axis of ours; they take the unused axes, in the order C, H, W.
    auto plane = plane_of(x.axes, call.shape_of(x));
    pad layer{.value = call.number("value", 2).value_or(0)};
    axis_list axes_after = x.axes;
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const auto d = axis_index(call.what, axes[i], rank);
        const auto first = (*pads)[i], last = (*pads)[axes.size() + i];
        if (first == 0 && last == 0) continue;
        if (d == 0) call.refuse("pads the samples");
        const auto& m = x.axes[d - 1];
        if (m.size() > 1 || (m.empty() && !plane)) call.refuse("pads an axis that flattening made");
        const axis a = !m.empty() ? m[0] : d == 1 ? axis::c : (*plane)[d - 2];
        if (m.empty() && size_along(call.shape_of(x), a) != 1) call.refuse("pads an axis that lies nowhere");
        const int before = small(call, first, 0), after = small(call, last, 0);
        if (a == axis::h) layer.top = before, layer.bottom = after;
        if (a == axis::w) layer.left = before, layer.right = after;
        if (a == axis::c) layer.channels_before = before, layer.channels_after = after;
        axes_after[d - 1] = {a};
    }
    if (layer.channels_before + layer.channels_after > 0) call.require_file_order(x);
    return {call.append(layer, {x.layer}), axes_after, x.order};
}

/// x[:, :, ::2, ::2]: strided rows and columns from the first on, imported as a pool with a 1x1 window.
inline activation_value import_slice(import_call& call) {
    const auto& x = call.activation(0);
    std::vector<const tensor*> constants{nullptr};
    for (std::size_t i = 1; i < call.inputs.size(); ++i) constants.push_back(call.has(i) ? &call.constant(i) : nullptr);
    const fold_call bounds{call.what, constants, call.budget};
    const auto dims = call.dims_of(x);
    int steps[2] = {1, 1};
    for (const auto& b : slices_of(bounds, dims.size())) {
        const auto range = slice_of(dims[b.axis], b.start, b.end, b.step);
        if (range.count == dims[b.axis] && b.step > 0) continue;
        const bool image = b.axis > 0 && x.axes[b.axis - 1].size() == 1 && x.axes[b.axis - 1][0] != axis::c;
        if (!image || b.step < 1 || range.start != 0 || range.count != (dims[b.axis] - 1) / b.step + 1) {
            call.refuse("takes a part of axis " + std::to_string(b.axis),
                        "only every so many rows or columns from the first are taken");
        }
        steps[x.axes[b.axis - 1][0] == axis::h ? 0 : 1] = static_cast<int>(std::min(b.step, dims[b.axis]));
    }
    if (steps[0] == 1 && steps[1] == 1) return x;
    int from = x.layer;
    if (const auto* before = std::get_if<average_pool>(&call.layers.at(from).what);
        before != nullptr && before->kernel_h == 1 && before->kernel_w == 0 && before->pad == valid) {
        steps[0] *= before->stride;  // merges a slice of a slice
        steps[1] *= before->stride_w == 0 ? before->stride : before->stride_w;
        from = call.layers.at(from).inputs[0];
    }
    const average_pool layer{.kernel_h = 1, .stride = steps[0], .stride_w = steps[1] == steps[0] ? 0 : steps[1]};
    activation_value made{call.append(layer, {from}), x.axes, x.order};
    for (auto& m : made.axes) {
        std::erase_if(m, [&](axis a) { return size_along(call.shape_of(made), a) == 1; });
    }
    return made;
}

}  // namespace detail
}  // namespace EENN_ISA
}  // namespace eenn::onnx

#endif

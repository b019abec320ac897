// SPDX-License-Identifier: MIT
//
// detail/import_dense.hpp - imports Gemm and MatMul as dense layers or pointwise convolutions.
// Floor 6 (io); host subset. Tested by tests/io/onnx/import.cpp. Letters: I, O = inputs, outputs.
#ifndef EENN_IO_ONNX_DETAIL_IMPORT_DENSE_HPP
#define EENN_IO_ONNX_DETAIL_IMPORT_DENSE_HPP

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <eenn/core/isa.hpp>
#include <eenn/io/onnx/detail/import_affine.hpp>
#include <eenn/io/onnx/detail/import_call.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {
namespace detail {

/// A matrix (I,O), or (O,I) if `transposed`.
struct matrix {
    std::size_t inputs = 0;
    std::size_t outputs = 0;
    bool transposed = false;
    std::vector<float> values;

    [[nodiscard]] float at(std::size_t i, std::size_t o) const {
        return values[transposed ? o * inputs + i : i * outputs + o];
    }
};

[[nodiscard]] inline matrix matrix_of(const import_call& call, std::size_t input, bool transposed) {
    const auto& t = call.constant(input);
    if (t.dims.size() != 2 || t.dims[0] < 1 || t.dims[1] < 1) {
        call.refuse("its weight has dims " + io::to_string(t.dims) + ", not two");
    }
    const auto rows = static_cast<std::size_t>(t.dims[0]), columns = static_cast<std::size_t>(t.dims[1]);
    return {transposed ? columns : rows, transposed ? rows : columns, transposed, numbers<float>(t)};
}

/// y = x W. A flattened image needs no flatten layer: the rows of W are permuted to its memory order instead.
[[nodiscard]] inline activation_value make_dense(import_call& call, const activation_value& x, const matrix& w) {
    const shape s = call.shape_of(x);
    if (x.axes.size() != 1 || s.elements() != w.inputs) {
        call.refuse("a value of dims " + io::to_string(call.dims_of(x)) + " meets a weight of " +
                    std::to_string(w.inputs) + " inputs");
    }
    const auto places = memory_order(x.axes[0], s);
    const bool sorted = !x.order.empty();
    const auto& other = sorted ? x.order : places;
    std::vector<float> weight(w.values.size());
    for (std::size_t i = 0; i < w.inputs; ++i) {
        const auto at = static_cast<std::size_t>(other[i]);
        const std::size_t row = sorted ? i : at;
        const std::size_t from = sorted ? at : i;
        for (std::size_t o = 0; o < w.outputs; ++o) weight[row * w.outputs + o] = w.at(from, o);
    }
    const dense layer{.units = static_cast<int>(w.outputs), .bias = false};
    activation_value made{call.append(layer, {x.layer}, {{"weight", std::move(weight)}}), {}, {}};
    made.axes = axes_along(std::array{axis::c}, call.shape_of(made));
    return made;
}

/// alpha A B + beta C, where the rows of A are the samples.
inline activation_value import_gemm(import_call& call) {
    if (integer_or(call.what, "transA", 0) != 0) call.refuse("transposes the samples", "transpose the weight instead");
    matrix w = matrix_of(call, 1, integer_or(call.what, "transB", 0) != 0);
    const auto alpha = static_cast<float>(real_or(call.what, "alpha", 1));
    const auto beta = static_cast<float>(real_or(call.what, "beta", 1));
    for (float& v : w.values) v *= alpha;
    activation_value made = make_dense(call, call.activation(0), w);
    if (!call.has(2) || beta == 0) return made;
    auto shift = by_channel(call, call.constant(2), made);
    for (float& v : shift) v *= beta;
    return apply(call, made, {std::vector<float>(shift.size(), 1.0F), std::move(shift)});
}

/// Multiplies the last axis of x by a matrix. For an image, that axis must be the channels.
inline activation_value import_matmul(import_call& call) {
    const auto& x = call.activation(0);
    const matrix w = matrix_of(call, 1, false);
    if (x.axes.size() == 1) return make_dense(call, x, w);
    call.require_file_order(x);
    const shape s = call.shape_of(x);
    if (x.axes.empty() || x.axes.back() != along(axis::c, s) || std::cmp_not_equal(s.c, w.inputs)) {
        call.refuse("multiplies another axis than the channels", "transpose the channels to the end");
    }
    const conv2d layer{
        .filters = static_cast<int>(w.outputs), .kernel_h = 1, .kernel_w = 1, .pad = valid, .bias = false};
    activation_value made{call.append(layer, {x.layer}, {{"weight", w.values}}), x.axes, {}};
    made.axes.back() = along(axis::c, call.shape_of(made));
    return made;
}

}  // namespace detail
}  // namespace EENN_ISA
}  // namespace eenn::onnx

#endif

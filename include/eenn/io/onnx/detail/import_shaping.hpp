// SPDX-License-Identifier: MIT
//
// detail/import_shaping.hpp - imports operators that only reinterpret axes; they make no layer.
// Floor 6 (io); host subset. Tested by tests/io/onnx/import.cpp.
#ifndef EENN_IO_ONNX_DETAIL_IMPORT_SHAPING_HPP
#define EENN_IO_ONNX_DETAIL_IMPORT_SHAPING_HPP

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

#include <eenn/core/isa.hpp>
#include <eenn/io/onnx/detail/import_call.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {
namespace detail {

/// The same elements under other dims, which include the batch axis.
[[nodiscard]] inline activation_value seen_as(import_call& call, const activation_value& x, const integer_list& dims) {
    const auto wanted = "dims " + io::to_string(call.dims_of(x)) + " become " + io::to_string(dims);
    if (dims.empty() || dims[0] != call.batch) call.refuse(wanted + ": the first axis must stay the samples");
    const auto axes = regroup(x.axes, call.shape_of(x), std::span{dims}.subspan(1));
    if (!axes) call.refuse(wanted + ": that splits an axis, or joins one with a part of another");
    return {x.layer, *axes, x.order, x.sole};
}

inline activation_value import_identity(import_call& call) {
    const bool dropout = call.what.op_type == "Dropout";
    if (dropout && (integer_or(call.what, "is_test", call.opset < 7 ? 0 : 1) == 0 ||
                    call.number("training_mode", 2).value_or(0) != 0)) {
        call.refuse("drops at random", "export the network for inference");
    }
    return call.activation(0);
}

inline activation_value import_cast(import_call& call) {
    if (!is_activation(static_cast<data_type>(integer_or(call.what, "to", 0)))) {
        call.refuse("makes other numbers than floating ones of 16, 32 or 64 bits");
    }
    return call.activation(0);
}

inline activation_value import_reshape(import_call& call) {
    const auto& x = call.activation(0);
    const auto wanted = call.list("shape", 1);
    if (!wanted) call.refuse("lacks its shape");
    return seen_as(call, x, reshaped(call.what, call.dims_of(x), *wanted));
}

inline activation_value import_flatten(import_call& call) {
    const auto& x = call.activation(0);
    const auto dims = call.dims_of(x);
    const auto given = integer_or(call.what, "axis", 1);
    const auto at = given == std::ssize(dims) ? dims.size() : axis_index(call.what, given, dims.size());
    integer_list flat{1, 1};
    for (std::size_t d = 0; d < dims.size(); ++d) flat[d < at ? 0 : 1] *= dims[d];
    return seen_as(call, x, flat);
}

inline activation_value import_squeeze(import_call& call) {
    const auto& x = call.activation(0);
    const auto axes = call.list("axes", 1);
    auto dims = call.dims_of(x);
    if (axes || call.batch != 1) return seen_as(call, x, squeezed(call.what, dims, axes));
    integer_list kept{dims[0]};  // drops all axes of size 1 but the batch axis
    for (std::size_t d = 1; d < dims.size(); ++d) {
        if (dims[d] != 1) kept.push_back(dims[d]);
    }
    return seen_as(call, x, kept);
}

inline activation_value import_unsqueeze(import_call& call) {
    const auto& x = call.activation(0);
    const auto axes = call.list("axes", 1);
    if (!axes) call.refuse("lacks its axes");
    return seen_as(call, x, unsqueezed(call.what, call.dims_of(x), *axes));
}

inline activation_value import_transpose(import_call& call) {
    const auto& x = call.activation(0);
    const auto perm = permutation(call.what, x.axes.size() + 1);
    if (perm[0] != 0) call.refuse("moves the batch axis");
    activation_value made = x;
    for (std::size_t d = 1; d < perm.size(); ++d) made.axes[d - 1] = x.axes[perm[d] - 1];
    return made;
}

}  // namespace detail
}  // namespace EENN_ISA
}  // namespace eenn::onnx

#endif

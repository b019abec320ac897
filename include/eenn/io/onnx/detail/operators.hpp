// SPDX-License-Identifier: MIT
//
// detail/operators.hpp - the operators that can be imported, with their supported attributes.
// Floor 6 (io); host subset. Tested by tests/io/onnx/conformance.cpp.
#ifndef EENN_IO_ONNX_DETAIL_OPERATORS_HPP
#define EENN_IO_ONNX_DETAIL_OPERATORS_HPP

#include <string_view>

#include <eenn/core/isa.hpp>
#include <eenn/io/onnx/detail/import_affine.hpp>
#include <eenn/io/onnx/detail/import_call.hpp>
#include <eenn/io/onnx/detail/import_dense.hpp>
#include <eenn/io/onnx/detail/import_elementwise.hpp>
#include <eenn/io/onnx/detail/import_shaping.hpp>
#include <eenn/io/onnx/detail/import_windows.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {
namespace detail {

struct import_operator {
    std::string_view op_type;
    std::string_view attributes;  ///< supported ones, each preceded by a space
    activation_value (*import)(import_call&);
};

inline constexpr std::string_view window_attributes =
    " auto_pad ceil_mode count_include_pad dilations group kernel_shape pads storage_order strides";

// Covers opsets 7 to 21, and older forms with the same meaning. Anything else is refused, not guessed.
inline constexpr import_operator import_operators[] = {
    {"Add", " broadcast", import_add},
    {"AveragePool", window_attributes, import_pool<average_pool>},
    {"BatchNormalization", " consumed_inputs epsilon is_test momentum spatial training_mode", import_batch_norm},
    {"Cast", " to saturate", import_cast},
    {"Clip", " consumed_inputs min max", import_clip},
    {"Concat", " axis", import_concat},
    {"Conv", window_attributes, import_conv},
    {"Div", " broadcast", import_divide},
    {"Dropout", " consumed_inputs is_test ratio seed", import_identity},
    {"Flatten", " axis", import_flatten},
    {"Gemm", " alpha beta broadcast transA transB", import_gemm},
    {"GlobalAveragePool", "", import_global_pool<global_average_pool, average_pool>},
    {"GlobalMaxPool", "", import_global_pool<global_max_pool, max_pool>},
    {"HardSigmoid", " consumed_inputs alpha beta", import_hard_sigmoid},
    {"HardSwish", "", import_activation<hard_swish>},
    {"Identity", "", import_identity},
    {"LeakyRelu", " consumed_inputs alpha", import_leaky_relu},
    {"LogSoftmax", " axis", import_softmax},
    {"MatMul", "", import_matmul},
    {"MaxPool", window_attributes, import_pool<max_pool>},
    {"Mul", " broadcast", import_multiply},
    {"Neg", " consumed_inputs", import_negate},
    {"Pad", " mode pads value", import_pad},
    {"PRelu", " consumed_inputs", import_prelu},
    {"ReduceMax", " axes keepdims noop_with_empty_axes", import_reduce<global_max_pool, max_pool>},
    {"ReduceMean", " axes keepdims noop_with_empty_axes", import_reduce<global_average_pool, average_pool>},
    {"Relu", " consumed_inputs", import_activation<relu>},
    {"Reshape", " consumed_inputs allowzero shape", import_reshape},
    {"Sigmoid", " consumed_inputs", import_activation<sigmoid>},
    {"Slice", " axes ends starts", import_slice},
    {"Softmax", " axis", import_softmax},
    {"Squeeze", " axes", import_squeeze},
    {"Sub", " broadcast", import_subtract},
    {"Sum", " consumed_inputs", import_sum},
    {"Tanh", " consumed_inputs", import_activation<eenn::tanh>},
    {"Transpose", " perm", import_transpose},
    {"Unsqueeze", " axes", import_unsqueeze},
};

[[nodiscard]] constexpr const import_operator* find_import_operator(std::string_view op_type) noexcept {
    for (const auto& known : import_operators) {
        if (known.op_type == op_type) return &known;
    }
    return nullptr;
}

/// Whether a list of attributes contains that name.
[[nodiscard]] constexpr bool lists(std::string_view attributes, std::string_view name) noexcept {
    while (!attributes.empty()) {
        attributes.remove_prefix(1);
        const auto end = attributes.find(' ');
        if (attributes.substr(0, end) == name) return true;
        attributes = end == std::string_view::npos ? std::string_view{} : attributes.substr(end);
    }
    return false;
}

}  // namespace detail
}  // namespace EENN_ISA
}  // namespace eenn::onnx

#endif

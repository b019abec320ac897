// SPDX-License-Identifier: MIT
//
// detail/import_affine.hpp - multiplication and addition with constants, and batch norms: y = scale x + shift for each channel.
// Floor 6 (io); host subset. Tested by tests/io/onnx/import.cpp.
#ifndef EENN_IO_ONNX_DETAIL_IMPORT_AFFINE_HPP
#define EENN_IO_ONNX_DETAIL_IMPORT_AFFINE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

#include <eenn/core/isa.hpp>
#include <eenn/io/onnx/detail/import_call.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {
namespace detail {

/// scale[k] and shift[k] of channel k, in our channel order.
struct affine_map {
    std::vector<float> scale;
    std::vector<float> shift;
};

/// Reorders values from the file's element order to our channel order.
[[nodiscard]] inline std::vector<float> in_our_order(const activation_value& x, std::vector<float> values) {
    if (x.order.empty()) return values;
    std::vector<float> sorted(values.size());
    for (std::size_t k = 0; k < sorted.size(); ++k) sorted[k] = values[static_cast<std::size_t>(x.order[k])];
    return sorted;
}

/// Expands a constant operand of an elementwise operator to one value for each channel. A flattened x becomes a vector.
[[nodiscard]] inline std::vector<float> by_channel(import_call& call, const tensor& constant, activation_value& x) {
    const auto values = numbers<float>(constant);
    if (values.empty()) call.refuse("meets an empty constant");
    const auto rank = x.axes.size() + 1;
    if (constant.dims.size() > rank) call.refuse("gives its input more axes", "give the constant fewer");
    const bool uniform = std::all_of(values.begin(), values.end(), [&](float v) { return v == values[0]; });
    std::size_t varies = 0;  // the one axis along which the constant varies
    const auto dims = call.dims_of(x);
    for (std::size_t d = 0; d < constant.dims.size(); ++d) {
        const std::size_t at = rank - constant.dims.size() + d;
        if (constant.dims[d] == 1) continue;
        if (at == 0 || constant.dims[d] != dims[at]) {
            call.refuse("meets a constant of dims " + io::to_string(constant.dims) + " with a value of dims " +
                        io::to_string(dims));
        }
        if (varies != 0 && !uniform) call.refuse("meets a constant that varies along several axes");
        varies = at;
    }
    if (uniform) {
        const auto channels = static_cast<std::size_t>(call.shape_of(x).c);
        if (channels > std::max(import_call::most_features, values.size())) call.refuse("has too many channels");
        return std::vector<float>(channels, values[0]);
    }
    if (rank == 2) x = call.features(x);
    if (x.axes[varies - 1] != along(axis::c, call.shape_of(x))) {
        call.refuse("meets a constant that varies along another axis than the channels");
    }
    return in_our_order(x, values);
}

/// y = scale x + shift: merged into the convolution, dense layer or affine layer that makes x, otherwise a batch norm.
[[nodiscard]] inline activation_value apply(import_call& call, const activation_value& x, affine_map map,
                                            const std::string& part = {}) {
    draft_layer& from = call.layers.at(x.layer);
    const auto into_weights = [&](auto& layer) {
        auto& weight = from.values("weight");
        const std::size_t outputs = map.scale.size();
        for (std::size_t i = 0; i < weight.size(); ++i) weight[i] *= map.scale[i % outputs];
        if (!layer.bias && std::all_of(map.shift.begin(), map.shift.end(), [](float v) { return v == 0; })) return x;
        if (!layer.bias) from.tensors.push_back({"bias", std::vector<float>(outputs, 0.0F)});
        layer.bias = true;
        auto& bias = from.values("bias");
        for (std::size_t k = 0; k < outputs; ++k) bias[k] = bias[k] * map.scale[k] + map.shift[k];
        return x;
    };
    if (auto* layer = std::get_if<conv2d>(&from.what); layer != nullptr && x.sole) return into_weights(*layer);
    if (auto* layer = std::get_if<dense>(&from.what); layer != nullptr && x.sole) return into_weights(*layer);

    int input = x.layer;
    if (from.affine) {  // two in a row are merged
        const auto& gamma = from.values("gamma");
        const auto& beta = from.values("beta");
        for (std::size_t k = 0; k < gamma.size(); ++k) {
            map.shift[k] += map.scale[k] * beta[k];
            map.scale[k] *= gamma[k];
        }
        input = from.inputs[0];
    }
    const std::size_t channels = map.scale.size();
    std::vector<named_tensor> tensors{{"gamma", std::move(map.scale)}, {"beta", std::move(map.shift)}};
    tensors.push_back({"mean", std::vector<float>(channels, 0.0F)});
    tensors.push_back({"var", std::vector<float>(channels, 1.0F)});
    const int made = call.append(batch_norm{.epsilon = 0.0}, {input}, std::move(tensors), part);
    call.layers.at(made).affine = true;
    return {made, x.axes, x.order};
}

/// The same with a single scale and shift.
[[nodiscard]] inline activation_value apply(import_call& call, const activation_value& x, double scale, double shift,
                                            const std::string& part = {}) {
    const auto channels = static_cast<std::size_t>(call.shape_of(x).c);
    if (channels > import_call::most_features) call.refuse("has too many channels");
    return apply(call, x,
                 {std::vector<float>(channels, static_cast<float>(scale)),
                  std::vector<float>(channels, static_cast<float>(shift))},
                 part);
}

inline activation_value import_batch_norm(import_call& call) {
    activation_value x = call.activation(0);
    if (integer_or(call.what, "training_mode", 0) != 0 || integer_or(call.what, "spatial", 1) != 1 ||
        integer_or(call.what, "is_test", call.opset < 7 ? 0 : 1) == 0) {
        call.refuse("normalises by the batch or by the pixel", "export the network for inference");
    }
    if (x.axes.size() == 1) x = call.features(x);
    const auto channels = static_cast<std::size_t>(call.shape_of(x).c);
    if (x.axes.empty() || x.axes[0] != along(axis::c, call.shape_of(x))) {
        call.refuse("normalises another axis than the channels");
    }
    std::vector<std::vector<float>> given;
    for (std::size_t i = 1; i < 5; ++i) {
        given.push_back(call.floats(i));
        if (given.back().size() != channels) {
            call.refuse("its input " + std::to_string(i) + " has " + std::to_string(given.back().size()) +
                        " elements for " + std::to_string(channels) + " channels");
        }
        given.back() = in_our_order(x, std::move(given.back()));
    }
    const double epsilon = real_or(call.what, "epsilon", 1e-5);
    // ONNX's momentum is the share that is kept, ours the share that is new. Rounding turns 1 - 0.9f back into 0.1f.
    const double momentum = std::round((1 - real_or(call.what, "momentum", 0.9)) * 1e6) / 1e6;
    const draft_layer& from = call.layers.at(x.layer);
    const bool weighted = std::holds_alternative<conv2d>(from.what) || std::holds_alternative<dense>(from.what);
    if (call.options.fold_norms && weighted && x.sole) {
        affine_map map{given[0], given[1]};
        for (std::size_t k = 0; k < channels; ++k) {
            const double scale = given[0][k] / std::sqrt(given[3][k] + epsilon);
            map.scale[k] = static_cast<float>(scale);
            map.shift[k] = static_cast<float>(given[1][k] - given[2][k] * scale);
        }
        return apply(call, x, std::move(map));
    }
    std::vector<named_tensor> tensors;
    constexpr std::string_view names[] = {"gamma", "beta", "mean", "var"};
    for (std::size_t i = 0; i < 4; ++i) tensors.push_back({names[i], std::move(given[i])});
    const batch_norm layer{.epsilon = epsilon, .momentum = momentum};
    return {call.append(layer, {x.layer}, std::move(tensors)), x.axes, x.order};
}

}  // namespace detail
}  // namespace EENN_ISA
}  // namespace eenn::onnx

#endif

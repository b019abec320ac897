// SPDX-License-Identifier: MIT
//
// detail/export_layers.hpp - converts a graph's layers to ONNX operators, from channels last to channels first.
// Floor 6 (io); host subset. Tested by tests/io/onnx/export.cpp.
// Letters: N = samples, H, W, C = height, width, channels; I, O = inputs, outputs.
#ifndef EENN_IO_ONNX_DETAIL_EXPORT_LAYERS_HPP
#define EENN_IO_ONNX_DETAIL_EXPORT_LAYERS_HPP

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/onnx/detail/build.hpp>
#include <eenn/io/onnx/detail/export_options.hpp>
#include <eenn/network/detail/lower.hpp>
#include <eenn/network/standard.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {
namespace detail {

/// Layers that are one operator without constants: elementwise, or applied across the channels of each pixel.
struct plain_operator {
    std::string_view layer;
    const char* op_type;
};
inline constexpr plain_operator plain_operators[] = {
    {identity::kind, "Identity"}, {dropout::kind, "Identity"}, {relu::kind, "Relu"},
    {sigmoid::kind, "Sigmoid"},   {eenn::tanh::kind, "Tanh"},  {eenn::add::kind, "Add"},
};

[[nodiscard]] constexpr const char* plain_operator_of(std::string_view layer) noexcept {
    for (const auto& known : plain_operators) {
        if (known.layer == layer) return known.op_type;
    }
    return nullptr;
}

template <class L>
concept PlainLayer = plain_operator_of(L::kind)
!= nullptr;

/// Whether a shape is a feature vector, (N,C) in the file. All other shapes are images, (N,C,H,W).
[[nodiscard]] constexpr bool is_vector(const shape& s) noexcept { return s.h == 1 && s.w == 1; }

/// Transposes our weight (kh,kw,I/G,O) to ONNX's (O,I/G,kh,kw).
[[nodiscard]] inline std::vector<float> convolution_weight(const conv2d& layer, int inputs,
                                                           std::span<const float> ours) {
    std::vector<float> theirs;
    const int taps = layer.kernel_h * layer.kernel_w;
    for (int o = 0; o < layer.filters; ++o) {
        for (int i = 0; i < inputs; ++i) {
            for (int tap = 0; tap < taps; ++tap) {
                theirs.push_back(ours.begin()[(tap * inputs + i) * layer.filters + o]);
            }
        }
    }
    return theirs;
}

/// Reorders a dense weight's rows (H W C,O) to C H W, the order in which ONNX flattens an image.
[[nodiscard]] inline std::vector<float> channels_first_rows(shape in, int units, std::span<const float> ours) {
    std::vector<float> theirs;
    for (int c = 0; c < in.c; ++c) {
        for (int pixel = 0; pixel < in.pixels(); ++pixel) {
            const auto row = ours.begin() + (pixel * in.c + c) * units;
            theirs.insert(theirs.end(), row, row + units);
        }
    }
    return theirs;
}

/// Appends a graph's layers to a builder, each once and on demand.
///
/// A value exists in one or both of two forms: an image (N,C,H,W), or a vector (N, H W C). Dense layers take and make
/// only vectors. Layers that work on either form keep it; a reshape is appended where the forms differ. A flatten has
/// no operator of its own: its readers request its input as a vector, and a dense layer permutes its weight instead.
class layer_writer {
public:
    /// Graph and parameters (plan.parameter_elements()) must outlive this object.
    layer_writer(builder& to, const eenn::graph& g, std::span<const float> parameters, const export_options& options)
        : to_{to}, nodes_{g.nodes()}, options_{options}, values_(nodes_.size()), tensors_(nodes_.size()) {
        if (g.here() == edge{0}) raise("onnx", "the graph has no layers", "append at least one");
        const plan lowered = lower(g);
        if (const auto wanted = lowered.view().parameter_elements(); parameters.size() != wanted) {
            raise("onnx", "the graph has " + std::to_string(wanted) + " parameters, " +
                              std::to_string(parameters.size()) + " were given");
        }
        for (const auto& tensor : lowered.tensors) {
            tensors_[tensor.node].push_back(parameters.subspan(tensor.offset, tensor.spec.elements()));
        }
    }

    /// A node's name in the file.
    [[nodiscard]] std::string name_of(edge node) const {
        const std::size_t i = node.index();
        if (node == edge{0}) return options_.input;
        if (i < options_.node_names.size() && !options_.node_names[i].empty()) return options_.node_names[i];
        return std::string{kind_of(node)} + "_" + std::to_string(node.number);
    }
    [[nodiscard]] shape shape_of(edge node) const { return at(node).out; }

    /// Type and sizes of a node's value at the file's inputs and outputs: a vector if it has one pixel.
    [[nodiscard]] value_info declared(edge node, std::string name, dimension batch) const {
        const shape s = shape_of(node);
        std::vector<dimension> dims = is_vector(s) ? dimensions({0, s.c}) : dimensions({0, s.c, s.h, s.w});
        dims[0] = std::move(batch);
        return {std::move(name), data_type::float32, true, std::move(dims)};
    }
    /// A node's value in that form.
    std::string value(edge node) { return is_vector(shape_of(node)) ? vector(node) : image(node); }
    /// Supplies a node's value, in that form, from outside.
    void provide(edge node, const std::string& name) {
        forms& v = forms_of(node);
        (is_vector(shape_of(node)) ? v.vector : v.image) = name;
    }

    /// A node's value as (N, H W C); appends the node and its dependencies if needed.
    std::string vector(edge node) {
        require(node);
        forms& v = forms_of(node);
        if (!v.vector.empty()) return v.vector;
        if (flattens(node)) return v.vector = vector(input(node));
        std::string from = v.image;
        if (!is_vector(shape_of(node))) {
            from = to_.add("Transpose", name_of(node) + ".rows", {from}, {integers("perm", {0, 2, 3, 1})});
        }
        return v.vector = to_.add("Flatten", name_of(node) + ".flat", {from});
    }

    /// The same as (N,C,H,W).
    std::string image(edge node) {
        require(node);
        forms& v = forms_of(node);
        if (!v.image.empty()) return v.image;
        return v.image = to_.add("Unsqueeze", name_of(node) + ".image",
                                 {vector(node), to_.shared("axes_2_3", constant_of<std::int64_t>({2}, plane_axes))});
    }

private:
    struct forms {
        std::string image;
        std::string vector;
        [[nodiscard]] bool made() const { return !image.empty() || !vector.empty(); }
    };
    static constexpr std::int64_t plane_axes[] = {2, 3};

    [[nodiscard]] std::string_view kind_of(edge node) const {
        return std::visit([](const auto& layer) { return std::string_view{layer.kind}; }, at(node).what);
    }
    [[nodiscard]] const eenn::graph::node& at(edge node) const { return nodes_[node]; }
    [[nodiscard]] bool flattens(edge node) const {
        return node > edge{0} && std::holds_alternative<flatten>(at(node).what);
    }
    [[nodiscard]] edge input(edge node, std::size_t which = 0) const { return at(node).inputs[which]; }
    [[nodiscard]] forms& forms_of(edge node) { return values_[node]; }

    void require(edge node) {
        std::set<edge> needed{node};
        for (edge i = node; i > edge{0}; --i) {
            if (!needed.contains(i) || forms_of(i).made()) continue;
            needed.insert(at(i).sources().begin(), at(i).sources().end());
        }
        for (const edge i : needed) {  // ascending
            if (i == edge{0} || forms_of(i).made()) continue;
            std::visit([&](const auto& layer) { write(i, layer); }, at(i).what);
        }
    }

    /// Appends an operator that computes a node's value.
    void make(edge node, bool as_image, const std::string& op_type, std::vector<std::string> inputs,
              std::vector<attribute> attributes = {}) {
        forms& v = forms_of(node);
        (as_image ? v.image : v.vector) = to_.add(op_type, name_of(node), std::move(inputs), std::move(attributes));
    }
    void make_image(edge node, const std::string& op_type, std::vector<std::string> inputs,
                    std::vector<attribute> attributes = {}) {
        make(node, true, op_type, std::move(inputs), std::move(attributes));
    }

    /// A node's inputs in a common form: their own, or images if any input is one.
    struct alike {
        bool as_image = false;
        std::vector<std::string> names;
    };
    alike inputs_alike(edge node) {
        alike made;
        for (const edge source : at(node).sources()) made.as_image = made.as_image || !forms_of(source).image.empty();
        for (const edge source : at(node).sources())
            made.names.push_back(made.as_image ? image(source) : vector(source));
        return made;
    }

    /// A node's parameter tensors, in the order of its layer's tensors().
    [[nodiscard]] std::span<const float> parameter(edge node, std::size_t which) const { return tensors_[node][which]; }
    std::string constant(edge node, const std::string& name, const tensor& value) {
        return to_.constant(name_of(node) + "." + name, value);
    }
    std::string scalar(edge node, const std::string& name, float value) {
        return constant(node, name, scalar_of(value));
    }
    std::string per_channel(edge node, const std::string& name, std::size_t which) {
        const auto values = parameter(node, which);
        return constant(node, name, constant_of({std::ssize(values)}, values));
    }

    /// Appends an operator that works on either form.
    void keep_form(edge node, const std::string& op_type, const std::vector<std::string>& constants = {},
                   std::vector<attribute> attributes = {}) {
        auto [as_image, from] = inputs_alike(node);
        from.insert(from.end(), constants.begin(), constants.end());
        make(node, as_image, op_type, std::move(from), std::move(attributes));
    }

    void write(edge, const flatten&) {}

    template <PlainLayer L>
    void write(edge node, const L&) {
        keep_form(node, plain_operator_of(L::kind));
    }
    void write(edge node, const relu6&) {
        keep_form(node, "Clip", {to_.shared("clip.0", scalar_of(0.0F)), to_.shared("clip.6", scalar_of(6.0F))});
    }
    void write(edge node, const leaky_relu& layer) {
        keep_form(node, "LeakyRelu", {}, {real_number("alpha", layer.slope)});
    }
    void write(edge node, const hard_sigmoid&) { keep_form(node, "HardSigmoid", {}, hard_gate()); }
    void write(edge node, const hard_swish&) {
        if (options_.opset >= 14) {
            keep_form(node, "HardSwish");
            return;
        }
        const auto x = inputs_alike(node);
        const auto gate = to_.add("HardSigmoid", name_of(node) + ".gate", x.names, hard_gate());
        make(node, x.as_image, "Mul", {x.names[0], gate});
    }
    void write(edge node, const softmax&) { keep_form(node, "Softmax", {}, {integer("axis", 1)}); }
    void write(edge node, const concat&) { keep_form(node, "Concat", {}, {integer("axis", 1)}); }
    void write(edge node, const batch_norm& layer) {
        keep_form(node, "BatchNormalization",
                  {per_channel(node, "gamma", 0), per_channel(node, "beta", 1), per_channel(node, "mean", 2),
                   per_channel(node, "var", 3)},
                  {real_number("epsilon", layer.epsilon)});
    }
    void write(edge node, const multiply&) {
        if (shape_of(input(node, 0)) == shape_of(input(node, 1))) {
            keep_form(node, "Mul");
        } else {
            make_image(node, "Mul", {image(input(node, 0)), image(input(node, 1))});
        }
    }
    void write(edge node, const conv2d& layer) {
        const shape in = shape_of(input(node));
        const int inputs = in.c / layer.groups;
        const auto weight = convolution_weight(layer, inputs, parameter(node, 0));
        std::vector<std::string> from{
            image(input(node)),
            constant(node, "weight",
                     constant_of<float>({layer.filters, inputs, layer.kernel_h, layer.kernel_w}, weight))};
        if (layer.bias) from.push_back(per_channel(node, "bias", 1));
        const auto g = layer.geometry(in);
        auto attributes =
            window(layer.pad, in, {g.kernel_h, g.stride_h, g.dilation_h}, {g.kernel_w, g.stride_w, g.dilation_w});
        attributes.push_back(integers("dilations", {g.dilation_h, g.dilation_w}));
        attributes.push_back(integer("group", layer.groups));
        make_image(node, "Conv", std::move(from), std::move(attributes));
    }
    void write(edge node, const dense& layer) {
        edge read = input(node);
        while (flattens(read)) read = input(read);
        const shape in = shape_of(read);
        const auto rows = static_cast<std::int64_t>(in.elements());
        const bool permutes = !is_vector(in) && forms_of(read).vector.empty();
        std::vector<float> permuted;
        if (permutes) permuted = channels_first_rows(in, layer.units, parameter(node, 0));
        const auto weight = permutes ? std::span<const float>{permuted} : parameter(node, 0);
        std::vector<std::string> from{
            permutes ? to_.add("Flatten", name_of(node) + ".flat", {image(read)}) : vector(read),
            constant(node, "weight", constant_of({rows, layer.units}, weight))};
        if (layer.bias) from.push_back(per_channel(node, "bias", 1));
        make(node, false, "Gemm", std::move(from));
    }
    void write(edge node, const max_pool& layer) { make_pool(node, "MaxPool", layer, {}); }
    void write(edge node, const average_pool& layer) {
        make_pool(node, "AveragePool", layer, {integer("count_include_pad", layer.count_padding ? 1 : 0)});
    }
    void write(edge node, const global_average_pool&) { make_image(node, "GlobalAveragePool", {image(input(node))}); }
    void write(edge node, const global_max_pool&) { make_image(node, "GlobalMaxPool", {image(input(node))}); }
    void write(edge node, const pad& layer) {
        const std::int64_t amounts[] = {0, layer.channels_before, layer.top,    layer.left,
                                        0, layer.channels_after,  layer.bottom, layer.right};
        make_image(node, "Pad",
                   {image(input(node)), constant(node, "pads", constant_of<std::int64_t>({8}, amounts)),
                    scalar(node, "value", layer.value)});
    }

    struct axis_of_window {
        int kernel;
        int stride;
        int dilation;
    };
    /// The attributes shared by convolutions and pools. Padding is written as amounts, whichever rule produced it.
    [[nodiscard]] static std::vector<attribute> window(const padding& p, shape in, axis_of_window h, axis_of_window w) {
        const auto rows = place_window(in.h, h.kernel, h.stride, h.dilation, p.how, p.top, p.bottom);
        const auto columns = place_window(in.w, w.kernel, w.stride, w.dilation, p.how, p.left, p.right);
        return {integers("kernel_shape", {h.kernel, w.kernel}), integers("strides", {h.stride, w.stride}),
                integers("pads", {rows.before, columns.before, rows.after, columns.after})};
    }
    template <class Pool>
    void make_pool(edge node, const std::string& op_type, const Pool& layer, std::vector<attribute> attributes) {
        const shape in = shape_of(input(node));
        const auto g = layer.window().geometry(in, false);
        for (auto& a : window(layer.pad, in, {g.kernel_h, g.stride_h, 1}, {g.kernel_w, g.stride_w, 1})) {
            attributes.push_back(std::move(a));
        }
        make_image(node, op_type, {image(input(node))}, std::move(attributes));
    }
    [[nodiscard]] static std::vector<attribute> hard_gate() {
        return {real_number("alpha", 1.0F / 6), real_number("beta", 0.5F)};
    }

    builder& to_;
    const id_vector<edge, eenn::graph::node>& nodes_;
    const export_options& options_;
    id_vector<edge, forms> values_;
    id_vector<edge, std::vector<std::span<const float>>> tensors_;
};

}  // namespace detail
}  // namespace EENN_ISA
}  // namespace eenn::onnx

#endif

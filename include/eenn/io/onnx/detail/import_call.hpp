// SPDX-License-Identifier: MIT
//
// detail/import_call.hpp - one operator of a model while it becomes layers: what it reads, and what it may ask and
// change.
// Floor 6 (io); host subset. tests/io/onnx/import.cpp reaches it.
#ifndef EENN_IO_ONNX_DETAIL_IMPORT_CALL_HPP
#define EENN_IO_ONNX_DETAIL_IMPORT_CALL_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/onnx/detail/attributes.hpp>
#include <eenn/io/onnx/detail/axes.hpp>
#include <eenn/io/onnx/detail/draft.hpp>
#include <eenn/io/onnx/detail/fold.hpp>
#include <eenn/io/onnx/detail/import_options.hpp>
#include <eenn/io/onnx/detail/model.hpp>
#include <eenn/io/onnx/detail/values.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {
namespace detail {

/// What flows between operators: a layer's output, and how the file sees its axes.
struct activation_value {
    int layer = 0;
    axis_list axes;
    std::vector<int> order;  ///< channel k of ours is element order[k] of the file's; as they are if empty
    bool sole = true;        ///< nobody else reads the layer, so it may be changed
};

/// What a name of the model stands for: nothing yet, a constant or an activation.
using operand = std::variant<std::monostate, const tensor*, activation_value>;

/// What an importing operator has at hand.
struct import_call {
    const node& what;
    std::vector<operand> inputs;  ///< absent ones are std::monostate
    draft& layers;
    std::vector<std::string>& notes;
    const import_options& options;
    fold_budget& budget;
    std::int64_t batch;  ///< size of the batch axis in the file; 1 where it is open
    std::int64_t opset;
    bool ends;  ///< nothing that computes follows

    [[nodiscard]] std::string where() const { return describe(what); }
    [[nodiscard]] std::string name() const { return what.name.empty() ? what.outputs[0] : what.name; }
    [[noreturn]] void refuse(const std::string& reason, const std::string& remedy = {}) const {
        raise(where(), reason, remedy);
    }

    [[nodiscard]] bool has(std::size_t i) const { return i < inputs.size() && inputs[i].index() != 0; }
    [[nodiscard]] bool is_constant(std::size_t i) const {
        return i < inputs.size() && std::holds_alternative<const tensor*>(inputs[i]);
    }
    [[nodiscard]] const tensor& constant(std::size_t i) const {
        if (!is_constant(i)) refuse("its input " + std::to_string(i) + " is no constant");
        return *std::get<const tensor*>(inputs[i]);
    }
    [[nodiscard]] const activation_value& activation(std::size_t i) const {
        if (i >= inputs.size() || !std::holds_alternative<activation_value>(inputs[i])) {
            refuse("its input " + std::to_string(i) + " does not come from the network's input");
        }
        return std::get<activation_value>(inputs[i]);
    }
    [[nodiscard]] std::vector<float> floats(std::size_t i) const { return numbers<float>(constant(i)); }

    /// Integers or a number that old opsets have as an attribute, new ones as an input.
    [[nodiscard]] std::optional<integer_list> list(std::string_view attribute, std::size_t input) const {
        if (auto given = integers_in(what, attribute)) return given;
        return has(input) ? std::optional{numbers<std::int64_t>(constant(input))} : std::nullopt;
    }
    [[nodiscard]] std::optional<double> number(std::string_view attribute, std::size_t input) const {
        if (const auto* a = find_attribute(what, attribute, attribute::kind_of::real)) return a->real;
        if (!has(input)) return std::nullopt;
        const auto values = numbers<double>(constant(input));
        if (values.size() != 1) refuse("its input " + std::to_string(input) + " is no single number");
        return values[0];
    }

    [[nodiscard]] const shape& shape_of(const activation_value& x) const { return layers.shape_of(x.layer); }
    /// The dims that the file gives it.
    [[nodiscard]] integer_list dims_of(const activation_value& x) const {
        integer_list dims{batch};
        for (const auto& m : x.axes) dims.push_back(size_of(m, shape_of(x)));
        return dims;
    }

    /// Appends a layer; `part` tells the layers of one operator apart.
    int append(const eenn::graph::layer& layer, std::vector<int> from, std::vector<named_tensor> tensors = {},
               const std::string& part = {}) {
        try {
            return layers.append(part.empty() ? name() : name() + "." + part, layer, std::move(from),
                                 std::move(tensors));
        } catch (const error& e) {
            refuse(e.what());
        }
    }
    /// The same value after a layer that looks at each element alone.
    activation_value elementwise(const eenn::graph::layer& layer, const activation_value& x) {
        return {append(layer, {x.layer}), x.axes, x.order};
    }

    /// A flattened image as a vector of channels, for what treats each of its elements in a way of its own.
    activation_value features(const activation_value& x) {
        if (x.axes.size() != 1) refuse("needs a vector, got dims " + io::to_string(dims_of(x)), "flatten it before");
        const shape s = shape_of(x);
        if (s.pixels() == 1) return x;
        if (s.elements() > most_features) refuse("flattens more than 2^20 elements");
        const auto places = memory_order(x.axes[0], s);
        activation_value made{append(flatten{}, {x.layer}, {}, "flatten"), {}, std::vector<int>(places.size())};
        int next = 0;
        for (const int place : places) made.order[static_cast<std::size_t>(place)] = next++;
        made.axes = axes_along(std::array{axis::c}, shape_of(made));
        return made;
    }
    static constexpr std::size_t most_features = 1U << 20;

    /// Raises where the channels have another order than the file's.
    void require_file_order(const activation_value& x) const {
        if (!x.order.empty()) refuse("reads features whose order flattening changed", "flatten right before a Gemm");
    }
};

}  // namespace detail
}  // namespace EENN_ISA
}  // namespace eenn::onnx

#endif

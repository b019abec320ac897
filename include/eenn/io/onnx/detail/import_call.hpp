// SPDX-License-Identifier: MIT
//
// detail/import_call.hpp - one operator during import: what it reads, and what it may query and change.
// Floor 6 (io); host subset. Tested by tests/io/onnx/import.cpp.
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

/// A value that flows between operators: a layer's output, and its axes as the file sees them.
struct activation_value {
    int layer = 0;
    axis_list axes;
    std::vector<int> order;  ///< our channel k is element order[k] in the file; empty: same order
    bool sole = true;        ///< no other operator reads the layer, so it may be changed
};

/// The meaning of a name in the model: undefined yet, a constant or an activation.
using operand = std::variant<std::monostate, const tensor*, activation_value>;

/// Everything that the import of an operator works with.
struct import_call {
    const node& what;
    std::vector<operand> inputs;  ///< absent ones are std::monostate
    draft& layers;
    std::vector<std::string>& notes;
    const import_options& options;
    fold_budget& budget;
    std::int64_t batch;  ///< size of the batch axis in the file; 1 if open
    std::int64_t opset;
    bool ends;  ///< no computing node follows

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

    /// Integers that are an attribute in old opsets and an input in new ones.
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
    /// A value's dims as the file sees them.
    [[nodiscard]] integer_list dims_of(const activation_value& x) const {
        integer_list dims{batch};
        for (const auto& m : x.axes) dims.push_back(size_of(m, shape_of(x)));
        return dims;
    }

    /// Appends a layer; `part` distinguishes the layers of one operator.
    int append(const eenn::graph::layer& layer, std::vector<int> from, std::vector<named_tensor> tensors = {},
               const std::string& part = {}) {
        try {
            return layers.append(part.empty() ? name() : name() + "." + part, layer, std::move(from),
                                 std::move(tensors));
        } catch (const error& e) {
            refuse(e.what());
        }
    }
    /// The same value after an elementwise layer.
    activation_value elementwise(const eenn::graph::layer& layer, const activation_value& x) {
        return {append(layer, {x.layer}), x.axes, x.order};
    }

    /// Turns a flattened image into a vector of channels, for operators with a separate constant for each element.
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

    /// Raises if the channel order differs from the file's.
    void require_file_order(const activation_value& x) const {
        if (!x.order.empty()) refuse("reads features whose order flattening changed", "flatten right before a Gemm");
    }
};

}  // namespace detail
}  // namespace EENN_ISA
}  // namespace eenn::onnx

#endif

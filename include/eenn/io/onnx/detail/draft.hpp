// SPDX-License-Identifier: MIT
//
// detail/draft.hpp - a network during import: layers and tensors that may still change, later a graph with parameters.
// Floor 6 (io); host subset. Tested by tests/io/onnx/import.cpp.
#ifndef EENN_IO_ONNX_DETAIL_DRAFT_HPP
#define EENN_IO_ONNX_DETAIL_DRAFT_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <eenn/core/aligned.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/network/detail/lower.hpp>
#include <eenn/network/edit.hpp>
#include <eenn/network/standard.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {
namespace detail {

/// A parameter tensor of a layer, in our layout.
struct named_tensor {
    std::string_view name;
    std::vector<float> values;
};

/// A layer of the draft. `inputs` are earlier layers; layer 0 is the network's input.
struct draft_layer {
    eenn::graph::layer what{};
    std::vector<int> inputs;
    shape out{};
    std::vector<named_tensor> tensors;
    std::string name;
    bool affine = false;  ///< a batch norm that stands for a multiplication and an addition with constants

    [[nodiscard]] std::vector<float>& values(std::string_view tensor) {
        const auto found =
            std::find_if(tensors.begin(), tensors.end(), [&](const named_tensor& t) { return t.name == tensor; });
        if (found == tensors.end()) raise("onnx", "a layer lacks its tensor '" + std::string{tensor} + "'");
        return found->values;
    }
};

class draft {
public:
    /// Whether a value of this shape is within a network's limits.
    [[nodiscard]] static bool fits(std::int64_t h, std::int64_t w, std::int64_t c) noexcept {
        constexpr std::int64_t most = most_elements;
        return h >= 1 && w >= 1 && c >= 1 && h <= most && w <= most && c <= most && h * w <= most && h * w * c <= most;
    }

    draft(shape input, std::string name) {
        layers_.push_back({.what = {}, .inputs = {}, .out = input, .tensors = {}, .name = std::move(name)});
    }

    [[nodiscard]] draft_layer& at(int layer) { return layers_[static_cast<std::size_t>(layer)]; }
    [[nodiscard]] const shape& shape_of(int layer) const { return layers_[static_cast<std::size_t>(layer)].out; }

    /// Appends a layer and returns its number. Raises if it does not fit its inputs.
    int append(const std::string& name, const eenn::graph::layer& what, std::vector<int> inputs,
               std::vector<named_tensor> tensors = {}) {
        draft_layer made{what, std::move(inputs), {}, std::move(tensors), name};
        std::vector<shape> shapes;
        for (const int i : made.inputs) shapes.push_back(shape_of(i));
        const auto result = std::visit([&](const auto& layer) { return layer.output(shapes); }, what);
        if (result.why.kind != fault_kind::none) raise(name, std::string{text_of(result.why).view()});
        made.out = result.value;
        if (!made.out.fits()) raise(name, "its value has more than 2^28 elements");
        layers_.push_back(std::move(made));
        return static_cast<int>(layers_.size()) - 1;
    }

    struct finished {
        eenn::graph network;
        aligned_vector<float> parameters;
        std::map<node_id, std::string> names;
    };

    /// The layers that `last` depends on, with their numbers in the draft as ids.
    [[nodiscard]] finished finish(int last) const {
        eenn::graph all{layers_[0].out};
        finished made{all, {}, {}};
        for (std::size_t i = 1; i < layers_.size(); ++i) {
            std::vector<edge> from;
            for (const int input : layers_[i].inputs) from.push_back(edge{input});
            all.put(layers_[i].what, from);
        }
        made.network = without_unneeded(all.at(edge{last}));
        for (const auto& node : made.network.nodes())
            made.names[node.id] = layers_[static_cast<std::size_t>(node.id.number)].name;
        const plan lowered = lower(made.network);
        made.parameters.resize(lowered.view().parameter_elements());
        for (const auto& info : lowered.tensors) {
            const draft_layer& from = layers_[static_cast<std::size_t>(info.id.number)];
            const auto found = std::find_if(from.tensors.begin(), from.tensors.end(),
                                            [&](const named_tensor& t) { return t.name == info.spec.name; });
            if (found == from.tensors.end() || found->values.size() != info.spec.elements()) {
                raise(from.name, "its " + std::string{info.spec.name} + " has not the " +
                                     std::to_string(info.spec.elements()) + " elements that its layer needs");
            }
            std::copy(found->values.begin(), found->values.end(), made.parameters.data() + info.offset);
        }
        return made;
    }

private:
    std::vector<draft_layer> layers_;
};

}  // namespace detail
}  // namespace EENN_ISA
}  // namespace eenn::onnx

#endif

// SPDX-License-Identifier: MIT
//
// detail/import.hpp - import_network(), node by node.
// Floor 6 (io); host subset. Tested by tests/io/onnx/import.cpp. Letters: N = samples, H, W, C = height, width, channels, L = length of a signal.
#ifndef EENN_IO_ONNX_DETAIL_IMPORT_HPP
#define EENN_IO_ONNX_DETAIL_IMPORT_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <eenn/core/aligned.hpp>
#include <eenn/core/detail/flow.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/onnx/detail/import_call.hpp>
#include <eenn/io/onnx/detail/import_options.hpp>
#include <eenn/io/onnx/detail/model.hpp>
#include <eenn/io/onnx/detail/operators.hpp>
#include <eenn/io/onnx/import.hpp>
#include <eenn/io/onnx/read.hpp>
#include <eenn/network/model.hpp>
#include <eenn/text/detail/json_reader.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {

namespace detail {

/// Interpretations of the input's axes, by their number, the most likely ones first.
struct input_layout {
    std::size_t axes;
    std::array<axis, 3> order;
    const char* note;
};
inline constexpr input_layout input_layouts[] = {
    {3, {axis::c, axis::h, axis::w}, nullptr},
    {3, {axis::h, axis::w, axis::c}, "the file's input is (N,H,W,C)"},
    {2, {axis::c, axis::w}, nullptr},
    {2, {axis::w, axis::c}, "the file's input is (N,L,C)"},
    {2, {axis::h, axis::w}, "the file's input is (N,H,W), images of one channel"},
    {1, {axis::c}, nullptr},
    {0, {}, nullptr},
};

/// Visits the nodes of a model once: folds constants, converts the rest to layers.
class importer {
public:
    importer(const model& from, const import_options& options)
        : from_{from.network}, options_{options}, budget_{stored_elements(from.network)} {
        const auto found = from.opsets.find("");
        opset_ = found == from.opsets.end() ? 0 : found->second;
        if (found == from.opsets.end()) raise("onnx", "the file names no opset", "is it a model of ONNX operators?");
        if (opset_ < oldest || opset_ > latest) {
            raise("onnx", "the file is of opset " + std::to_string(opset_),
                  "opsets " + std::to_string(oldest) + " to " + std::to_string(latest) + " are read");
        }
        for (const auto& t : from_.initializers) constants_[t.name] = &t;
        find_ends();
    }

    [[nodiscard]] imported run() {
        const std::size_t axes = input_->dims.size() - 1;
        std::string first_reason;
        for (const auto& layout : input_layouts) {
            if (layout.axes != axes) continue;
            try {
                imported made = run(layout);
                if (layout.note != nullptr) made.notes.insert(made.notes.begin(), layout.note);
                return made;
            } catch (const error& e) {
                if (first_reason.empty()) first_reason = e.what();
            }
        }
        throw error{first_reason};
    }

private:
    static constexpr std::int64_t oldest = 1;
    static constexpr std::int64_t latest = 21;

    [[nodiscard]] static std::size_t stored_elements(const graph& g) {
        std::size_t bytes = 0;
        for (const auto& t : g.initializers) bytes += t.bytes.size();
        for (const auto& n : g.nodes) {
            for (const auto& a : n.attributes) {
                for (const auto& t : a.tensors) bytes += t.bytes.size();
            }
        }
        return bytes;
    }

    // Finds the one input that is not a constant, the output, and the nodes between them.
    void find_ends() {
        for (const auto& value : from_.inputs) {
            if (constants_.contains(value.name)) continue;  // files of IR version 3 also list their constants here
            if (input_ != nullptr)
                raise("onnx", "has the inputs '" + input_->name + "' and '" + value.name + "'", "one is read");
            input_ = &value;
        }
        if (input_ == nullptr) raise("onnx", "has no input");
        if (!input_->ranked || input_->dims.empty() || input_->dims.size() > 4) {
            raise("onnx", "its input '" + input_->name + "' has not one to four axes");
        }
        if (!is_activation(input_->type)) raise("onnx", "its input '" + input_->name + "' holds no floating numbers");
        for (const auto& value : from_.outputs) {
            if (options_.output.empty() || value.name == options_.output) output_ = value.name;
        }
        if (output_.empty()) raise("onnx", "has no output '" + options_.output + "'");

        std::set<std::string> wanted{output_};
        live_.assign(from_.nodes.size(), false);
        uses_[output_] = 1;
        for (std::size_t i = from_.nodes.size(); i-- > 0;) {
            const node& n = from_.nodes[i];
            live_[i] = std::any_of(n.outputs.begin(), n.outputs.end(),
                                   [&](const std::string& name) { return !name.empty() && wanted.contains(name); });
            if (!live_[i]) continue;
            for (const auto& name : n.inputs) {
                wanted.insert(name);
                ++uses_[name];
            }
        }
        // Walks back from the output over nodes that only change its view.
        std::string ending = output_;
        for (std::size_t i = from_.nodes.size(); i-- > 0;) {
            const node& n = from_.nodes[i];
            if (n.outputs.empty() || n.outputs[0] != ending) continue;
            ends_ = i;
            constexpr std::string_view views[] = {"Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Dropout"};
            const bool view = std::find(std::begin(views), std::end(views), n.op_type) != std::end(views);
            if (!view || n.inputs.empty() || uses_[n.inputs[0]] != 1) break;
            ending = n.inputs[0];
        }
    }

    [[nodiscard]] imported run(const input_layout& layout) {
        shape s{1, 1, 1};
        batch_ = input_->dims[0].size >= 1 ? input_->dims[0].size : 1;
        for (std::size_t d = 0; d < layout.axes; ++d) {
            const axis a = layout.order[d];
            std::int64_t size = input_->dims[d + 1].size;
            if (size <= 0 && options_.input) size = size_along(*options_.input, a);
            if (size <= 0) {
                raise("onnx", "axis " + std::to_string(d + 1) + " of its input '" + input_->name + "' has no size",
                      "give import_options::input");
            }
            if (!draft::fits(size, 1, 1)) raise("onnx", "its input is too large");
            (a == axis::h ? s.h : a == axis::w ? s.w : s.c) = static_cast<int>(size);
        }
        if (!draft::fits(s.h, s.w, s.c)) raise("onnx", "its input is too large");

        draft layers{s, input_->name};
        notes_.clear();
        if (input_->type != data_type::float32)
            notes_.emplace_back("the network calculates in 32-bit floating numbers");
        made_.clear();
        budget_ = fold_budget{stored_elements(from_)};
        values_.clear();
        for (const auto& [name, t] : constants_) values_.emplace(name, t);
        values_[input_->name] =
            activation_value{0, axes_along(std::span{layout.order}.first(layout.axes), s), {}, false};

        std::vector<std::string> refused;
        for (std::size_t i = 0; i < from_.nodes.size(); ++i) {
            if (live_[i]) take(i, layers, refused);
        }
        if (!refused.empty()) {
            std::string all = std::to_string(refused.size()) + (refused.size() == 1 ? " node has" : " nodes have");
            all += " no layer here:";
            for (const auto& one : refused) all += "\n  " + one;
            raise("onnx", all);
        }
        return finish(layers);
    }

    [[nodiscard]] imported finish(draft& layers) {
        const auto found = values_.find(output_);
        if (found == values_.end()) raise("onnx", "nothing makes its output '" + output_ + "'");
        if (!std::holds_alternative<activation_value>(found->second)) {
            raise("onnx", "its output '" + output_ + "' does not depend on its input");
        }
        auto& last = std::get<activation_value>(found->second);
        const shape s = layers.shape_of(last.layer);
        const merged order = order_of(last.axes);
        const bool ours = order == order_of(axes_along(std::array{axis::h, axis::w, axis::c}, s));
        const bool theirs = order == order_of(axes_along(std::array{axis::c, axis::h, axis::w}, s));
        if ((!ours && !theirs) || !last.order.empty()) {
            raise("onnx", "its output '" + output_ + "' has its elements in another order than C, H, W or H, W, C");
        }
        if (ours && !theirs) notes_.push_back("the file's output is (N,H,W,C)");
        if (last.layer == 0) last.layer = layers.append(output_, identity{}, {0});
        auto done = layers.finish(last.layer);
        imported made;
        made.network = std::move(done.network);
        made.parameters = std::move(done.parameters);
        made.names = std::move(done.names);
        made.input = input_->name;
        made.output = output_;
        made.notes = notes_;
        return made;
    }

    // Converts one node to a constant, a layer or a reason for refusal. Nodes after a refused one are only judged by
    // their type.
    void take(std::size_t index, draft& layers, std::vector<std::string>& refused) {
        const node& n = from_.nodes[index];
        const auto* folds = n.domain.empty() ? find_fold_operator(n.op_type) : nullptr;
        const auto* imports = n.domain.empty() ? find_import_operator(n.op_type) : nullptr;
        try {
            if (folds == nullptr && imports == nullptr) raise(describe(n), "this operator has no layer", "replace it");
            std::vector<operand> inputs;
            bool constant = true;
            for (const auto& name : n.inputs) {
                const auto found = values_.find(name);
                if (!name.empty() && found == values_.end()) {
                    if (made_.contains(name)) return skip(n);  // made by a refused node
                    raise(describe(n), "reads '" + io::printable(name) + "', which nothing before it makes");
                }
                inputs.push_back(name.empty() ? operand{} : found->second);
                constant = constant && !std::holds_alternative<activation_value>(inputs.back());
            }
            if (n.outputs.empty()) raise(describe(n), "makes nothing");
            if (constant || n.op_type == "Shape" || n.op_type == "Size") {
                if (folds == nullptr) raise(describe(n), "its inputs are constants, of which it is not calculated");
                folded_.push_back(fold(n, folds, inputs, layers));
                define(n, &folded_.back());
            } else {
                if (imports == nullptr) raise(describe(n), "no layer does so with activations");
                for (const auto& a : n.attributes) {
                    if (!lists(imports->attributes, a.name)) {
                        raise(describe(n), "has the unknown attribute '" + io::printable(a.name) + "'");
                    }
                }
                import_call call{n,      std::move(inputs), layers, notes_, options_, budget_, batch_,
                                 opset_, index >= ends_};
                activation_value made = imports->import(call);
                made.sole = made.sole && uses_[n.outputs[0]] == 1;
                define(n, std::move(made));
            }
        } catch (const error& e) {
            refused.emplace_back(e.what());
            skip(n);
        }
    }

    [[nodiscard]] tensor fold(const node& n, const fold_operator* folds, const std::vector<operand>& inputs,
                              const draft& layers) {
        std::vector<const tensor*> constants;
        tensor sizes;  // Shape and Size of an activation need only its dims
        for (const auto& input : inputs) {
            if (const auto* x = std::get_if<activation_value>(&input)) {
                sizes.dims = {batch_};
                for (const auto& m : x->axes) sizes.dims.push_back(size_of(m, layers.shape_of(x->layer)));
                constants.push_back(&sizes);
            } else {
                const auto* t = std::get_if<const tensor*>(&input);
                constants.push_back(t != nullptr ? *t : nullptr);
            }
        }
        tensor made = folds->evaluate({n, constants, budget_});
        made.name = n.outputs[0];
        check(made);
        return made;
    }

    void skip(const node& n) { made_.insert(n.outputs.begin(), n.outputs.end()); }

    // Defines the first output. Others, such as Dropout's mask, stay undefined.
    void define(const node& n, operand made) {
        if (!values_.emplace(n.outputs[0], std::move(made)).second) {
            raise(describe(n), "makes '" + io::printable(n.outputs[0]) + "', which is there already");
        }
    }

    const graph& from_;
    const import_options& options_;
    fold_budget budget_;
    std::int64_t opset_ = 0;
    std::int64_t batch_ = 1;
    const value_info* input_ = nullptr;
    std::string output_;
    std::size_t ends_ = 0;  ///< after this node, only views of the output follow
    std::vector<bool> live_;
    std::map<std::string, int> uses_;
    std::map<std::string, const tensor*> constants_;
    std::deque<tensor> folded_;
    std::map<std::string, operand> values_;
    std::set<std::string> made_;
    std::vector<std::string> notes_;
};

/// Reads preprocessing and class names from the metadata. Entries of an unknown form stay in the metadata, with a note.
inline void read_metadata(imported& made) {
    const auto try_read = [&](const char* key, auto&& read) {
        const auto found = made.metadata.find(key);
        if (found == made.metadata.end()) return;
        try {
            read(found->second);
            made.metadata.erase(found);
        } catch (const error& e) {
            made.notes.push_back(std::string{"the metadata '"} + key + "' are not taken: " + e.what());
        }
    };
    try_read("preprocessing", [&](const std::string& json) {
        const preprocessing how = preprocessing_from_json(json, "preprocessing");
        check(how, made.network.input().c);
        made.prepare = how;
    });
    try_read("classes", [&](const std::string& json) {
        std::vector<std::string> classes;
        text::json_reader reader{json, "classes"};
        reader.array([&] { classes.push_back(reader.string()); });
        reader.end();
        const std::size_t logits = made.network.shape_of(made.network.here()).elements();
        if (classes.size() != logits)
            raise("classes", std::to_string(classes.size()) + " names for " + std::to_string(logits) + " logits");
        made.classes = std::move(classes);
    });
}

}  // namespace detail

}  // namespace EENN_ISA
inline namespace EENN_HOST {

EENN_FLOW imported import_network(const model& from, const import_options& options) {
    imported made = detail::importer{from, options}.run();
    made.metadata = from.metadata;
    detail::read_metadata(made);
    return made;
}

EENN_FLOW imported read_network(const std::filesystem::path& path, const import_options& options) {
    try {
        return import_network(read_model(path), options);
    } catch (const error& e) {
        raise("read_network(" + path.string() + ")", e.what());
    }
}

EENN_FLOW eenn::model read(const std::filesystem::path& path, const import_options& options) {
    return read_network(path, options);
}

}  // namespace EENN_HOST
}  // namespace eenn::onnx

#endif

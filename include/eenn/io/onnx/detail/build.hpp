// SPDX-License-Identifier: MIT
//
// detail/build.hpp - builds ONNX graphs: attributes, constants, unique names, nested graphs.
// Floor 6 (io); host subset. Tested by tests/io/onnx/write.cpp.
#ifndef EENN_IO_ONNX_DETAIL_BUILD_HPP
#define EENN_IO_ONNX_DETAIL_BUILD_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <eenn/core/isa.hpp>
#include <eenn/io/onnx/detail/model.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {
namespace detail {

static_assert(std::endian::native == std::endian::little,
              "build.hpp copies numbers into tensors as they lie, so it needs a little-endian machine");

template <class T>
[[nodiscard]] attribute make_attribute(std::string name, attribute::kind_of kind, T attribute::*member, T value) {
    attribute made;
    made.name = std::move(name);
    made.kind = kind;
    made.*member = std::move(value);
    return made;
}
[[nodiscard]] inline attribute integer(std::string name, std::int64_t value) {
    return make_attribute(std::move(name), attribute::kind_of::integer, &attribute::integer, value);
}
[[nodiscard]] inline attribute real_number(std::string name, float value) {
    return make_attribute(std::move(name), attribute::kind_of::real, &attribute::real, value);
}
[[nodiscard]] inline attribute integers(std::string name, std::vector<std::int64_t> values) {
    return make_attribute(std::move(name), attribute::kind_of::integers, &attribute::integers, std::move(values));
}
[[nodiscard]] inline attribute constant_value(tensor value) {
    return make_attribute("value", attribute::kind_of::tensor, &attribute::tensors, {std::move(value)});
}
[[nodiscard]] inline attribute subgraph(std::string name, graph value) {
    return make_attribute(std::move(name), attribute::kind_of::graph, &attribute::graphs, {std::move(value)});
}

template <class T>
inline constexpr data_type data_type_of = data_type::undefined;
template <>
inline constexpr data_type data_type_of<float> = data_type::float32;
template <>
inline constexpr data_type data_type_of<std::int64_t> = data_type::int64;
template <>
inline constexpr data_type data_type_of<bool> = data_type::boolean;

/// A constant with these values.
template <class T>
[[nodiscard]] tensor constant_of(std::vector<std::int64_t> dims, std::span<const T> values) {
    static_assert(data_type_of<T> != data_type::undefined, "eenn: no ONNX constant of this type is needed");
    const auto bytes = std::as_bytes(values);
    return {{}, data_type_of<T>, std::move(dims), {bytes.begin(), bytes.end()}};
}
/// A constant without axes.
template <class T>
[[nodiscard]] tensor scalar_of(T value) {
    return constant_of<T>({}, std::span<const T>{&value, 1});
}
/// A constant of one axis and one element.
template <class T>
[[nodiscard]] tensor single_of(T value) {
    return constant_of<T>({1}, std::span<const T>{&value, 1});
}

[[nodiscard]] inline std::vector<dimension> dimensions(const std::vector<std::int64_t>& sizes) {
    std::vector<dimension> made;
    for (const std::int64_t size : sizes) made.push_back({.size = size, .name = {}});
    return made;
}

/// Appends nodes and constants to the open graph. branch() opens a nested graph, which can read all values made before,
/// so names are unique across all graphs.
class builder {
public:
    explicit builder(std::string name) { whole_.name = std::move(name); }
    builder(const builder&) = delete;
    builder& operator=(const builder&) = delete;

    /// Returns `wanted`, or `wanted_2`, ... if that name is taken.
    std::string claim(const std::string& wanted) {
        std::string name = wanted;
        for (int i = 2; !names_.insert(name).second; ++i) name = wanted + "_" + std::to_string(i);
        return name;
    }

    /// Appends an operator with one output named like the node, and returns the name.
    std::string add(const std::string& op_type, const std::string& wanted, std::vector<std::string> inputs,
                    std::vector<attribute> attributes = {}) {
        return add(op_type, wanted, std::move(inputs), 1, std::move(attributes))[0];
    }
    /// The same for several outputs; those after the first are numbered.
    std::vector<std::string> add(const std::string& op_type, const std::string& wanted, std::vector<std::string> inputs,
                                 int outputs, std::vector<attribute> attributes = {}) {
        std::vector<std::string> made{claim(wanted)};
        for (int i = 1; i < outputs; ++i) made.push_back(claim(made[0] + "." + std::to_string(i)));
        append({made[0], op_type, {}, std::move(inputs), made, std::move(attributes)});
        return made;
    }
    /// Appends a node that already has its names.
    void append(node made) { open_->nodes.push_back(std::move(made)); }

    /// Adds a constant and returns its name.
    std::string constant(const std::string& wanted, tensor value) {
        value.name = claim(wanted);
        open_->initializers.push_back(value);
        return open_->initializers.back().name;
    }

    /// Returns the name of a constant shared by several operators, all in the open graph or nested in it.
    std::string shared(const std::string& name, const tensor& value) {
        auto& made = shared_[name];
        if (made.empty()) made = constant(name, value);
        return made;
    }

    void input(value_info what) { open_->inputs.push_back(std::move(what)); }
    void output(value_info what) { open_->outputs.push_back(std::move(what)); }

    /// Renames a value of the open graph to an output's name. Inserts an Identity if the value has to keep its own
    /// name. Nodes appended later must not read the old name.
    void rename(const std::string& from, const std::string& to) {
        const auto before = renamed_.find(from);
        const bool made_here = std::any_of(open_->nodes.begin(), open_->nodes.end(), [&](const node& n) {
            return std::find(n.outputs.begin(), n.outputs.end(), from) != n.outputs.end();
        });
        if (before != renamed_.end() || !made_here) {
            append({to, "Identity", {}, {before != renamed_.end() ? before->second : from}, {to}, {}});
            return;
        }
        for (auto& n : open_->nodes) {
            std::replace(n.inputs.begin(), n.inputs.end(), from, to);
            std::replace(n.outputs.begin(), n.outputs.end(), from, to);
        }
        renamed_[from] = to;
    }

    /// A nested graph with the nodes that fill() appends.
    template <class Fill>
    [[nodiscard]] graph branch(std::string name, Fill&& fill) {
        graph inner;
        inner.name = std::move(name);
        graph* const outer = std::exchange(open_, &inner);
        fill();
        open_ = outer;
        return inner;
    }

    [[nodiscard]] graph finish() { return std::move(whole_); }

private:
    graph whole_;
    graph* open_ = &whole_;
    std::set<std::string> names_;
    std::map<std::string, std::string> shared_;
    std::map<std::string, std::string> renamed_;
};

}  // namespace detail
}  // namespace EENN_ISA
}  // namespace eenn::onnx

#endif

// SPDX-License-Identifier: MIT
//
// build_model.hpp - small models, written node by node.
#ifndef EENN_TESTS_IO_ONNX_BUILD_MODEL_HPP
#define EENN_TESTS_IO_ONNX_BUILD_MODEL_HPP

#include <cstddef>
#include <cstdint>
#include <eenn/io/onnx/detail/build.hpp>
#include <eenn/io/onnx/detail/model.hpp>
#include <numeric>
#include <string>
#include <vector>

// A model with the input "x" of the given dims (-1: open) and the output "y".
struct small_model {
    eenn::onnx::model made;

    explicit small_model(const std::vector<std::int64_t>& dims, std::int64_t opset = 13) {
        made.opsets[""] = opset;
        made.network.inputs.push_back(
            {"x", eenn::onnx::data_type::float32, true, eenn::onnx::detail::dimensions(dims)});
        made.network.outputs.push_back({"y", eenn::onnx::data_type::float32, false, {}});
    }
    small_model& node(const std::string& op_type, std::vector<std::string> inputs, const std::string& output,
                      std::vector<eenn::onnx::attribute> attributes = {}) {
        made.network.nodes.push_back({"", op_type, "", std::move(inputs), {output}, std::move(attributes)});
        return *this;
    }
    template <class T>
    small_model& constant(const std::string& name, std::vector<std::int64_t> dims, const std::vector<T>& values) {
        auto t = eenn::onnx::detail::constant_of<T>(std::move(dims), values);
        t.name = name;
        made.network.initializers.push_back(t);
        return *this;
    }
    small_model& floats(const std::string& name, std::vector<std::int64_t> dims, const std::vector<float>& values) {
        return constant<float>(name, std::move(dims), values);
    }
    small_model& integers(const std::string& name, const std::vector<std::int64_t>& values) {
        return constant<std::int64_t>(name, {static_cast<std::int64_t>(values.size())}, values);
    }
    small_model& number(const std::string& name, std::int64_t value) {
        return constant<std::int64_t>(name, {}, {value});
    }
};

// first, first + step, ...
inline std::vector<float> ramp(std::size_t count, float first = 0, float step = 1) {
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = first + step * static_cast<float>(i);
    return values;
}

#endif

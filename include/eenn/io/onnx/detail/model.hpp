// SPDX-License-Identifier: MIT
//
// detail/model.hpp - an ONNX file as plain values, shared by read.hpp, fold.hpp, import.hpp, export.hpp and write.hpp.
// Floor 6 (io); host subset. Tested by tests/io/onnx/read.cpp.
#ifndef EENN_IO_ONNX_DETAIL_MODEL_HPP
#define EENN_IO_ONNX_DETAIL_MODEL_HPP

#include <eenn/core/detail/flow.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#if defined(EENN_COMPILED_WITHOUT_ONNX)
#error "eenn::compiled was built where protozero was not installed and has no ONNX: build it again, or link without it"
#endif

namespace eenn::onnx {
inline namespace EENN_HOST {

/// @brief TensorProto.DataType, with the same numbers.
enum class data_type : int {
    undefined = 0,
    float32 = 1,
    uint8 = 2,
    int8 = 3,
    uint16 = 4,
    int16 = 5,
    int32 = 6,
    int64 = 7,
    string = 8,
    boolean = 9,
    float16 = 10,
    float64 = 11,
    uint32 = 12,
    uint64 = 13,
    bfloat16 = 16,
};

/// @brief A constant: row-major, little-endian bytes, whatever its storage form in the file.
struct tensor {
    std::string name;
    data_type type = data_type::undefined;
    std::vector<std::int64_t> dims;
    std::vector<std::byte> bytes;
};

struct graph;

/// @brief AttributeProto. `kind` selects the member that holds the value.
struct attribute {
    /// AttributeProto.AttributeType, with the same numbers; other kinds become `undefined`.
    enum class kind_of : int {
        undefined = 0,
        real = 1,
        integer = 2,
        string = 3,
        tensor = 4,
        graph = 5,
        reals = 6,
        integers = 7,
        strings = 8
    };
    std::string name;
    kind_of kind = kind_of::undefined;
    float real = 0;
    std::int64_t integer = 0;
    std::string string;
    std::vector<float> reals;
    std::vector<std::int64_t> integers;
    std::vector<std::string> strings;
    std::vector<tensor> tensors;  ///< one for kind tensor
    std::vector<graph> graphs;    ///< one for kind graph
};

/// @brief NodeProto. An empty name stands for an absent optional input.
struct node {
    std::string name;
    std::string op_type;
    std::string domain;  ///< "" is the standard domain
    std::vector<std::string> inputs;
    std::vector<std::string> outputs;
    std::vector<attribute> attributes;
};

/// @brief One axis: a size, or unknown (-1) with its name in the file.
struct dimension {
    std::int64_t size = -1;
    std::string name;
};

/// @brief ValueInfoProto of a tensor. `ranked` is false if the file gives no shape.
struct value_info {
    std::string name;
    data_type type = data_type::undefined;
    bool ranked = true;
    std::vector<dimension> dims;
};

/// @brief GraphProto. Nodes are in topological order.
struct graph {
    std::string name;
    std::vector<node> nodes;
    std::vector<tensor> initializers;
    std::vector<value_info> inputs;
    std::vector<value_info> outputs;
    std::vector<value_info> values;
};

/// @brief ModelProto.
struct model {
    std::int64_t ir_version = 8;
    std::string producer;
    std::map<std::string, std::int64_t> opsets;  ///< domain ("" is the standard one) to version
    std::map<std::string, std::string> metadata;
    graph network;
};

}  // namespace EENN_HOST
}  // namespace eenn::onnx

#endif

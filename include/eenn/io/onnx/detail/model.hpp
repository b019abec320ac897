// SPDX-License-Identifier: MIT
//
// detail/model.hpp - an ONNX file as plain values: what read.hpp parses, fold.hpp and import.hpp understand,
// export.hpp builds and write.hpp writes.
// Floor 6 (io); host subset. tests/io/onnx/read.cpp reaches it.
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

/// @brief TensorProto.DataType, with its numbers.
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

/// @brief A constant: row-major, little-endian bytes, whichever of the file format's ways it was stored in.
struct tensor {
    std::string name;
    data_type type = data_type::undefined;
    std::vector<std::int64_t> dims;
    std::vector<std::byte> bytes;
};

struct graph;

/// @brief AttributeProto: the member that `kind` names holds the value.
struct attribute {
    /// AttributeProto.AttributeType, with its numbers; other kinds are kept as `undefined`.
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

/// @brief NodeProto. An absent optional input is an empty name.
struct node {
    std::string name;
    std::string op_type;
    std::string domain;  ///< "" is the standard's
    std::vector<std::string> inputs;
    std::vector<std::string> outputs;
    std::vector<attribute> attributes;
};

/// @brief One axis: a size, or unknown (-1) with the name the file gives it.
struct dimension {
    std::int64_t size = -1;
    std::string name;
};

/// @brief ValueInfoProto of a tensor. `ranked` is false where the file gives no shape at all.
struct value_info {
    std::string name;
    data_type type = data_type::undefined;
    bool ranked = true;
    std::vector<dimension> dims;
};

/// @brief GraphProto; nodes come in topological order.
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
    std::map<std::string, std::int64_t> opsets;  ///< domain ("" is the standard's) to version
    std::map<std::string, std::string> metadata;
    graph network;
};

}  // namespace EENN_HOST
}  // namespace eenn::onnx

#endif

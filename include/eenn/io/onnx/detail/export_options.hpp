// SPDX-License-Identifier: MIT
//
// detail/export_options.hpp - what a caller may say about an exported file.
// Floor 6 (io); host subset. tests/io/onnx/export.cpp reaches it.
#ifndef EENN_IO_ONNX_DETAIL_EXPORT_OPTIONS_HPP
#define EENN_IO_ONNX_DETAIL_EXPORT_OPTIONS_HPP

#include <map>
#include <span>
#include <string>

#include <eenn/core/detail/flow.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/onnx/detail/model.hpp>

namespace eenn::onnx {
inline namespace EENN_HOST {

/// @brief What a caller may say about an exported file.
struct export_options {
    int opset = 13;                ///< of the standard operators, 13 to 21; from 14 on there is a HardSwish
    std::string name = "network";  ///< of the graph
    std::string input = "input";
    std::string output = "logits";
    int batch = 0;  ///< of export_network: a size, or 0 for a first axis that is free and named N
    bool all_exits =
        true;  ///< of export_network: the logits of early exits are outputs too, "logits_0", "logits_1", ...
    std::span<const std::string> node_names{};  ///< by node of the graph; where empty or absent: "conv2d_3"
    std::map<std::string, std::string> metadata{};
};

}  // namespace EENN_HOST
inline namespace EENN_ISA {

namespace detail {

/// A model around `network`, in the format version that came with the opset.
[[nodiscard]] inline model wrap(graph network, const export_options& options) {
    const int ir = options.opset < 15 ? 7 : options.opset < 19 ? 8 : options.opset < 21 ? 9 : 10;
    return {.ir_version = ir,
            .producer = "eenn",
            .opsets = {{"", options.opset}},
            .metadata = options.metadata,
            .network = std::move(network)};
}

inline void check(const export_options& options) {
    if (options.opset < 13 || options.opset > 21) {
        raise("onnx", "opset " + std::to_string(options.opset) + " is not written", "ask for one of 13 to 21");
    }
    if (options.batch < 0) raise("onnx", "a batch of " + std::to_string(options.batch) + " samples cannot be");
}

}  // namespace detail

}  // namespace EENN_ISA
}  // namespace eenn::onnx

#endif

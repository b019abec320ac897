// SPDX-License-Identifier: MIT
//
// detail/export_options.hpp - options of exported files.
// Floor 6 (io); host subset. Tested by tests/io/onnx/export.cpp.
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

/// @brief Options of an exported file.
struct export_options {
    int opset = 13;                ///< of the standard operators, 13 to 21; HardSwish exists from 14 on
    std::string name = "network";  ///< name of the graph
    std::string input = "input";
    std::string output = "logits";
    int batch = 0;          ///< export_network() only: batch size, or 0 for a free first axis named N
    bool all_exits = true;  ///< export_network() only: early exits' logits are outputs too, "logits_0", "logits_1", ...
    std::span<const std::string> node_names{};  ///< indexed by graph node; if empty or missing: "conv2d_3"
    std::map<std::string, std::string> metadata{};
};

}  // namespace EENN_HOST
inline namespace EENN_ISA {

namespace detail {

/// Wraps `network` in a model, in the file format version released with the opset.
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

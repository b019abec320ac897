// SPDX-License-Identifier: MIT
//
// import.hpp - imports ONNX models as networks with parameters.
// Floor 6 (io); host subset. Letters: N = samples, H, W, C = height, width, channels, L = length of a signal.
#ifndef EENN_IO_ONNX_IMPORT_HPP
#define EENN_IO_ONNX_IMPORT_HPP

#include <eenn/core/detail/flow.hpp>
#include <eenn/io/onnx/detail/import_options.hpp>
#include <eenn/io/onnx/detail/model.hpp>
#include <eenn/network/detail/basic_model.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace eenn::onnx {
inline namespace EENN_HOST {

/// @brief A model imported from an ONNX file. Its names are those of the file's nodes, or of their outputs.
/// Preprocessing and class names come from the metadata `preprocessing` and `classes`, if these hold what
/// preprocessing_from_json() reads and a list of names, respectively.
struct imported : eenn::model {
    std::string input;               ///< name of the network's input in the file
    std::string output;              ///< name of the network's output in the file
    std::vector<std::string> notes;  ///< differences between the network and the file
};

/// @brief Imports the network of a model, for one sample, in our layout.
///
/// Images (N,C,H,W) become (H,W,C), signals (N,C,L) become (1,L,C), vectors (N,C) become (1,1,C). Constants are folded.
/// Transposes, reshapes and flattens are tracked but move no data: a dense layer reorders its weight's rows to match
/// the preceding image instead. A softmax at the end is dropped, because networks end in logits.
///
/// @par Cost    one pass over the model, and a second copy of the parameters in memory.
/// @par Errors  eenn::error listing every node that has no matching layer, with its name, type and reason.
/// @par Source  onnx/onnx, Operators.md, opsets 7 to 21.
[[nodiscard]] EENN_FLOW imported import_network(const model& from, const import_options& options = {});

/// @brief import_network() of a file, with the names of its input and output and with notes.
[[nodiscard]] EENN_FLOW imported read_network(const std::filesystem::path& path, const import_options& options = {});

/// @brief Reads a model from an ONNX file: read_network() without names of ends and notes.
[[nodiscard]] EENN_FLOW eenn::model read(const std::filesystem::path& path, const import_options& options = {});

}  // namespace EENN_HOST
}  // namespace eenn::onnx

#if !defined(EENN_COMPILED)
#include <eenn/io/onnx/detail/import.hpp>
#endif

#endif

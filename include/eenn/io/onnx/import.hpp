// SPDX-License-Identifier: MIT
//
// import.hpp - an ONNX model as a network of ours and its parameters.
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

/// @brief A model of ours out of an ONNX file. Its names are those of the file's nodes, or of what they make; preprocessing
/// and class names are taken from the metadata `preprocessing` and `classes` where they are in the form that
/// preprocessing_from_json() knows, and a list of names.
struct imported : eenn::model {
    std::string input;               ///< the file's name of the network's input
    std::string output;              ///< and of what the network ends in
    std::vector<std::string> notes;  ///< what the network does differently from the file
};

/// @brief The network that a model describes, for one sample, in our layout.
///
/// Images (N,C,H,W) become (H,W,C), signals (N,C,L) become (1,L,C), vectors (N,C) become (1,1,C). Constants are folded;
/// transposes, reshapes and flattens are followed, not carried out: a dense layer takes the rows of its weight in the
/// order of the image before it. A softmax at the end is dropped, since networks end in logits.
///
/// @par Cost    one pass over the model; the parameters once more in memory.
/// @par Errors  eenn::error that lists every node without a layer, each with its name, type and reason.
/// @par Source  onnx/onnx, Operators.md, opsets 7 to 21.
[[nodiscard]] EENN_FLOW imported import_network(const model& from, const import_options& options = {});

/// @brief import_network() of a file, with the names of its ends and what is to be noted.
[[nodiscard]] EENN_FLOW imported read_network(const std::filesystem::path& path, const import_options& options = {});

/// @brief A model from an ONNX file: read_network() where notes do not matter.
[[nodiscard]] EENN_FLOW eenn::model read(const std::filesystem::path& path, const import_options& options = {});

}  // namespace EENN_HOST
}  // namespace eenn::onnx

#if !defined(EENN_COMPILED)
#include <eenn/io/onnx/detail/import.hpp>
#endif

#endif

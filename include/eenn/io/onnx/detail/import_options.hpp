// SPDX-License-Identifier: MIT
//
// detail/import_options.hpp - how a model becomes a network.
// Floor 6 (io); host subset. tests/io/onnx/import.cpp reaches it.
#ifndef EENN_IO_ONNX_DETAIL_IMPORT_OPTIONS_HPP
#define EENN_IO_ONNX_DETAIL_IMPORT_OPTIONS_HPP

#include <optional>
#include <string>

#include <eenn/core/detail/flow.hpp>
#include <eenn/tensor/shape.hpp>

namespace eenn::onnx {
inline namespace EENN_HOST {

/// @brief How import_network() reads a model.
struct import_options {
    bool fold_norms = false;       ///< a batch norm after a convolution or dense layer becomes part of its weights
    bool keep_softmax = false;     ///< a softmax at the end stays; else it is dropped, since networks end in logits
    std::optional<shape> input{};  ///< sizes that the file leaves open: height, width, channels
    std::string output{};          ///< which of several outputs to end in; the last if empty
};

}  // namespace EENN_HOST
}  // namespace eenn::onnx

#endif

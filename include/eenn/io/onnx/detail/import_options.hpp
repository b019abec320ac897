// SPDX-License-Identifier: MIT
//
// detail/import_options.hpp - options of the ONNX import.
// Floor 6 (io); host subset. Tested by tests/io/onnx/import.cpp.
#ifndef EENN_IO_ONNX_DETAIL_IMPORT_OPTIONS_HPP
#define EENN_IO_ONNX_DETAIL_IMPORT_OPTIONS_HPP

#include <optional>
#include <string>

#include <eenn/core/detail/flow.hpp>
#include <eenn/tensor/shape.hpp>

namespace eenn::onnx {
inline namespace EENN_HOST {

/// @brief Options of import_network().
struct import_options {
    bool fold_norms = false;       ///< merges a batch norm into the weights of the convolution or dense layer before it
    bool keep_softmax = false;     ///< keeps a softmax at the end; else drops it, because networks end in logits
    std::optional<shape> input{};  ///< sizes that the file leaves open: height, width, channels
    std::string output{};          ///< the output to end in if there are several; the last if empty
};

}  // namespace EENN_HOST
}  // namespace eenn::onnx

#endif

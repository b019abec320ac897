// SPDX-License-Identifier: MIT
//
// read.hpp - an ONNX file as plain values.
// Floor 6 (io); host subset.
#ifndef EENN_IO_ONNX_READ_HPP
#define EENN_IO_ONNX_READ_HPP

#include <eenn/core/detail/flow.hpp>
#include <eenn/io/onnx/detail/model.hpp>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace eenn::onnx {
inline namespace EENN_HOST {

/// @brief The model that these bytes hold.
///
/// Values of all storage forms (typed fields, raw data, external files) become little-endian bytes. The graph is not
/// judged: import_network() does that.
///
/// @param where   what messages call the bytes.
/// @param folder  where external data lie; without one, a model that has them is refused.
/// @par Memory  the bytes once more, external files as long as they are read.
/// @par Errors  eenn::error naming `where` if the bytes are no model, are cut, or a tensor's size is not that of its
///              dims.
/// @par Source  onnx/onnx, onnx.proto; protobuf's encoding.
[[nodiscard]] EENN_FLOW model parse_model(std::span<const std::byte> bytes, const std::string& where = "onnx",
                                          const std::filesystem::path& folder = {});

/// @brief parse_model() of a file; external data are found beside it.
[[nodiscard]] EENN_FLOW model read_model(const std::filesystem::path& path);

/// @brief One tensor (a TensorProto), as the inputs and outputs of ONNX's own test cases are kept.
[[nodiscard]] EENN_FLOW tensor parse_tensor(std::span<const std::byte> bytes, const std::string& where = "onnx");

}  // namespace EENN_HOST
}  // namespace eenn::onnx

#if !defined(EENN_COMPILED)
#include <eenn/io/onnx/detail/read.hpp>
#endif

#endif

// SPDX-License-Identifier: MIT
//
// read.hpp - parses ONNX files into plain values.
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

/// @brief Parses a model from the bytes of an ONNX file.
///
/// All storage forms (typed fields, raw data, external files) become little-endian bytes. The graph itself is not
/// validated; import_network() does that.
///
/// @param where   name of the bytes in messages.
/// @param folder  folder of external data; without one, a model with external data is refused.
/// @par Memory  a second copy of the bytes; external files only while they are read.
/// @par Errors  eenn::error naming `where` if the bytes are not a model, are truncated, or a tensor's size does not
///              match its dims.
/// @par Source  onnx/onnx, onnx.proto; protobuf's encoding.
[[nodiscard]] EENN_FLOW model parse_model(std::span<const std::byte> bytes, const std::string& where = "onnx",
                                          const std::filesystem::path& folder = {});

/// @brief parse_model() of a file, with external data in the same folder.
[[nodiscard]] EENN_FLOW model read_model(const std::filesystem::path& path);

/// @brief Parses one tensor (a TensorProto), the form of inputs and outputs in ONNX's own test cases.
[[nodiscard]] EENN_FLOW tensor parse_tensor(std::span<const std::byte> bytes, const std::string& where = "onnx");

}  // namespace EENN_HOST
}  // namespace eenn::onnx

#if !defined(EENN_COMPILED)
#include <eenn/io/onnx/detail/read.hpp>
#endif

#endif

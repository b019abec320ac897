// SPDX-License-Identifier: MIT
//
// write.hpp - serializes ONNX models and writes them to files.
// Floor 6 (io); host subset.
#ifndef EENN_IO_ONNX_WRITE_HPP
#define EENN_IO_ONNX_WRITE_HPP

#include <eenn/core/detail/flow.hpp>
#include <eenn/io/onnx/detail/model.hpp>

#include <cstddef>
#include <filesystem>
#include <vector>

namespace eenn::onnx {
inline namespace EENN_HOST {

/// @brief Serializes a model as an ONNX file. Equal models give equal bytes.
///
/// @par Memory  a few times the file's size, because each message is built before it is copied into its parent.
/// @par Errors  eenn::error for a tensor of strings, an attribute without a value, or more than protobuf's limit of 2
///              GiB.
/// @par Source  onnx/onnx, onnx.proto; protobuf's encoding.
[[nodiscard]] EENN_FLOW std::vector<std::byte> serialize(const model& from);

/// @brief Writes serialize() with io::write_file(): the old file or the whole new one.
EENN_FLOW void write_model(const std::filesystem::path& path, const model& from);

}  // namespace EENN_HOST
}  // namespace eenn::onnx

#if !defined(EENN_COMPILED)
#include <eenn/io/onnx/detail/write.hpp>
#endif

#endif

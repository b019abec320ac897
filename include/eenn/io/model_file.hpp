// SPDX-License-Identifier: MIT
//
// model_file.hpp - a model as one file: graph, parameters, rules, preprocessing, class names, metadata, fingerprint.
// Floor 6 (io); host subset.
#ifndef EENN_IO_MODEL_FILE_HPP
#define EENN_IO_MODEL_FILE_HPP

#include <eenn/core/detail/flow.hpp>
#include <eenn/network/detail/basic_model.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace eenn::io {
inline namespace EENN_HOST {

/// @brief Writes a model as a safetensors file; everything but the tensors goes into its metadata. The file appears
/// whole or not at all.
///
/// Tensors are named by kind and id ("conv2d_3.weight"). Any safetensors reader can read them. For models with layers
/// beyond the standard ones, basic_model_file.hpp has functions of the same names.
///
/// @par Errors  eenn::error for a model whose parts do not fit together, for user metadata under a key that begins with
///              "eenn.", and as write_file(). The file already at `path` then survives.
EENN_FLOW void write_model(const std::string& path, const model& m);

/// @brief Parses a model from the bytes of a model file; `where` names the file in errors.
///
/// @par Errors  eenn::error if the file is truncated, damaged anywhere, of another version, or not a model.
[[nodiscard]] EENN_FLOW model parse_model(std::span<const std::byte> bytes, const std::string& where);

/// @brief Reads a model file.
[[nodiscard]] EENN_FLOW model read_model(const std::string& path);

}  // namespace EENN_HOST
}  // namespace eenn::io

#if !defined(EENN_COMPILED)
#include <eenn/io/detail/model_file.hpp>
#endif

#endif

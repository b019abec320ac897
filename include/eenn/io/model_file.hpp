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

/// @brief Writes a model as a safetensors file whose metadata hold everything but the tensors; it appears whole or not at all.
///
/// The tensors are named by kind and id ("conv2d_3.weight") and can be read by any reader of safetensors. Models of layers
/// beyond the standard ones are written and read by the functions of these names in basic_model_file.hpp.
///
/// @par Errors  eenn::error for a model whose parts do not fit, for metadata of the user's under a key that begins with
///              "eenn.", and those of write_file(); what was at `path` is then still there.
EENN_FLOW void write_model(const std::string& path, const model& m);

/// @brief A model from the bytes of such a file; `where` names it in errors.
///
/// @par Errors  eenn::error for a file that is cut, damaged anywhere, of another version or no model at all.
[[nodiscard]] EENN_FLOW model parse_model(std::span<const std::byte> bytes, const std::string& where);

/// @brief A model from a file.
[[nodiscard]] EENN_FLOW model read_model(const std::string& path);

}  // namespace EENN_HOST
}  // namespace eenn::io

#if !defined(EENN_COMPILED)
#include <eenn/io/detail/model_file.hpp>
#endif

#endif

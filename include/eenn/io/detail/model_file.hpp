// SPDX-License-Identifier: MIT
//
// detail/model_file.hpp - model files for the standard layers.
// Floor 6 (io); host subset. Tested by tests/io/model_file.cpp.
#ifndef EENN_IO_DETAIL_MODEL_FILE_HPP
#define EENN_IO_DETAIL_MODEL_FILE_HPP

#include <eenn/core/detail/flow.hpp>
#include <eenn/io/basic_model_file.hpp>
#include <eenn/io/model_file.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace eenn::io {
inline namespace EENN_HOST {

EENN_FLOW void write_model(const std::string& path, const model& m) { io::write_model<standard_layers>(path, m); }

EENN_FLOW model parse_model(std::span<const std::byte> bytes, const std::string& where) {
    return io::parse_model<standard_layers>(bytes, where);
}

EENN_FLOW model read_model(const std::string& path) { return io::read_model<standard_layers>(path); }

}  // namespace EENN_HOST
}  // namespace eenn::io

#endif

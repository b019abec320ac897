// SPDX-License-Identifier: MIT
//
// detail/array.hpp - converts elements to the types of samples and labels.
// Floor 6 (io); host subset. Tested by tests/io/array.cpp.
#ifndef EENN_IO_DETAIL_ARRAY_HPP
#define EENN_IO_DETAIL_ARRAY_HPP

#include <eenn/core/detail/flow.hpp>
#include <eenn/io/array.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace eenn::io {
inline namespace EENN_HOST {

EENN_FLOW void convert_elements(std::span<const std::byte> bytes, element_type type, float* target,
                                const std::string& where) {
    io::convert_elements<float>(bytes, type, target, where);
}

EENN_FLOW void convert_elements(std::span<const std::byte> bytes, element_type type, std::int32_t* target,
                                const std::string& where) {
    io::convert_elements<std::int32_t>(bytes, type, target, where);
}

}  // namespace EENN_HOST
}  // namespace eenn::io

#endif

// SPDX-License-Identifier: MIT
//
// read_platform.hpp - reads platforms from JSON files.
// Floor 7 (platform); host subset.
#ifndef EENN_PLATFORM_READ_PLATFORM_HPP
#define EENN_PLATFORM_READ_PLATFORM_HPP

#include <eenn/core/detail/flow.hpp>
#include <eenn/platform/platform.hpp>

#include <string>
#include <string_view>

namespace eenn {
inline namespace EENN_HOST {

/// @brief Parses and checks a platform in JSON.
///
/// `{"processors": [...], "links": [...]}`. Keys are the members of processor and data_link; operator classes are
/// named: `"class_macs_per_second": {"depthwise": 4e7}, "unsupported": ["dense"]`. Required are name, macs_per_second
/// and memory_bytes for a processor, and from, to and bytes_per_second for a link. Any object may hold a
/// free-text "note".
/// @param where   prefix of messages
/// @par Errors    eenn::error with the key's path, "board.json.processors[1].memory_bytes", the problem and the remedy.
[[nodiscard]] EENN_FLOW platform parse_platform(std::string_view json, const std::string& where = "platform");

/// @brief Reads and checks a platform from a JSON file; see parse_platform().
[[nodiscard]] EENN_FLOW platform read_platform(const std::string& path);

}  // namespace EENN_HOST
}  // namespace eenn

#if !defined(EENN_COMPILED)
#include <eenn/platform/detail/read_platform.hpp>
#endif

#endif

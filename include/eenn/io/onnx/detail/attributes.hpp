// SPDX-License-Identifier: MIT
//
// detail/attributes.hpp - reads a node's attributes, with defaults, and describes nodes for messages.
// Floor 6 (io); host subset. Tested by tests/io/onnx/fold.cpp.
#ifndef EENN_IO_ONNX_DETAIL_ATTRIBUTES_HPP
#define EENN_IO_ONNX_DETAIL_ATTRIBUTES_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/detail/bytes.hpp>
#include <eenn/io/onnx/detail/model.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {
namespace detail {

/// "'layer1.conv' (Conv)". A node without a name is identified by its first output.
[[nodiscard]] inline std::string describe(const node& n) {
    const std::string output = n.outputs.empty() ? std::string{} : n.outputs[0];
    return "'" + io::printable(n.name.empty() ? output : n.name) + "' (" +
           (n.domain.empty() ? "" : io::printable(n.domain) + ".") + io::printable(n.op_type) + ")";
}

/// The attribute of that name, or null. Raises if it has another kind.
[[nodiscard]] inline const attribute* find_attribute(const node& n, std::string_view name, attribute::kind_of kind) {
    for (const auto& a : n.attributes) {
        if (a.name != name) continue;
        if (a.kind != kind) raise(describe(n), "attribute '" + std::string{name} + "' is of another kind");
        return &a;
    }
    return nullptr;
}

[[nodiscard]] inline std::int64_t integer_or(const node& n, std::string_view name, std::int64_t fallback) {
    const auto* a = find_attribute(n, name, attribute::kind_of::integer);
    return a != nullptr ? a->integer : fallback;
}
[[nodiscard]] inline double real_or(const node& n, std::string_view name, double fallback) {
    const auto* a = find_attribute(n, name, attribute::kind_of::real);
    return a != nullptr ? a->real : fallback;
}
[[nodiscard]] inline std::string text_or(const node& n, std::string_view name, const char* fallback) {
    const auto* a = find_attribute(n, name, attribute::kind_of::string);
    return a != nullptr ? a->string : fallback;
}
[[nodiscard]] inline std::optional<std::vector<std::int64_t>> integers_in(const node& n, std::string_view name) {
    const auto* a = find_attribute(n, name, attribute::kind_of::integers);
    return a != nullptr ? std::optional{a->integers} : std::nullopt;
}

/// Converts an axis to an index below `rank`; negative axes count from the end.
[[nodiscard]] inline std::size_t axis_index(const node& n, std::int64_t value, std::size_t rank) {
    const auto count = static_cast<std::int64_t>(rank);
    if (value < -count || value >= count) {
        raise(describe(n), "axis " + std::to_string(value) + " of a value of " + std::to_string(rank) + " axes");
    }
    return static_cast<std::size_t>(value < 0 ? value + count : value);
}

}  // namespace detail
}  // namespace EENN_ISA
}  // namespace eenn::onnx

#endif

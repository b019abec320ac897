// SPDX-License-Identifier: MIT
//
// safetensors.hpp - named tensors in one file, the storage format of trained networks.
// Floor 6 (io); host subset.
#ifndef EENN_IO_SAFETENSORS_HPP
#define EENN_IO_SAFETENSORS_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <eenn/core/aligned.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/array.hpp>
#include <eenn/io/detail/bytes.hpp>
#include <eenn/io/file.hpp>
#include <eenn/tensor/detail/element_type.hpp>
#include <eenn/text/detail/json_reader.hpp>

namespace eenn::io {
inline namespace EENN_ISA {

static_assert(std::endian::native == std::endian::little,
              "safetensors.hpp reads tensors where they lie, so it needs a little-endian machine");

/// @brief A named tensor that does not own its elements. They are row-major and may be unaligned.
struct tensor_view {
    std::string name;
    element_type type = element_type::f32;
    std::vector<std::int64_t> dims;
    std::span<const std::byte> bytes;
};

/// @brief A named view of `values`, ready to be written. The values must outlive it.
template <Element T>
[[nodiscard]] tensor_view make_tensor_view(std::string name, std::vector<std::int64_t> dims,
                                           std::span<const T> values) {
    return {std::move(name), element_type_of<T>, std::move(dims), std::as_bytes(values)};
}

/// @brief Free text about a file, indexed by key.
using tensor_metadata = std::map<std::string, std::string>;

/// @brief The content of a safetensors file: views in data order.
struct tensor_list {
    std::vector<tensor_view> tensors;
    tensor_metadata metadata;

    /// The tensor of that name, or null.
    [[nodiscard]] const tensor_view* find(std::string_view name) const noexcept {
        const auto found =
            std::find_if(tensors.begin(), tensors.end(), [name](const tensor_view& t) { return t.name == name; });
        return found != tensors.end() ? &*found : nullptr;
    }
};

namespace detail {

struct safetensors_type {
    std::string_view name;
    element_type type;
};
inline constexpr safetensors_type safetensors_types[] = {
    {"F32", element_type::f32}, {"F64", element_type::f64}, {"F16", element_type::f16}, {"BF16", element_type::bf16},
    {"I64", element_type::i64}, {"I32", element_type::i32}, {"I16", element_type::i16}, {"I8", element_type::i8},
    {"U64", element_type::u64}, {"U32", element_type::u32}, {"U16", element_type::u16}, {"BOOL", element_type::boolean},
    {"U8", element_type::u8},
};

inline constexpr std::uint64_t safetensors_header_most = 100'000'000;

[[nodiscard]] inline std::string tensor_named(std::string_view name) { return "tensor '" + printable(name) + "'"; }

struct tensor_entry {
    tensor_view view;
    std::int64_t begin = -1;
    std::int64_t end = -1;
};

// Format: {"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}, with the members in any order.
[[nodiscard]] inline tensor_entry read_tensor_entry(text::json_reader& json, std::string name) {
    tensor_entry entry;
    bool has_type = false, has_dims = false, has_offsets = false;
    json.object([&](const std::string& key) {
        const auto once = [&](bool& seen) {
            if (std::exchange(seen, true)) json.fail(tensor_named(name) + " has '" + key + "' twice");
        };
        if (key == "dtype") {
            once(has_type);
            const std::string type = json.string();
            const auto known = std::find_if(std::begin(safetensors_types), std::end(safetensors_types),
                                            [&](const auto& t) { return t.name == type; });
            if (known == std::end(safetensors_types))
                json.fail(tensor_named(name) + " has the unknown dtype '" + printable(type) + "'");
            entry.view.type = known->type;
        } else if (key == "shape") {
            once(has_dims);
            json.array([&] {
                if (entry.view.dims.size() == 64) json.fail(tensor_named(name) + " has more than 64 dims");
                entry.view.dims.push_back(json.integer());
            });
        } else if (key == "data_offsets") {
            once(has_offsets);
            int count = 0;
            json.array([&] {
                if (count == 2) json.fail(tensor_named(name) + " has more than two data_offsets");
                (count++ == 0 ? entry.begin : entry.end) = json.integer();
            });
            if (count != 2) json.fail(tensor_named(name) + " needs two data_offsets");
        } else {
            json.fail(tensor_named(name) + " has the unknown key '" + printable(key) + "'");
        }
    });
    if (!has_type || !has_dims || !has_offsets)
        json.fail(tensor_named(name) + " lacks " + (!has_type ? "dtype" : !has_dims ? "shape" : "data_offsets"));
    entry.view.name = std::move(name);
    return entry;
}

// Raises on duplicate names.
inline void check_distinct(std::span<const tensor_view> tensors, const std::string& where) {
    std::vector<std::string_view> names;
    names.reserve(tensors.size());
    for (const auto& t : tensors) names.push_back(t.name);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) raise(where, tensor_named(*twice) + " is there twice");
}

}  // namespace detail

/// @brief Parses a safetensors file without copying: the views point into `bytes`.
///
/// The parser is strict: every byte of the data must belong to exactly one tensor.
/// @par Cost     O(header + n log n) for n tensors; the data are not touched.
/// @par Memory   proportional to the header, which the file must hold in full. No size from the file is trusted
///               unchecked.
/// @par Errors   eenn::error naming `where`, the tensor and the reason.
/// @par Source   huggingface/safetensors, README, section "Format": 8 bytes with the header's length (little endian), a
///               JSON header of at most 100 MB, then the data without gaps.
[[nodiscard]] inline tensor_list parse_safetensors(std::span<const std::byte> bytes,
                                                   const std::string& where = "safetensors") {
    if (bytes.size() < 8)
        raise(where, "ends after " + std::to_string(bytes.size()) + " bytes, within the 8-byte length of its header");
    const std::size_t length = load<std::uint64_t>(bytes.data(), std::endian::little);
    if (length > detail::safetensors_header_most)
        raise(where, "its header would have " + std::to_string(length) + " bytes, more than 100 MB",
              "it is no safetensors file");
    if (length > bytes.size() - 8) {
        raise(where,
              "its header of " + std::to_string(length) + " bytes goes beyond the end, " +
                  std::to_string(bytes.size() - 8) + " bytes on",
              "the file is cut");
    }
    const auto header = as_text(bytes.subspan(8, length));
    const auto data = bytes.subspan(8 + length);
    if (header.empty() || header[0] != '{')
        raise(where, "its header does not start with {", "it is no safetensors file");

    tensor_list read;
    std::vector<detail::tensor_entry> entries;
    bool has_metadata = false;
    text::json_reader json{header, where};
    json.object([&](std::string name) {
        if (name != "__metadata__") {
            entries.push_back(detail::read_tensor_entry(json, std::move(name)));
            return;
        }
        if (std::exchange(has_metadata, true)) json.fail("__metadata__ is there twice");
        json.object([&](std::string key) {
            std::string value = json.string();
            if (!read.metadata.emplace(key, std::move(value)).second)
                json.fail("__metadata__ has '" + printable(key) + "' twice");
        });
    });
    json.end();

    std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
        return std::pair{a.begin, a.end} < std::pair{b.begin, b.end};
    });
    std::size_t used = 0;
    for (auto& [view, begin, end] : entries) {
        const auto refuse = [&, &named = view.name](const std::string& what) {
            raise(where, detail::tensor_named(named) + what, "the file is damaged");
        };
        const std::string offsets = "data_offsets [" + std::to_string(begin) + ", " + std::to_string(end) + "]";
        const auto first = static_cast<std::uint64_t>(begin);
        const auto last = static_cast<std::uint64_t>(end);
        if (begin > end) refuse(" has its " + offsets + " in the wrong order");
        if (last > data.size())
            refuse(" has " + offsets + " beyond the " + std::to_string(data.size()) + " bytes of data");
        if (first < used) refuse(" has " + offsets + " that overlap the tensor before");
        if (first > used) refuse(" has " + offsets + " that leave a hole from " + std::to_string(used));
        const auto size = checked_product(view.dims, size_bytes(view.type));
        if (!size || *size != last - first) {
            refuse(" has " + std::to_string(end - begin) + " bytes where shape " + to_string(view.dims) + " of " +
                   to_string(view.type) + " needs " + (size ? std::to_string(*size) : "more than memory holds"));
        }
        view.bytes = data.subspan(used, *size);
        used += *size;
        read.tensors.push_back(std::move(view));
    }
    if (used != data.size())
        raise(where, std::to_string(data.size() - used) + " bytes follow the last tensor", "the file is damaged");
    detail::check_distinct(read.tensors, where);
    return read;
}

/// @brief A safetensors file in memory with views into it. Movable but not copyable, so the views stay valid.
class tensor_file {
public:
    tensor_file(aligned_vector<std::byte> bytes, const std::string& where)
        : bytes_{std::move(bytes)}, list_{parse_safetensors(bytes_, where)} {}
    tensor_file(tensor_file&&) = default;
    tensor_file& operator=(tensor_file&&) = default;

    [[nodiscard]] const std::vector<tensor_view>& tensors() const noexcept { return list_.tensors; }
    [[nodiscard]] const tensor_metadata& metadata() const noexcept { return list_.metadata; }
    [[nodiscard]] const tensor_view* find(std::string_view name) const noexcept { return list_.find(name); }

private:
    aligned_vector<std::byte> bytes_;
    tensor_list list_;
};

/// @brief Reads and parses a safetensors file. Errors as read_file() and parse_safetensors().
[[nodiscard]] inline tensor_file read_safetensors(const std::string& path) { return {read_file(path), path}; }

/// @brief Serializes tensors as a safetensors file. Tensors with wider elements come first, so that all are aligned;
/// otherwise the order is kept.
///
/// @par Errors   eenn::error naming the tensor if a name is duplicate, not UTF-8 or reserved, or if dims and bytes
///               disagree.
[[nodiscard]] inline aligned_vector<std::byte> safetensors_bytes(std::span<const tensor_view> tensors,
                                                                 const tensor_metadata& metadata = {}) {
    const std::string where = "safetensors_bytes";
    detail::check_distinct(tensors, where);
    std::vector<const tensor_view*> order;
    for (const std::size_t width : {8U, 4U, 2U, 1U}) {
        for (const auto& t : tensors) {
            if (size_bytes(t.type) == width) order.push_back(&t);
        }
    }

    std::string header = "{";
    if (!metadata.empty()) {
        header += "\"__metadata__\":{";
        for (const auto& [key, value] : metadata) {
            if (header.back() != '{') header += ',';
            header += text::json_quoted(key, where) + ":" + text::json_quoted(value, where);
        }
        header += '}';
    }
    std::size_t used = 0;
    for (const auto* t : order) {
        const auto size = checked_product(t->dims, size_bytes(t->type));
        if (!size || *size != t->bytes.size()) {
            raise(where, detail::tensor_named(t->name) + " has " + std::to_string(t->bytes.size()) +
                             " bytes, which are no " + to_string(t->dims) + " of " + to_string(t->type));
        }
        if (t->name == "__metadata__") raise(where, "the name __metadata__ is taken by the format");
        const auto type = std::find_if(std::begin(detail::safetensors_types), std::end(detail::safetensors_types),
                                       [t](const auto& known) { return known.type == t->type; });
        if (header.back() != '{') header += ',';
        header += text::json_quoted(t->name, where) + ":{\"dtype\":\"" + std::string{type->name} + "\",\"shape\":[";
        for (std::size_t d = 0; d < t->dims.size(); ++d) header += (d > 0 ? "," : "") + std::to_string(t->dims[d]);
        header += "],\"data_offsets\":[" + std::to_string(used) + "," + std::to_string(used + *size) + "]}";
        used += *size;
    }
    header += '}';
    header.append((8 - header.size() % 8) % 8, ' ');
    if (header.size() > detail::safetensors_header_most)
        raise(where, "the header would have " + std::to_string(header.size()) + " bytes, more than 100 MB");

    aligned_vector<std::byte> bytes(8 + header.size() + used);
    store(bytes.data(), static_cast<std::uint64_t>(header.size()), std::endian::little);
    std::memcpy(bytes.data() + 8, header.data(), header.size());
    std::size_t at = 8 + header.size();
    for (const auto* t : order) {
        if (!t->bytes.empty()) std::memcpy(bytes.data() + at, t->bytes.data(), t->bytes.size());
        at += t->bytes.size();
    }
    return bytes;
}

/// @brief Writes safetensors_bytes() with write_file(): the old file or the whole new one.
inline void write_safetensors(const std::string& path, std::span<const tensor_view> tensors,
                              const tensor_metadata& metadata = {}) {
    write_file(path, safetensors_bytes(tensors, metadata));
}

/// @brief Destination for a tensor's elements: product(dims) numbers of type T.
template <Number T>
struct tensor_target {
    std::string name;
    std::vector<std::int64_t> dims;
    T* destination = nullptr;
};

/// @brief How assign() treats tensors without a destination.
enum class extra_tensors { refused, ignored };

/// @brief Copies tensors to their destinations: all of them, or none on error.
///
/// F16 and BF16 convert to float or double, and F32 to double, all exactly. No other type is converted.
/// @par Cost     O((n + m) log n) comparisons for n tensors and m destinations, and one pass over the data.
/// @par Errors   eenn::error naming `where`, the tensor, and both dims or types, if a tensor is missing or differs, or
///               if a tensor has no destination. All destinations are then unchanged.
template <Number T>
void assign(std::span<const tensor_view> from, std::span<const tensor_target<T>> wanted,
            extra_tensors extra = extra_tensors::refused, const std::string& where = "assign") {
    std::vector<const tensor_view*> sorted;
    for (const auto& t : from) sorted.push_back(&t);
    std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
    const auto by_name = [](const tensor_view* t, const std::string& name) { return t->name < name; };

    std::vector<const tensor_view*> sources;  // one for each wanted tensor
    std::vector<bool> used(sorted.size());
    for (const auto& target : wanted) {
        const auto found = std::lower_bound(sorted.begin(), sorted.end(), target.name, by_name);
        if (found == sorted.end() || (*found)->name != target.name) {
            std::string others;
            for (std::size_t i = 0; i < std::min<std::size_t>(from.size(), 6); ++i)
                others += (i > 0 ? ", '" : " '") + printable(from[i].name) + "'";
            raise(where, detail::tensor_named(target.name) + " is missing",
                  "there are" + (others.empty() ? " none" : others + (from.size() > 6 ? ", ..." : "")));
        }
        const tensor_view& source = **found;
        if (source.dims != target.dims) {
            raise(where,
                  detail::tensor_named(target.name) + " has shape " + to_string(source.dims) + " where " +
                      to_string(target.dims) + " is wanted",
                  "is it another network's?");
        }
        constexpr element_type type = element_type_of<T>;
        const bool half_type = source.type == element_type::f16 || source.type == element_type::bf16;
        const bool widens = (type == element_type::f32 && half_type) ||
                            (type == element_type::f64 && (half_type || source.type == element_type::f32));
        if (source.type != type && !widens) {
            raise(where, detail::tensor_named(target.name) + " is of type " + to_string(source.type) + " where " +
                             to_string(type) + " is wanted");
        }
        const auto size = checked_product(source.dims, size_bytes(source.type));
        if (!size || *size != source.bytes.size())
            raise(where, detail::tensor_named(target.name) + " has " + std::to_string(source.bytes.size()) +
                             " bytes, not those of its shape");
        if (target.destination == nullptr && *size != 0)
            raise(where, detail::tensor_named(target.name) + " has no destination");
        *std::next(used.begin(), found - sorted.begin()) = true;
        sources.push_back(&source);
    }
    const auto unused = std::find(used.begin(), used.end(), false);
    if (extra == extra_tensors::refused && unused != used.end()) {
        raise(where,
              detail::tensor_named((*std::next(sorted.begin(), unused - used.begin()))->name) +
                  " is wanted by nobody, one of " + std::to_string(std::count(used.begin(), used.end(), false)),
              "pass extra_tensors::ignored to leave them out");
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        convert_elements(sources[i]->bytes, sources[i]->type, wanted[i].destination, where);
    }
}

}  // namespace EENN_ISA
}  // namespace eenn::io

#endif

// SPDX-License-Identifier: MIT
//
// detail/read.hpp - parse_model(), message by message.
// Floor 6 (io); host subset. Tested by tests/io/onnx/read.cpp.
#ifndef EENN_IO_ONNX_DETAIL_READ_HPP
#define EENN_IO_ONNX_DETAIL_READ_HPP

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>

#include <eenn/core/aligned.hpp>
#include <eenn/core/detail/flow.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/detail/bytes.hpp>
#include <eenn/io/file.hpp>
#include <eenn/io/onnx/detail/model.hpp>
#include <eenn/io/onnx/detail/values.hpp>
#include <eenn/io/onnx/read.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {

namespace detail {

using message_reader = protozero::pbf_reader;

// A field is accepted only with its declared wire type, or packed for repeated numbers; all others are skipped. The
// numbers are the field tags of onnx.proto.
[[nodiscard]] constexpr std::uint32_t varint_field(protozero::pbf_tag_type tag) {
    return protozero::tag_and_type(tag, protozero::pbf_wire_type::varint);
}
[[nodiscard]] constexpr std::uint32_t text_field(protozero::pbf_tag_type tag) {
    return protozero::tag_and_type(tag, protozero::pbf_wire_type::length_delimited);
}
[[nodiscard]] constexpr std::uint32_t float_field(protozero::pbf_tag_type tag) {
    return protozero::tag_and_type(tag, protozero::pbf_wire_type::fixed32);
}
[[nodiscard]] constexpr std::uint32_t double_field(protozero::pbf_tag_type tag) {
    return protozero::tag_and_type(tag, protozero::pbf_wire_type::fixed64);
}

template <class T, class Range>
void append(std::vector<T>& to, const Range& values) {
    for (const auto value : values) to.push_back(value);
}

/// Parses one file. Nested graphs (the branches of If) may be at most `deepest` levels deep.
class model_parser {
public:
    model_parser(std::string where, std::filesystem::path folder)
        : where_{std::move(where)}, folder_{std::move(folder)} {}

    [[nodiscard]] model parse_model(message_reader from) {
        model to;
        to.ir_version = 0;
        bool has_graph = false;
        while (from.next()) {
            switch (from.tag_and_type()) {
                case varint_field(1): to.ir_version = from.get_int64(); break;
                case text_field(2): to.producer = from.get_string(); break;
                case text_field(7):
                    to.network = parse_graph(from.get_message(), 0);
                    has_graph = true;
                    break;
                case text_field(8): parse_opset(from.get_message(), to); break;
                case text_field(14): to.metadata.insert(parse_entry(from.get_message())); break;
                default: from.skip();
            }
        }
        if (!has_graph) fail("holds no graph", "is it an ONNX file?");
        return to;
    }

    [[nodiscard]] tensor parse_tensor(message_reader from) {
        tensor to;
        std::vector<std::pair<std::string, std::string>> external;
        std::vector<std::int32_t> narrow;  // types of at most 32 bits; their width is known only after parsing
        std::vector<std::uint64_t> wide;   // unsigned types
        bool elsewhere = false;
        const auto store = [&to](const auto& values) {
            for (const auto value : values) {
                const auto at = to.bytes.size();
                to.bytes.resize(at + sizeof(value));
                std::memcpy(&to.bytes[at], &value, sizeof(value));
            }
        };
        while (from.next()) {
            switch (from.tag_and_type()) {
                case text_field(1): append(to.dims, from.get_packed_int64()); break;
                case varint_field(1): to.dims.push_back(from.get_int64()); break;
                case varint_field(2): to.type = static_cast<data_type>(from.get_int32()); break;
                case text_field(3): fail("a tensor comes in segments", "save it in one piece"); break;
                case text_field(4): store(from.get_packed_float()); break;
                case float_field(4): store(std::array{from.get_float()}); break;
                case text_field(5): append(narrow, from.get_packed_int32()); break;
                case varint_field(5): narrow.push_back(from.get_int32()); break;
                case text_field(7): store(from.get_packed_int64()); break;
                case varint_field(7): store(std::array{from.get_int64()}); break;
                case text_field(8): to.name = from.get_string(); break;
                case text_field(9): {
                    const auto raw = from.get_view();
                    const auto bytes = io::as_bytes({raw.data(), raw.size()});
                    to.bytes.assign(bytes.begin(), bytes.end());
                    break;
                }
                case text_field(10): store(from.get_packed_double()); break;
                case double_field(10): store(std::array{from.get_double()}); break;
                case text_field(11): append(wide, from.get_packed_uint64()); break;
                case varint_field(11): wide.push_back(from.get_uint64()); break;
                case text_field(13): external.push_back(parse_entry(from.get_message())); break;
                case varint_field(14): elsewhere = from.get_int32() == 1; break;
                default: from.skip();
            }
        }
        const std::size_t width = element_bytes(to.type);
        const auto truncate = [&](const auto& values) {
            for (const auto value : values) {
                std::byte bytes[sizeof(value)];
                std::memcpy(bytes, &value, sizeof(value));
                to.bytes.insert(to.bytes.end(), bytes, bytes + std::min(width, sizeof(value)));
            }
        };
        truncate(narrow);
        truncate(wide);
        if (elsewhere) to.bytes = read_external(to, external);
        if (width == 0) {  // strings and unsupported types: only the name is kept
            to.bytes.clear();
            return to;
        }
        const auto wanted = io::checked_product(to.dims, width);
        if (!wanted || *wanted != to.bytes.size()) {
            fail(describe(to) + " has dims " + io::to_string(to.dims) + " but " + std::to_string(to.bytes.size()) +
                 " bytes of " + std::to_string(width) + " each");
        }
        return to;
    }

private:
    static constexpr int deepest = 64;

    [[noreturn]] void fail(const std::string& what, const std::string& remedy = "the file is damaged") const {
        raise(where_, what, remedy);
    }

    [[nodiscard]] static std::pair<std::string, std::string> parse_entry(message_reader from) {
        std::pair<std::string, std::string> entry;
        while (from.next()) {
            switch (from.tag_and_type()) {
                case text_field(1): entry.first = from.get_string(); break;
                case text_field(2): entry.second = from.get_string(); break;
                default: from.skip();
            }
        }
        return entry;
    }

    static void parse_opset(message_reader from, model& to) {
        std::string domain;
        std::int64_t version = 0;
        while (from.next()) {
            switch (from.tag_and_type()) {
                case text_field(1): domain = from.get_string(); break;
                case varint_field(2): version = from.get_int64(); break;
                default: from.skip();
            }
        }
        to.opsets[domain == "ai.onnx" ? "" : domain] = version;
    }

    [[nodiscard]] graph parse_graph(message_reader from, int depth) {
        if (depth > deepest) fail("holds graphs more than " + std::to_string(deepest) + " deep in each other");
        graph to;
        while (from.next()) {
            switch (from.tag_and_type()) {
                case text_field(1): to.nodes.push_back(parse_node(from.get_message(), depth)); break;
                case text_field(2): to.name = from.get_string(); break;
                case text_field(5): to.initializers.push_back(parse_tensor(from.get_message())); break;
                case text_field(11): to.inputs.push_back(parse_value_info(from.get_message())); break;
                case text_field(12): to.outputs.push_back(parse_value_info(from.get_message())); break;
                case text_field(13): to.values.push_back(parse_value_info(from.get_message())); break;
                case text_field(15): fail("holds a sparse initializer", "save it dense"); break;
                default: from.skip();
            }
        }
        return to;
    }

    [[nodiscard]] node parse_node(message_reader from, int depth) {
        node to;
        while (from.next()) {
            switch (from.tag_and_type()) {
                case text_field(1): to.inputs.push_back(from.get_string()); break;
                case text_field(2): to.outputs.push_back(from.get_string()); break;
                case text_field(3): to.name = from.get_string(); break;
                case text_field(4): to.op_type = from.get_string(); break;
                case text_field(5): to.attributes.push_back(parse_attribute(from.get_message(), depth)); break;
                case text_field(7): to.domain = from.get_string(); break;
                default: from.skip();
            }
        }
        if (to.domain == "ai.onnx") to.domain.clear();
        return to;
    }

    [[nodiscard]] attribute parse_attribute(message_reader from, int depth) {
        using kind = attribute::kind_of;
        attribute to;
        int declared = 0;
        kind seen = kind::undefined;  // files of IR version 1 omit the kind
        while (from.next()) {
            switch (from.tag_and_type()) {
                case text_field(1): to.name = from.get_string(); break;
                case float_field(2): to.real = from.get_float(), seen = kind::real; break;
                case varint_field(3): to.integer = from.get_int64(), seen = kind::integer; break;
                case text_field(4): to.string = from.get_string(), seen = kind::string; break;
                case text_field(5):
                    to.tensors.push_back(parse_tensor(from.get_message()));
                    seen = kind::tensor;
                    break;
                case text_field(6):
                    to.graphs.push_back(parse_graph(from.get_message(), depth + 1));
                    seen = kind::graph;
                    break;
                case text_field(7): append(to.reals, from.get_packed_float()), seen = kind::reals; break;
                case float_field(7): to.reals.push_back(from.get_float()), seen = kind::reals; break;
                case text_field(8): append(to.integers, from.get_packed_int64()), seen = kind::integers; break;
                case varint_field(8): to.integers.push_back(from.get_int64()), seen = kind::integers; break;
                case text_field(9): to.strings.push_back(from.get_string()), seen = kind::strings; break;
                case varint_field(20): declared = from.get_int32(); break;
                default: from.skip();
            }
        }
        const bool known = declared >= 1 && declared <= static_cast<int>(kind::strings);
        to.kind = declared == 0 ? seen : known ? static_cast<kind>(declared) : kind::undefined;
        if ((to.kind == kind::tensor && to.tensors.empty()) || (to.kind == kind::graph && to.graphs.empty())) {
            fail("attribute '" + io::printable(to.name) + "' has no value");
        }
        return to;
    }

    [[nodiscard]] static value_info parse_value_info(message_reader from) {
        value_info to{.name = {}, .type = data_type::undefined, .ranked = false, .dims = {}};
        while (from.next()) {
            switch (from.tag_and_type()) {
                case text_field(1): to.name = from.get_string(); break;
                case text_field(2): parse_type(from.get_message(), to); break;
                default: from.skip();
            }
        }
        return to;
    }

    // TypeProto; only its tensor case is read.
    static void parse_type(message_reader from, value_info& to) {
        while (from.next(1, protozero::pbf_wire_type::length_delimited)) {
            auto type = from.get_message();
            while (type.next()) {
                switch (type.tag_and_type()) {
                    case varint_field(1): to.type = static_cast<data_type>(type.get_int32()); break;
                    case text_field(2): {
                        to.ranked = true;
                        auto dims = type.get_message();
                        while (dims.next(1, protozero::pbf_wire_type::length_delimited)) {
                            to.dims.push_back(parse_dimension(dims.get_message()));
                        }
                        break;
                    }
                    default: type.skip();
                }
            }
        }
    }

    [[nodiscard]] static dimension parse_dimension(message_reader from) {
        dimension to;
        while (from.next()) {
            switch (from.tag_and_type()) {
                case varint_field(1): to.size = from.get_int64(); break;
                case text_field(2): to.name = from.get_string(); break;
                default: from.skip();
            }
        }
        return to;
    }

    // External data: a file in the model's folder, with offset and length.
    [[nodiscard]] std::vector<std::byte> read_external(
        const tensor& of, const std::vector<std::pair<std::string, std::string>>& entries) {
        std::string location;
        std::optional<std::uint64_t> offset, length;
        const auto number = [&](const std::string& text) {
            std::uint64_t value = 0;
            const auto end = text.data() + text.size();
            const auto read = std::from_chars(text.data(), end, value);
            if (read.ec != std::errc{} || read.ptr != end)
                fail(describe(of) + " lies at '" + io::printable(text) + "'");
            return value;
        };
        for (const auto& [key, text] : entries) {
            if (key == "location") location = text;
            if (key == "offset") offset = number(text);
            if (key == "length") length = number(text);
        }
        if (folder_.empty()) fail(describe(of) + " lies in another file", "read the model from its folder");
        const std::filesystem::path path{location};
        const bool leaves = std::find(path.begin(), path.end(), "..") != path.end();
        if (location.empty() || path.is_absolute() || leaves) {
            fail(describe(of) + " lies in '" + io::printable(location) + "', outside the model's folder",
                 "only files beside the model are read");
        }
        auto file = files_.find(location);
        if (file == files_.end()) file = files_.emplace(location, io::read_file(folder_ / path)).first;
        const auto& bytes = file->second;
        const std::size_t begin = offset.value_or(0);
        if (begin > bytes.size() || length.value_or(0) > bytes.size() - begin) {
            fail(describe(of) + " reaches beyond the end of '" + io::printable(location) + "'");
        }
        const auto part = std::span{bytes}.subspan(begin, length.value_or(bytes.size() - begin));
        return {part.begin(), part.end()};
    }

    std::string where_;
    std::filesystem::path folder_;
    std::map<std::string, aligned_vector<std::byte>> files_;
};

template <class Parse>
[[nodiscard]] auto parse_message(std::span<const std::byte> bytes, const std::string& where, Parse&& parse) {
    if (bytes.size() > std::numeric_limits<std::int32_t>::max()) raise(where, "holds more than 2 GiB");
    try {
        const auto text = io::as_text(bytes);
        return parse(message_reader{text.data(), text.size()});
    } catch (const protozero::exception& e) {
        raise(where, std::string{"is no valid protobuf ("} + e.what() + ")", "is it an ONNX file, and whole?");
    }
}

}  // namespace detail

}  // namespace EENN_ISA
inline namespace EENN_HOST {

EENN_FLOW model parse_model(std::span<const std::byte> bytes, const std::string& where,
                            const std::filesystem::path& folder) {
    return detail::parse_message(bytes, where, [&](detail::message_reader from) {
        return detail::model_parser{where, folder}.parse_model(from);
    });
}

EENN_FLOW model read_model(const std::filesystem::path& path) {
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
    return parse_model(io::read_file(path), path.string(), folder);
}

EENN_FLOW tensor parse_tensor(std::span<const std::byte> bytes, const std::string& where) {
    return detail::parse_message(bytes, where, [&](detail::message_reader from) {
        return detail::model_parser{where, {}}.parse_tensor(from);
    });
}

}  // namespace EENN_HOST
}  // namespace eenn::onnx

#endif

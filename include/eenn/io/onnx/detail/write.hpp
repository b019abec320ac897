// SPDX-License-Identifier: MIT
//
// detail/write.hpp - serialize(), message by message.
// Floor 6 (io); host subset. Tested by tests/io/onnx/write.cpp.
#ifndef EENN_IO_ONNX_DETAIL_WRITE_HPP
#define EENN_IO_ONNX_DETAIL_WRITE_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <protozero/pbf_writer.hpp>

#include <eenn/core/detail/flow.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/detail/bytes.hpp>
#include <eenn/io/file.hpp>
#include <eenn/io/onnx/detail/model.hpp>
#include <eenn/io/onnx/write.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {

namespace detail {

using message = protozero::pbf_writer;

inline void put_text(message& to, protozero::pbf_tag_type tag, const std::string& text) {
    if (!text.empty()) to.add_string(tag, text);
}

// One function for each message. The numbers are the field tags of onnx.proto.
inline void write(message& to, const tensor& from);
inline void write(message& to, const attribute& from);
inline void write(message& to, const node& from);
inline void write(message& to, const dimension& from);
inline void write(message& to, const value_info& from);
inline void write(message& to, const graph& from);

// Writes a nested message even if it is empty; protozero's nested writer would omit an empty one.
template <class Fill>
requires std::invocable<Fill, message&>
void put(message& to, protozero::pbf_tag_type tag, Fill&& fill) {
    std::string bytes;
    message inner{bytes};
    fill(inner);
    to.add_message(tag, bytes);
}
template <class T>
void put(message& to, protozero::pbf_tag_type tag, const T& from) {
    put(to, tag, [&](message& inner) { write(inner, from); });
}

inline void write(message& to, const tensor& from) {
    if (from.type == data_type::string)
        raise("onnx", "tensor '" + from.name + "' is of strings, which are not written");
    for (const std::int64_t dim : from.dims) to.add_int64(1, dim);
    to.add_int32(2, static_cast<int>(from.type));
    put_text(to, 8, from.name);
    const auto raw = io::as_text(from.bytes);
    to.add_bytes(9, raw.data(), raw.size());
}

inline void write(message& to, const attribute& from) {
    using kind = attribute::kind_of;
    const auto lacks = [&] { raise("onnx", "attribute '" + from.name + "' has no value"); };
    put_text(to, 1, from.name);
    switch (from.kind) {
        case kind::undefined: lacks(); break;
        case kind::real: to.add_float(2, from.real); break;
        case kind::integer: to.add_int64(3, from.integer); break;
        case kind::string: to.add_string(4, from.string); break;
        case kind::tensor:
            if (from.tensors.empty()) lacks();
            put(to, 5, from.tensors[0]);
            break;
        case kind::graph:
            if (from.graphs.empty()) lacks();
            put(to, 6, from.graphs[0]);
            break;
        case kind::reals:
            for (const float value : from.reals) to.add_float(7, value);
            break;
        case kind::integers:
            for (const std::int64_t value : from.integers) to.add_int64(8, value);
            break;
        case kind::strings:
            for (const auto& value : from.strings) to.add_string(9, value);
            break;
    }
    to.add_enum(20, static_cast<int>(from.kind));
}

inline void write(message& to, const node& from) {
    for (const auto& name : from.inputs) to.add_string(1, name);
    for (const auto& name : from.outputs) to.add_string(2, name);
    put_text(to, 3, from.name);
    to.add_string(4, from.op_type);
    for (const auto& a : from.attributes) put(to, 5, a);
    put_text(to, 7, from.domain);
}

inline void write(message& to, const dimension& from) {
    if (from.size >= 0) {
        to.add_int64(1, from.size);
    } else {
        put_text(to, 2, from.name);
    }
}

inline void write(message& to, const value_info& from) {
    put_text(to, 1, from.name);
    put(to, 2, [&](message& type) {
        put(type, 1, [&](message& tensor_type) {
            tensor_type.add_enum(1, static_cast<int>(from.type));
            if (!from.ranked) return;
            put(tensor_type, 2, [&](message& shape) {
                for (const auto& dim : from.dims) put(shape, 1, dim);
            });
        });
    });
}

inline void write(message& to, const graph& from) {
    for (const auto& n : from.nodes) put(to, 1, n);
    put_text(to, 2, from.name);
    for (const auto& t : from.initializers) put(to, 5, t);
    for (const auto& v : from.inputs) put(to, 11, v);
    for (const auto& v : from.outputs) put(to, 12, v);
    for (const auto& v : from.values) put(to, 13, v);
}

inline void write(message& to, const model& from) {
    to.add_int64(1, from.ir_version);
    put_text(to, 2, from.producer);
    put(to, 7, from.network);
    for (const auto& opset : from.opsets) {
        put(to, 8, [&](message& inner) {
            put_text(inner, 1, opset.first);
            inner.add_int64(2, opset.second);
        });
    }
    for (const auto& entry : from.metadata) {
        put(to, 14, [&](message& inner) {
            inner.add_string(1, entry.first);
            inner.add_string(2, entry.second);
        });
    }
}

}  // namespace detail

}  // namespace EENN_ISA
inline namespace EENN_HOST {

EENN_FLOW std::vector<std::byte> serialize(const model& from) {
    std::string text;
    detail::message whole{text};
    detail::write(whole, from);
    if (!std::in_range<std::int32_t>(text.size())) {
        raise("onnx", "the model takes " + std::to_string(text.size()) + " bytes, and a protobuf holds at most 2 GiB");
    }
    const auto bytes = io::as_bytes(text);
    return {bytes.begin(), bytes.end()};
}

EENN_FLOW void write_model(const std::filesystem::path& path, const model& from) {
    io::write_file(path, serialize(from));
}

}  // namespace EENN_HOST
}  // namespace eenn::onnx

#endif

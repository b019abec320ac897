// SPDX-License-Identifier: MIT
//
// detail/values.hpp - numbers in ONNX tensors: element types, checked sizes, conversion to and from C++ numbers.
// Floor 6 (io); host subset. Tested by tests/io/onnx/read.cpp.
#ifndef EENN_IO_ONNX_DETAIL_VALUES_HPP
#define EENN_IO_ONNX_DETAIL_VALUES_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/array.hpp>
#include <eenn/io/detail/bytes.hpp>
#include <eenn/io/onnx/detail/model.hpp>
#include <eenn/tensor/detail/element_type.hpp>

namespace eenn::onnx {
inline namespace EENN_ISA {
namespace detail {

static_assert(std::endian::native == std::endian::little,
              "values.hpp reads tensors where they lie, so it needs a little-endian machine");

struct numeric_type {
    data_type type;
    element_type element;
};
inline constexpr numeric_type numeric_types[] = {
    {data_type::float32, element_type::f32},   {data_type::uint8, element_type::u8},
    {data_type::int8, element_type::i8},       {data_type::uint16, element_type::u16},
    {data_type::int16, element_type::i16},     {data_type::int32, element_type::i32},
    {data_type::int64, element_type::i64},     {data_type::boolean, element_type::boolean},
    {data_type::float16, element_type::f16},   {data_type::float64, element_type::f64},
    {data_type::uint32, element_type::u32},    {data_type::uint64, element_type::u64},
    {data_type::bfloat16, element_type::bf16},
};

/// A tensor's number type; empty for strings and types that no layer supports.
[[nodiscard]] constexpr std::optional<element_type> element_of(data_type type) noexcept {
    for (const auto& known : numeric_types) {
        if (known.type == type) return known.element;
    }
    return std::nullopt;
}
/// Bytes of one element; 0 where element_of() is empty.
[[nodiscard]] constexpr std::size_t element_bytes(data_type type) noexcept {
    const auto element = element_of(type);
    return element ? eenn::size_bytes(*element) : 0;
}
[[nodiscard]] constexpr bool is_floating(data_type type) noexcept {
    return type == data_type::float32 || type == data_type::float64 || type == data_type::float16 ||
           type == data_type::bfloat16;
}

/// Whether activations may have this type. Networks always compute in float.
[[nodiscard]] constexpr bool is_activation(data_type type) noexcept {
    return type == data_type::float32 || type == data_type::float64 || type == data_type::float16;
}

/// "tensor 'conv1.weight'".
[[nodiscard]] inline std::string describe(const tensor& t) { return "tensor '" + io::printable(t.name) + "'"; }

/// Limit on axes. No network's tensor has more, and the time of a transpose grows with their number.
inline constexpr std::size_t most_axes = 16;

/// Raises if a tensor is not numeric, or its size does not match its dims.
inline void check(const tensor& t) {
    const std::size_t width = element_bytes(t.type);
    if (width == 0) raise(describe(t), "has elements of type " + std::to_string(static_cast<int>(t.type)));
    if (t.dims.size() > most_axes) raise(describe(t), "has " + std::to_string(t.dims.size()) + " axes");
    if (io::checked_product(t.dims, width) != t.bytes.size()) {
        raise(describe(t), "has dims " + io::to_string(t.dims) + " but " + std::to_string(t.bytes.size()) + " bytes, " +
                               std::to_string(width) + " an element");
    }
}

[[nodiscard]] inline std::size_t elements_of(const tensor& t) noexcept {
    const std::size_t width = element_bytes(t.type);
    return width == 0 ? 0 : t.bytes.size() / width;
}

/// Converts the elements to type T. Raises for strings, and if an integer T cannot hold a value.
template <Number T>
[[nodiscard]] std::vector<T> numbers(const tensor& t) {
    check(t);
    std::vector<T> values(elements_of(t));
    io::convert_elements(std::span<const std::byte>{t.bytes}, *element_of(t.type), values.data(), describe(t));
    return values;
}

/// Converts a number: floating values round, integers wrap to the width. Raises beyond 64 bits.
template <Number To, Number From>
[[nodiscard]] To converted(From value) {
    if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
        if (!(value > From{-9.2e18F} && value < From{9.2e18F})) raise("onnx", "a constant has no value as an integer");
        return static_cast<To>(static_cast<std::int64_t>(value));
    } else {
        return static_cast<To>(value);
    }
}

/// Creates a tensor of the given type from numbers.
template <Number T>
[[nodiscard]] tensor tensor_of(data_type type, std::vector<std::int64_t> dims, std::span<const T> values) {
    tensor made{.name = {}, .type = type, .dims = std::move(dims), .bytes = {}};
    const auto element = element_of(type);
    if (!element) raise("onnx", "a constant is to be of type " + std::to_string(static_cast<int>(type)));
    made.bytes.resize(values.size() * element_bytes(type));
    with_element_type(*element, [&]<class To>(To) {
        if constexpr (std::is_arithmetic_v<To>) {
            for (std::size_t i = 0; i < values.size(); ++i) {
                const bool truth = values[i] != T{};
                const To value = type == data_type::boolean ? static_cast<To>(truth) : converted<To>(values[i]);
                std::memcpy(made.bytes.data() + i * sizeof(To), &value, sizeof(To));
            }
        } else {
            raise("onnx", "no constants of 16-bit floating numbers are calculated", "cast them to float");
        }
    });
    return made;
}

/// An int64 vector, the form of shapes and axes.
[[nodiscard]] inline tensor integers_tensor(const std::vector<std::int64_t>& values) {
    return tensor_of<std::int64_t>(data_type::int64, {std::ssize(values)}, values);
}

}  // namespace detail
}  // namespace EENN_ISA
}  // namespace eenn::onnx

#endif

// SPDX-License-Identifier: MIT
//
// detail/element_type.hpp - element types of tensors, and the quantization of integer elements.
// Floor 1 (tensor).
#ifndef EENN_TENSOR_DETAIL_ELEMENT_TYPE_HPP
#define EENN_TENSOR_DETAIL_ELEMENT_TYPE_HPP

#include <eenn/core/detail/constant.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/tensor/detail/float16.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace eenn {

/// @brief Element type of a tensor. `boolean` is one byte, 0 or 1.
enum class element_type : std::uint8_t { boolean, u8, i8, u16, i16, u32, i32, u64, i64, f16, bf16, f32, f64 };

/// @brief Bytes of one element.
[[nodiscard]] constexpr std::size_t size_bytes(element_type type) noexcept {
    switch (type) {
        case element_type::boolean:
        case element_type::u8:
        case element_type::i8: return 1;
        case element_type::u16:
        case element_type::i16:
        case element_type::f16:
        case element_type::bf16: return 2;
        case element_type::u32:
        case element_type::i32:
        case element_type::f32: return 4;
        case element_type::u64:
        case element_type::i64:
        case element_type::f64: return 8;
    }
    return 0;
}

/// @brief number = scale (element - zero_point). The default, {}, leaves numbers unchanged.
struct quantization {
    real scale{1.0};
    int zero_point = 0;

    friend constexpr bool operator==(const quantization&, const quantization&) = default;
};

inline namespace EENN_ISA {

/// @brief "f32", "i64", ...
[[nodiscard]] constexpr const char* to_string(element_type type) noexcept {
    constexpr const char* names[] = {"boolean", "u8",  "i8",  "u16",  "i16", "u32", "i32",
                                     "u64",     "i64", "f16", "bf16", "f32", "f64"};
    return names[static_cast<std::size_t>(type)];
}

namespace detail {
template <class T>
struct type_code;
// clang-format off
template <> struct type_code<bool>          { static constexpr auto value = element_type::boolean; };
template <> struct type_code<std::uint8_t>  { static constexpr auto value = element_type::u8; };
template <> struct type_code<std::int8_t>   { static constexpr auto value = element_type::i8; };
template <> struct type_code<std::uint16_t> { static constexpr auto value = element_type::u16; };
template <> struct type_code<std::int16_t>  { static constexpr auto value = element_type::i16; };
template <> struct type_code<std::uint32_t> { static constexpr auto value = element_type::u32; };
template <> struct type_code<std::int32_t>  { static constexpr auto value = element_type::i32; };
template <> struct type_code<std::uint64_t> { static constexpr auto value = element_type::u64; };
template <> struct type_code<std::int64_t>  { static constexpr auto value = element_type::i64; };
template <> struct type_code<float16>       { static constexpr auto value = element_type::f16; };
template <> struct type_code<bfloat16>      { static constexpr auto value = element_type::bf16; };
template <> struct type_code<float>         { static constexpr auto value = element_type::f32; };
template <> struct type_code<double>        { static constexpr auto value = element_type::f64; };
// clang-format on
}  // namespace detail

/// @brief C++ types that correspond to an element_type.
template <class T>
concept Element = requires {
    detail::type_code<T>::value;
};

/// @brief Element types with C++ arithmetic.
template <class T>
concept Number = Element<T> && std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

template <Element T>
inline constexpr element_type element_type_of = detail::type_code<T>::value;

/// @brief f(T{}) with the C++ type for `type`; booleans are passed as std::uint8_t.
template <class F>
constexpr decltype(auto) with_element_type(element_type type, F&& f) {
    switch (type) {
        case element_type::boolean:
        case element_type::u8: return f(std::uint8_t{});
        case element_type::i8: return f(std::int8_t{});
        case element_type::u16: return f(std::uint16_t{});
        case element_type::i16: return f(std::int16_t{});
        case element_type::u32: return f(std::uint32_t{});
        case element_type::i32: return f(std::int32_t{});
        case element_type::u64: return f(std::uint64_t{});
        case element_type::i64: return f(std::int64_t{});
        case element_type::f16: return f(float16{});
        case element_type::bf16: return f(bfloat16{});
        case element_type::f64: return f(double{});
        case element_type::f32: break;
    }
    return f(float{});
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

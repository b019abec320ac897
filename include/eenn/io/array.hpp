// SPDX-License-Identifier: MIT
//
// array.hpp - an array as stored in a file: element type, dims, bytes.
// Floor 6 (io).
#ifndef EENN_IO_ARRAY_HPP
#define EENN_IO_ARRAY_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <eenn/core/aligned.hpp>
#include <eenn/core/detail/flow.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/io/detail/bytes.hpp>
#include <eenn/tensor/detail/element_type.hpp>

namespace eenn::io {
inline namespace EENN_ISA {

namespace detail {

// Whether type To can hold `value`. A float may round on its way to a smaller float; an integer must be represented
// exactly, and a fraction never fits an integer.
template <class To, class From>
[[nodiscard]] constexpr bool fits(From value) noexcept {
    if constexpr (std::is_floating_point_v<To>) {
        return true;
    } else if constexpr (std::is_integral_v<From>) {
        return std::in_range<To>(value);
    } else {
        const double exact = value;  // exact for the half types too
        const double above = 2.0 * static_cast<double>(To{1} << (8 * sizeof(To) - (std::is_signed_v<To> ? 2 : 1)));
        return exact >= (std::is_signed_v<To> ? -above : 0.0) && exact < above && exact == std::trunc(exact);
    }
}

// Kept out of the loops, because there is one loop for each pair of types.
[[noreturn]] inline void refuse_element(const std::string& where, std::size_t i, element_type from, element_type to) {
    raise(where, "element " + std::to_string(i) + " of type " + to_string(from) + " has no value in " + to_string(to),
          "read it as a wider type");
}

}  // namespace detail

/// @brief Converts elements of any type, unaligned and in native byte order, to numbers of type To.
///
/// @par Errors  eenn::error naming `where`, the element's index and both types, if an integer To cannot hold a value.
template <Number To>
void convert_elements(std::span<const std::byte> bytes, element_type type, To* target, const std::string& where) {
    with_element_type(type, [&]<class From>(From) {
        for (std::size_t i = 0; i < bytes.size() / sizeof(From); ++i) {
            From value;
            std::memcpy(&value, bytes.data() + i * sizeof(From), sizeof(From));
            if (!detail::fits<To>(value)) detail::refuse_element(where, i, type, element_type_of<To>);
            if constexpr (std::is_same_v<From, float16> || std::is_same_v<From, bfloat16>) {
                target[i] = static_cast<To>(static_cast<float>(value));
            } else {
                target[i] = static_cast<To>(value);
            }
        }
    });
}

}  // namespace EENN_ISA
inline namespace EENN_HOST {

/// @brief convert_elements() for the types of samples and labels. A linked library provides them compiled.
EENN_FLOW void convert_elements(std::span<const std::byte> bytes, element_type type, float* target,
                                const std::string& where);
EENN_FLOW void convert_elements(std::span<const std::byte> bytes, element_type type, std::int32_t* target,
                                const std::string& where);

/// @brief An array read from a file or about to be written. Row-major (the last dim varies fastest), native byte order.
struct array {
    element_type type = element_type::f32;
    std::vector<std::int64_t> dims;   // () is a single element
    aligned_vector<std::byte> bytes;  // product of dims * size_bytes(type)

    [[nodiscard]] std::size_t elements() const noexcept { return bytes.size() / size_bytes(type); }

    /// The elements in place. Raises unless T is the array's own type.
    template <Element T>
    [[nodiscard]] std::span<const T> as(const std::string& where = "array") const {
        if (type != element_type_of<T>) {
            raise(where, std::string{"its elements are "} + to_string(type) + ", not " + to_string(element_type_of<T>),
                  "convert with to<T>()");
        }
        return {reinterpret_cast<const T*>(bytes.data()), elements()};
    }

    /// Copies the elements into a new vector of T. Raises if an integer T cannot hold a value; never rounds to one.
    template <Number T>
    [[nodiscard]] aligned_vector<T> to(const std::string& where = "array") const {
        aligned_vector<T> converted(elements());
        io::convert_elements(std::span<const std::byte>{bytes}, type, converted.data(), where);
        return converted;
    }
};

}  // namespace EENN_HOST
inline namespace EENN_ISA {

/// @brief An array of the given dims with a copy of the values. Raises if the dims' product differs from their number.
template <Element T>
[[nodiscard]] array make_array(std::vector<std::int64_t> dims, std::span<const T> values) {
    const auto count = checked_product(dims);
    if (!count || *count != values.size()) {
        raise("make_array", "dims " + to_string(dims) + " do not hold " + std::to_string(values.size()) + " values");
    }
    array made{element_type_of<T>, std::move(dims), aligned_vector<std::byte>(values.size_bytes())};
    if (!values.empty()) std::memcpy(made.bytes.data(), values.data(), values.size_bytes());
    return made;
}

}  // namespace EENN_ISA
}  // namespace eenn::io

#if !defined(EENN_COMPILED)
#include <eenn/io/detail/array.hpp>
#endif

#endif

// SPDX-License-Identifier: MIT
//
// detail/constant.hpp - an argument that is known at compile time or only at run time.
// Floor 0 (core). Tested by tests/network/lower.cpp.
#ifndef EENN_CORE_DETAIL_CONSTANT_HPP
#define EENN_CORE_DETAIL_CONSTANT_HPP

#include <bit>
#include <concepts>
#include <cstdint>
#include <type_traits>

namespace eenn {

/// @brief A compile-time value: `p.value` is a constant expression.
template <auto Value>
struct constant {
    static constexpr auto value = Value;
    static constexpr bool known = true;
};

/// @brief A run-time value.
template <class Value>
struct dynamic {
    Value value;
    static constexpr bool known = false;
};
template <class Value>
dynamic(Value) -> dynamic<Value>;

/// @brief A constant<V> or a dynamic<V>. Kernels are written once and accept either.
template <class P, class Value>
concept Parameter = std::same_as<std::remove_cvref_t<decltype(P::value)>, Value> && requires {
    P::known;
};

/// @brief f(p.value) in the same phase as p: a constant stays a constant. f must be a stateless constexpr callable.
template <class P, class F>
[[nodiscard]] constexpr auto transformed(P p, F f) {
    if constexpr (P::known) {
        return constant<F{}(P::value)>{};
    } else {
        return dynamic{f(p.value)};
    }
}

/// @brief A float that can be a member of a structural type (clang 14 has no floating-point template arguments).
struct real {
    std::uint32_t bits = 0;

    constexpr real() = default;
    constexpr real(double value) : bits{std::bit_cast<std::uint32_t>(static_cast<float>(value))} {}
    constexpr operator float() const noexcept { return std::bit_cast<float>(bits); }
    friend constexpr bool operator==(const real&, const real&) = default;
};

}  // namespace eenn

#endif

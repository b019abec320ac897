// SPDX-License-Identifier: MIT
//
// detail/fields.hpp - visits the members of a struct in order, so that no member can be forgotten.
// Floor 0 (core).
#ifndef EENN_CORE_DETAIL_FIELDS_HPP
#define EENN_CORE_DETAIL_FIELDS_HPP

#include <eenn/core/isa.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace eenn {
inline namespace EENN_ISA {

namespace detail {

struct any_value {
    template <class T>
    constexpr operator T() const noexcept {
        __builtin_unreachable();  // only its type is used
    }
};

template <class T, std::size_t... I>
[[nodiscard]] constexpr bool takes_values(std::index_sequence<I...>) {
    return requires { T{(static_cast<void>(I), any_value{})...}; };
}

inline constexpr std::size_t most_fields = 20;

// The largest number of initialisers that T accepts. Smaller counts can fail, for example when a later member is a
// reference, which must be initialised.
template <class T, std::size_t N = 0, bool Enough = false>
[[nodiscard]] constexpr std::size_t count_members() {
    constexpr bool takes = takes_values<T>(std::make_index_sequence<N>{});
    if constexpr (N > most_fields) {
        return takes ? N : Enough ? N - 1 : 0;
    } else if constexpr (Enough && !takes) {
        return N - 1;
    } else {
        return count_members<T, N + 1, takes>();
    }
}

}  // namespace detail

/// @brief Number of members of an aggregate without C arrays or base-class members; 0 if it is empty.
template <class T>
requires std::is_aggregate_v<T>
inline constexpr std::size_t field_count = std::is_empty_v<T> ? 0 : detail::count_members<T>();

/// @brief A std::tuple of references to all members of a struct, in order, with the struct's constness.
///
/// Aggregates of up to 20 members need no preparation, and members added later are included automatically. Any other
/// class provides `fields()`, whose structured binding fails to compile if a member is missing:
///
///     constexpr auto fields() const { const auto& [a, b] = *this; return std::tie(a, b); }
template <class T>
[[nodiscard]] constexpr auto fields_of(T& value) {
    if constexpr (requires { value.fields(); }) {
        return value.fields();
    } else {
        constexpr std::size_t count = field_count<std::remove_const_t<T>>;
        static_assert(count <= detail::most_fields,
                      "eenn: fields_of() knows structs of up to 20 members: group some of them");
        static_assert(count > 0 || std::is_empty_v<T>,
                      "eenn: the members of this struct cannot be counted: give it a fields()");
        // clang-format off
        if constexpr (count == 0) { return std::tuple<>{}; }
        else if constexpr (count == 1) { auto& [a] = value; return std::tie(a); }
        else if constexpr (count == 2) { auto& [a, b] = value; return std::tie(a, b); }
        else if constexpr (count == 3) { auto& [a, b, c] = value; return std::tie(a, b, c); }
        else if constexpr (count == 4) { auto& [a, b, c, d] = value; return std::tie(a, b, c, d); }
        else if constexpr (count == 5) { auto& [a, b, c, d, e] = value; return std::tie(a, b, c, d, e); }
        else if constexpr (count == 6) { auto& [a, b, c, d, e, f] = value; return std::tie(a, b, c, d, e, f); }
        else if constexpr (count == 7) { auto& [a, b, c, d, e, f, g] = value; return std::tie(a, b, c, d, e, f, g); }
        else if constexpr (count == 8) { auto& [a, b, c, d, e, f, g, h] = value; return std::tie(a, b, c, d, e, f, g, h); }
        else if constexpr (count == 9) { auto& [a, b, c, d, e, f, g, h, i] = value; return std::tie(a, b, c, d, e, f, g, h, i); }
        else if constexpr (count == 10) { auto& [a, b, c, d, e, f, g, h, i, j] = value; return std::tie(a, b, c, d, e, f, g, h, i, j); }
        else if constexpr (count == 11) { auto& [a, b, c, d, e, f, g, h, i, j, k] = value; return std::tie(a, b, c, d, e, f, g, h, i, j, k); }
        else if constexpr (count == 12) { auto& [a, b, c, d, e, f, g, h, i, j, k, l] = value; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l); }
        else if constexpr (count == 13) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = value; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m); }
        else if constexpr (count == 14) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = value; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n); }
        else if constexpr (count == 15) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = value; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o); }
        else if constexpr (count == 16) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = value; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p); }
        else if constexpr (count == 17) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q] = value; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q); }
        else if constexpr (count == 18) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r] = value; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r); }
        else if constexpr (count == 19) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s] = value; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s); }
        else { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t] = value; return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t); }
        // clang-format on
    }
}

/// @brief Calls visit(member) for every member of a struct, in order.
template <class T, class F>
constexpr void each_field(T&& value, F&& visit) {
    std::apply([&](auto&... member) { (visit(member), ...); }, fields_of(value));
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

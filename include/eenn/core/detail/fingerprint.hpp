// SPDX-License-Identifier: MIT
//
// detail/fingerprint.hpp - hashes everything a computation depends on, so that cached results are reused only when
// valid.
// Floor 0 (core).
#ifndef EENN_CORE_DETAIL_FINGERPRINT_HPP
#define EENN_CORE_DETAIL_FINGERPRINT_HPP

#include <bit>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <eenn/core/detail/fields.hpp>
#include <eenn/core/isa.hpp>

namespace eenn {
inline namespace EENN_ISA {

/// @brief The value of a fingerprint: 128 bits. Among 10^12 digests, a collision has probability 10^-15.
struct digest {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    /// 32 hexadecimal digits.
    [[nodiscard]] std::string text() const {
        std::string hex;
        for (const std::uint64_t half : {high, low}) {
            for (int shift = 60; shift >= 0; shift -= 4) hex += "0123456789abcdef"[(half >> shift) & 15U];
        }
        return hex;
    }
    friend constexpr auto operator<=>(const digest&, const digest&) = default;
};

namespace detail {

template <class T>
concept OptionalValue = requires(const T& value) {
    { value.has_value() } -> std::same_as<bool>;
    *value;
};
template <class T>
inline constexpr bool is_variant = false;
template <class... T>
inline constexpr bool is_variant<std::variant<T...>> = true;
template <class T>
concept TupleValue = requires {
    std::tuple_size<T>::value;
};
template <class T>
concept NumberValue = std::is_arithmetic_v<T> && sizeof(T) <= 8;
template <class T>
concept RangeValue = requires(const T& value) {
    value.begin();
    value.end();
    { value.size() } -> std::convertible_to<std::size_t>;
};
template <class T>
concept NumbersValue = RangeValue<T> && requires(const T& value) {
    requires NumberValue<std::remove_cvref_t<decltype(*value.data())>>;
};

template <class T>
concept NamedKind = requires {
    requires std::same_as<decltype(T::kind), const std::string_view>;
};

template <std::size_t Size>
using bits_of_size = std::conditional_t<
    Size == 1, std::uint8_t,
    std::conditional_t<Size == 2, std::uint16_t, std::conditional_t<Size == 4, std::uint32_t, std::uint64_t>>>;

}  // namespace detail

/// @brief Hashes a sequence of values. The same values in the same order give the same digest on every machine, and in
/// constant evaluation; any difference in a bit gives another digest (0.0 and -0.0 differ).
///
/// Accepts numbers, enums, strings, ranges, optionals, variants, tuples, and structs of these. Structs are hashed
/// member by member (fields.hpp), so no option can be forgotten. A struct with a name in `kind`, such as a layer, is
/// hashed together with that name. Range sizes are hashed too, so ("ab", "c") and ("a", "bc") differ.
///
/// @par Cost    About 5 GB/s for numbers. Not cryptographic: collisions are easy to construct.
/// @par Source  MurmurHash3, x64, 128 bits (Appleby 2011), over 8-byte words: a number takes one word, elements of a
///              numeric range share words.
class fingerprint {
public:
    template <class T>
    constexpr fingerprint& add(const T& value) {
        if constexpr (detail::NumberValue<T>) {
            mix(bits(value));
        } else if constexpr (std::is_enum_v<T>) {
            add(static_cast<std::underlying_type_t<T>>(value));
        } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
            const std::string_view text = value;
            add_numbers(std::span{text.data(), text.size()});
        } else if constexpr (detail::OptionalValue<T>) {
            add(value.has_value());
            if (value.has_value()) add(*value);
        } else if constexpr (detail::NumbersValue<T>) {
            add_numbers(std::span{value.data(), value.size()});
        } else if constexpr (detail::RangeValue<T>) {
            mix(value.size());
            for (const auto& element : value) add(element);
        } else if constexpr (detail::is_variant<T>) {
            std::visit([&](const auto& held) { add_alternative(value.index(), held); }, value);
        } else if constexpr (detail::TupleValue<T>) {
            std::apply([&](const auto&... element) { (add(element), ...); }, value);
        } else if constexpr (std::has_unique_object_representations_v<T> && sizeof(T) <= 8 &&
                             std::has_single_bit(sizeof(T)) && !std::is_aggregate_v<T>) {
            mix(bits(value));  // a wrapped number
        } else {
            static_assert(
                std::is_aggregate_v<T> || requires { value.fields(); },
                "eenn: a value of this type has no fingerprint: give it a fields(), see core/detail/fields.hpp");
            if constexpr (detail::NamedKind<T>) add(T::kind);
            each_field(value, [&](const auto& member) { add(member); });
        }
        return *this;
    }

    [[nodiscard]] constexpr digest value() const noexcept {
        std::uint64_t h1 = first_;
        std::uint64_t h2 = second_;
        if (words_ % 2 != 0) h1 ^= scrambled(waiting_, c1, 31, c2);
        h1 ^= 8 * words_;
        h2 ^= 8 * words_;
        h1 += h2;
        h2 += h1;
        h1 = finished(h1);
        h2 = finished(h2);
        h1 += h2;
        h2 += h1;
        return {h1, h2};
    }

private:
    static constexpr std::uint64_t c1 = 0x87c37b91114253d5U;
    static constexpr std::uint64_t c2 = 0x4cf5ad432745937fU;

    template <class T>
    [[nodiscard]] static constexpr std::uint64_t bits(const T& value) noexcept {
        return std::bit_cast<detail::bits_of_size<sizeof(T)>>(value);
    }
    [[nodiscard]] static constexpr std::uint64_t scrambled(std::uint64_t word, std::uint64_t before, int turn,
                                                           std::uint64_t after) noexcept {
        return std::rotl(word * before, turn) * after;
    }
    [[nodiscard]] static constexpr std::uint64_t finished(std::uint64_t word) noexcept {
        word = (word ^ (word >> 33)) * 0xff51afd7ed558ccdU;
        word = (word ^ (word >> 33)) * 0xc4ceb9fe1a85ec53U;
        return word ^ (word >> 33);
    }

    constexpr void mix(std::uint64_t word) noexcept {
        if (words_++ % 2 == 0) {
            waiting_ = word;
            return;
        }
        first_ = (std::rotl(first_ ^ scrambled(waiting_, c1, 31, c2), 27) + second_) * 5 + 0x52dce729U;
        second_ = (std::rotl(second_ ^ scrambled(word, c2, 33, c1), 31) + first_) * 5 + 0x38495ab5U;
    }

    template <class T>
    constexpr void add_numbers(std::span<T> values) noexcept {
        constexpr std::size_t each = 8 / sizeof(T);
        const auto word = [&](std::size_t from, std::size_t count) {
            std::uint64_t packed = 0;
            for (std::size_t k = 0; k < count; ++k) packed |= bits(values[from + k]) << (8 * sizeof(T) * k);
            return packed;
        };
        std::size_t i = 0;
        for (; i + each <= values.size(); i += each) mix(word(i, each));
        if (i < values.size()) mix(word(i, values.size() - i));
        mix(values.size());
    }

    /// Layers are identified by kind rather than index, so the set of layers can grow.
    template <class T>
    constexpr void add_alternative(std::size_t index, const T& held) {
        if constexpr (!detail::NamedKind<T>) mix(index);
        add(held);
    }

    std::uint64_t first_ = 0;
    std::uint64_t second_ = 0;
    std::uint64_t waiting_ = 0;  // first word of an incomplete pair
    std::uint64_t words_ = 0;
};

/// @brief The digest of a list of values.
template <class... T>
[[nodiscard]] constexpr digest digest_of(const T&... values) {
    fingerprint print;
    (print.add(values), ...);
    return print.value();
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// detail/exact_span.hpp - a span of exactly N elements; the size is checked on construction.
// Floor 0 (core); device subset.
#ifndef EENN_CORE_DETAIL_EXACT_SPAN_HPP
#define EENN_CORE_DETAIL_EXACT_SPAN_HPP

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace eenn {
inline namespace EENN_ISA {

namespace detail {

[[noreturn]] inline void refuse_size(std::size_t got, std::size_t wanted) {
    raise("exact_span", std::to_string(got) + " elements, where " + std::to_string(wanted) + " are wanted");
}

}  // namespace detail

/// @brief A view of N elements, constructible from anything that std::span can view.
///
/// @par Errors  An array of another size does not compile. A vector or dynamic span of another size raises eenn::error,
///              which names both sizes.
template <class T, std::size_t N>
class exact_span {
public:
    template <class R>
    requires requires(R& from) { std::span{from}; }
    constexpr exact_span(R&& from) noexcept(decltype(std::span{from})::extent == N) : data_{std::span{from}.data()} {
        constexpr std::size_t extent = decltype(std::span{from})::extent;
        static_assert(extent == N || extent == std::dynamic_extent, "eenn: an array of another size than is wanted");
        if constexpr (extent == std::dynamic_extent) {
            if (from.size() != N) detail::refuse_size(from.size(), N);
        }
    }

    [[nodiscard]] constexpr T* data() const noexcept { return data_; }
    [[nodiscard]] static constexpr std::size_t size() noexcept { return N; }
    [[nodiscard]] constexpr operator std::span<T>() const noexcept { return {data_, N}; }

private:
    T* data_;
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif

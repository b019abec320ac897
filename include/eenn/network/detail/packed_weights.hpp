// SPDX-License-Identifier: MIT
//
// detail/packed_weights.hpp - parameters in the form that inference reads: norms folded, laid out for the kernels, with
// types of their own.
// Floor 4 (network). Tested by tests/network/session.cpp.
#ifndef EENN_NETWORK_DETAIL_PACKED_WEIGHTS_HPP
#define EENN_NETWORK_DETAIL_PACKED_WEIGHTS_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/network/detail/executable.hpp>

#include <array>
#include <span>
#include <string>
#include <type_traits>

namespace eenn {
inline namespace EENN_ISA {

/// @brief A view of the packed weights of one network, (net.packed_elements).
///
/// Parameters are plain spans and vectors: (plan.parameter_elements()) numbers at the plan's offsets, which are trained,
/// averaged and written to files. Packed weights serve inference only, and their layout is specific to one instruction set
/// and tuning table. Spans and packed weights therefore do not convert into each other: passing one for the other does not
/// compile.
template <class T>
class packed_view {
public:
    /// @par Errors  eenn::error if the size differs from what the network needs, naming both.
    packed_view(const executable<T>& compiled, std::span<const T> packed) : data_{packed.data()} {
        if (packed.size() != compiled.packed_elements) {
            raise("packed_view", std::to_string(packed.size()) + " packed weights for a network of " +
                                     std::to_string(compiled.packed_elements));
        }
    }
    [[nodiscard]] constexpr const T* data() const noexcept { return data_; }

private:
    template <class U, std::size_t N>
    friend struct packed_array;
    template <class U>
    friend class packed_weights;
    constexpr explicit packed_view(const T* data) noexcept : data_{data} {}

    const T* data_;
};

/// @brief Packed weights stored in the object, for flash and for sessions of a network type: `net::packed`.
template <class T, std::size_t N>
struct alignas(alignment) packed_array {
    std::array<T, N> values;

    constexpr operator packed_view<T>() const noexcept { return packed_view<T>{values.data()}; }
};

/// @brief Raises eenn::error if the number of parameters differs from the plan's, naming both.
template <class T>
void check_parameters(const plan_view& plan, std::span<const T> parameters, const std::string& where) {
    if (parameters.size() != plan.parameter_elements()) {
        raise(where, std::to_string(parameters.size()) + " parameters for a network of " +
                         std::to_string(plan.parameter_elements()));
    }
}

/// @brief Packed weights on the heap, for any network; host subset.
template <class T>
class packed_weights {
public:
    /// @param parameters  (plan.parameter_elements()).
    /// @par Errors  eenn::error if the number of parameters is wrong, naming both numbers.
    packed_weights(const executable<T>& compiled, std::span<const std::type_identity_t<T>> parameters)
        : values_(compiled.packed_elements) {
        check_parameters<T>(compiled.plan, parameters, "packed_weights");
        pack_weights(compiled, parameters, values_);
    }
    operator packed_view<T>() const noexcept { return packed_view<T>{values_.data()}; }
    [[nodiscard]] const T* data() const noexcept { return values_.data(); }

private:
    aligned_vector<T> values_;
};

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// detail/method.hpp - the kernel that computes a layer: a printable value, chosen once by select() and stored in the
// plan.
// Floor 2 (kernels). Letters: M = outputs of a tile, R = taps of a filter.
#ifndef EENN_KERNELS_DETAIL_METHOD_HPP
#define EENN_KERNELS_DETAIL_METHOD_HPP

#include <eenn/core/isa.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace eenn::kernels {

/// @brief F(out_h x out_w, taps_h x taps_w), a structural value.
struct winograd_form {
    int out_h = 0;
    int out_w = 0;
    int taps_h = 0;
    int taps_w = 0;

    friend constexpr bool operator==(const winograd_form&, const winograd_form&) = default;

    [[nodiscard]] constexpr int points_h() const noexcept { return out_h + taps_h - 1; }
    [[nodiscard]] constexpr int points_w() const noexcept { return out_w + taps_w - 1; }
    /// Multiplications per tile and pair of channels.
    [[nodiscard]] constexpr int products() const noexcept { return points_h() * points_w(); }
};

/// @brief All available forms. With equal times, the first one is chosen.
inline constexpr winograd_form winograd_forms[]{{4, 4, 3, 3}, {2, 2, 3, 3}, {1, 6, 1, 3}, {1, 4, 1, 5}, {1, 2, 1, 7}};

/// @brief Algorithm of a pass.
enum class algorithm : unsigned char {
    only,       ///< the layer has a single kernel
    direct,     ///< plane.hpp
    pointwise,  ///< plane.hpp, with all pixels as one row
    depthwise,  ///< depthwise.hpp
    winograd    ///< winograd.hpp
};

/// @brief An algorithm and its form: a structural value of two bytes, since plans and template arguments hold many.
struct method {
    algorithm by = algorithm::only;
    unsigned char which = 0;  ///< index into winograd_forms

    constexpr method() = default;
    constexpr method(algorithm how) noexcept : by{how} {}
    /// Winograd in one of winograd_forms.
    constexpr method(const winograd_form& form) noexcept : by{algorithm::winograd} {
        while (winograd_forms[which] != form) ++which;
    }
    friend constexpr bool operator==(const method&, const method&) = default;

    /// The form if the algorithm is Winograd; else {}, which is no form.
    [[nodiscard]] constexpr winograd_form form() const noexcept {
        return by == algorithm::winograd ? winograd_forms[which] : winograd_form{};
    }
};

/// @brief The chosen methods of a layer's passes, a structural value.
struct kernel_choice {
    method forward{};
    method data_gradient{};
    method weight_gradient{};

    friend constexpr bool operator==(const kernel_choice&, const kernel_choice&) = default;
};

/// @brief Properties of the target that the choice depends on.
struct target {
    bool far = false;  ///< the network exceeds the caches, so the size of packed weights matters

    friend constexpr bool operator==(const target&, const target&) = default;
};

inline namespace EENN_ISA {
namespace detail {

/// "winograd F(4x4,3x3)" for each form.
inline constexpr auto winograd_names = [] {
    std::array<std::array<char, 19>, std::size(winograd_forms)> names{};
    for (std::size_t i = 0; i < names.size(); ++i) {
        constexpr std::string_view pattern = "winograd F( x , x )";
        for (std::size_t k = 0; k < pattern.size(); ++k) names[i][k] = pattern[k];
        const auto digit = [](int value) { return static_cast<char>('0' + value); };  // all values are below ten
        names[i][11] = digit(winograd_forms[i].out_h);
        names[i][13] = digit(winograd_forms[i].out_w);
        names[i][15] = digit(winograd_forms[i].taps_h);
        names[i][17] = digit(winograd_forms[i].taps_w);
    }
    return names;
}();

}  // namespace detail

/// @brief The name of a method: "direct", "winograd F(4x4,3x3)", ...
[[nodiscard]] constexpr std::string_view to_string(const method& how) noexcept {
    switch (how.by) {
        case algorithm::only: return "only one";
        case algorithm::direct: return "direct";
        case algorithm::pointwise: return "pointwise";
        case algorithm::depthwise: return "depthwise";
        case algorithm::winograd: break;
    }
    const auto& name = detail::winograd_names[how.which];
    return {name.data(), name.size()};
}

}  // namespace EENN_ISA
}  // namespace eenn::kernels

#endif

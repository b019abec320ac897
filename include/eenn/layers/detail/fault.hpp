// SPDX-License-Identifier: MIT
//
// detail/fault.hpp - why a layer or network is invalid, and the message for it, the same in both phases.
// Floor 3 (layers).
#ifndef EENN_LAYERS_DETAIL_FAULT_HPP
#define EENN_LAYERS_DETAIL_FAULT_HPP

#include <eenn/core/detail/allowed.hpp>
#include <eenn/core/detail/constant.hpp>
#include <eenn/core/detail/fixed_text.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/tensor/shape.hpp>

#include <cstdint>
#include <string_view>

namespace eenn {

/// @brief Why a network is invalid. `none` means that it is valid.
enum class fault_kind : unsigned char {
    none,
    shapes_differ,                     ///< two inputs of a layer, or a layer and its input, disagree
    window_larger_than_input,          ///< a kernel or pooling window does not fit
    channels_not_divisible_by_groups,  ///< input or output channels
    wrong_number_of_inputs,
    option_out_of_range,  ///< an invalid size, stride, rate or count
    too_large,            ///< a size that overflows or exceeds the limit
    no_such_edge,         ///< the graph has no such edge
    no_such_node,         ///< the graph has no such id
    id_taken,             ///< another node of the graph has this id
    not_a_cut,            ///< other values also cross this cut
    cannot_be_removed,    ///< nothing can replace this node
    channels_are_fixed,   ///< the node's channels are tied to the input, to logits or to an unknown layer
    computes_nothing,     ///< no layer computes anything for this exit or end
    no_such_channel,      ///< a channel selection that is empty, has duplicates or is out of range
};

/// @brief An error and the data for its message: shapes, or an option's name, its value and the allowed range.
struct layer_fault {
    fault_kind kind = fault_kind::none;
    shape expected{};           ///< for shapes_differ and window_larger_than_input
    shape got{};                ///< likewise; for too_large, the layer's input
    std::string_view option{};  ///< for the other kinds; a string literal
    double value = 0;
    allowed_range allowed{};  ///< for channels_not_divisible_by_groups, `low` is the number of groups
};

inline namespace EENN_ISA {

/// @brief The wording used in error messages.
[[nodiscard]] constexpr std::string_view to_string(fault_kind kind) noexcept {
    switch (kind) {
        case fault_kind::none: return "no fault";
        case fault_kind::shapes_differ: return "shapes differ";
        case fault_kind::window_larger_than_input: return "window larger than its padded input";
        case fault_kind::channels_not_divisible_by_groups: return "channels not divisible by groups";
        case fault_kind::wrong_number_of_inputs: return "wrong number of inputs";
        case fault_kind::option_out_of_range: return "option out of range";
        case fault_kind::too_large: return "too large";
        case fault_kind::no_such_edge: return "no such edge";
        case fault_kind::no_such_node: return "no such node";
        case fault_kind::id_taken: return "an id that another node has, or that is none";
        case fault_kind::computes_nothing: return "no layer computes anything for this exit";
        case fault_kind::not_a_cut: return "more than this value passes here";
        case fault_kind::cannot_be_removed: return "nothing can stand for this node";
        case fault_kind::channels_are_fixed: return "its channels cannot be chosen";
        case fault_kind::no_such_channel: return "no such channel, or one twice, or none";
    }
    return "unknown fault";
}

/// @brief The fault of an option whose value is not allowed.
[[nodiscard]] constexpr layer_fault wrong_option(std::string_view option, double value, const allowed_range& allowed) {
    return {fault_kind::option_out_of_range, {}, {}, option, value, allowed};
}
/// @brief The fault of any other wrong number: an input count, an edge, a node.
[[nodiscard]] constexpr layer_fault wrong_number(fault_kind kind, double value, const allowed_range& allowed) {
    return {kind, {}, {}, {}, value, allowed};
}
/// @brief The fault of an input or output channel count that the groups do not divide.
[[nodiscard]] constexpr layer_fault indivisible(std::string_view channels, double count, double groups) {
    return {fault_kind::channels_not_divisible_by_groups, {}, {}, channels, count,
            allowed_range::closed(groups, groups)};
}
/// @brief "too large: 65536x65536x3 gives 12884901888 elements, at most 268435456".
template <class Number>
[[nodiscard]] constexpr layer_fault too_large(std::string_view what, Number value, double most, shape input) {
    return {fault_kind::too_large, {}, input, what, static_cast<double>(value), allowed_range::closed(0, most)};
}

/// @brief Whether a size or count is outside [low, high]; if so, sets `why`.
[[nodiscard]] constexpr bool not_allowed(layer_fault& why, const char* option, int value, int low,
                                         int high = most_elements) {
    if (value >= low && value <= high) return false;
    why = wrong_option(option, value, allowed_range::closed(low, high));
    return true;
}
/// @brief As above, for a real number.
[[nodiscard]] constexpr bool not_allowed(layer_fault& why, const char* option, real value,
                                         const allowed_range& allowed) {
    const double number = value;
    if (allowed.contains(number)) return false;
    why = wrong_option(option, number, allowed);
    return true;
}

/// @brief Appends "shapes differ, expected 8x8x7, got 8x8x4" or "rate is 1, allowed [0, 1)".
constexpr void append(fixed_text& to, const layer_fault& why) noexcept {
    const auto put = [&to](const shape& s) {
        to.append(1.0 * s.h).append("x").append(1.0 * s.w).append("x").append(1.0 * s.c);
    };
    if (why.kind == fault_kind::option_out_of_range) {
        append_option(to, why.option, why.value, why.allowed);
        return;
    }
    to.append(to_string(why.kind));
    switch (why.kind) {
        case fault_kind::shapes_differ:
        case fault_kind::window_larger_than_input:
            to.append(", expected ");
            put(why.expected);
            to.append(", got ");
            put(why.got);
            break;
        case fault_kind::channels_not_divisible_by_groups:
            to.append(": ").append(why.option).append(" is ").append(why.value);
            to.append(", allowed multiples of ").append(why.allowed.low);
            break;
        case fault_kind::wrong_number_of_inputs:
        case fault_kind::no_such_edge:
        case fault_kind::id_taken:
        case fault_kind::no_such_channel:
            if (why.allowed == allowed_range{}) break;
            to.append(": ").append(why.value).append(", allowed ");
            append(to, why.allowed);
            break;
        case fault_kind::too_large:
            to.append(": ");
            put(why.got);
            to.append(" gives ").append(why.value).append(" ").append(why.option);
            to.append(", at most ").append(why.allowed.high);
            break;
        default: break;
    }
}

/// @brief The message for a fault.
[[nodiscard]] constexpr fixed_text text_of(const layer_fault& why) noexcept {
    fixed_text text;
    append(text, why);
    return text;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

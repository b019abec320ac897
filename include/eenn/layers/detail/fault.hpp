// SPDX-License-Identifier: MIT
//
// detail/fault.hpp - why a layer or a network is wrong, and the one sentence that says so in both phases.
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

/// @brief Why a network is wrong. `none` is a network that is right.
enum class fault_kind : unsigned char {
    none,
    shapes_differ,                     ///< two inputs of one layer, or a layer and its input, disagree
    window_larger_than_input,          ///< a kernel or pooling window does not fit
    channels_not_divisible_by_groups,  ///< input or output channels
    wrong_number_of_inputs,
    option_out_of_range,  ///< a size, stride, rate or count that cannot be
    too_large,            ///< a size that cannot be counted or held
    no_such_edge,         ///< an edge that the graph does not have
    no_such_node,         ///< an id that the graph does not have
    id_taken,             ///< an id that another node of the graph has
    not_a_cut,            ///< more than the value asked for passes there
    cannot_be_removed,    ///< a node that nothing can stand for
    channels_are_fixed,   ///< the channels of a node are tied to the input, to logits or to what is not known
    computes_nothing,     ///< an exit or an end for which no layer computes anything
    no_such_channel,      ///< a choice of channels that is empty, names one twice or one that is not there
};

/// @brief What is wrong, with what a message needs: shapes, or an option's name, its value and what is allowed.
struct layer_fault {
    fault_kind kind = fault_kind::none;
    shape expected{};           ///< of shapes_differ and window_larger_than_input
    shape got{};                ///< likewise; the input of what is too_large
    std::string_view option{};  ///< of the other kinds: a string literal
    double value = 0;
    allowed_range allowed{};  ///< of channels_not_divisible_by_groups, `low` is the number of groups
};

inline namespace EENN_ISA {

/// @brief The name that error messages use.
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

/// @brief An option whose value is not allowed.
[[nodiscard]] constexpr layer_fault wrong_option(std::string_view option, double value, const allowed_range& allowed) {
    return {fault_kind::option_out_of_range, {}, {}, option, value, allowed};
}
/// @brief A number that is wrong for another reason: of inputs, of an edge, of a node.
[[nodiscard]] constexpr layer_fault wrong_number(fault_kind kind, double value, const allowed_range& allowed) {
    return {kind, {}, {}, {}, value, allowed};
}
/// @brief Channels, of the input or made, that are no multiple of the groups.
[[nodiscard]] constexpr layer_fault indivisible(std::string_view channels, double count, double groups) {
    return {fault_kind::channels_not_divisible_by_groups, {}, {}, channels, count,
            allowed_range::closed(groups, groups)};
}
/// @brief "too large: 65536x65536x3 gives 12884901888 elements, at most 268435456".
template <class Number>
[[nodiscard]] constexpr layer_fault too_large(std::string_view what, Number value, double most, shape input) {
    return {fault_kind::too_large, {}, input, what, static_cast<double>(value), allowed_range::closed(0, most)};
}

/// @brief Whether a size or count is not in [low, high]; then `why` says so.
[[nodiscard]] constexpr bool not_allowed(layer_fault& why, const char* option, int value, int low,
                                         int high = most_elements) {
    if (value >= low && value <= high) return false;
    why = wrong_option(option, value, allowed_range::closed(low, high));
    return true;
}
/// @brief The same of a real number.
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

/// @brief The sentence as a text.
[[nodiscard]] constexpr fixed_text text_of(const layer_fault& why) noexcept {
    fixed_text text;
    append(text, why);
    return text;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// choices.hpp - a tuning table as values: that of this build, how it becomes a header, and what tune may choose.
//
// A choice changes speed, memory and the order of sums; nothing that is offered here leaves what the kernels' tests allow.
#ifndef EENN_BENCHMARKS_TUNING_CHOICES_HPP
#define EENN_BENCHMARKS_TUNING_CHOICES_HPP

#include <eenn/kernels/tuning.hpp>

#include <cstdio>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tuning_choices {

using number = std::variant<int, double>;
using table = std::vector<std::pair<std::string, number>>;

/// The table that the library takes in this build.
[[nodiscard]] inline table present() {
    using namespace eenn::kernels::tuning;
    return {{"rows_of_one", rows_of_one},
            {"rows_of_two", rows_of_two},
            {"rows_of_four", rows_of_four},
            {"rows_of_eight", rows_of_eight},
            {"depthwise_pixels", depthwise_pixels},
            {"depthwise_band", depthwise_band},
            {"pointwise_pixels", pointwise_pixels},
            {"few_channels", few_channels},
            {"chunk_elements", chunk_elements},
            {"winograd_vectors", winograd_vectors},
            {"winograd_tiles", winograd_tiles},
            {"winograd_input", winograd_input},
            {"winograd_output", winograd_output},
            {"winograd_gain", winograd_gain},
            {"winograd_elements", winograd_elements},
            {"far_elements", far_elements},
            {"near_parameters", near_parameters},
            {"thread_grain", thread_grain}};
}

[[nodiscard]] inline std::string text_of(const number& value) {
    if (const int* whole = std::get_if<int>(&value)) return std::to_string(*whole);
    char text[32];
    std::snprintf(text, sizeof text, "%g", std::get<double>(value));
    return text;
}

/// The header that EENN_TUNING takes. `notes` are comment lines on where the numbers come from.
[[nodiscard]] inline std::string header(const table& numbers, const std::string& notes) {
    std::string text = "// A tuning table of eenn; eenn/kernels/tuning.hpp says what each number is.\n" + notes +
                       "#pragma once\n\n#include <eenn/core/isa.hpp>\n\n"
                       "namespace eenn::kernels {\ninline namespace EENN_ISA {\nnamespace tables::own {\n\n";
    for (const auto& [name, value] : numbers) {
        text += std::string{"inline constexpr "} + (std::holds_alternative<int>(value) ? "int " : "double ") + name +
                " = " + text_of(value) + ";\n";
    }
    return text + "\n}  // namespace tables::own\n}  // namespace EENN_ISA\n}  // namespace eenn::kernels\n";
}

/// Numbers that are chosen together, their legal values in rising order, and who judges: groups of workloads of a probe.
struct choice {
    std::vector<std::string> names;
    std::vector<std::vector<number>> values;
    std::string probe;
    std::vector<std::string> groups;
};

/// In the order of their weight.
[[nodiscard]] inline std::vector<choice> choices() {
    using values = std::vector<std::vector<number>>;
    const auto of = [](values few_registers, values many_registers) {
        return eenn::vector_registers == 32 ? many_registers : few_registers;
    };
    const std::string kernels = "kernels";
    const std::string networks = "networks";
    constexpr int k = 1024;
    return {
        {{"winograd_vectors", "winograd_tiles"},
         of({{1, 8}, {1, 12}, {2, 4}, {2, 5}, {2, 6}}, {{1, 8}, {1, 12}, {1, 16}, {2, 6}, {2, 8}, {2, 12}}),
         kernels,
         {"winograd"}},
        {{"winograd_elements"}, {{10 * k}, {20 * k}, {40 * k}, {80 * k}}, kernels, {"winograd"}},
        {{"rows_of_two"}, of({{4}, {5}, {6}}, {{6}, {8}, {10}, {12}}), kernels, {"direct", "joined", "weights"}},
        {{"rows_of_one"}, of({{6}, {8}, {10}, {12}}, {{8}, {12}, {16}, {20}}), kernels, {"direct", "weights"}},
        {{"rows_of_four"}, of({{1}, {2}, {3}}, {{2}, {3}, {4}, {6}}), kernels, {"direct"}},
        {{"rows_of_eight"}, of({{1}}, {{1}, {2}}), kernels, {"direct"}},
        {{"depthwise_pixels"}, of({{4}, {6}, {8}, {10}, {12}}, {{6}, {8}, {12}, {15}}), kernels, {"depthwise"}},
        {{"depthwise_band"}, {{32}, {64}, {128}, {256}, {512}}, kernels, {"depthwise_weights"}},
        {{"pointwise_pixels"}, {{32}, {64}, {128}, {256}}, kernels, {"joined"}},
        {{"chunk_elements"}, {{16 * k}, {32 * k}, {64 * k}, {128 * k}, {256 * k}}, kernels, {"weights"}},
        {{"few_channels"}, {{1}, {4}, {5}, {7}, {9}}, kernels, {"few_channels"}},
        {{"winograd_input", "winograd_output"}, {{240, 160}, {360, 240}, {540, 360}}, kernels, {"winograd"}},
        {{"winograd_gain"}, {{0.8}, {0.9}, {1.0}}, kernels, {"winograd"}},
        {{"near_parameters"}, {{128 * k}, {256 * k}, {512 * k}, {1024 * k}}, networks, {"warm"}},
        {{"far_elements"}, {{0.25}, {0.5}, {1.0}}, networks, {"warm", "cold"}},
        {{"thread_grain"}, {{10'000}, {20'000}, {40'000}, {80'000}, {160'000}}, networks, {"two_threads"}},
    };
}

}  // namespace tuning_choices

#endif

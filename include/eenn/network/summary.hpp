// SPDX-License-Identifier: MIT
//
// summary.hpp - formats a plan as a table: each step's layer, output shape, cost and kernel.
// Floor 4 (network); host subset.
#ifndef EENN_NETWORK_SUMMARY_HPP
#define EENN_NETWORK_SUMMARY_HPP

#include <eenn/core/isa.hpp>
#include <eenn/network/detail/executable.hpp>
#include <eenn/text/detail/numbers.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

namespace detail {

using summary_row = std::array<std::string, 10>;

[[nodiscard]] inline std::string count_of(std::size_t count) {
    return text::integer_text(static_cast<std::int64_t>(count));
}
[[nodiscard]] inline std::string type_of(const value_info& value) {
    const quantization& q = value.stands_for;
    if (q == quantization{}) return to_string(value.type);
    char text[64];
    std::snprintf(text, sizeof text, "%s, %g (x %+d)", to_string(value.type), double{q.scale}, -q.zero_point);
    return text;
}

/// The layers fused into the step: norm, addition, activation. Skips the first one for a carrier, since it names the step.
[[nodiscard]] inline std::string fused_into(const step_info& step) {
    std::vector<std::string> parts;
    if (step.norm.exists()) parts.emplace_back("norm");
    if (step.residual.exists()) parts.emplace_back("add");
    if (step.act.kind != activation_kind::none) parts.emplace_back(to_string(step.act.kind));
    std::string all;
    for (std::size_t i = step.carrier ? 1 : 0; i < parts.size(); ++i) all += (all.empty() ? "" : " ") + parts[i];
    return all;
}

/// The exit whose head contains the step, unless the step is in the backbone, and the exits decided after it.
[[nodiscard]] inline std::string exits_of(const plan_view& plan, step_id s) {
    const exit_id owner = plan.steps[s].owner;
    const exit_id last{plan.exits.size() - 1};
    const auto name = [](exit_id e) { return "exit " + std::to_string(e.number); };
    std::string decided;
    bool own = false;
    for (exit_id e{0}; e <= last; ++e) {
        if (plan.exits[e.index()].step != s) continue;
        own = own || owner == e;
        decided +=
            (decided.empty() ? "" : ", ") + name(e) + (plan.exits[e.index()].classifies ? " decides" : " is an output");
    }
    if (!owner.exists()) return "nobody reads it";
    if (own || owner == last) return decided;
    return name(owner) + (decided.empty() ? "" : ", " + decided);
}

/// Trainable elements of a step's layer and of the norm fused into it.
[[nodiscard]] inline std::size_t parameters_of(const plan_view& plan, const step_info& step) {
    std::size_t count = 0;
    for (const tensor_info& t : plan.tensors) {
        if (t.spec.trainable && (t.node == step.node || t.node == step.norm)) count += t.spec.elements();
    }
    return count;
}

/// Formats rows with columns as wide as needed; numbers are right-aligned.
[[nodiscard]] inline std::string aligned(const std::vector<summary_row>& rows) {
    constexpr std::array numbers{true, false, false, false, false, true, true, true, false, false};
    std::array<std::size_t, numbers.size()> widths{};
    for (const summary_row& row : rows) {
        for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
    }
    std::string lines;
    for (const summary_row& row : rows) {
        std::string line;
        for (std::size_t c = 0; c < row.size(); ++c) {
            const std::string gap(widths[c] - row[c].size(), ' ');
            line += (c == 0 ? "" : "  ") + (numbers[c] ? gap + row[c] : row[c] + gap);
        }
        lines += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return lines;
}

}  // namespace detail

/// @brief The steps of a plan as a table, one line each, followed by the totals.
///
/// A step is named by the kind and id of its layer; `fused` lists the layers fused into it. The kernel is the forward one,
/// and the bytes are those of the output. Steps of a head name their exit, as does the step after which an exit decides.
///
/// @par Errors  std::bad_alloc.
[[nodiscard]] inline std::string summary(const plan_view& plan) {
    std::vector<detail::summary_row> rows;
    rows.push_back({"step", "layer", "fused", "output", "type", "bytes", "parameters", "MACs", "kernel", "exits"});
    const value_info& input = plan.values.front();
    rows.push_back({"", "input", "", to_string(input.size), detail::type_of(input), detail::count_of(input.bytes()), "",
                    "", "", ""});
    for (const step_id s : plan.steps.ids()) {
        const step_info& step = plan.steps[s];
        const value_info& output = plan.values[step.output];
        rows.push_back({std::to_string(s.number), std::string{step.layer} + " " + to_string(step.id),
                        detail::fused_into(step), to_string(output.size), detail::type_of(output),
                        detail::count_of(output.bytes()), detail::count_of(detail::parameters_of(plan, step)),
                        text::integer_text(step.macs), std::string{to_string(step.chosen.forward)},
                        detail::exits_of(plan, s)});
    }
    const plan_sizes& sizes = plan.sizes;
    std::string table = detail::aligned(rows);
    table += "\nparameters  " + detail::count_of(sizes.parameters);
    if (sizes.state > 0) table += ", and " + detail::count_of(sizes.state) + " of state";
    table += "; " + detail::count_of(sizes.parameter_bytes()) + " bytes\n";
    table += "MACs        " + text::integer_text(sizes.macs) + "\n";
    table += "workspace   " + detail::count_of(sizes.workspace_bytes()) + " bytes";
    if (sizes.workspace_proven) table += ", no arena is smaller";
    if (sizes.divided_scratch > 0)
        table += "; " + detail::count_of(sizes.divided_scratch_bytes()) + " for each further thread";
    return table + "\n";
}

/// @brief Same, plus the bytes of the packed weights.
template <class T>
[[nodiscard]] std::string summary(const executable<T>& net) {
    return summary(net.plan) + "packed      " + detail::count_of(net.packed_elements * sizeof(T)) + " bytes\n";
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

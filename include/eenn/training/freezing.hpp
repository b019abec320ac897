// SPDX-License-Identifier: MIT
//
// freezing.hpp - which steps are trained: the heads of the exits, or all.
// Floor 7 (training); host subset.
#ifndef EENN_TRAINING_FREEZING_HPP
#define EENN_TRAINING_FREEZING_HPP

#include <eenn/core/isa.hpp>
#include <eenn/network/plan.hpp>

#include <vector>

namespace eenn {
inline namespace EENN_ISA {

/// @brief For training_options::trained: true for the steps that the final exit does without, which are those of the
/// earlier exits' heads. The backbone and its classifier stay as they are.
[[nodiscard]] inline auto heads_only(const plan_view& plan) {
    std::vector<bool> wanted(plan.values.size(), false);  // by the final exit
    wanted[static_cast<std::size_t>(plan.exits.back().logits)] = true;
    std::vector<bool> is_head;  // by layer
    for (std::size_t s = plan.steps.size(); s-- > 0;) {
        const step_info& step = plan.steps[s];
        if (!wanted[static_cast<std::size_t>(step.output)]) {
            const auto node = static_cast<std::size_t>(step.node);
            if (is_head.size() <= node) is_head.resize(node + 1, false);
            is_head[node] = true;
            continue;
        }
        for (std::size_t i = 0; i < static_cast<std::size_t>(step.input_count); ++i) {
            wanted[static_cast<std::size_t>(step.inputs[i])] = true;
        }
        if (step.residual >= 0) wanted[static_cast<std::size_t>(step.residual)] = true;
    }
    return [is_head](const step_info& step) {
        const auto node = static_cast<std::size_t>(step.node);
        return node < is_head.size() && is_head[node];
    };
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// collect_trace.hpp - every exit's word on every sample of a data set.
// Floor 5 (exits); host subset. Letters: N = samples, E = exits.
#ifndef EENN_EXITS_COLLECT_TRACE_HPP
#define EENN_EXITS_COLLECT_TRACE_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/core/executor.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/data/data_set.hpp>
#include <eenn/exits/infer.hpp>
#include <eenn/exits/trace.hpp>

#include <algorithm>

namespace eenn {
inline namespace EENN_ISA {

/// @brief The logits of every exit for every sample, exit after exit: element (e)(i,c).
using exit_logits = std::vector<std::vector<float>>;

/// @brief Runs all exits on all samples and keeps their logits, (E)(N,C).
///
/// @param parameters  (plan.parameter_elements()).
/// @par Threads  Samples are spread over the executor; the bits do not depend on it.
/// @par Errors   eenn::error if the set's samples do not fit the network.
template <Executor X>
[[nodiscard]] exit_logits collect_logits(const executable<float>& net, std::span<const float> parameters,
                                         const data_set& set, X& executor) {
    if (!(set.sample == net.plan.input)) {
        raise("collect_logits",
              "samples are " + to_string(set.sample) + ", the network takes " + to_string(net.plan.input));
    }
    aligned_vector<float> packed(net.packed_elements);
    pack_weights(net, parameters.data(), packed.data());
    const auto count = static_cast<std::size_t>(set.size());
    exit_logits logits;
    for (const auto& exit : net.plan.exits) logits.emplace_back(count * static_cast<std::size_t>(exit.classes));
    const int tasks = static_cast<int>(std::min<std::size_t>(count, static_cast<std::size_t>(executor.concurrency())));
    executor.run(tasks, [&](int t) {
        aligned_vector<float> workspace(net.plan.sizes.workspace);
        const auto task = static_cast<std::size_t>(t);
        const auto all = static_cast<std::size_t>(tasks);
        for (std::size_t i = count * task / all; i < count * (task + 1) / all; ++i) {
            int step = 0;
            for (std::size_t e = 0; e < net.plan.exits.size(); ++e) {
                const exit_info& exit = net.plan.exits[e];
                run_steps(net, step, exit.step + 1, packed.data(), set[static_cast<int>(i)].data(), workspace.data());
                step = exit.step + 1;
                const float* from = workspace.data() + net.plan.values[static_cast<std::size_t>(exit.logits)].offset;
                const auto classes = static_cast<std::size_t>(exit.classes);
                std::copy(from, from + classes, logits[e].begin() + static_cast<std::ptrdiff_t>(i * classes));
            }
        }
    });
    return logits;
}

/// @brief What the policies of the network make of collected logits: confidences, predictions and cumulative MACs.
///
/// @param temperatures  (E), or empty for 1.
[[nodiscard]] inline exit_trace trace_of(const plan_view& plan, const exit_logits& logits, std::span<const int> labels,
                                         std::span<const float> temperatures = {}) {
    const std::size_t exits = plan.exits.size();
    if (!temperatures.empty() && temperatures.size() != exits) {
        raise("trace_of",
              std::to_string(temperatures.size()) + " temperatures for " + std::to_string(exits) + " exits");
    }
    std::vector<float> confidence(labels.size() * exits);
    std::vector<std::int32_t> prediction(labels.size() * exits);
    for (std::size_t i = 0; i < labels.size(); ++i) {
        exit_state state;
        for (std::size_t e = 0; e < exits; ++e) {
            const auto classes = static_cast<std::size_t>(plan.exits[e].classes);
            const auto s = plan.exits[e].decides.confidence({logits[e].data() + i * classes, classes},
                                                            temperatures.empty() ? 1.0F : temperatures[e], state);
            confidence[i * exits + e] = s.confidence;
            prediction[i * exits + e] = s.label;
        }
    }
    std::vector<double> cost;
    for (const auto& exit : plan.exits) cost.push_back(static_cast<double>(exit.macs));
    return make_trace(std::move(confidence), std::move(prediction), {labels.begin(), labels.end()}, std::move(cost));
}

/// @brief collect_logits() and trace_of() in one.
template <Executor X>
[[nodiscard]] exit_trace collect_trace(const executable<float>& net, std::span<const float> parameters,
                                       const data_set& set, std::span<const float> temperatures, X& executor) {
    return trace_of(net.plan, collect_logits(net, parameters, set, executor), set.labels, temperatures);
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

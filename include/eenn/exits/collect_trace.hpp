// SPDX-License-Identifier: MIT
//
// collect_trace.hpp - evaluates every exit on every sample of a data set and records the results.
// Floor 5 (exits); host subset. Tested by tests/exits/logit_trace.cpp. Letters: N = samples, E = exits, C = classes.
#ifndef EENN_EXITS_COLLECT_TRACE_HPP
#define EENN_EXITS_COLLECT_TRACE_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/core/executor.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/data/data_set.hpp>
#include <eenn/exits/logit_trace.hpp>
#include <eenn/network/detail/infer.hpp>

#include <algorithm>
#include <atomic>
#include <functional>

namespace eenn {
inline namespace EENN_ISA {

/// @brief Evaluates all exits on all samples and records their logits and their costs in MACs.
///
/// @param parameters  (plan.parameter_elements()).
/// @param observer    called from time to time, on any thread, with the number of samples done. Returning false stops the
///                    run; logits not yet computed are 0.
/// @par Threads  Samples are distributed over the executor's threads. The result is bit-identical for any executor.
/// @par Errors   eenn::error if the samples or the parameters do not match the network, or if its exits are not all
///               classifiers over the same classes.
template <Executor X>
[[nodiscard]] basic_logit_trace<float> collect_logits(const executable<float>& net, std::span<const float> parameters,
                                                      const data_set& set, X& executor,
                                                      const std::function<bool(std::size_t done)>& observer = {}) {
    if (!(set.sample == net.plan.input)) {
        raise("collect_logits",
              "samples are " + to_string(set.sample) + ", the network takes " + to_string(net.plan.input));
    }
    basic_logit_trace<float> trace{set.labels.size(),
                                   net.plan.exits.size(),
                                   static_cast<std::size_t>(net.plan.classes()),
                                   {},
                                   {set.labels.begin(), set.labels.end()},
                                   {},
                                   {},
                                   {}};
    for (std::size_t e = 0; e < trace.exits; ++e) {
        const exit_info& exit = net.plan.exits[e];
        if (!exit.classifies)
            raise("collect_logits", e + 1 < trace.exits ? "exit " + std::to_string(e) + " is an output without logits"
                                                        : "the network ends in features, not in logits");
        if (exit.classes != net.plan.classes()) {
            raise("collect_logits", "exit " + std::to_string(e) + " has " + std::to_string(exit.classes) +
                                        " classes, the last one " + std::to_string(net.plan.classes()));
        }
        trace.decides.push_back(exit.decides);
        trace.macs.push_back(static_cast<double>(exit.macs));
    }
    trace.logits.resize(trace.samples * trace.exits * trace.classes);
    const packed_weights<float> packed{net, parameters};
    const auto all = std::min(trace.samples, static_cast<std::size_t>(executor.concurrency()));
    constexpr std::size_t grain = 64;  // samples between two calls of the observer
    std::atomic<std::size_t> done{0};
    std::atomic<bool> stopped{false};
    executor.run(static_cast<int>(all), [&](int t) {
        aligned_vector<float> workspace(net.plan.sizes.workspace);
        const auto task = static_cast<std::size_t>(t);
        for (std::size_t i = trace.samples * task / all; i < trace.samples * (task + 1) / all && !stopped; ++i) {
            step_id first{0};
            for (std::size_t e = 0; e < trace.exits; ++e) {
                const step_id end = net.plan.exits[e].step.next();
                run_steps(net, {first, end}, packed, set[static_cast<int>(i)], workspace);
                first = end;
                const auto seen = view_value(net.plan, net.plan.exits[e].logits, workspace);
                std::copy(seen.begin(), seen.end(), trace.logits.data() + (i * trace.exits + e) * trace.classes);
            }
            const std::size_t now = ++done;
            if (observer && (now % grain == 0 || now == trace.samples) && !observer(now)) stopped = true;
        }
    });
    return trace;
}

/// @brief Evaluates the network's own policies at every exit of every sample.
///
/// @param temperatures  (E), or empty for 1.
/// @par Errors  As for collect_logits(); also if the number of temperatures is wrong.
template <class T>
[[nodiscard]] exit_trace trace_of(const basic_logit_trace<T>& logits, std::span<const float> temperatures = {}) {
    if (!temperatures.empty() && temperatures.size() != logits.exits) {
        raise("trace_of",
              std::to_string(temperatures.size()) + " temperatures for " + std::to_string(logits.exits) + " exits");
    }
    std::vector<exit_rule> rules(logits.exits);
    for (std::size_t e = 0; e < temperatures.size(); ++e) rules[e].temperature = temperatures[e];
    return trace_of(logits, threshold_rules<>{rules});
}

/// @brief Runs collect_logits(), then trace_of().
template <Executor X>
[[nodiscard]] exit_trace collect_trace(const executable<float>& net, std::span<const float> parameters,
                                       const data_set& set, std::span<const float> temperatures, X& executor) {
    return trace_of(collect_logits(net, parameters, set, executor), temperatures);
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

// SPDX-License-Identifier: MIT
//
// logit_trace.hpp - the logits of every exit on every sample, from which any decider is evaluated without the network.
// Floor 5 (exits); host subset. Letters: N = samples, E = exits, C = classes.
#ifndef EENN_EXITS_LOGIT_TRACE_HPP
#define EENN_EXITS_LOGIT_TRACE_HPP

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/exits/trace.hpp>
#include <eenn/policies/deciders.hpp>
#include <eenn/tensor/detail/float16.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace eenn {
inline namespace EENN_ISA {

/// @brief The logits of all exits on all samples, row-major: those of sample i at exit e begin at (i E + e) C.
///
/// An exit_trace (trace.hpp) has the confidences of one policy per exit, which suffices to choose thresholds. The logits
/// suffice to evaluate every decider: gates, ensembles, rules that adapt over time.
///
/// @tparam T  float: decisions match inference bit for bit. float16: the form kept in memory and files
///            (io/logit_trace.hpp), with a relative error of 2^-11 per logit. The error of a log probability is then at
///            most 2^-10 of the largest |logit|. bfloat16 would be eight times less accurate, and no logit needs its
///            range: logits beyond 65504 are rejected.
/// @par Memory  N E C numbers, 4 N + 17 E bytes.
template <class T>
struct basic_logit_trace {
    std::size_t samples = 0;           ///< N
    std::size_t exits = 0;             ///< E
    std::size_t classes = 0;           ///< C
    std::vector<T> logits;             ///< (N,E,C)
    std::vector<std::int32_t> labels;  ///< (N)
    std::vector<policy> decides;       ///< (E), the exits' own policies
    std::vector<double> macs;          ///< (E), of leaving at e, including every earlier head
    std::vector<double> seconds;       ///< (E), the same cost as measured time; empty: not measured

    [[nodiscard]] std::span<const T> at(std::size_t sample, std::size_t exit) const noexcept {
        return {logits.data() + (sample * exits + exit) * classes, classes};
    }
    /// All logits of one exit, (N,C).
    [[nodiscard]] std::vector<T> of_exit(std::size_t exit) const {
        std::vector<T> rows;
        rows.reserve(samples * classes);
        for (std::size_t i = 0; i < samples; ++i) rows.insert(rows.end(), at(i, exit).begin(), at(i, exit).end());
        return rows;
    }
};

/// @brief The stored form: 2 bytes per logit.
using logit_trace = basic_logit_trace<float16>;

/// @brief "sample 3, exit 1, class 7": the position of element x in the logits.
template <class T>
[[nodiscard]] std::string place_of_logit(const basic_logit_trace<T>& trace, std::size_t x) {
    const std::size_t row = x / trace.classes;
    return "sample " + std::to_string(row / trace.exits) + ", exit " + std::to_string(row % trace.exits) + ", class " +
           std::to_string(x % trace.classes);
}

/// @brief Rejects a malformed logit trace.
///
/// @par Cost    O(N E C).
/// @par Errors  eenn::error if it is empty, sizes disagree, a logit is NaN or infinity (minus infinity marks a masked class),
///              or a cost is negative, not finite or smaller than the one before.
template <class T>
void check_logit_trace(const basic_logit_trace<T>& trace) {
    const auto number = [](auto value) { return std::to_string(value); };
    if (trace.samples == 0 || trace.exits == 0 || trace.classes == 0) {
        raise("logit_trace",
              number(trace.samples) + " samples, " + number(trace.exits) + " exits, " + number(trace.classes) +
                  " classes",
              "a trace needs at least one of each");
    }
    const auto sized = [&](const char* name, std::size_t has, std::size_t needs) {
        if (has == needs) return;
        raise(std::string{"logit_trace::"} + name, number(has) + " elements, where " + number(needs) + " are needed",
              "N = " + number(trace.samples) + ", E = " + number(trace.exits) + ", C = " + number(trace.classes));
    };
    sized("logits", trace.logits.size(), trace.samples * trace.exits * trace.classes);
    sized("labels", trace.labels.size(), trace.samples);
    sized("decides", trace.decides.size(), trace.exits);
    check_costs("logit_trace::macs", trace.macs, trace.exits);
    if (!trace.seconds.empty()) check_costs("logit_trace::seconds", trace.seconds, trace.exits);
    for (std::size_t x = 0; x < trace.logits.size(); ++x) {
        const float z{trace.logits[x]};
        if (z < std::numeric_limits<float>::infinity()) continue;
        raise("logit_trace::logits", number(z) + " at " + place_of_logit(trace, x), "look for a diverged exit");
    }
}

/// @brief Converts a trace to 16 bits.
/// @par Errors  As for check_logit_trace(); also for a finite logit beyond 65504.
[[nodiscard]] inline logit_trace to_16_bits(const basic_logit_trace<float>& trace) {
    check_logit_trace(trace);
    logit_trace made{trace.samples, trace.exits,   trace.classes, {},
                     trace.labels,  trace.decides, trace.macs,    trace.seconds};
    made.logits.reserve(trace.logits.size());
    for (std::size_t x = 0; x < trace.logits.size(); ++x) {
        const float z = trace.logits[x];
        const float kept = made.logits.emplace_back(to_float16(z));
        if (std::isfinite(z) && !std::isfinite(kept)) {
            raise("logit_trace::logits", std::to_string(z) + " at " + place_of_logit(trace, x),
                  "16 bits hold logits from -65504 to 65504");
        }
    }
    return made;
}

/// @brief Calls visit(sample, exit_view, verdict) at each exit that a sample reaches under the decider, or at every exit with
/// `all`.
/// @par Errors  As for check_logit_trace(); also for a decider with settings for fewer exits.
template <class T, class D, class F>
void replay(const basic_logit_trace<T>& trace, const D& rule, typename D::state& state, bool all, F&& visit) {
    check_logit_trace(trace);
    if (exit_count_of(rule) < trace.exits) {
        raise("logit_trace", "a decider with settings for " + std::to_string(exit_count_of(rule)) + " exits of " +
                                 std::to_string(trace.exits));
    }
    std::vector<float> wide(trace.classes);
    for (std::size_t i = 0; i < trace.samples; ++i) {
        rule.begin(state);
        for (std::size_t e = 0; e < trace.exits; ++e) {
            const auto row = trace.at(i, e);
            std::copy(row.begin(), row.end(), wide.begin());
            const exit_view<float> seen{e, e + 1 == trace.exits, trace.decides[e], wide};
            const verdict said = decide(rule, seen, state);
            visit(i, seen, said);
            if (said.leave && !all) break;
        }
    }
}

/// @brief The decision on every sample, (N), in order: the result that infer() would give for these logits.
/// @param state  of the decider; anything it keeps between samples continues from here.
/// @par Errors  As for replay().
template <class T, class D>
requires Decider<D>
[[nodiscard]] std::vector<decision> decide_all(const basic_logit_trace<T>& trace, const D& rule,
                                               typename D::state& state) {
    std::vector<decision> decisions(trace.samples);
    replay(trace, rule, state, false, [&](std::size_t i, const exit_view<float>& at, const verdict& said) {
        if (said.leave) decisions[i] = {said.label, static_cast<int>(at.exit), said.confidence};
    });
    return decisions;
}

/// @brief Accuracy and exit shares of a decider on a trace, and its mean cost in both units.
struct decider_evaluation : exit_evaluation {  ///< mean_cost is in MACs
    double mean_seconds = 0;                   ///< 0 if the trace has no times
};

/// @brief Accuracy, mean cost and exit shares of a trace under any decider.
/// @par Cost    O(N E C) plus the decider.
/// @par Errors  As for replay().
template <class T, class D>
requires Decider<D>
[[nodiscard]] decider_evaluation evaluate(const basic_logit_trace<T>& trace, const D& rule, typename D::state& state) {
    const std::vector<decision> decisions = decide_all(trace, rule, state);
    exit_counts counts{trace.exits};
    for (std::size_t i = 0; i < trace.samples; ++i) {
        counts.add(static_cast<std::size_t>(decisions[i].exit), decisions[i].label == trace.labels[i] ? 1 : 0);
    }
    decider_evaluation result{counts.evaluate(trace.macs, 1), 0};
    for (std::size_t e = 0; e < trace.seconds.size(); ++e) result.mean_seconds += result.share[e] * trace.seconds[e];
    return result;
}
template <class T, class D>
requires Decider<D>
[[nodiscard]] decider_evaluation evaluate(const basic_logit_trace<T>& trace, const D& rule) {
    typename D::state state{};
    return evaluate(trace, rule, state);
}

/// @brief The label and confidence that a decider gives at every exit, as a trace for choosing thresholds. Costs are MACs.
/// @par Errors  As for replay() and check_trace().
template <class T, class D>
requires Decider<D>
[[nodiscard]] exit_trace trace_of(const basic_logit_trace<T>& trace, const D& rule) {
    std::vector<float> confidence;
    std::vector<std::int32_t> prediction;
    confidence.reserve(trace.samples * trace.exits);
    prediction.reserve(trace.samples * trace.exits);
    typename D::state state{};
    replay(trace, rule, state, true, [&](std::size_t, const exit_view<float>&, const verdict& said) {
        confidence.push_back(said.confidence);
        prediction.push_back(said.label);
    });
    return make_trace(std::move(confidence), std::move(prediction), trace.labels, trace.macs);
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

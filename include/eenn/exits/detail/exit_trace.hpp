// SPDX-License-Identifier: MIT
//
// detail/exit_trace.hpp - the table of every exit's answer for every sample, and the evaluation of thresholds, as plain
// values.
// Floor 5 (exits); host subset. Tested by tests/exits/trace.cpp. Letters: N = samples, E = exits.
#ifndef EENN_EXITS_DETAIL_EXIT_TRACE_HPP
#define EENN_EXITS_DETAIL_EXIT_TRACE_HPP

#include <eenn/core/detail/flow.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace eenn {
inline namespace EENN_HOST {

/// @brief The joint table of all samples and exits, row-major: element (i,e) lies at i * E + e.
///
/// One pass over a data set with all exits running fills the table; any thresholds can then be evaluated without the
/// network. The last exit accepts every sample that reaches it, so its confidences decide nothing, but they must still be
/// numbers.
///
/// @par Memory  9 N E + 4 N + 8 E bytes.
struct exit_trace {
    int samples = 0;                       ///< N
    int exits = 0;                         ///< E
    std::vector<float> confidence;         ///< (N,E), larger = more confident, as given by the exit's policy
    std::vector<std::int32_t> prediction;  ///< (N,E), or empty if only correctness is known
    std::vector<std::uint8_t> correct;     ///< (N,E), 0 to votes
    std::vector<double> cost;  ///< (E), of leaving at e, including every earlier head; MACs or any additive unit
    std::vector<std::int32_t> labels;  ///< (N), or empty if only correctness is known
    int votes = 1;                     ///< per answer, all correct or all wrong; smoothed() uses more and divides them

    [[nodiscard]] std::size_t at(int sample, int exit) const noexcept {
        return static_cast<std::size_t>(sample) * static_cast<std::size_t>(exits) + static_cast<std::size_t>(exit);
    }
};

/// @brief The result of applying thresholds to a trace.
struct exit_evaluation {
    double accuracy = 0;                ///< fraction of the N samples that are correct where they leave
    double mean_cost = 0;               ///< in the trace's unit
    std::vector<double> share;          ///< (E), fraction of the samples that leave there; sums to 1
    std::vector<double> exit_accuracy;  ///< (E), among the samples that leave there; 0 if none do
    std::vector<int> leaving;           ///< (E), number of samples that leave there
    std::vector<int> right;             ///< (E), number of their votes that are correct
};

}  // namespace EENN_HOST
}  // namespace eenn

#endif

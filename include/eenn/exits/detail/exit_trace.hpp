// SPDX-License-Identifier: MIT
//
// detail/exit_trace.hpp - the table of what every exit says of every sample, and what thresholds make of it, as
// plain values.
// Floor 5 (exits); host subset. tests/exits/trace.cpp reaches it. Letters: N = samples, E = exits.
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
/// One pass over a data set with every exit running fills it; from then on any thresholds are judged without the
/// network. The last exit takes every sample that reaches it, so its confidences decide nothing; they must be numbers
/// all the same.
///
/// @par Memory  9 N E + 4 N + 8 E bytes.
struct exit_trace {
    int samples = 0;                       ///< N
    int exits = 0;                         ///< E
    std::vector<float> confidence;         ///< (N,E), larger = surer, as the exit's policy gave it
    std::vector<std::int32_t> prediction;  ///< (N,E), or empty if only correctness is known
    std::vector<std::uint8_t> correct;     ///< (N,E), 0 to votes
    std::vector<double> cost;          ///< (E), of leaving at e, every earlier head included; MACs or any additive unit
    std::vector<std::int32_t> labels;  ///< (N), or empty if only correctness is known
    int votes = 1;                     ///< of one answer, all for right or wrong; more where smoothed() divides them

    [[nodiscard]] std::size_t at(int sample, int exit) const noexcept {
        return static_cast<std::size_t>(sample) * static_cast<std::size_t>(exits) + static_cast<std::size_t>(exit);
    }
};

/// @brief What a set of thresholds does to a trace.
struct exit_evaluation {
    double accuracy = 0;                ///< fraction of the N samples that are right where they leave
    double mean_cost = 0;               ///< in the trace's unit
    std::vector<double> share;          ///< (E), fraction of the samples that leaves there; sums to 1
    std::vector<double> exit_accuracy;  ///< (E), among those that leave there; 0 where none does
    std::vector<int> leaving;           ///< (E), how many leave there
    std::vector<int> right;             ///< (E), how many votes of them are for right
};

}  // namespace EENN_HOST
}  // namespace eenn

#endif

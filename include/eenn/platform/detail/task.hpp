// SPDX-License-Identifier: MIT
//
// detail/task.hpp - a placement task in numbers: the backbone cut into segments, its exits, and their trace.
// Floor 7 (platform); host subset; numbers alone, no Eigen. Letters: S = segments, E = exits, the last classifier
// among them.
#ifndef EENN_PLATFORM_DETAIL_TASK_HPP
#define EENN_PLATFORM_DETAIL_TASK_HPP

#include <cstddef>
#include <string>
#include <vector>

#include <eenn/core/detail/flow.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/exits/trace.hpp>
#include <eenn/platform/platform.hpp>
#include <eenn/tensor/detail/id.hpp>

namespace eenn {
inline namespace EENN_HOST {

/// @brief What one piece of a network requires of its processor, for one sample.
struct workload {
    by_class<double> macs{};
    by_class<bool> operators{};  ///< further classes without MACs, such as pooling
    double weights = 0;          ///< elements
    double activations = 0;      ///< elements, peak number alive at a time

    [[nodiscard]] bool uses(operator_class c) const noexcept { return operators[c] || macs[c] > 0; }
    [[nodiscard]] double total_macs() const noexcept {
        double sum = 0;
        for (const double m : macs.values) sum += m;
        return sum;
    }
};

/// @brief A piece of the backbone between two cut points.
struct segment {
    std::string name;  ///< name of its last layer: "cut after" it
    node_id last{};    ///< its last layer, if the task comes from a graph
    workload work;
    double output_bytes = 0;  ///< transfer size if the network is cut after it
};

/// @brief An exit that may be kept. Its head runs where the segment before it ran, before anything is sent.
struct offered_exit {
    std::string name;
    std::size_t after = 0;  ///< index of the segment before it
    workload head;
};

/// @brief A network with exits, ready for placement.
///
/// Every cut between two segments must be complete: segment s + 1 and all later ones need only the output of segment s,
/// or earlier outputs that are counted in output_bytes. So a backbone whose blocks branch and merge is a chain of
/// segments that end where all branches have met. Cuts through parallel branches are not considered.
struct placement_task {
    double input_bytes = 0;           ///< sent if nothing runs on the first processor
    std::vector<segment> segments;    ///< (S), in order
    std::vector<offered_exit> exits;  ///< (E), by depth; the last one is the final classifier, after the last segment
    exit_trace trace;                 ///< (N,E) from validation data; its costs are ignored
};

}  // namespace EENN_HOST
inline namespace EENN_ISA {

/// @brief Raises for an invalid task.
/// @par Cost    O(N E + S).
/// @par Errors  eenn::error naming the value by its path, "placement_task.segments[3].output_bytes".
inline void check_task(const placement_task& task) {
    const std::string where = "placement_task";
    if (task.segments.empty()) raise(where + ".segments", "there are none", "a network has at least one");
    if (task.exits.empty()) raise(where + ".exits", "there are none", "describe at least the final classifier");
    detail::check_number(where + ".input_bytes", task.input_bytes, true);
    const auto check_work = [](const std::string& path, const workload& work) {
        for (const operator_class c : all_operator_classes) {
            detail::check_number(path + ".macs." + std::string{to_string(c)}, work.macs[c], true);
        }
        detail::check_number(path + ".weights", work.weights, true);
        detail::check_number(path + ".activations", work.activations, true);
    };
    for (std::size_t s = 0; s < task.segments.size(); ++s) {
        const std::string path = where + ".segments[" + std::to_string(s) + "]";
        check_work(path + ".work", task.segments[s].work);
        detail::check_number(path + ".output_bytes", task.segments[s].output_bytes, true);
    }
    const std::size_t last = task.segments.size() - 1;
    for (std::size_t e = 0; e < task.exits.size(); ++e) {
        const std::string path = where + ".exits[" + std::to_string(e) + "]";
        const std::size_t after = task.exits[e].after;
        if (after > last) {
            raise(path + ".after", "there is no segment " + std::to_string(after),
                  "segments count from 0 to " + std::to_string(last));
        }
        if (e > 0 && after < task.exits[e - 1].after) {
            raise(path + ".after", "it comes before the exit before it", "list exits by depth");
        }
        check_work(path + ".head", task.exits[e].head);
    }
    if (task.exits.back().after != last) {
        raise(where + ".exits", "the last one is decided after segment " + std::to_string(task.exits.back().after),
              "the final classifier comes last, after segment " + std::to_string(last));
    }
    check_trace(task.trace);
    if (task.trace.votes != 1)
        raise(where + ".trace", std::to_string(task.trace.votes) + " votes an answer", "give the plain trace");
    if (task.trace.cost.size() != task.exits.size()) {
        raise(where + ".trace",
              std::to_string(task.trace.exits) + " exits, where the task offers " + std::to_string(task.exits.size()),
              "the trace holds every offered exit and the final classifier");
    }
}

/// @brief A set of kept exits, one bit each. The last classifier is always kept.
using exit_set = unsigned;

/// @brief Maximum number of exits in a placement, including the last classifier; every subset is examined.
inline constexpr std::size_t most_placed_exits = 12;

[[nodiscard]] constexpr bool contains(exit_set kept, std::size_t exit) noexcept { return (kept >> exit & 1U) != 0; }

}  // namespace EENN_ISA
}  // namespace eenn

#endif

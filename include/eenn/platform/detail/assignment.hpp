// SPDX-License-Identifier: MIT
//
// detail/assignment.hpp - which processor runs which segments, and the cost for each sample.
// Floor 7 (platform); host subset; numbers alone, no Eigen. Letters: S = segments, E = exits.
#ifndef EENN_PLATFORM_DETAIL_ASSIGNMENT_HPP
#define EENN_PLATFORM_DETAIL_ASSIGNMENT_HPP

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <eenn/core/detail/flow.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/platform/detail/task.hpp>
#include <eenn/platform/platform.hpp>

namespace eenn {
inline namespace EENN_HOST {

/// @brief One stage of the way a sample takes through the processors; each runs zero or more consecutive segments.
///
/// A stage without segments forwards its input. The first stage is on the platform's first processor, a link leads from
/// each stage to the next, and the last stage ends with the last segment.
struct assigned_stage {
    std::size_t processor = 0;
    std::size_t first = 0;  ///< segments [first, end)
    std::size_t end = 0;
    friend bool operator==(const assigned_stage&, const assigned_stage&) = default;
};
using assignment = std::vector<assigned_stage>;

/// @brief The accumulated cost of a sample.
///
/// Computing takes start_seconds once for each stage that has segments, and MACs / rate for each piece, at
/// active_watts. Sending takes latency_seconds + bytes / bytes_per_second and joules_per_byte. The processors that the
/// sample has left draw idle_watts throughout.
struct journey {
    double seconds = 0;
    double joules = 0;
    double price = 0;  ///< MACs, each at its processor's price_per_mac
    double idle_watts = 0;

    void start(const processor& at) noexcept { spend(at.start_seconds, at.active_watts); }
    void compute(const processor& at, const workload& work) noexcept {
        double time = 0;
        for (const operator_class c : all_operator_classes) time += work.macs[c] / at.rate(c);
        spend(time, at.active_watts);
        price += work.total_macs() * at.price_per_mac;
    }
    void send(const processor& left, const data_link& over, double bytes) noexcept {
        idle_watts += left.idle_watts;
        spend(over.latency_seconds + bytes / over.bytes_per_second, 0);
        joules += bytes * over.joules_per_byte;
    }

private:
    void spend(double time, double watts) noexcept {
        seconds += time;
        joules += time * (watts + idle_watts);
    }
};

}  // namespace EENN_HOST
inline namespace EENN_ISA {

/// @brief What one stage requires of a processor, and whether the processor can run it.
struct stage_demand {
    double weights = 0;
    double activations = 0;

    void add(const workload& work) noexcept {
        weights += work.weights;
        activations = std::max(activations, work.activations);
    }
    [[nodiscard]] double bytes(const processor& at) const noexcept {
        return weights * at.bytes_per_weight + activations * at.bytes_per_activation;
    }
    [[nodiscard]] bool fits(const processor& at) const noexcept { return bytes(at) <= at.memory_bytes; }
};

/// @brief The first operator class in the work that the processor does not support, as text; empty if there is none.
[[nodiscard]] inline std::string missing_operator(const processor& at, const workload& work) {
    for (const operator_class c : all_operator_classes) {
        if (at.unsupported[c] && work.uses(c)) return std::string{to_string(c)};
    }
    return {};
}

/// @brief Bytes sent if the network is cut before segment `position`.
[[nodiscard]] inline double cut_bytes(const placement_task& task, std::size_t position) {
    return position == 0 ? task.input_bytes : task.segments[position - 1].output_bytes;
}

/// @brief The link between two processors, or null.
[[nodiscard]] inline const data_link* link_between(const platform& on, std::size_t from, std::size_t to) noexcept {
    for (const data_link& it : on.links) {
        if (it.from == on.processors[from].name && it.to == on.processors[to].name) return &it;
    }
    return nullptr;
}

/// @brief The cost of a sample that leaves at each exit (E). A closed exit has the cost of the previous kept one, or 0.
///
/// Heads run on the processor of the segment before them. Task and platform must have been checked.
/// @par Cost    O(S + E).
/// @par Errors  eenn::error if the stages do not follow the platform's links or do not cover all segments in order.
[[nodiscard]] inline std::vector<journey> journeys(const placement_task& task, const platform& on,
                                                   const assignment& stages, exit_set kept) {
    std::vector<journey> leaving(task.exits.size());
    journey so_far;
    std::size_t exit = 0;
    std::size_t position = 0;
    for (std::size_t j = 0; j < stages.size(); ++j) {
        const assigned_stage& stage = stages[j];
        if (stage.processor >= on.processors.size() || (j == 0 && stage.processor != 0) || stage.first != position ||
            stage.end < stage.first || stage.end > task.segments.size()) {
            raise("assignment", "stage " + std::to_string(j) + " does not go on where the one before it ended",
                  "start on the first processor and take all segments in order");
        }
        const processor& at = on.processors[stage.processor];
        if (j > 0) {
            const data_link* over = link_between(on, stages[j - 1].processor, stage.processor);
            if (over == nullptr) {
                raise("assignment", "no link leads to \"" + at.name + "\" of stage " + std::to_string(j),
                      "go along the platform's links");
            }
            so_far.send(on.processors[stages[j - 1].processor], *over, cut_bytes(task, position));
        }
        if (stage.end > stage.first) so_far.start(at);
        for (; position < stage.end; ++position) {
            so_far.compute(at, task.segments[position].work);
            for (; exit < task.exits.size() && task.exits[exit].after == position; ++exit) {
                if (contains(kept, exit)) {
                    so_far.compute(at, task.exits[exit].head);
                    leaving[exit] = so_far;
                } else if (exit > 0) {
                    leaving[exit] = leaving[exit - 1];
                }
            }
        }
    }
    if (position != task.segments.size()) {
        raise("assignment",
              "it ends after " + std::to_string(position) + " segments of " + std::to_string(task.segments.size()),
              "the last stage ends with the last segment");
    }
    return leaving;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

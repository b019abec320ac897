// SPDX-License-Identifier: MIT
//
// platform.hpp - the hardware a network runs on: processors, and the links that carry samples between them.
// Floor 7 (platform); host subset; numbers alone, no Eigen. Letters: P = processors, L = links.
#ifndef EENN_PLATFORM_PLATFORM_HPP
#define EENN_PLATFORM_PLATFORM_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <eenn/core/detail/flow.hpp>
#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>

namespace eenn {
inline namespace EENN_HOST {

/// @brief Operator classes, which a processor may run at different rates or not at all.
enum class operator_class : unsigned char { convolution, depthwise, dense, pooling, other };

inline constexpr std::size_t operator_class_count = 5;

/// @brief The name used in platform files.
[[nodiscard]] constexpr std::string_view to_string(operator_class c) noexcept {
    constexpr std::array<std::string_view, operator_class_count> names{"convolution", "depthwise", "dense", "pooling",
                                                                       "other"};
    return names[static_cast<std::size_t>(c)];
}

/// @brief One value for each operator class.
template <class T>
struct by_class {
    std::array<T, operator_class_count> values{};

    [[nodiscard]] constexpr T& operator[](operator_class c) noexcept { return values[static_cast<std::size_t>(c)]; }
    [[nodiscard]] constexpr const T& operator[](operator_class c) const noexcept {
        return values[static_cast<std::size_t>(c)];
    }
    friend constexpr bool operator==(const by_class&, const by_class&) = default;
};

inline constexpr std::array<operator_class, operator_class_count> all_operator_classes{
    operator_class::convolution, operator_class::depthwise, operator_class::dense, operator_class::pooling,
    operator_class::other};

/// @brief A compute unit.
struct processor {
    std::string name;
    double macs_per_second = 0;                ///< sustained, not the data sheet's peak
    by_class<double> class_macs_per_second{};  ///< 0: same as macs_per_second
    by_class<bool> unsupported{};
    double memory_bytes = 0;      ///< shared by weights and activations
    double bytes_per_weight = 4;  ///< 1 for 8-bit weights
    double bytes_per_activation = 4;
    double active_watts = 0;   ///< while computing
    double idle_watts = 0;     ///< after a sample has left, while it is processed farther on
    double start_seconds = 0;  ///< for every sample that computes here: wake-up, dispatch, queueing
    double price_per_mac = 1;  ///< in the unit of placement_objective::price

    [[nodiscard]] double rate(operator_class c) const noexcept {
        return class_macs_per_second[c] > 0 ? class_macs_per_second[c] : macs_per_second;
    }
    friend bool operator==(const processor&, const processor&) = default;
};

/// @brief A one-way link between two processors, for features on the way to the final exit.
struct data_link {
    std::string from;
    std::string to;
    double bytes_per_second = 0;
    double latency_seconds = 0;  ///< of each transfer, before its first byte
    double joules_per_byte = 0;  ///< sum of both ends

    friend bool operator==(const data_link&, const data_link&) = default;
};

/// @brief Processors and links. The input arrives at the first processor.
struct platform {
    std::vector<processor> processors;  // (P)
    std::vector<data_link> links;       // (L)

    /// Index of the processor with that name, if there is one.
    [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const noexcept {
        for (std::size_t p = 0; p < processors.size(); ++p) {
            if (processors[p].name == name) return p;
        }
        return {};
    }
    friend bool operator==(const platform&, const platform&) = default;
};

}  // namespace EENN_HOST
inline namespace EENN_ISA {

namespace detail {

/// Raises unless the number is finite and positive, or zero where allowed.
inline void check_number(const std::string& where, double value, bool zero_allowed) {
    if (std::isfinite(value) && (value > 0 || (zero_allowed && value == 0))) return;
    raise(where, std::to_string(value), zero_allowed ? "give a finite number of at least 0" : "give a number above 0");
}

}  // namespace detail

/// @brief Checks that a platform is valid for placement.
///
/// Processors and links must form an acyclic graph in which every processor is reachable from the first. An unreachable
/// processor usually means a misspelt link.
/// @param where  prefix of messages, such as a file's name; the path of the value follows, as in JSON
/// @par Cost     O(P L).
/// @par Errors   eenn::error naming the value by its path, "platform.links[2].bytes_per_second", and the remedy.
inline void check_platform(const platform& described, const std::string& where = "platform") {
    const auto& processors = described.processors;
    if (processors.empty()) {
        raise(where + ".processors", "there are none", "describe at least the processor where the input arises");
    }
    for (std::size_t p = 0; p < processors.size(); ++p) {
        const processor& it = processors[p];
        const std::string path = where + ".processors[" + std::to_string(p) + "].";
        if (it.name.empty()) raise(path + "name", "it is empty", "links name processors: give each a name of its own");
        if (described.find(it.name) != p) {
            raise(path + "name", "\"" + it.name + "\" is the name of an earlier processor too",
                  "give each a name of its own");
        }
        detail::check_number(path + "macs_per_second", it.macs_per_second, false);
        for (const operator_class c : all_operator_classes) {
            detail::check_number(path + "class_macs_per_second." + std::string{to_string(c)},
                                 it.class_macs_per_second[c], true);
        }
        detail::check_number(path + "memory_bytes", it.memory_bytes, false);
        detail::check_number(path + "bytes_per_weight", it.bytes_per_weight, false);
        detail::check_number(path + "bytes_per_activation", it.bytes_per_activation, false);
        detail::check_number(path + "active_watts", it.active_watts, true);
        detail::check_number(path + "idle_watts", it.idle_watts, true);
        detail::check_number(path + "start_seconds", it.start_seconds, true);
        detail::check_number(path + "price_per_mac", it.price_per_mac, true);
    }
    for (std::size_t l = 0; l < described.links.size(); ++l) {
        const data_link& it = described.links[l];
        const std::string path = where + ".links[" + std::to_string(l) + "].";
        for (const auto& [key, end] : {std::pair{"from", it.from}, std::pair{"to", it.to}}) {
            if (!described.find(end)) {
                raise(path + key, "there is no processor \"" + end + "\"", "name one of platform.processors");
            }
        }
        detail::check_number(path + "bytes_per_second", it.bytes_per_second, false);
        detail::check_number(path + "latency_seconds", it.latency_seconds, true);
        detail::check_number(path + "joules_per_byte", it.joules_per_byte, true);
        for (std::size_t k = 0; k < l; ++k) {
            if (described.links[k].from == it.from && described.links[k].to == it.to) {
                raise(where + ".links[" + std::to_string(l) + "]",
                      "\"" + it.from + "\" to \"" + it.to + "\" is described twice", "keep one of the two");
            }
        }
    }
    // Longest path from the entry: it settles within P - 1 rounds unless there is a cycle.
    std::vector<int> steps(processors.size(), -1);
    steps[0] = 0;
    for (std::size_t round = 0;; ++round) {
        bool moved = false;
        for (const data_link& it : described.links) {
            const std::size_t from = *described.find(it.from);
            const std::size_t to = *described.find(it.to);
            if (steps[from] < 0 || steps[to] > steps[from]) continue;
            if (round >= processors.size()) {
                raise(where + ".links", "they form a cycle through \"" + it.from + "\" and \"" + it.to + "\"",
                      "samples travel one way, from the entry on: leave the way back out");
            }
            steps[to] = steps[from] + 1;
            moved = true;
        }
        if (!moved) break;
    }
    for (std::size_t p = 0; p < processors.size(); ++p) {
        if (steps[p] < 0) {
            raise(where + ".processors[" + std::to_string(p) + "]",
                  "no links lead from \"" + processors[0].name + "\" to \"" + processors[p].name + "\"",
                  "add a link, or leave the processor out");
        }
    }
}

/// @brief Indices of the processors in topological order. The platform must have been checked.
[[nodiscard]] inline std::vector<std::size_t> downstream_order(const platform& described) {
    std::vector<std::size_t> order;
    std::vector<char> placed(described.processors.size(), 0);
    while (order.size() < placed.size()) {
        for (std::size_t p = 0; p < placed.size(); ++p) {
            bool ready = placed[p] == 0;
            for (const data_link& it : described.links) {
                ready = ready && !(it.to == described.processors[p].name && placed[*described.find(it.from)] == 0);
            }
            if (!ready) continue;
            placed[p] = 1;
            order.push_back(p);
        }
    }
    return order;
}

}  // namespace EENN_ISA
}  // namespace eenn

#endif

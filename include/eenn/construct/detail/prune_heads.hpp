// SPDX-License-Identifier: MIT
//
// detail/prune_heads.hpp - discards heads that cannot run on a platform, before any training.
// Floor 8 (construct); host subset; works on plans, without kernels. Letters: P = processors.
#ifndef EENN_CONSTRUCT_DETAIL_PRUNE_HEADS_HPP
#define EENN_CONSTRUCT_DETAIL_PRUNE_HEADS_HPP

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

#include <eenn/core/error.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/network/detail/lower.hpp>
#include <eenn/network/standard.hpp>
#include <eenn/platform/detail/assignment.hpp>
#include <eenn/platform/detail/candidates.hpp>
#include <eenn/platform/segments.hpp>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief Bounds that hold for every placement on a platform.
///
/// A layer needs a processor that supports it and has enough memory. The worst-case latency is at least the sum over
/// all layers, each on its fastest processor, without links. These bounds are necessary, not sufficient: place()
/// decides.
class platform_bounds {
public:
    /// @par Errors  eenn::error if the base network itself cannot run on the platform, or not within the limit.
    platform_bounds(const graph& base, const platform& on, const placement_limits& limits) : on_{on}, limits_{limits} {
        const plan lowered = lower(base);
        for (const segment& piece : make_task(base, lowered.view()).segments) {
            const std::string why = missing(piece.work);
            if (!why.empty()) raise("platform", "the network's " + piece.name + " runs nowhere: " + why);
            base_seconds_ += fastest(piece.work);
        }
        if (base_seconds_ > limits.worst_seconds) {
            raise("platform",
                  "the network alone takes at least " + milliseconds(base_seconds_) + " in the worst case, " +
                      milliseconds(limits.worst_seconds) + " are allowed",
                  "allow more, or describe faster processors");
        }
    }

    /// Why a head (a network with a site's features as input) cannot be kept; empty if no bound excludes it.
    [[nodiscard]] std::string against(const graph& head) const {
        workload work;
        const plan lowered = lower(head);
        for (const segment& piece : make_task(head, lowered.view()).segments) {
            for (const operator_class c : all_operator_classes) {
                work.macs[c] += piece.work.macs[c];
                work.operators[c] = work.operators[c] || piece.work.operators[c];
            }
            work.weights += piece.work.weights;
            work.activations = std::max(work.activations, piece.work.activations);
        }
        const std::string why = missing(work);
        if (!why.empty()) return why;
        const double seconds = base_seconds_ + fastest(work);
        if (seconds <= limits_.worst_seconds) return {};
        return "with it the worst case takes at least " + milliseconds(seconds) + ", " +
               milliseconds(limits_.worst_seconds) + " are allowed";
    }

private:
    [[nodiscard]] static std::string milliseconds(double seconds) {
        char text[40];
        std::snprintf(text, sizeof text, "%.3g ms", 1e3 * seconds);
        return text;
    }
    [[nodiscard]] static stage_demand demand_of(const workload& work) {
        stage_demand demand;
        demand.add(work);
        return demand;
    }

    /// Why no processor can run this work.
    [[nodiscard]] std::string missing(const workload& work) const {
        const stage_demand demand = demand_of(work);
        double least = std::numeric_limits<double>::infinity();
        for (const processor& p : on_.processors) {
            if (!missing_operator(p, work).empty()) continue;
            if (demand.fits(p)) return {};
            least = std::min(least, demand.bytes(p));
        }
        if (std::isfinite(least)) {
            char text[80];
            std::snprintf(text, sizeof text, "it needs %.0f bytes of memory, more than any processor has", least);
            return text;
        }
        std::string classes;
        for (const operator_class c : all_operator_classes) {
            if (work.uses(c)) classes += (classes.empty() ? "" : ", ") + std::string{to_string(c)};
        }
        return "no processor supports all it consists of: " + classes;
    }
    /// Seconds on the fastest processor that can run this work.
    [[nodiscard]] double fastest(const workload& work) const {
        double best = std::numeric_limits<double>::infinity();
        for (const processor& p : on_.processors) {
            if (!missing_operator(p, work).empty() || !demand_of(work).fits(p)) continue;
            journey alone;
            alone.compute(p, work);
            best = std::min(best, alone.seconds);
        }
        return best;
    }

    const platform& on_;
    placement_limits limits_;
    double base_seconds_ = 0;
};

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

// SPDX-License-Identifier: MIT
//
// detail/propose_heads.hpp - selects the heads worth training and their sites; gives the reason for every rejection.
// Floor 8 (construct); host subset. Tested by tests/construct/sites.cpp.
#ifndef EENN_CONSTRUCT_DETAIL_PROPOSE_HEADS_HPP
#define EENN_CONSTRUCT_DETAIL_PROPOSE_HEADS_HPP

#include <eenn/construct/detail/heads.hpp>
#include <eenn/construct/detail/prune_heads.hpp>
#include <eenn/construct/detail/result.hpp>
#include <eenn/construct/detail/sites.hpp>
#include <eenn/construct/options.hpp>
#include <eenn/core/isa.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief A head worth training.
struct candidate {
    int site = 0;  ///< index into backbone::sites
    head what;
    graph network{shape{}};  ///< the head alone, with the node ids that it has on the base network
    head_form form = head_form::small;
    std::int64_t macs = 0;
    std::int64_t parameters = 0;
    int summary = 0;  ///< index into result::heads
};

/// @brief The heads that were considered.
struct proposed_heads {
    std::vector<candidate> candidates;    ///< by depth, smaller forms first; at least one
    std::vector<head_summary> summaries;  ///< of all heads, for result::heads
};

/// @brief Proposes heads for evenly spread sites, and gives the reason for every rejection.
///
/// @param layout  of `base`.
/// @par Errors    eenn::error if no head remains, or the platform cannot run the network itself.
[[nodiscard]] inline proposed_heads propose_heads(const graph& base, const backbone& layout,
                                                  const augment_options& options) {
    proposed_heads found;
    const auto share = [&](std::int64_t macs) {
        return static_cast<double>(macs) / static_cast<double>(std::max<std::int64_t>(1, layout.macs));
    };
    std::vector<int> useful;
    std::vector<std::string> why(layout.sites.size());
    for (std::size_t s = 0; s < layout.sites.size(); ++s) {
        if (share(layout.sites[s].macs) > options.deepest_share) {
            why[s] = "so deep that an exit saves nothing";
        } else {
            useful.push_back(static_cast<int>(s));
        }
    }
    std::vector<char> kept(layout.sites.size(), 0);
    if (static_cast<int>(useful.size()) <= options.most_sites) {
        for (const int s : useful) kept[static_cast<std::size_t>(s)] = 1;
    } else {
        // Picks the sites nearest to equidistant marks between the first and the last.
        const double first = share(layout.sites[static_cast<std::size_t>(useful.front())].macs);
        const double last = share(layout.sites[static_cast<std::size_t>(useful.back())].macs);
        for (int k = 0; k < options.most_sites; ++k) {
            const double mark =
                options.most_sites == 1 ? 0.5 * (first + last) : first + (last - first) * k / (options.most_sites - 1);
            const auto nearest = std::min_element(useful.begin(), useful.end(), [&](int a, int b) {
                const auto distance = [&](int s) {
                    return std::abs(share(layout.sites[static_cast<std::size_t>(s)].macs) - mark) +
                           (kept[static_cast<std::size_t>(s)] ? 2.0 : 0.0);
                };
                return distance(a) < distance(b);
            });
            kept[static_cast<std::size_t>(*nearest)] = 1;
        }
        for (const int s : useful) {
            if (!kept[static_cast<std::size_t>(s)]) why[static_cast<std::size_t>(s)] = "a neighbour stands for it";
        }
    }
    const auto most_macs = static_cast<std::int64_t>(options.most_head_share * static_cast<double>(layout.macs));
    std::optional<platform_bounds> bounds;
    if (options.target) bounds.emplace(base, *options.target, options.limits);
    node_id next = base.next_id();  // no two heads share an id
    for (std::size_t s = 0; s < layout.sites.size(); ++s) {
        head before;
        for (const head_form form : options.forms) {
            candidate c;
            c.site = static_cast<int>(s);
            c.form = form;
            c.what = design_head(layout, layout.sites[s].features, form, most_macs);
            c.network = head_network(c.what, layout.sites[s].features, next);
            const plan lowered = lower(c.network);
            c.macs = lowered.sizes.macs;
            c.parameters = static_cast<std::int64_t>(lowered.sizes.parameters);
            head_summary summary{
                static_cast<int>(s), std::string{to_string(form)}, c.macs, c.parameters, false, 0, false, why[s]};
            if (summary.pruned.empty() && share(c.macs) > options.most_head_share)
                summary.pruned = "the head alone takes " + std::to_string(static_cast<int>(100 * share(c.macs))) +
                                 " % of the base network's MACs";
            if (summary.pruned.empty() && form == head_form::dense && 2 * layout.sites[s].macs > c.macs)
                summary.pruned = "so deep that the backbone is the better network";
            if (summary.pruned.empty() && c.what == before) summary.pruned = "the same as the smaller form";
            if (summary.pruned.empty() && bounds) summary.pruned = bounds->against(c.network);
            before = c.what;
            c.summary = static_cast<int>(found.summaries.size());
            if (summary.pruned.empty()) {
                next = c.network.next_id();
                found.candidates.push_back(c);
            }
            found.summaries.push_back(summary);
        }
    }
    if (found.candidates.empty()) {
        raise(
            "construct",
            "no exit fits: the network has " + std::to_string(layout.sites.size()) +
                " sites, and every head at them was pruned",
            "allow larger heads (most_head_share) or deeper sites (deepest_share); the last one was pruned because: " +
                found.summaries.back().pruned);
    }
    return found;
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

// SPDX-License-Identifier: MIT
//
// early_exits.hpp - a small network with three exits, whole and in two parts, and samples that leave everywhere.
#ifndef EENN_TESTS_NETWORK_EARLY_EXITS_HPP
#define EENN_TESTS_NETWORK_EARLY_EXITS_HPP

#include <eenn/core/random.hpp>
#include <eenn/network/detail/infer.hpp>
#include <eenn/network/edit.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/standard.hpp>

#include <algorithm>
#include <vector>

namespace early_exits {

using namespace eenn;

/// With exits at two depths. @param cut  where one value passes: after the first exit.
constexpr graph build(policy p, node_id& cut) {
    graph g{{8, 8, 2}};
    g(conv2d{.filters = 4}, batch_norm{}, relu{});
    g.exit(exit_head{.classes = 3}, p);
    g.residual([](auto& b) { b(conv2d{.filters = 4}, relu{}, conv2d{.filters = 4}); });
    cut = g.id_of(g(relu{}).here());
    g(conv2d{.filters = 4}, relu{});
    g.exit(exit_head{.classes = 3, .hidden = 4}, p);
    const edge wide = g.here();
    g(conv2d{.filters = 4, .kernel_h = 1}, relu{});
    g.join(add{}, wide, g.here());  // something lives across the second exit beside the trunk
    return g(global_average_pool{}, dense{.units = 3});
}
constexpr graph whole(policy p) {
    node_id cut;
    return build(p, cut);
}
constexpr halves<standard_layers> parts(policy p) {
    node_id cut;
    const graph g = build(p, cut);
    return split_at(g, cut);
}
constexpr graph recipe() { return whole(max_probability{}); }

inline constexpr std::size_t sample_count = 150;
inline constexpr std::uint64_t seed = 9;  ///< of the parameters: with others, patience sends all samples to one exit

/// (N,H,W,C)
inline std::vector<float> images(const plan_view& plan) {
    std::vector<float> made(sample_count * plan.input.elements());
    random_stream random{.seed = 3};
    for (std::size_t i = 0; i < made.size(); ++i)
        made[i] = static_cast<float>(random.normal()) * (1 + static_cast<float>(i % 7));
    return made;
}
inline std::span<const float> image(std::span<const float> all, std::size_t i) {
    const std::size_t each = all.size() / sample_count;
    return all.subspan(i * each, each);
}

/// Thresholds in the middle of what the samples show, so that every exit takes some.
inline std::vector<exit_rule> middle_rules(const executable<float>& n, packed_view<float> weights,
                                           std::span<const float> all) {
    std::vector<exit_rule> rules(n.plan.exits.size());
    const threshold_rules<> rule{rules};
    std::vector<std::vector<float>> seen(rules.size());
    aligned_vector<float> workspace(n.plan.sizes.workspace);
    for (std::size_t i = 0; i < sample_count; ++i) {
        exit_state state;
        step_id first{0};
        for (std::size_t e = 0; e < seen.size(); ++e) {
            run_steps(n, {first, n.plan.exits[e].step.next()}, weights, image(all, i), workspace);
            first = n.plan.exits[e].step.next();
            seen[e].push_back(decide(rule, view_exit(n.plan, e, workspace), state).confidence);
        }
    }
    std::vector<exit_rule> middle;
    for (auto& s : seen) {
        std::sort(s.begin(), s.end());
        middle.push_back({.threshold = s[s.size() * 6 / 10]});
    }
    return middle;
}

}  // namespace early_exits

#endif

// SPDX-License-Identifier: MIT
//
// detail/part_costs.hpp - costs of the backbone up to each site and of each head: MACs, or time measured on this machine.
// Floor 8 (construct); host subset.
#ifndef EENN_CONSTRUCT_DETAIL_PART_COSTS_HPP
#define EENN_CONSTRUCT_DETAIL_PART_COSTS_HPP

#include <eenn/construct/detail/features.hpp>
#include <eenn/construct/detail/frozen_backbone.hpp>
#include <eenn/construct/detail/kept_work.hpp>
#include <eenn/construct/detail/propose_heads.hpp>
#include <eenn/construct/detail/timing.hpp>
#include <eenn/construct/detail/train_heads.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/core/processor_name.hpp>

#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief Costs of the parts of a network, in the unit of augment_options::cost: MACs, or microseconds.
struct part_costs {
    std::vector<double> reach;  ///< of the backbone from the input to each site
    std::vector<double> heads;  ///< by candidate
    double base = 0;            ///< of the whole base network
};

namespace detail {

/// Microseconds on one thread, as medians over `rounds` samples. Each head runs directly after its site, on its true input.
[[nodiscard]] inline part_costs measure_parts(const frozen_backbone& base, std::span<const candidate> candidates,
                                              std::span<const trained_head> trained, const data_set& samples,
                                              int rounds) {
    using clock = std::chrono::steady_clock;
    const executable<float> net = base.net.inference();
    const packed_weights<float> packed{net, base.parameters()};
    aligned_vector<float> workspace(net.plan.sizes.workspace);
    struct ready_head {
        runtime_network<float, graph> net;
        packed_weights<float> packed;
        aligned_vector<float> workspace;
        std::vector<double> times{};
    };
    std::vector<ready_head> heads;
    for (std::size_t c = 0; c < candidates.size(); ++c) {
        runtime_network<float, graph> alone{candidates[c].network};
        const executable<float> run = alone.inference();
        packed_weights<float> weights{run, trained[c].parameters};
        aligned_vector<float> own(run.plan.sizes.workspace);
        heads.push_back({std::move(alone), std::move(weights), std::move(own)});
    }
    std::vector<step_id> ends;  // first step behind each site
    for (const site& s : base.layout.sites) ends.push_back(step_of(net.plan, s.node).next());
    ends.push_back(net.plan.steps.end_id());
    std::vector<std::vector<double>> pieces(ends.size());
    const auto timed = [](auto&& run) {
        const auto start = clock::now();
        run();
        return microseconds_since(start);
    };
    float sink = 0;  // uses the decisions, which are part of the cost of heads and classifier
    const exit_rule plain{never_exit, 1};
    const threshold_rules<> rule{{&plain, 1}};
    exit_state state;
    for (int round = -rounds / 10; round < rounds; ++round) {
        const std::span<const float> input = samples[std::max(round, 0) % samples.size()];
        for (std::size_t s = 0; s < ends.size(); ++s) {
            const step_id first = s == 0 ? step_id{0} : ends[s - 1];
            const double taken = timed([&] {
                run_steps(net, {first, ends[s]}, packed, input, workspace);
                rule.begin(state);
                if (s + 1 == ends.size()) sink += decide(rule, view_exit(net.plan, 0, workspace), state).confidence;
            });
            if (round >= 0) pieces[s].push_back(taken);
            for (std::size_t h = 0; h < heads.size() && s < base.layout.sites.size(); ++h) {
                if (candidates[h].site != static_cast<int>(s)) continue;
                const step_id last{ends[s].number - 1};
                const auto features = view_value(net.plan, net.plan.steps[last].output, workspace);
                const executable<float> run = heads[h].net.inference();
                const double of_head = timed([&] {
                    run_steps(run, run.plan.steps.ids(), heads[h].packed, features, heads[h].workspace);
                    rule.begin(state);
                    sink += decide(rule, view_exit(run.plan, 0, heads[h].workspace), state).confidence;
                });
                if (round >= 0) heads[h].times.push_back(of_head);
            }
        }
    }
    volatile float keep = sink;
    (void)keep;
    part_costs costs;
    for (auto& times : pieces) {
        costs.base += median(std::move(times));
        costs.reach.push_back(costs.base);
    }
    costs.reach.pop_back();
    for (auto& head : heads) costs.heads.push_back(median(std::move(head.times)));
    return costs;
}

}  // namespace detail

/// @brief The costs of the backbone up to each site and of each head. Measured times are saved, so that a resumed run makes
/// the same choices.
///
/// @param trained  by candidate.
/// @param samples  the samples that times are measured on.
/// @param machine  identifies this machine; times saved on another one are ignored.
/// @par Cost  for times: some 200 passes of the base network and of every head on one thread.
[[nodiscard]] inline part_costs price_parts(const frozen_backbone& base, std::span<const candidate> candidates,
                                            std::span<const trained_head> trained, const data_set& samples,
                                            cost_unit unit, const kept_work& kept,
                                            const std::string& machine = processor_name()) {
    part_costs costs;
    if (unit == cost_unit::macs) {
        costs.base = static_cast<double>(base.layout.macs);
        for (const site& s : base.layout.sites) costs.reach.push_back(static_cast<double>(s.macs));
        for (const candidate& who : candidates) costs.heads.push_back(static_cast<double>(who.macs));
        return costs;
    }
    const digest key = kept.key_of("times", machine, base, candidates, trained, samples);
    const std::size_t sites = base.layout.sites.size();
    std::vector<float> reach;  // then the whole network
    std::vector<float> heads;
    if (!kept.read(key, std::pair{&reach, sites + 1}, std::pair{&heads, candidates.size()})) {
        costs = detail::measure_parts(base, candidates, trained, samples, 200);
        reach.assign(costs.reach.begin(), costs.reach.end());
        reach.push_back(static_cast<float>(costs.base));
        heads.assign(costs.heads.begin(), costs.heads.end());
        kept.write(key, {reach, heads});
    }
    return {{reach.begin(), reach.end() - 1}, {heads.begin(), heads.end()}, static_cast<double>(reach.back())};
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

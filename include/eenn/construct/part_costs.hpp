// SPDX-License-Identifier: MIT
//
// part_costs.hpp - what the backbone up to each site and each head cost: MACs, or time measured on this machine.
// Floor 8 (construct); host subset.
#ifndef EENN_CONSTRUCT_PART_COSTS_HPP
#define EENN_CONSTRUCT_PART_COSTS_HPP

#include <eenn/construct/construction.hpp>
#include <eenn/construct/timing.hpp>
#include <eenn/core/isa.hpp>

namespace eenn::construct {
inline namespace EENN_ISA {

namespace detail {

/// Microseconds on one thread, medians over `rounds` samples. Each head runs right behind its site, on what it will get.
template <Executor X>
[[nodiscard]] part_costs measure_parts(construction<X>& work, int rounds) {
    using clock = std::chrono::steady_clock;
    const executable<float> net = work.net.inference();
    const packed_weights<float> packed{net, work.parameters};
    aligned_vector<float> workspace(net.plan.sizes.workspace);
    struct ready_head {
        runtime_network<float, graph> net;
        packed_weights<float> packed;
        aligned_vector<float> workspace;
        std::vector<double> times{};
    };
    std::vector<ready_head> heads;
    for (const candidate& who : work.candidates) {
        runtime_network<float, graph> alone{who.network};
        const executable<float> run = alone.inference();
        packed_weights<float> weights{run, who.trained.parameters};
        aligned_vector<float> own(run.plan.sizes.workspace);
        heads.push_back({std::move(alone), std::move(weights), std::move(own)});
    }
    std::vector<int> ends;  // of the piece up to each site: the first step behind it
    for (const site& s : work.layout.sites) ends.push_back(step_of(net.plan, s.node) + 1);
    ends.push_back(static_cast<int>(net.plan.steps.size()));
    std::vector<std::vector<double>> pieces(ends.size());
    const auto timed = [](auto&& run) {
        const auto start = clock::now();
        run();
        return microseconds_since(start);
    };
    float sink = 0;  // of the decisions, which are part of what a head and the classifier cost
    const exit_rule plain{never_exit, 1};
    const threshold_rules<> rule{{&plain, 1}};
    exit_state state;
    for (int round = -rounds / 10; round < rounds; ++round) {
        const float* input = work.validation[std::max(round, 0) % work.validation.size()].data();
        for (std::size_t s = 0; s < ends.size(); ++s) {
            const int first = s == 0 ? 0 : ends[s - 1];
            const double taken = timed([&] {
                run_steps(net, first, ends[s], packed.data(), input, workspace.data());
                rule.begin(state);
                if (s + 1 == ends.size())
                    sink += decide(rule, view_exit(net.plan, 0, workspace.data()), state).confidence;
            });
            if (round >= 0) pieces[s].push_back(taken);
            for (std::size_t h = 0; h < heads.size() && s < work.layout.sites.size(); ++h) {
                if (work.candidates[h].site != static_cast<int>(s)) continue;
                const step_info& last = net.plan.steps[static_cast<std::size_t>(ends[s] - 1)];
                const auto& made = net.plan.values[static_cast<std::size_t>(last.output)];
                const executable<float> run = heads[h].net.inference();
                const double of_head = timed([&] {
                    run_steps(run, 0, static_cast<int>(run.plan.steps.size()), heads[h].packed.data(),
                              workspace.data() + made.offset, heads[h].workspace.data());
                    rule.begin(state);
                    sink += decide(rule, view_exit(run.plan, 0, heads[h].workspace.data()), state).confidence;
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

/// @brief Fills construction::costs. Measured times are kept in the state, so that a run that goes on from it chooses alike.
/// @par Cost  of times: some 200 passes of the base network and of every head on one thread.
template <Executor X>
void price_parts(construction<X>& work) {
    part_costs& costs = work.costs;
    if (work.options.cost == cost_unit::macs) {
        costs = {{}, {}, static_cast<double>(work.layout.macs)};
        for (const site& s : work.layout.sites) costs.reach.push_back(static_cast<double>(s.macs));
        for (const candidate& who : work.candidates) costs.heads.push_back(static_cast<double>(who.macs));
        return;
    }
    fingerprint print = work.print;
    for (const candidate& who : work.candidates) print.add(std::string_view{who.print.text()});
    const auto file = work.options.state / ("times_" + print.text() + ".safetensors");
    std::vector<float> reach;
    std::vector<float> heads;
    const bool known =
        !work.options.state.empty() && read_vectors(file, std::pair{"reach", &reach}, std::pair{"heads", &heads});
    if (!known) {
        costs = detail::measure_parts(work, 200);
        reach.assign(costs.reach.begin(), costs.reach.end());
        reach.push_back(static_cast<float>(costs.base));
        heads.assign(costs.heads.begin(), costs.heads.end());
        if (!work.options.state.empty()) write_vectors(file, {{"reach", reach}, {"heads", heads}});
    }
    costs = {{reach.begin(), reach.end() - 1}, {heads.begin(), heads.end()}, static_cast<double>(reach.back())};
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

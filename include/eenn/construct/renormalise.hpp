// SPDX-License-Identifier: MIT
//
// renormalise.hpp - batch norms put back where an exporter folded them away, so that a network can be trained on.
// Floor 6 (construct); host subset.
#ifndef EENN_CONSTRUCT_RENORMALISE_HPP
#define EENN_CONSTRUCT_RENORMALISE_HPP

#include <eenn/construct/branched.hpp>
#include <eenn/core/executor.hpp>
#include <eenn/data/data_set.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/training/backpropagation.hpp>

#include <cmath>

namespace eenn::construct {

/// @brief A network with a batch norm behind every convolution, and where the nodes of the one before went.
struct renormalised {
    graph network;
    aligned_vector<float> parameters;
    std::vector<int> nodes;  ///< by node of the network before: its value's node here, the norm where one was added
    int added = 0;
};

/// @brief Puts a batch norm behind every convolution that has none, with statistics of the samples and the scale and
/// shift that undo them: the answers stay the same to rounding, and training on is as well conditioned as it once was.
///
/// Norms fold into the convolutions again before inference, so the network costs what it did.
///
/// @param samples  up to 256 of the set are looked at.
/// @par Cost       One training forward of those samples for each convolution: after k of them the first k norms are
///                 right, since what comes before them is.
/// @par Source     Batch norm: Ioffe, Szegedy (2015). Undoing a norm by its own scale and shift: section 3, "we make sure
///                 that the transformation can represent the identity".
template <Executor X>
[[nodiscard]] renormalised renormalise(const graph& base, std::span<const float> parameters, const data_set& set,
                                       X& executor) {
    constexpr int most_samples = 256;
    const auto normalised = [&](int node) {
        for (const auto& next : base.nodes()) {
            for (int i = 0; i < next.input_count; ++i) {
                if (next.inputs[static_cast<std::size_t>(i)] == node && std::holds_alternative<batch_norm>(next.what))
                    return true;
            }
        }
        return false;
    };
    std::vector<int> copies;  // by node of the base: its own copy, without the norm behind it
    std::vector<int> norms;
    // The same nodes with whichever momentum.
    const auto build = [&](real momentum) {
        renormalised made{graph{base.input()}, {}, {0}, 0};
        copies = {0};
        norms.clear();
        for (std::size_t n = 1; n < base.nodes().size(); ++n) {
            const auto& node = base.nodes()[n];
            std::array<edge, max_inputs> from{};
            const auto inputs = static_cast<std::size_t>(node.input_count);
            for (std::size_t i = 0; i < inputs; ++i) from[i] = {made.nodes[static_cast<std::size_t>(node.inputs[i])]};
            edge here = made.network.put(node.what, std::span<const edge>{from.data(), inputs});
            copies.push_back(here.node);
            if (std::holds_alternative<conv2d>(node.what) && !normalised(static_cast<int>(n))) {
                here = made.network.join(batch_norm{.momentum = momentum}, here);
                norms.push_back(here.node);
            }
            made.nodes.push_back(here.node);
        }
        return made;
    };
    renormalised made = build(batch_norm{}.momentum);
    made.added = static_cast<int>(norms.size());
    const plan before = lower(base);
    runtime_network<float, graph> net{build(real(1.0F)).network};  // running statistics are those of the last batch
    const plan_view plan = net.plan();
    made.parameters = initialize(plan, 0);
    copy_parameters(before.view(), parameters, copies, plan, made.parameters);
    if (norms.empty()) return made;

    const auto is_new = [&](const step_info& step) {
        return step.norm >= 0 && std::find(norms.begin(), norms.end(), step.norm) != norms.end();
    };
    const int count = std::min(most_samples, set.size());
    backpropagation<float> state{net.training(), count};
    state.train_only(is_new);
    for (int pass = 0; pass < made.added; ++pass) {
        state.forward(made.parameters.data(), set.pixels.data(), count, 0, 0, executor);
        for (const auto& step : plan.steps) {
            if (!is_new(step)) continue;
            const auto channels = static_cast<std::size_t>(plan.values[static_cast<std::size_t>(step.output)].size.c);
            for (std::size_t c = 0; c < channels; ++c) {
                float& variance = made.parameters[step.norm_state + channels + c];
                made.parameters[step.norm_weights + c] = std::sqrt(variance + float{step.epsilon});
                made.parameters[step.norm_weights + channels + c] = made.parameters[step.norm_state + c];
            }
        }
    }
    return made;
}

}  // namespace eenn::construct

#endif

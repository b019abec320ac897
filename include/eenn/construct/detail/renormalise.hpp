// SPDX-License-Identifier: MIT
//
// detail/renormalise.hpp - restores batch norms that an exporter folded away, so that a network can be fine-tuned.
// Floor 8 (construct); host subset.
#ifndef EENN_CONSTRUCT_DETAIL_RENORMALISE_HPP
#define EENN_CONSTRUCT_DETAIL_RENORMALISE_HPP

#include <eenn/core/executor.hpp>
#include <eenn/core/isa.hpp>
#include <eenn/data/data_set.hpp>
#include <eenn/network/detail/transfer.hpp>
#include <eenn/network/edit.hpp>
#include <eenn/network/model.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/network/standard.hpp>
#include <eenn/training/detail/backpropagation.hpp>
#include <eenn/training/freezing.hpp>

#include <algorithm>
#include <cmath>

namespace eenn::construct {
inline namespace EENN_ISA {

/// @brief A network with a batch norm after every convolution. Existing nodes keep their ids.
struct renormalised {
    graph network;
    aligned_vector<float> parameters;
    std::vector<node_id> norms;  ///< the added ones
};

/// @brief Adds a batch norm after every convolution that has none. It takes its statistics from the samples, and its
/// scale and shift undo them. The outputs stay the same up to rounding, and fine-tuning is as well conditioned as the
/// original training.
///
/// Norms are folded back into the convolutions before inference, so the network costs the same as before.
///
/// @param samples  up to 256 of the set are used.
/// @par Cost       One training forward pass of these samples per convolution: after pass k the first k norms are right,
///                 since everything before them is.
/// @par Source     Batch norm: Ioffe, Szegedy (2015). Undoing a norm by its own scale and shift: section 3, "we make sure
///                 that the transformation can represent the identity".
[[nodiscard]] inline renormalised renormalise(const graph& base, std::span<const float> parameters, const data_set& set,
                                              executor_ref executor) {
    constexpr int most_samples = 256;
    std::vector<node_id> plain;  // convolutions without a norm
    for (const edge n : base.layers()) {
        const auto reads = [&](const graph::node& next) {
            return std::holds_alternative<batch_norm>(next.what) && next.inputs[0] == n;
        };
        if (std::holds_alternative<conv2d>(base.nodes()[n].what) &&
            std::none_of(base.nodes().begin() + 1, base.nodes().end(), reads))
            plain.push_back(base.nodes()[n].id);
    }
    renormalised made{base, {}, {}};
    graph measured = base;  // the same, but with the running statistics of the last batch
    for (const node_id convolution : plain) {
        made.norms.push_back(made.network.next_id());
        made.network = insert_after(made.network, convolution, batch_norm{});
        measured = insert_after(measured, convolution, batch_norm{.momentum = 1.0});
    }
    const plan before = lower(base);
    runtime_network<float, graph> net{measured};
    const plan_view plan = net.plan();
    made.parameters = initialize(plan, 0);
    transfer(before.view(), parameters, plan, made.parameters);
    if (made.norms.empty()) return made;

    const auto is_new = [&](const step_info& step) {
        return step.norm.exists() &&
               std::find(made.norms.begin(), made.norms.end(), measured.nodes()[step.norm].id) != made.norms.end();
    };
    const int count = std::min(most_samples, set.size());
    backpropagation<float> state{net.training(), count, steps_where(plan, is_new)};
    for (int pass = 0; pass < static_cast<int>(made.norms.size()); ++pass) {
        state.forward(made.parameters.data(), set.pixels.data(), count, 0, 0, executor);
        for (const auto& step : plan.steps) {
            if (!is_new(step)) continue;
            const std::size_t channels = plan.values[step.output].size.channels();
            for (std::size_t c = 0; c < channels; ++c) {
                float& variance = made.parameters[step.norm_state + channels + c];
                made.parameters[step.norm_weights + c] = std::sqrt(variance + float{step.epsilon});
                made.parameters[step.norm_weights + channels + c] = made.parameters[step.norm_state + c];
            }
        }
    }
    return made;
}

/// @brief The base model with the added norms and their parameters.
[[nodiscard]] inline model with_parameters(const model& base, const renormalised& normal) {
    model made = base;
    made.network = normal.network;
    made.parameters = normal.parameters;
    return made;
}

}  // namespace EENN_ISA
}  // namespace eenn::construct

#endif

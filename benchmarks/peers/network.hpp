// SPDX-License-Identifier: MIT
//
// network.hpp - one of the six networks as operations that another library can be given, and what we make of it.
// Letters: N = samples, H, W, C = height, width, channels; I, O = input, output channels; G = groups; kh, kw = kernel.
#ifndef EENN_BENCHMARKS_PEERS_NETWORK_HPP
#define EENN_BENCHMARKS_PEERS_NETWORK_HPP

#include <eenn/core/aligned.hpp>
#include <eenn/network/detail/executable.hpp>
#include <eenn/network/detail/lower.hpp>
#include <eenn/network/standard.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace peers {

/// What a peer cannot do; the runner says so and is done.
struct unsupported : std::runtime_error {
    using std::runtime_error::runtime_error;
};

enum class operation_kind { convolution, dense, max_pool, global_average_pool };

/// A window at its place, with the padding on each side that its taps really reach.
struct window {
    int kernel_h = 1, kernel_w = 1;
    int stride_h = 1, stride_w = 1;
    int dilation_h = 1, dilation_w = 1;
    int top = 0, bottom = 0, left = 0, right = 0;
};

/// One step of our plan: y = clamp(norm(operation(x)) + residual, low, high).
struct operation {
    operation_kind kind{};
    eenn::shape in{};
    eenn::shape out{};
    window place{};
    int groups = 1;
    int input = 0;               ///< value
    int residual = -1;           ///< value, or none
    bool residual_dies = false;  ///< nobody reads it after this step
    int output = 0;              ///< value
    float low = 0;               ///< -infinity where there is no activation
    float high = 0;
    bool bias = false;
    eenn::step_info step{};  ///< where its parameters are
};

/// A network, our plan for it, the plan's steps as operations, and parameters.
struct network {
    std::string name;
    eenn::graph graph;
    eenn::plan plan;
    eenn::aligned_vector<float> parameters;
    std::vector<operation> operations;

    [[nodiscard]] int classes() const { return plan.view().classes(); }
    [[nodiscard]] int logits() const { return plan.exits.back().logits.number; }  ///< value
};

/// The network of that name.
///
/// @par Errors  unsupported for a layer that no peer is told about, or if there is no such network.
[[nodiscard]] network make_network(const std::string& model);

/// Weights (kh,kw,I/G,O) or (I,O) and bias (O) with the batch norm folded in: what inference libraries are given.
struct folded_weights {
    std::vector<float> weights;
    std::vector<float> bias;
};
[[nodiscard]] folded_weights fold(const network& net, const operation& op);

/// Calls f(g, tap, i, o, index) for each weight of a convolution: group, place in the window, channels within the group,
/// and where our layout has it.
template <class F>
void for_each_weight(const operation& op, F&& f) {
    const int taps = op.place.kernel_h * op.place.kernel_w;
    const int in = op.in.c / op.groups;
    const int out = op.out.c / op.groups;
    std::size_t index = 0;
    for (int tap = 0; tap < taps; ++tap) {
        for (int i = 0; i < in; ++i) {
            for (int g = 0; g < op.groups; ++g) {
                for (int o = 0; o < out; ++o) f(g, tap, i, o, index++);
            }
        }
    }
}

/// The same weights as (O,I/G,kh,kw), the layout of ONNX and PyTorch.
[[nodiscard]] std::vector<float> channels_first(const operation& op, const float* weights);
/// Images (N,H,W,C) as (N,C,H,W).
[[nodiscard]] std::vector<float> channels_first(eenn::shape each, int samples, const float* images);

/// Our logits of the samples that every runner is given: (N, classes).
[[nodiscard]] std::vector<float> our_logits(const eenn::executable<float>& net, int batch);
/// Our losses of the first training steps.
[[nodiscard]] std::vector<float> our_losses(const network& net, int batch, int steps);

}  // namespace peers

#endif

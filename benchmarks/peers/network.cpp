// SPDX-License-Identifier: MIT
//
// network.cpp - our plan read as operations, and our own results by the run-time phase.
#include "network.hpp"

#include <eenn/network/runtime_network.hpp>

#include "../passes.hpp"

#include <limits>

namespace peers {

namespace {

using namespace eenn;

// Padding behind a window that starts `before` elements early; what does not fit any more is cut off, not padded.
int padding_after(int in, int out, int kernel, int stride, int dilation, int before) {
    return std::max(0, (out - 1) * stride + (kernel - 1) * dilation + 1 - in - before);
}

void place(operation& op, const auto& g) {
    window& w = op.place;
    w.kernel_h = g.kernel_h;
    w.kernel_w = g.kernel_w;
    w.stride_h = g.stride_h;
    w.stride_w = g.stride_w;
    if constexpr (requires { g.dilation_h; }) {
        w.dilation_h = g.dilation_h;
        w.dilation_w = g.dilation_w;
    }
    w.top = g.pad_top;
    w.left = g.pad_left;
    w.bottom = padding_after(op.in.h, op.out.h, w.kernel_h, w.stride_h, w.dilation_h, w.top);
    w.right = padding_after(op.in.w, op.out.w, w.kernel_w, w.stride_w, w.dilation_w, w.left);
}

void limit(operation& op) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    switch (op.step.act.kind) {
        case activation_kind::none: op.low = -infinity; break;
        case activation_kind::relu:
        case activation_kind::relu6: op.low = 0; break;
        default: throw unsupported{"an activation that is no clamp"};
    }
    op.high = op.step.act.kind == activation_kind::relu6 ? 6 : infinity;
}

operation read(const graph& g, const plan& p, step_id index) {
    const step_info& step = p.steps[index];
    const auto& node = g.nodes()[step.node];
    operation op{.in = g.nodes()[node.inputs[0]].out,
                 .out = p.values[step.output].size,
                 .input = step.inputs[0].number,
                 .residual = step.residual.number,
                 .output = step.output.number,
                 .step = step};
    op.residual_dies =
        step.residual > value_id{0} && step.residual != step.inputs[0] && p.values[step.residual].last == index;
    limit(op);
    if (step.carrier) throw unsupported{"a norm, addition or activation that no operation takes"};
    if (const auto* convolution = std::get_if<conv2d>(&node.what)) {
        op.kind = operation_kind::convolution;
        op.groups = convolution->groups;
        op.bias = convolution->bias;
        place(op, convolution->geometry(op.in));
    } else if (const auto* fully = std::get_if<dense>(&node.what)) {
        op.kind = operation_kind::dense;
        op.in = {1, 1, static_cast<int>(op.in.elements())};
        op.bias = fully->bias;
    } else if (const auto* pool = std::get_if<max_pool>(&node.what)) {
        op.kind = operation_kind::max_pool;
        place(op, pool->window().geometry(op.in, false));
    } else if (std::holds_alternative<global_average_pool>(node.what)) {
        op.kind = operation_kind::global_average_pool;
    } else {
        throw unsupported{"a layer that is no convolution, dense layer, max pool or global average pool"};
    }
    return op;
}

}  // namespace

network make_network(const std::string& model) {
    std::vector<graph> found;
    passes::for_each_network([&]<auto Recipe>(const char* name) {
        if (model == name) found.push_back(Recipe());
    });
    if (found.empty()) throw unsupported{"a network of the name " + model};
    network net{model, found[0], lower(found[0]), {}, {}};
    net.parameters = passes::parameters(net.plan.view());
    for (const step_id s : net.plan.steps.ids()) net.operations.push_back(read(net.graph, net.plan, s));
    return net;
}

folded_weights fold(const network& net, const operation& op) {
    const auto channels = static_cast<std::size_t>(op.out.c);
    const float* from = net.parameters.data() + op.step.weights;
    const std::size_t count = op.step.weight_count - (op.bias ? channels : 0);
    folded_weights made{{from, from + count}, std::vector<float>(channels)};
    if (op.bias) made.bias.assign(from + count, from + count + channels);
    if (op.step.norm.exists()) {
        std::vector<float> scale(channels);
        std::vector<float> shift(channels);
        fold_norm(op.step, channels, net.parameters.data(), scale.data(), shift.data());
        for (std::size_t i = 0; i < count; ++i) made.weights[i] *= scale[i % channels];
        for (std::size_t o = 0; o < channels; ++o) made.bias[o] = made.bias[o] * scale[o] + shift[o];
    }
    return made;
}

std::vector<float> channels_first(const operation& op, const float* weights) {
    const int taps = op.place.kernel_h * op.place.kernel_w;
    const int in = op.in.c / op.groups;
    const int out = op.out.c / op.groups;
    std::vector<float> made(op.step.weight_count - (op.bias ? static_cast<std::size_t>(op.out.c) : 0));
    for_each_weight(op, [&](int g, int tap, int i, int o, std::size_t index) {
        made[static_cast<std::size_t>(((g * out + o) * in + i) * taps + tap)] = weights[index];
    });
    return made;
}

std::vector<float> channels_first(shape each, int samples, const float* images) {
    std::vector<float> made(each.elements() * static_cast<std::size_t>(samples));
    const auto channels = static_cast<std::size_t>(each.c);
    const std::size_t pixels = each.elements() / channels;
    for (std::size_t i = 0; i < made.size(); ++i) {
        const std::size_t sample = i / each.elements();
        const std::size_t pixel = i % each.elements() / channels;
        made[(sample * channels + i % channels) * pixels + pixel] = images[i];
    }
    return made;
}

std::vector<float> our_logits(const executable<float>& net, int batch) {
    const packed_weights packed{net, passes::parameters(net.plan)};
    aligned_vector<float> workspace(net.plan.sizes.workspace);
    const auto images = passes::images(net.plan, batch);
    const auto logits = view_value(net.plan, net.plan.exits.back().logits, workspace);
    const std::size_t each = net.plan.input.elements();
    std::vector<float> all;
    for (int n = 0; n < batch; ++n) {
        const auto image = std::span{images}.subspan(static_cast<std::size_t>(n) * each, each);
        run_steps(net, net.plan.steps.ids(), packed, image, workspace);
        all.insert(all.end(), logits.begin(), logits.end());
    }
    return all;
}

std::vector<float> our_losses(const network& net, int batch, int steps) {
    runtime_network<float, graph> compiled{net.graph};
    passes::training_step step{compiled.training(), batch, 2};
    std::vector<float> losses;
    for (int i = 0; i < steps; ++i) losses.push_back(static_cast<float>(step()));
    return losses;
}

}  // namespace peers

// SPDX-License-Identifier: MIT
//
// torch.cpp - the runner of libtorch: `torch nchw|channels_last MODEL ...`, so that the better layout can count.
//
// Inference is TorchScript, frozen and optimised for inference; a training step is what its users write: zero_grad,
// forward, cross entropy, backward, SGD.
#include "runner.hpp"

#include <torch/script.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "../../examples/command_line.hpp"
#include "../passes.hpp"

namespace {

using namespace peers;

// Their convolutions pad both sides alike; ours may pad less behind, where the window's stride leaves that out anyway.
std::array<std::int64_t, 2> padding(const operation& op) {
    const window& w = op.place;
    const auto fits = [](int in, int out, int kernel, int stride, int dilation, int before) {
        return (in + 2 * before - (kernel - 1) * dilation - 1) / stride + 1 == out;
    };
    if (!fits(op.in.h, op.out.h, w.kernel_h, w.stride_h, w.dilation_h, w.top) ||
        !fits(op.in.w, op.out.w, w.kernel_w, w.stride_w, w.dilation_w, w.left))
        throw unsupported{"padding that differs before and behind"};
    return {w.top, w.left};
}

torch::Tensor tensor_of(const std::vector<float>& values, torch::IntArrayRef sizes) {
    return torch::tensor(values).reshape(sizes);
}

// (O,I/G,kh,kw) or (O,I), from our layout.
torch::Tensor weight_of(const operation& op, const float* weights) {
    const auto values = channels_first(op, weights);
    if (op.kind == operation_kind::dense) return tensor_of(values, {op.out.c, op.in.c});
    return tensor_of(values, {op.out.c, op.in.c / op.groups, op.place.kernel_h, op.place.kernel_w});
}

torch::Tensor images_of(const network& net, const task& what, torch::MemoryFormat layout) {
    const eenn::shape s = net.plan.input;
    const auto images = passes::images(net.plan.view(), what.batch);
    return tensor_of(channels_first(s, what.batch, images.data()), {what.batch, s.c, s.h, s.w}).contiguous(layout);
}

std::vector<float> values_of(const torch::Tensor& t) {
    const auto dense = t.detach().contiguous();
    return {dense.data_ptr<float>(), dense.data_ptr<float>() + dense.numel()};
}

std::string text(std::initializer_list<std::int64_t> numbers) {
    std::string all;
    for (const auto n : numbers) all += (all.empty() ? "[" : ", ") + std::to_string(n);
    return all + "]";
}

class torch_inference : public pass {
public:
    torch_inference(const network& net, const task& what, torch::MemoryFormat layout)
        : images_{images_of(net, what, layout)} {
        torch::jit::Module module{"network"};
        std::string source = "def forward(self, v0):\n";
        for (const auto& op : net.operations) {
            const std::string number = std::to_string(op.output);
            if (op.kind == operation_kind::convolution || op.kind == operation_kind::dense) {
                const auto folded = fold(net, op);
                auto weight = weight_of(op, folded.weights.data());
                if (weight.dim() == 4) weight = weight.contiguous(layout);
                module.register_buffer("w" + number, weight);
                module.register_buffer("b" + number, tensor_of(folded.bias, {op.out.c}));
            }
            source += "    v" + number + " = " + expression(op) + "\n";
        }
        module.define(source + "    return v" + std::to_string(net.logits()) + "\n");
        module.eval();
        const auto frozen = torch::jit::freeze(module);
        module_ = frozen;
        module_ = torch::jit::optimize_for_inference(module_);
        for (int i = 0; i < 3; ++i) run();  // its executor profiles first and compiles then
    }
    void run() override {
        const c10::InferenceMode guard;
        logits_ = module_.forward({images_}).toTensor();
    }
    [[nodiscard]] std::vector<float> result() override { return values_of(logits_); }

private:
    static std::string expression(const operation& op) {
        const window& w = op.place;
        const std::string x = "v" + std::to_string(op.input);
        const std::string number = std::to_string(op.output);
        std::string y;
        switch (op.kind) {
            case operation_kind::convolution: {
                const auto [top, left] = padding(op);
                y = "torch.conv2d(" + x + ", self.w" + number + ", self.b" + number + ", " +
                    text({w.stride_h, w.stride_w}) + ", " + text({top, left}) + ", " +
                    text({w.dilation_h, w.dilation_w}) + ", " + std::to_string(op.groups) + ")";
                break;
            }
            case operation_kind::dense:
                if (op.step.inputs[0] == eenn::value_id{0}) throw unsupported{"a dense layer on the input"};
                y = "torch.addmm(self.b" + number + ", torch.flatten(" + x + ", 1), self.w" + number + ".t())";
                break;
            case operation_kind::max_pool: {
                const auto [top, left] = padding(op);
                y = "torch.max_pool2d(" + x + ", " + text({w.kernel_h, w.kernel_w}) + ", " +
                    text({w.stride_h, w.stride_w}) + ", " + text({top, left}) + ")";
                break;
            }
            case operation_kind::global_average_pool: y = "torch.adaptive_avg_pool2d(" + x + ", [1, 1])"; break;
        }
        if (op.residual >= 0) y += " + v" + std::to_string(op.residual);
        if (!std::isinf(op.high)) return "torch.clamp(" + y + ", 0.0, " + std::to_string(op.high) + ")";
        return op.low == 0 ? "torch.relu(" + y + ")" : y;
    }

    torch::Tensor images_;
    torch::Tensor logits_;
    torch::jit::Module module_;
};

class torch_training : public pass {
public:
    torch_training(const network& net, const task& what, torch::MemoryFormat layout)
        : operations_{net.operations},
          logits_{net.logits()},
          images_{images_of(net, what, layout)},
          values_(net.plan.values.size()) {
        const auto labels = passes::labels(net.plan.view(), what.batch);
        labels_ = torch::tensor(std::vector<std::int64_t>{labels.begin(), labels.end()});
        std::vector<torch::Tensor> decayed;
        std::vector<torch::Tensor> others;
        const auto parameter = [](std::vector<torch::Tensor>& group, const torch::Tensor& start) {
            group.push_back(start.detach().clone(start.suggest_memory_format()).requires_grad_());
            return group.back();
        };
        for (const auto& op : operations_) {
            const eenn::step_info& step = op.step;
            const float* all = net.parameters.data();
            const std::int64_t channels = op.out.c;
            const auto per_channel = [&](std::size_t offset) {
                return tensor_of({all + offset, all + offset + channels}, {channels});
            };
            layer made;
            if (step.weight_count > 0) {
                auto weight = weight_of(op, all + step.weights);
                if (weight.dim() == 4) weight = weight.contiguous(layout);
                made.weight = parameter(decayed, weight);
            }
            const auto c = static_cast<std::size_t>(channels);
            if (op.bias) made.bias = parameter(others, per_channel(step.weights + step.weight_count - c));
            if (step.norm.exists()) {
                made.gamma = parameter(others, per_channel(step.norm_weights));
                made.beta = parameter(others, per_channel(step.norm_weights + c));
                made.mean = per_channel(step.norm_state);
                made.var = per_channel(step.norm_state + c);
            }
            layers_.push_back(made);
        }
        using torch::optim::SGDOptions;
        const auto options = SGDOptions{passes::learning_rate}.momentum(passes::momentum);
        std::vector<torch::optim::OptimizerParamGroup> groups;
        groups.emplace_back(decayed,
                            std::make_unique<SGDOptions>(SGDOptions{options}.weight_decay(passes::weight_decay)));
        groups.emplace_back(others, std::make_unique<SGDOptions>(options));
        optimizer_.emplace(groups, options);
    }
    void run() override {
        optimizer_->zero_grad();
        values_[0] = images_;
        for (std::size_t i = 0; i < operations_.size(); ++i) {
            values_[static_cast<std::size_t>(operations_[i].output)] = forward(operations_[i], layers_[i]);
        }
        const auto loss = torch::cross_entropy_loss(values_[static_cast<std::size_t>(logits_)], labels_);
        loss.backward();
        optimizer_->step();
        loss_ = loss.item<float>();
        std::fill(values_.begin(), values_.end(), torch::Tensor{});  // or the next step would find this one's in memory
    }
    [[nodiscard]] std::vector<float> result() override { return {loss_}; }

private:
    struct layer {
        torch::Tensor weight, bias;
        torch::Tensor gamma, beta, mean, var;
    };

    torch::Tensor forward(const operation& op, layer& l) {
        const window& w = op.place;
        const auto& x = values_[static_cast<std::size_t>(op.input)];
        torch::Tensor y;
        switch (op.kind) {
            case operation_kind::convolution:
                y = torch::conv2d(x, l.weight, l.bias, {w.stride_h, w.stride_w}, padding(op),
                                  {w.dilation_h, w.dilation_w}, op.groups);
                break;
            case operation_kind::dense: y = torch::linear(torch::flatten(x, 1), l.weight, l.bias); break;
            case operation_kind::max_pool:
                y = torch::max_pool2d(x, {w.kernel_h, w.kernel_w}, {w.stride_h, w.stride_w}, padding(op));
                break;
            case operation_kind::global_average_pool: y = torch::adaptive_avg_pool2d(x, {1, 1}); break;
        }
        if (l.gamma.defined()) {
            y = torch::batch_norm(y, l.gamma, l.beta, l.mean, l.var, true, double{float{op.step.momentum}},
                                  double{float{op.step.epsilon}}, false);
        }
        if (op.residual >= 0) y = y + values_[static_cast<std::size_t>(op.residual)];
        if (!std::isinf(op.high)) return torch::clamp_(y, op.low, op.high);
        return op.low == 0 ? torch::relu_(y) : y;
    }

    std::vector<operation> operations_;
    int logits_;
    torch::Tensor images_;
    torch::Tensor labels_;
    std::vector<layer> layers_;
    std::vector<torch::Tensor> values_;
    std::optional<torch::optim::SGD> optimizer_;
    float loss_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    std::string layout;
    examples::command_line line{"torch",
                                "measures libtorch on one network; the words of every runner follow the layout."};
    line.option("LAYOUT", layout, "of activations", {"nchw", "channels_last"});
    line.read(std::min(argc, 2), argv);
    const auto make = [&](const network& net, const task& what) -> std::unique_ptr<pass> {
        torch::set_num_threads(what.threads);
        const auto format = layout == "nchw" ? torch::MemoryFormat::Contiguous : torch::MemoryFormat::ChannelsLast;
        if (what.training) return std::make_unique<torch_training>(net, what, format);
        return std::make_unique<torch_inference>(net, what, format);
    };
    return serve(argc - 1, argv + 1, {"libtorch " TORCH_VERSION " " + layout, true, make});
}

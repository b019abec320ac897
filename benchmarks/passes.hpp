// SPDX-License-Identifier: MIT
//
// passes.hpp - one forward pass and one training step of a network on noise, ready to be repeated.
#ifndef EENN_BENCHMARKS_PASSES_HPP
#define EENN_BENCHMARKS_PASSES_HPP

#include <eenn/core/threads.hpp>
#include <eenn/exits/infer.hpp>
#include <eenn/exits/infer_batch.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/training/backpropagation.hpp>
#include <eenn/training/losses.hpp>
#include <eenn/training/optimizers.hpp>

#include "../examples/models.hpp"

#include <memory>
#include <vector>

namespace passes {

/// visit.operator()<Net>(name) for each of the six networks that the benchmarks measure.
template <class F>
void for_each_network(F&& visit) {
    using eenn::network;
    visit.template operator()<network<models::resnet8>>("resnet8");
    visit.template operator()<network<models::dscnn>>("dscnn");
    visit.template operator()<network<models::mobilenet_v1_025_96>>("mobilenet_v1_025_96");
    visit.template operator()<network<models::resnet20>>("resnet20");
    visit.template operator()<network<models::resnet56>>("resnet56");
    visit.template operator()<network<models::ecg_cnn>>("ecg_cnn");
}

inline eenn::aligned_vector<float> noise(std::size_t count) {
    eenn::aligned_vector<float> values(count);
    eenn::random_stream random{.seed = 1};
    for (auto& v : values) v = static_cast<float>(random.normal());
    return values;
}

/// Decides a batch, or one sample in the network's own workspace.
template <class Net>
class inference_pass {
public:
    inference_pass(int batch, int thread_count)
        : images_(noise(net_.plan.input.elements() * static_cast<std::size_t>(batch))),
          packed_(net_.packed_elements),
          rules_(net_.plan.exits.size()),
          decisions_(static_cast<std::size_t>(batch)),
          pool_{thread_count},
          many_{net_, thread_count} {
        const auto parameters = eenn::initialize(net_.plan, 1);
        eenn::pack_weights(net_, parameters.data(), packed_.data());
    }
    void operator()() {
        if (decisions_.size() == 1) {
            decisions_[0] = eenn::infer<float>(net_, packed_.data(), images_.data(), workspace_->data.data(), rules_);
        } else {
            many_(packed_.data(), images_.data(), decisions_.size(), rules_, decisions_, pool_);
        }
    }

private:
    eenn::executable<float> net_ = Net::inference();
    eenn::aligned_vector<float> images_;
    eenn::aligned_vector<float> packed_;
    std::vector<eenn::exit_rule> rules_;
    std::vector<eenn::decision> decisions_;
    std::unique_ptr<typename Net::workspace> workspace_ = std::make_unique<typename Net::workspace>();
    eenn::threads pool_;
    eenn::batch_inference<float> many_;
};

/// Forward, cross-entropy at the last exit, backward, SGD with momentum.
template <class Net>
class training_step {
public:
    training_step(int batch, int thread_count)
        : parameters_(eenn::initialize(net_.plan, 1)),
          images_(noise(net_.plan.input.elements() * static_cast<std::size_t>(batch))),
          gradients_(net_.plan.sizes.parameters),
          pool_{thread_count},
          run_{net_, batch} {
        for (int i = 0; i < batch; ++i) labels_.push_back(i % Net::classes);
        for (const auto& tensor : net_.plan.tensors) {
            if (tensor.spec.trainable) ranges_.push_back({tensor.offset, tensor.spec.elements(), tensor.spec.decay});
        }
    }
    void operator()() {
        const bool exits[]{true};
        const auto count = labels_.size() * static_cast<std::size_t>(Net::classes);
        run_.forward(parameters_.data(), images_.data(), static_cast<int>(labels_.size()), 1, pass_++, pool_);
        eenn::cross_entropy{}(std::span<const float>{run_.logits(0), count}, labels_,
                              std::span<float>{run_.logits_gradient(0), count});
        run_.backward(parameters_.data(), gradients_.data(), exits, pool_);
        optimizer_.step(std::span<float>{parameters_}.first(gradients_.size()), gradients_, state_, ranges_, 1e-3);
    }

private:
    eenn::trainable<float> net_ = Net::training();
    eenn::aligned_vector<float> parameters_;
    eenn::aligned_vector<float> images_;
    eenn::aligned_vector<float> gradients_;
    std::vector<int> labels_;
    std::vector<eenn::parameter_range> ranges_;
    eenn::threads pool_;
    eenn::backpropagation<float> run_;
    eenn::sgd optimizer_{.momentum = 0.9, .weight_decay = 1e-4};
    eenn::optimizer_state<float> state_;
    std::uint64_t pass_ = 0;
};

}  // namespace passes

#endif

// SPDX-License-Identifier: MIT
//
// passes.hpp - one forward pass and one training step of a network on random data, ready to be repeated.
#ifndef EENN_BENCHMARKS_PASSES_HPP
#define EENN_BENCHMARKS_PASSES_HPP

#include <eenn/core/threads.hpp>
#include <eenn/exits/infer_batch.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/runtime_session.hpp>
#include <eenn/training/detail/backpropagation.hpp>
#include <eenn/training/losses.hpp>
#include <eenn/training/optimizers.hpp>

#include "../examples/models.hpp"

#include <optional>
#include <vector>

namespace passes {
inline namespace EENN_ISA {  // one program may link several instruction sets

/// Calls visit.operator()<recipe>(name) for each of the six networks that the benchmarks measure.
template <class F>
void for_each_network(F&& visit) {
    visit.template operator()<models::resnet8>("resnet8");
    visit.template operator()<models::dscnn>("dscnn");
    visit.template operator()<models::mobilenet_v1_025_96>("mobilenet_v1_025_96");
    visit.template operator()<models::resnet20>("resnet20");
    visit.template operator()<models::resnet56>("resnet56");
    visit.template operator()<models::ecg_cnn>("ecg_cnn");
}

/// The names of these networks.
inline std::vector<std::string> network_names() {
    std::vector<std::string> names;
    for_each_network([&]<auto Recipe>(const char* name) { names.emplace_back(name); });
    return names;
}

inline eenn::aligned_vector<float> noise(std::size_t count) {
    eenn::aligned_vector<float> values(count);
    eenn::random_stream random{.seed = 1};
    for (auto& v : values) v = static_cast<float>(random.normal());
    return values;
}

/// Samples (N,H,W,C) and their classes.
inline eenn::aligned_vector<float> images(const eenn::plan_view& plan, int batch) {
    return noise(plan.input.elements() * static_cast<std::size_t>(batch));
}
inline std::vector<int> labels(const eenn::plan_view& plan, int batch) {
    std::vector<int> all;
    for (int i = 0; i < batch; ++i) all.push_back(i % plan.classes());
    return all;
}

/// Initial parameters, with norms that are not the identity, so that wrong folding changes the logits.
inline eenn::aligned_vector<float> parameters(const eenn::plan_view& plan) {
    auto values = eenn::initialize(plan, 1);
    eenn::random_stream random{.seed = 2};
    for (const auto& tensor : plan.tensors) {
        const bool factor = tensor.spec.name == "gamma" || tensor.spec.name == "var";
        if (!factor && tensor.spec.rank != 1) continue;
        for (std::size_t i = 0; i < tensor.spec.elements(); ++i) {
            values[tensor.offset + i] =
                static_cast<float>(factor ? random.uniform(0.8, 1.2) : random.uniform(-0.2, 0.2));
        }
    }
    return values;
}

inline constexpr double learning_rate = 1e-3;
inline constexpr double momentum = 0.9;
inline constexpr double weight_decay = 1e-4;

/// Inference on a batch, or on one sample in a session.
class inference_pass {
public:
    inference_pass(const eenn::executable<float>& net, int batch, int thread_count)
        : images_(images(net.plan, batch)),
          packed_{net, parameters(net.plan)},
          rules_(net.plan.exits.size()),
          decisions_(static_cast<std::size_t>(batch)),
          pool_{thread_count} {
        if (batch > 1) {
            many_.emplace(net, thread_count);
        } else {
            one_.emplace(net, eenn::packed_view<float>{packed_}, eenn::threshold_rules<>{rules_}, pool_);
        }
    }
    void operator()() {
        if (many_) {
            (*many_)(packed_, images_, {rules_}, decisions_, pool_);
        } else {
            decisions_[0] = (*one_)(images_);
        }
    }

private:
    using one_sample =
        eenn::session<eenn::heap_storage<float, eenn::packed_view<float>>, eenn::threshold_rules<>, eenn::threads&>;

    eenn::aligned_vector<float> images_;
    eenn::packed_weights<float> packed_;
    std::vector<eenn::exit_rule> rules_;
    std::vector<eenn::decision> decisions_;
    eenn::threads pool_;
    std::optional<one_sample> one_;
    std::optional<eenn::batch_inference<float>> many_;
};

/// Forward, cross-entropy at the last exit, backward, SGD with momentum.
class training_step {
public:
    training_step(const eenn::trainable<float>& net, int batch, int thread_count)
        : net_{net},
          parameters_(parameters(net.plan)),
          images_(images(net.plan, batch)),
          gradients_(net.plan.sizes.parameters),
          labels_(labels(net.plan, batch)),
          ranges_(eenn::resolve(net.plan, eenn::everything()).ranges),
          pool_{thread_count},
          run_{net_, batch} {}
    /// The loss before the update.
    double operator()() {
        const bool exits[]{true};
        const auto count = labels_.size() * static_cast<std::size_t>(net_.plan.classes());
        run_.forward(parameters_.data(), images_.data(), static_cast<int>(labels_.size()), 1, pass_++, pool_);
        const double loss = eenn::cross_entropy{}(std::span<const float>{run_.logits(0), count}, labels_,
                                                  std::span<float>{run_.logits_gradient(0), count});
        run_.backward(parameters_.data(), gradients_.data(), exits, pool_);
        optimizer_.step(std::span<float>{parameters_}.first(gradients_.size()), gradients_, state_, ranges_,
                        learning_rate);
        return loss;
    }

private:
    eenn::trainable<float> net_;
    eenn::aligned_vector<float> parameters_;
    eenn::aligned_vector<float> images_;
    eenn::aligned_vector<float> gradients_;
    std::vector<int> labels_;
    std::vector<eenn::parameter_range> ranges_;
    eenn::threads pool_;
    eenn::backpropagation<float> run_;
    eenn::sgd optimizer_{.momentum = momentum, .weight_decay = weight_decay};
    eenn::optimizer_state<float> state_;
    std::uint64_t pass_ = 0;
};

}  // namespace EENN_ISA
}  // namespace passes

#endif

// SPDX-License-Identifier: MIT
#include <eenn/core/executor.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/training/detail/backpropagation.hpp>
#include <eenn/training/freezing.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <memory>

#include "../network/generated.hpp"

namespace {

using namespace eenn;

/// A network in double with a random linear loss over the logits of every exit, so that its gradient is known to a batch.
class gradient_check {
public:
    gradient_check(const graph& g, int samples, const trainable_set& trained = everything())
        : net_{g},
          samples_{samples},
          batch_{net_.training(), samples, trained},
          wanted_{new bool[net_.plan().exits.size()]} {
        const auto plan = net_.plan();
        parameters = initialize<double>(plan, 5);
        for (std::size_t i = 0; i < parameters.size(); ++i) {  // statistics too: frozen norms read them
            parameters[i] += 0.2 * random_stream{.seed = 9, .counter = i}.uniform();
        }
        input.resize(plan.input.elements() * static_cast<std::size_t>(samples));
        random_stream random{.seed = 21};
        for (auto& x : input) x = random.normal();
        for (std::size_t e = 0; e < plan.exits.size(); ++e) {
            wanted_[e] = true;
            weights_.emplace_back(static_cast<std::size_t>(samples * plan.exits[e].classes));
            for (auto& w : weights_.back()) w = random.normal();
        }
        batch_.want_input_gradient(true);
    }

    [[nodiscard]] double loss() {
        auto moved = parameters;  // forward updates the running statistics
        batch_.forward(moved.data(), input.data(), samples_, 1, 2, serial_);
        double sum = 0;
        for (std::size_t e = 0; e < weights_.size(); ++e) {
            for (std::size_t i = 0; i < weights_[e].size(); ++i) sum += weights_[e][i] * batch_.logits(e)[i];
        }
        return sum;
    }

    [[nodiscard]] aligned_vector<double> gradients(aligned_vector<double>& of_input) {
        (void)loss();
        for (std::size_t e = 0; e < weights_.size(); ++e) {
            std::copy(weights_[e].begin(), weights_[e].end(), batch_.logits_gradient(e));
        }
        aligned_vector<double> result(net_.plan().sizes.parameters);
        batch_.backward(parameters.data(), result.data(), {wanted_.get(), weights_.size()}, serial_);
        of_input.assign(batch_.input_gradient(), batch_.input_gradient() + input.size());
        return result;
    }

    [[nodiscard]] const trained_parts& trained() const { return batch_.layout().trained; }

    aligned_vector<double> parameters;
    aligned_vector<double> input;

private:
    runtime_network<double, graph> net_;
    int samples_;
    serial serial_;
    backpropagation<double> batch_;
    std::unique_ptr<bool[]> wanted_;
    std::vector<std::vector<double>> weights_;
};

struct tally {
    int checked = 0;
    int kinks = 0;  // a relu or a maximum switched between the two points
};

/// Central differences at two widths; where they disagree the function has a kink there and says nothing.
void compare(gradient_check& check, double& x, double analytic, tally& counts) {
    const auto difference = [&](double h) {
        const double at = x;
        x = at + h;
        const double up = check.loss();
        x = at - h;
        const double down = check.loss();
        x = at;
        return (up - down) / (2 * h);
    };
    const double wide = difference(1e-5);
    const double narrow = difference(2.5e-6);
    ++counts.checked;
    if (std::abs(wide - narrow) > 1e-5 * (1 + std::abs(wide))) {
        ++counts.kinks;
        return;
    }
    CHECK(analytic == doctest::Approx(narrow).epsilon(2e-5).scale(1.0));
}

tally check_network(const graph& g, int samples, int probes, std::uint64_t seed) {
    gradient_check check{g, samples};
    aligned_vector<double> of_input;
    const auto gradients = check.gradients(of_input);
    random_stream random{.seed = seed, .stream = 4};
    tally counts;
    for (int i = 0; i < probes; ++i) {
        const auto p = random.below(gradients.size());
        CAPTURE(p);
        compare(check, check.parameters[p], gradients[p], counts);
        const auto x = random.below(of_input.size());
        CAPTURE(x);
        compare(check, check.input[x], of_input[x], counts);
    }
    return counts;
}

/// Of every tensor nothing, all, or some channels.
trainable_set some_channels(const graph& g, std::uint64_t seed) {
    const plan lowered = lower(g);
    random_stream random{.seed = seed, .stream = 31};
    trainable_set set;
    for (const step_info& step : lowered.steps) {
        if (step.weight_count == 0 && !step.norm.exists() && random.below(2) == 0) set.add(step.id);  // dropout
    }
    for (const tensor_info& tensor : lowered.tensors) {
        const auto what = tensor.spec.trainable ? random.below(4) : 0;
        if (what == 0) continue;
        const int channels = tensor.spec.dims[static_cast<std::size_t>(tensor.spec.output_axis)];
        const auto some = [&](int low, int high) {
            return low + static_cast<int>(random.below(static_cast<std::uint64_t>(high - low + 1)));
        };
        if (what == 1) {
            set.add(tensor.id, tensor.spec.name);
        } else {
            const int first = some(0, channels - 1);
            set.add(tensor.id, tensor.spec.name, {{first, some(first + 1, channels)}});
            const int other = some(0, channels - 1);
            if (what == 3) set.add(tensor.id, tensor.spec.name, {{other, other + 1}});
        }
    }
    return set;
}

}  // namespace

TEST_CASE("training/backpropagation: gradients of generated networks equal finite differences in double") {
    tally total;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        CAPTURE(seed);
        const auto counts = check_network(generated::network_of(seed), 3, 12, seed);
        total.checked += counts.checked;
        total.kinks += counts.kinks;
    }
    MESSAGE(total.checked, " derivatives checked, ", total.kinks, " at kinks");
    CHECK(total.kinks * 10 < total.checked);
}

TEST_CASE("training/backpropagation: gradients of every layer alone equal finite differences in double") {
    const auto check = [](const char* name, auto&&... layers) {
        graph g{{5, 6, 4}};
        g(layers...);
        if (!(g.shape_of(g.here()) == shape{1, 1, 2})) g(dense{.units = 2});
        CAPTURE(name);
        const auto counts = check_network(g, 3, 20, 1);
        CHECK(counts.kinks < counts.checked / 4);
    };
    check("conv2d", conv2d{.filters = 3, .bias = true});
    check("conv2d, strided, dilated, asymmetric",
          conv2d{.filters = 9, .kernel_h = 2, .stride = 2, .pad = padding{0, 2, 1, 3}, .dilation = 2});
    check("conv2d, groups", conv2d{.filters = 6, .groups = 2, .bias = true});
    check("depthwise_conv2d", depthwise_conv2d{.bias = true});
    check("depthwise_conv2d, multiplier", depthwise_conv2d{.stride = 2, .multiplier = 2});
    check("separable", separable{.filters = 5});
    check("dense", dense{.units = 7});
    check("batch_norm", batch_norm{});
    check("relu", relu{});
    check("relu6", relu6{});
    check("leaky_relu", leaky_relu{.slope = 0.2});
    check("sigmoid", sigmoid{});
    check("hard_sigmoid", hard_sigmoid{});
    check("hard_swish", hard_swish{});
    check("hard_swish after batch_norm", batch_norm{}, hard_swish{});
    check("tanh", eenn::tanh{});
    check("softmax", softmax{});
    check("max_pool", max_pool{});
    check("average_pool", average_pool{.kernel_h = 3, .stride = 2, .pad = padding{1}});
    check("global_average_pool", global_average_pool{});
    check("global_max_pool", global_max_pool{});
    check("flatten", flatten{}, dense{.units = 3});
    check("dropout", dropout{.rate = 0.3});
    check("pad", pad{.top = 1, .left = 2, .channels_before = 1, .value = 0.3});
    check("squeeze_excite", squeeze_excite{});
    check("squeeze_excite, hard", squeeze_excite{.hard = true});
    check("exit_head", exit_head{.classes = 2, .filters = 3, .hidden = 4});
}

TEST_CASE(
    "training/backpropagation: with some channels trained, gradients equal finite differences and are 0 elsewhere") {
    tally total;
    int frozen = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        CAPTURE(seed);
        const graph g = generated::network_of(seed);
        gradient_check check{g, 3, some_channels(g, seed)};
        aligned_vector<double> of_input;
        const auto gradients = check.gradients(of_input);
        std::vector<char> trained(gradients.size(), 0);
        for (const auto& range : check.trained().ranges)
            std::fill_n(trained.begin() + static_cast<std::ptrdiff_t>(range.offset), range.count, char{1});
        random_stream random{.seed = seed, .stream = 4};
        for (const auto& range : check.trained().ranges) {
            const std::size_t p = range.offset + random.below(range.count);
            if (random.below(1 + check.trained().ranges.size() / 8) > 0)
                continue;  // there are many, about 8 are looked at
            CAPTURE(p);
            compare(check, check.parameters[p], gradients[p], total);
        }
        for (int i = 0; i < 4; ++i) {
            const auto x = random.below(of_input.size());
            CAPTURE(x);
            compare(check, check.input[x], of_input[x], total);
        }
        for (std::size_t p = 0; p < gradients.size(); ++p) {
            if (trained[p] != 0) continue;
            ++frozen;
            CAPTURE(p);
            REQUIRE(gradients[p] == 0);
        }
    }
    MESSAGE(total.checked, " derivatives checked, ", total.kinks, " at kinks, ", frozen, " elements frozen");
    CHECK(total.checked > 300);
    CHECK(total.kinks * 10 < total.checked);
}

TEST_CASE("training/backpropagation: a channel's statistics move where its norm is trained and nowhere else") {
    graph g{{6, 6, 2}};
    g(conv2d{.filters = 4}, batch_norm{}, relu{}, global_average_pool{}, dense{.units = 3});
    runtime_network<float, graph> net{g};
    const plan_view plan = net.plan();
    const std::size_t state = plan.steps[step_id{0}].norm_state;
    std::vector<float> images(plan.input.elements() * 5);
    random_stream random{.seed = 2};
    for (auto& x : images) x = static_cast<float>(random.normal());
    const auto moved_by = [&](const trainable_set& set) {
        auto parameters = initialize(plan, 3);
        const auto before = parameters;
        backpropagation<float> batch{net.training(), 5, set};
        serial one;
        batch.forward(parameters.data(), images.data(), 5, 1, 1, one);
        std::vector<int> moved;
        for (int i = 0; i < 8; ++i) {
            if (parameters[state + static_cast<std::size_t>(i)] != before[state + static_cast<std::size_t>(i)])
                moved.push_back(i);
        }
        return moved;
    };
    CHECK(moved_by(everything()) == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7});
    CHECK(moved_by(nothing()).empty());
    CHECK(moved_by(trainable_set{}.add(node_id{1})).empty());  // the convolution, without its norm
    CHECK(moved_by(trainable_set{}.add(node_id{2}, "gamma", {{1, 2}}).add(node_id{2}, "beta", {{3, 4}})) ==
          std::vector<int>{1, 3, 5, 7});
}

TEST_CASE(
    "training/backpropagation: a network whose norms are frozen answers as inference does, weights trained or not") {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const graph g = generated::network_of(seed);
        runtime_network<float, graph> net{g};
        const plan_view plan = net.plan();
        trainable_set weights;
        for (const tensor_info& tensor : plan.tensors) {
            if (tensor.spec.name == "weight" || tensor.spec.name == "bias") weights.add(tensor.id, tensor.spec.name);
        }
        auto parameters = initialize(plan, 3);
        std::vector<float> images(plan.input.elements() * 2);
        random_stream random{.seed = seed};
        for (auto& x : images) x = static_cast<float>(random.normal());
        backpropagation<float> frozen{net.training(), 2, nothing()};
        backpropagation<float> trained{net.training(), 2, weights};
        serial one;
        frozen.forward(parameters.data(), images.data(), 2, 1, 1, one);
        trained.forward(parameters.data(), images.data(), 2, 1, 1, one);
        CAPTURE(seed);
        for (std::size_t e = 0; e < plan.exits.size(); ++e)
            CHECK(std::equal(frozen.logits(e), frozen.logits(e) + 2 * plan.exits[e].classes, trained.logits(e)));
    }
}

TEST_CASE("training/backpropagation: frozen steps get no gradient and keep their running statistics") {
    graph g{{6, 6, 2}};
    g(conv2d{.filters = 4}, batch_norm{}, relu{});
    g.exit(exit_head{.classes = 3, .hidden = 4});
    g(conv2d{.filters = 4}, batch_norm{}, relu{}, global_average_pool{}, dense{.units = 3});
    runtime_network<float, graph> net{g};
    const auto plan = net.plan();
    const auto in_head = [](edge layer) { return layer >= edge{4} && layer <= edge{7}; };
    const auto is_head = [&](const step_info& step) { return in_head(step.node); };
    backpropagation<float> batch{net.training(), 5, steps_where(plan, is_head)};
    auto parameters = initialize(plan, 3);
    const auto before = parameters;
    std::vector<float> images(plan.input.elements() * 5, 0.5F);
    random_stream random{.seed = 2};
    for (auto& x : images) x = static_cast<float>(random.normal());
    serial one;
    batch.forward(parameters.data(), images.data(), 5, 1, 1, one);
    CHECK(parameters == before);
    std::fill_n(batch.logits_gradient(0), 15, 1.0F);
    std::vector<float> gradients(plan.sizes.parameters, 7.0F);
    const bool exits[]{true, false};
    batch.backward(parameters.data(), gradients.data(), exits, one);
    for (const auto& tensor : plan.tensors) {
        if (!tensor.spec.trainable) continue;
        bool any = false;
        for (std::size_t i = 0; i < tensor.spec.elements(); ++i) any = any || gradients[tensor.offset + i] != 0;
        CAPTURE(tensor_name(tensor));
        CHECK(any == in_head(tensor.node));
    }
}

TEST_CASE("training/backpropagation: a batch that is empty or too large is an error that names the sizes") {
    graph g{{2, 2, 1}};
    g(dense{.units = 2});
    runtime_network<float, graph> net{g};
    CHECK_THROWS_WITH_AS((backpropagation<float>{net.training(), 0}), doctest::Contains("capacity is 0"), error);
    backpropagation<float> batch{net.training(), 2};
    auto parameters = initialize(net.plan(), 1);
    const std::vector<float> images(12, 0.0F);
    serial one;
    CHECK_THROWS_WITH_AS(batch.forward(parameters.data(), images.data(), 3, 1, 1, one),
                         doctest::Contains("batch of 3 samples"), error);
    CHECK_THROWS_WITH_AS(batch.forward(parameters.data(), images.data(), 0, 1, 1, one),
                         doctest::Contains("batch of 0 samples"), error);
}

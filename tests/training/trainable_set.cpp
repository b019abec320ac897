// SPDX-License-Identifier: MIT
#include <eenn/network/detail/lower.hpp>
#include <eenn/network/standard.hpp>
#include <eenn/training/freezing.hpp>
#include <eenn/training/trainable_set.hpp>

#include <doctest/doctest.h>

#include <string>

namespace {

using namespace eenn;

// Nodes: 1 conv2d, 2 batch_norm, 3 relu, 4 flatten, 5 dense (the head), 6 depthwise, 7 batch_norm, 8 dropout, 9 flatten, 10 dense.
constexpr graph two_exits() {
    graph g{{4, 4, 2}};
    g(conv2d{.filters = 3, .kernel_h = 1, .kernel_w = 1, .bias = true}, batch_norm{}, relu{});
    g.exit([](graph& b) { b(flatten{}, dense{.units = 2}); });
    return g(depthwise_conv2d{}, batch_norm{}, dropout{.rate = 0.1}, flatten{}, dense{.units = 2});
}

const tensor_info& tensor_of(const plan_view& plan, int node, std::string_view name) {
    for (const auto& tensor : plan.tensors) {
        if (tensor.id == node_id{node} && tensor.spec.name == name) return tensor;
    }
    throw std::out_of_range{"no such tensor"};
}

}  // namespace

TEST_CASE("training/trainable_set: everything is one range a tensor, with its decay, and nothing is none") {
    const plan lowered = lower(two_exits());
    const plan_view plan = lowered.view();
    const trained_parts all = resolve(plan, everything());
    std::vector<parameter_range> expected;
    for (const auto& tensor : plan.tensors) {
        if (tensor.spec.trainable) expected.push_back({tensor.offset, tensor.spec.elements(), tensor.spec.decay});
    }
    CHECK(all.ranges == expected);
    CHECK(all.cleared.empty());
    CHECK(all.elements == plan.sizes.parameters);
    CHECK(all.gradient_bytes() == 4 * plan.sizes.parameters);
    CHECK(all.moment_bytes(2) == 8 * plan.sizes.parameters);
    std::size_t statistics = 0;
    for (const auto& range : all.statistics) statistics += range.count;
    CHECK(statistics == plan.sizes.state);
    const trained_parts none = resolve(plan, nothing());
    CHECK(none.ranges.empty());
    CHECK(none.statistics.empty());
    CHECK(none.elements == 0);
    for (const auto& step : none.steps) CHECK_FALSE((step.named || step.weights || step.norm));
}

TEST_CASE("training/trainable_set: channels of a convolution are columns of its weight, places of its bias") {
    const plan lowered = lower(two_exits());
    const plan_view plan = lowered.view();
    const tensor_info& weight = tensor_of(plan, 1, "weight");  // 1x1x2x3
    const tensor_info& bias = tensor_of(plan, 1, "bias");
    const trained_parts parts = resolve(plan, trainable_set{}.add(node_id{1}, {}, {{1, 3}}));
    CHECK(parts.ranges == std::vector<parameter_range>{
                              {weight.offset + 1, 2, true}, {weight.offset + 4, 2, true}, {bias.offset + 1, 2, false}});
    CHECK(parts.cleared == std::vector<parameter_range>{
                               {weight.offset, 1, true}, {weight.offset + 3, 1, true}, {bias.offset, 1, false}});
    CHECK(parts.steps[step_id{0}].weights);
    CHECK_FALSE(parts.steps[step_id{0}].norm);
    CHECK(parts.statistics.empty());
    CHECK(parts.elements == 6);
    CHECK_FALSE((parts.steps[step_id{1}].weights || parts.steps[step_id{1}].norm));

    // Channels given twice, apart or overlapping, count once; all of them are the whole tensor.
    const auto united = trainable_set{}
                            .add(node_id{1}, "weight", {{2, 3}, {0, 1}})
                            .add(node_id{1}, "weight", {{0, 2}})
                            .add(node_id{1}, "weight", {{1, 3}});
    CHECK(resolve(plan, united).ranges == std::vector<parameter_range>{{weight.offset, 6, true}});
}

TEST_CASE("training/trainable_set: a norm is trained channel by channel, with the statistics of those channels") {
    const plan lowered = lower(two_exits());
    const plan_view plan = lowered.view();
    const trained_parts parts = resolve(plan, trainable_set{}.add(node_id{2}, "gamma", {{2, 3}}));
    CHECK_FALSE(parts.steps[step_id{0}].weights);
    CHECK(parts.steps[step_id{0}].norm);
    CHECK(parts.norm_channels == std::vector<char>{0, 0, 1});
    CHECK(parts.ranges == std::vector<parameter_range>{{tensor_of(plan, 2, "gamma").offset + 2, 1, false}});
    CHECK(parts.statistics == std::vector<parameter_range>{{tensor_of(plan, 2, "mean").offset + 2, 1, false},
                                                           {tensor_of(plan, 2, "var").offset + 2, 1, false}});
    CHECK(parts.cleared == std::vector<parameter_range>{{tensor_of(plan, 2, "gamma").offset, 2, false},
                                                        {tensor_of(plan, 2, "beta").offset, 3, false}});
}

TEST_CASE("training/trainable_set: an entry that the plan has nothing for is an error that names it") {
    const plan lowered = lower(two_exits());
    const plan_view plan = lowered.view();
    const auto refused = [&](const trainable_set& set, const char* text) {
        CHECK_THROWS_WITH_AS((void)resolve(plan, set), doctest::Contains(text), error);
    };
    refused(trainable_set{}.add(node_id{77}), "node 77: the network has none such");
    refused(trainable_set{}.add(node_id{3}), "node 3");  // a relu, which has nothing to train
    refused(trainable_set{}.add(node_id{1}, "gamma"), "node 1, tensor 'gamma'");
    refused(trainable_set{}.add(node_id{2}, "mean"), "tensor 'mean': training moves it by other means");
    refused(trainable_set{}.add(node_id{1}, "weight", {{1, 4}}), "channels [1, 4) of 'weight', which has 3");
    refused(trainable_set{}.add(node_id{1}, "weight", {{-1, 2}}), "[-1, 2)");
    refused(trainable_set{}.add(node_id{1}, "weight", {{2, 2}}), "[2, 2)");
}

TEST_CASE("training/trainable_set: a set is a constant too, and holds for an edited network that keeps the ids") {
    static_assert(resolve(lower(two_exits()).view(), trainable_set{}.add(node_id{1}, "weight", {{0, 2}})).elements == 4,
                  "resolve() is constexpr");
    static_assert(
        resolve(lower(two_exits()).view(), heads_only(lower(two_exits()).view())).elements == 4 * 4 * 3 * 2 + 2,
        "sets of plans are constexpr");
    graph edited = two_exits();
    edited(dense{.units = 5}, dense{.units = 2});
    const plan lowered = lower(edited);
    CHECK(resolve(lowered.view(), trainable_set{}.add(node_id{5})).elements == 4 * 4 * 3 * 2 + 2);
}

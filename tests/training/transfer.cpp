// SPDX-License-Identifier: MIT
#include <eenn/network/edit.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/training/step.hpp>
#include <eenn/training/transfer.hpp>

#include <doctest/doctest.h>

#include "two_exits.hpp"

namespace {

using namespace eenn;

/// Every tensor of `from` that `to` has too, side by side: (name, values there, values here).
template <class F>
void each_shared(const plan_view& from, const plan_view& to, F&& visit) {
    for (const auto& a : from.tensors) {
        for (const auto& b : to.tensors) {
            if (a.id == b.id && a.spec.name == b.spec.name) visit(a, b);
        }
    }
}

/// A few steps with everything that a state can hold.
training_state trained(runtime_network<float, graph>& net) {
    const data_set set = two_exits::sides(64, 1);
    training_state state{.parameters = initialize(net.plan(), 3), .seed = 3};
    state.extra["variates"] = {aligned_vector<float>(net.plan().sizes.parameters), true};
    state.extra["levels"] = {{0.25F, 0.5F}, false};
    for (std::size_t i = 0; i < net.plan().sizes.parameters; ++i)
        state.extra["variates"].values[i] = static_cast<float>(i) + 0.5F;
    training_step step{net.training(), adam{}, state, {.average_decay = 0.9}};
    serial one;
    for (int i = 0; i < 4; ++i) (void)step(two_exits::samples_of(set, 16 * i, 16), 0.01, one);
    state = step.state();
    state.best = state.parameters;
    state.best_accuracy = 0.75;
    state.epoch = 2;
    return state;
}

}  // namespace

TEST_CASE("training/transfer: a state follows its network through an insertion, and training goes on") {
    const graph before = two_exits::network();
    const graph after = insert_after(before, node_id{3}, conv2d{.filters = 4, .kernel_h = 1, .kernel_w = 1});
    runtime_network<float, graph> from{before};
    runtime_network<float, graph> to{after};
    const training_state state = trained(from);
    const auto start = initialize(to.plan(), 9);
    const training_state moved = transfer(state, from.plan(), to.plan(), start);
    CHECK(moved.optimizer.steps == 4);
    CHECK(moved.epoch == 2);
    CHECK(moved.seed == 3);
    CHECK(moved.best_accuracy == 0.75);
    CHECK(moved.extra.at("levels").values == state.extra.at("levels").values);
    int shared = 0;
    each_shared(from.plan(), to.plan(), [&](const tensor_info& a, const tensor_info& b) {
        ++shared;
        CAPTURE(tensor_name(a));
        const auto follows = [&](const aligned_vector<float>& x, const aligned_vector<float>& y) {
            if (!a.spec.trainable && x.size() == from.plan().sizes.parameters)
                return true;  // moments have no statistics
            return std::equal(x.begin() + static_cast<std::ptrdiff_t>(a.offset),
                              x.begin() + static_cast<std::ptrdiff_t>(a.offset + a.spec.elements()),
                              y.begin() + static_cast<std::ptrdiff_t>(b.offset));
        };
        CHECK(follows(state.parameters, moved.parameters));
        CHECK(follows(state.optimizer.first, moved.optimizer.first));
        CHECK(follows(state.optimizer.second, moved.optimizer.second));
        CHECK(follows(state.average, moved.average));
        CHECK(follows(state.best, moved.best));
        CHECK(follows(state.extra.at("variates").values, moved.extra.at("variates").values));
    });
    CHECK(shared == static_cast<int>(from.plan().tensors.size()));
    int fresh = 0;
    for (const auto& tensor : to.plan().tensors) {
        if (tensor.id.number != before.next_id().number) continue;
        for (std::size_t i = tensor.offset; i < tensor.offset + tensor.spec.elements(); ++i) {
            ++fresh;
            CHECK(moved.parameters[i] == start[i]);
            CHECK(moved.average[i] == start[i]);
            CHECK(moved.best[i] == start[i]);
            CHECK(moved.optimizer.first[i] == 0);
            CHECK(moved.optimizer.second[i] == 0);
            CHECK(moved.extra.at("variates").values[i] == 0);
        }
    }
    CHECK(fresh == 4 * 4);
    CHECK(transfer(state, from.plan(), to.plan()).parameters ==
          transfer(state, from.plan(), to.plan(), initialize(to.plan(), 3)).parameters);

    training_step step{to.training(), adam{}, moved, {.average_decay = 0.9}};
    const data_set set = two_exits::sides(16, 1);
    serial one;
    (void)step(two_exits::samples_of(set, 0, 16), 0.01, one);
    CHECK(step.state().optimizer.steps == 5);

    // And back: what was put in is gone, the rest is as it was.
    const training_state back = transfer(moved, to.plan(), from.plan());
    CHECK(back.parameters == state.parameters);
    CHECK(back.optimizer.second == state.optimizer.second);
    CHECK(back.extra.at("variates").values == state.extra.at("variates").values);
}

TEST_CASE("training/transfer: channels that were kept take their moments along") {
    const graph before = two_exits::network();
    const std::array<int, 2> kept{3, 1};
    const auto after = keep_channels(before, node_id{6}, kept);
    runtime_network<float, graph> from{before};
    runtime_network<float, graph> to{after.network};
    const training_state state = trained(from);
    const training_state moved = transfer(state, from.plan(), to.plan(), after.channels);
    each_shared(from.plan(), to.plan(), [&](const tensor_info& a, const tensor_info& b) {
        if (a.id != node_id{6}) return;
        for (std::size_t i = 0; i < b.spec.elements(); ++i) {
            const std::size_t source = a.offset + i / 2 * 6 + static_cast<std::size_t>(kept[i % 2]);
            CHECK(moved.parameters[b.offset + i] == state.parameters[source]);
            CHECK(moved.optimizer.first[b.offset + i] == state.optimizer.first[source]);
        }
    });
}

TEST_CASE("training/transfer: the state of another network is refused by name") {
    runtime_network<float, graph> from{two_exits::network()};
    training_state state = trained(from);
    state.optimizer.second.resize(5);
    CHECK_THROWS_WITH_AS((void)transfer(state, from.plan(), from.plan()),
                         doctest::Contains("'second_moment' of the state has 5 elements"), error);
    state = trained(from);
    state.extra["variates"].values.resize(5);
    CHECK_THROWS_WITH_AS((void)transfer(state, from.plan(), from.plan()), doctest::Contains("'variates'"), error);
}

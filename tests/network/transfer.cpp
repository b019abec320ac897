// SPDX-License-Identifier: MIT
#include <eenn/network/detail/transfer.hpp>

#include <doctest/doctest.h>

#include <eenn/network/detail/lower.hpp>
#include <eenn/network/standard.hpp>

#include "edits.hpp"

using namespace eenn;

namespace {

/// What transfer() should make, worked out element by element through the axes.
std::vector<float> expected_of(const tensor_info& from, std::span<const float> values, const tensor_info& to,
                               std::span<const float> there, const std::vector<kept_channels>& channels) {
    const kept_channels* kept = nullptr;
    for (const auto& k : channels) {
        if (k.node == to.id) kept = &k;
    }
    std::vector<float> made;
    for (int a = 0; a < to.spec.dims[0]; ++a) {
        for (int b = 0; b < to.spec.dims[1]; ++b) {
            for (int c = 0; c < to.spec.dims[2]; ++c) {
                for (int d = 0; d < to.spec.dims[3]; ++d) {
                    int at[]{a, b, c, d};
                    for (int axis = 0; axis < to.spec.rank && kept != nullptr; ++axis) {
                        if (axis == to.spec.output_axis && !kept->outputs.empty())
                            at[axis] = kept->outputs[static_cast<std::size_t>(at[axis])];
                        if (axis == to.spec.input_axis && !kept->inputs.empty())
                            at[axis] = kept->inputs[static_cast<std::size_t>(at[axis])];
                    }
                    const bool known = at[0] >= 0 && at[1] >= 0 && at[2] >= 0 && at[3] >= 0;
                    const int index =
                        ((at[0] * from.spec.dims[1] + at[1]) * from.spec.dims[2] + at[2]) * from.spec.dims[3] + at[3];
                    made.push_back(known ? values[from.offset + static_cast<std::size_t>(index)]
                                         : there[to.offset + made.size()]);
                }
            }
        }
    }
    return made;
}

}  // namespace

TEST_CASE("network/transfer: parameters and moments follow 500 generated edits by id, and nothing else changes") {
    int pruned = 0;
    int changed = 0;
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
        CAPTURE(seed);
        random_stream random{.seed = seed, .stream = 79};
        const graph before = generated::network_of(seed % 125);
        const generated::change made = generated::some_edit(before, random);
        pruned += made.channels.empty() ? 0 : 1;
        changed += made.network.nodes().size() != before.nodes().size() ? 1 : 0;
        const plan from = lower(before);
        const plan to = lower(made.network);
        const auto check = [&](std::size_t from_size, std::size_t to_size) {
            std::vector<float> values(from_size);
            for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) + 0.25F;
            const std::vector<float> there(to_size, -3.0F);
            std::vector<float> own = there;
            transfer(from.view(), values, to.view(), own, made.channels);
            for (const auto& t : to.tensors) {
                const tensor_info* source = nullptr;
                for (const auto& f : from.tensors) {
                    if (f.id == t.id && f.spec.name == t.spec.name) source = &f;
                }
                if (t.offset >= to_size) continue;
                const std::vector<float> found(own.begin() + static_cast<std::ptrdiff_t>(t.offset),
                                               own.begin() + static_cast<std::ptrdiff_t>(t.offset + t.spec.elements()));
                const auto wanted = source == nullptr ? std::vector<float>(t.spec.elements(), -3.0F)
                                                      : expected_of(*source, values, t, there, made.channels);
                CHECK(found == wanted);
            }
        };
        check(from.view().parameter_elements(), to.view().parameter_elements());
        check(from.sizes.parameters, to.sizes.parameters);  // what only trained parameters have
    }
    CHECK(pruned > 40);
    CHECK(changed > 200);
}

TEST_CASE("network/transfer: sizes that do not fit are named, and the target stays as it was") {
    graph a{{4, 4, 2}};
    a(conv2d{.filters = 3}, global_average_pool{}, dense{.units = 2});
    graph b{{4, 4, 2}};
    b(conv2d{.filters = 5}, global_average_pool{}, dense{.units = 2});
    const plan from = lower(a);
    const plan to = lower(b);
    const auto values = initialize(from.view(), 1);
    const auto there = initialize(to.view(), 2);
    auto own = there;
    CHECK_THROWS_WITH_AS(transfer(from.view(), values, to.view(), own),
                         doctest::Contains("conv2d_1.weight is 3x3x2x3 in the source, 3x3x2x5 in the target"), error);
    CHECK(own == there);
    aligned_vector<float> odd(7);
    CHECK_THROWS_WITH_AS(transfer(from.view(), odd, to.view(), own), doctest::Contains("has 7 elements"), error);
}

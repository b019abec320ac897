// SPDX-License-Identifier: MIT
#include <eenn/network/lower.hpp>
#include <eenn/network/parameters.hpp>
#include <eenn/network/runtime_network.hpp>
#include <eenn/training/backpropagation.hpp>

#include <doctest/doctest.h>

#include "generated.hpp"

namespace {

using namespace eenn;

}  // namespace

TEST_CASE("network/lower: arenas of generated networks are proven optimal, or report their gap") {
    int proven = 0;
    double worst = 0;
    constexpr int count = 1000;
    for (std::uint64_t seed = 0; seed < count; ++seed) {
        const auto sizes = lower(generated::network_of(seed)).sizes;
        CAPTURE(seed);
        REQUIRE(sizes.workspace >= sizes.workspace_bound);
        proven += sizes.workspace_proven ? 1 : 0;
        worst = std::max(worst, static_cast<double>(sizes.workspace) / static_cast<double>(sizes.workspace_bound) - 1);
    }
    MESSAGE(proven, " of ", count, " arenas proven, largest gap to the largest live set ", 100 * worst, " %");
    CHECK(proven > count * 9 / 10);
}

TEST_CASE("network/lower: sharing memory changes no bit of what the exits say") {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        runtime_network<float, graph> net{generated::network_of(seed)};
        const auto n = net.training();
        auto parameters = initialize(n.plan, 5);
        aligned_vector<float> image(n.plan.input.elements());
        random_stream random{.seed = seed};
        for (auto& x : image) x = static_cast<float>(random.normal());

        // Every value in a buffer of its own: the frozen network of the trainer.
        backpropagation<float> apart{n, 1, nothing()};
        serial one;
        apart.forward(parameters.data(), image.data(), 1, 0, 0, one);

        aligned_vector<float> packed(n.packed_elements);
        pack_weights(n, parameters.data(), packed.data());
        aligned_vector<float> workspace(n.plan.sizes.workspace);
        int step = 0;
        for (std::size_t e = 0; e < n.plan.exits.size(); ++e) {
            const exit_info& exit = n.plan.exits[e];
            run_steps<float>(n, step, exit.step + 1, packed.data(), image.data(), workspace.data());
            step = exit.step + 1;
            const float* logits = workspace.data() + n.plan.values[static_cast<std::size_t>(exit.logits)].offset;
            CAPTURE(seed);
            CAPTURE(e);
            CHECK(std::equal(logits, logits + exit.classes, apart.logits(e)));
        }
    }
}
